"""After an answer: reminders, and what is forgotten opens again."""

from typing import Any

from tests.support.city import event_rule, policy, step
from tests.support.play import START, Play

from tocsin.domain.time import MINUTE

FIRING = {"type": "alarm.panic", "site": "school", "status": "firing", "device": "d"}


def taken(word: str = "accept", **more: Any) -> Play:
    """Olena has it since +10s, in a policy that reminds after 15 min and opens again after 30."""
    own = policy("police", step("olena"), step("taras"), remind="15 min", reopen="30 min")
    play = Play(event_rule(), policies=(own,))
    play.event("+0s", **FIRING)
    play.answer("olena", word, at="+10s", **more)
    return play


def test_those_who_have_it_are_reminded_until_it_is_closed() -> None:
    play = taken("arrived")
    play.until("+46m")
    assert [at for at, _, _ in play.pages(kind="remind")] == ["+15m10s", "+30m10s", "+45m10s"]
    play.answer("olena", "resolve", at="+50m")
    assert play.until("+2h").timers("remind") == []


def test_when_nothing_is_heard_of_them_it_opens_again_from_step_one_saying_so() -> None:
    for word in ("acknowledge", "accept"):
        play = taken(word)
        play.just_before("+30m10s")
        assert play.incident().response == "acknowledged"
        play.until("+30m10s")
        assert play.incident().response == "unanswered"
        assert play.pages()[1:] == [("+30m10s", "olena", "telegram")]
        assert play.messages[-1].values["reopened"] is True
        assert [one.detail for one in play.notes("forgotten")] == [
            "nothing was heard of olena for 30m, it is active still: it opens again"]
        play.until("+31m10s")
        assert play.pages()[2:] == [("+31m10s", "taras", "telegram")]
        play.answer("taras", "accept", at="+32m")
        assert play.incident().response == "acknowledged"
        assert play.timers("forgotten") == ["forgotten +1h2m"]


def test_any_word_of_theirs_counts_the_same_one_too() -> None:
    """A press on the reminder is enough."""
    play = taken()
    play.until("+15m10s")
    play.answer("olena", "accept", at="+16m")
    assert len(play.incident().answers) == 1
    assert [one.person for one in play.notes("still_on_it")] == ["olena"]
    play.until("+45m")
    assert play.incident().response == "acknowledged"
    play.until("+46m")
    assert play.incident().response == "unanswered"


def test_it_is_not_forgotten_before_the_time_that_they_gave() -> None:
    play = taken(eta=50 * MINUTE)
    play.until("+50m")
    assert play.incident().response == "acknowledged"
    play.until("+50m10s")
    assert play.incident().response == "unanswered"


def test_who_has_arrived_has_not_forgotten_it() -> None:
    """They are reminded, and nobody else is paged."""
    play = taken()
    play.answer("olena", "arrived", at="+5m")
    play.answer("olena", "accept", at="+6m")
    play.until("+5h")
    assert play.incident().response == "acknowledged"
    assert play.paged() == ["olena"]


def test_what_is_over_is_not_opened_again() -> None:
    play = taken()
    play.event("+1m", **{**FIRING, "status": "resolved"})
    play.until("+5h")
    assert play.incident().response == "acknowledged"
    assert play.paged() == ["olena"]


def test_in_a_silence_it_waits() -> None:
    play = taken()
    play.operator("snooze", at="+1m", incident=1, until=START + 50 * MINUTE, reason="x")
    play.until("+55m")
    assert play.incident().response == "acknowledged"
    play.until("+1h10s")
    assert play.incident().response == "unanswered"


def test_without_reopen_in_the_policy_nothing_is_forgotten() -> None:
    play = Play(event_rule(), policies=(policy("police", step("olena"), remind="15 min"),))
    play.event("+0s", **FIRING)
    play.answer("olena", "acknowledge", at="+10s")
    play.until("+10h")
    assert play.incident().response == "acknowledged"


def test_one_who_takes_it_back_leaves_it_with_the_other() -> None:
    """And the other one's time begins then."""
    play = taken()
    play.answer("taras", "accept", at="+11s", notification=0)
    play.answer("olena", "decline", at="+10m")
    assert play.timers("forgotten") == ["forgotten +40m"]
