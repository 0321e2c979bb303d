"""What happens when an answer meets something else at the same moment: each line of docs/answers.md."""

from tests.support.city import event_rule, match, policy, step
from tests.support.play import Play

SMOKE = event_rule("smoke", match(type="alarm.smoke"))
FIRING = {"type": "alarm.smoke", "site": "school", "status": "firing", "device": "d1"}
RESOLVED = {**FIRING, "status": "resolved"}


def fire() -> Play:
    play = Play(SMOKE, policies=(policy("police", step("olena", within="2 min"), step("taras", within="2 min")),))
    play.event("+0s", **FIRING)
    return play


def test_two_at_once_the_first_in_the_journal_has_it() -> None:
    play = fire().until("+2m")
    play.answer("taras", "accept", at="+3m")
    play.answer("olena", "accept", at="+3m")
    assert [(one.person, one.late) for one in play.incident().answers] == [("taras", False), ("olena", True)]
    assert play.until("+30m").paged() == ["olena", "taras"]


def test_an_answer_at_the_instant_of_the_deadline_comes_before_it() -> None:
    """Answers have the higher lane: nobody else is asked."""
    play = fire()
    play.answer("olena", "acknowledge", at="+2m")
    assert play.until("+30m").paged() == ["olena"]


def test_an_answer_just_after_the_deadline_stops_what_has_begun() -> None:
    play = fire().until("+2m")
    play.answer("olena", "acknowledge", at="+2m")
    assert play.until("+30m").paged() == ["olena", "taras"]
    assert play.incident().response == "acknowledged"


def test_a_press_on_the_page_of_before_counts_for_an_incident_that_is_active_again() -> None:
    play = fire()
    first = play.messages[0].id
    play.event("+1m", **RESOLVED)
    play.event("+90s", **FIRING)
    play.answer("olena", "accept", at="+100s", notification=first)
    assert play.incident().response == "acknowledged"
    assert play.until("+30m").paged() == ["olena"]


def test_a_closed_incident_takes_no_answer() -> None:
    play = fire()
    play.answer("olena", "false_alarm", at="+10s")
    play.answer("taras", "accept", at="+20s")
    assert play.incident().response == "closed"
    assert [one.person for one in play.notes("late_answer")] == ["taras"]


def test_cannot_after_accept_asks_the_next_one_at_once() -> None:
    play = fire()
    play.answer("olena", "accept", at="+10s")
    play.answer("olena", "decline", at="+20s")
    assert play.pages()[1:] == [("+20s", "taras", "telegram")]


def test_a_press_on_a_message_of_another_person_counts_for_nothing_but_is_on_record() -> None:
    play = fire()
    play.answer("chief", "accept", at="+10s", notification=play.messages[0].id)
    assert play.incident().response == "unanswered"
    assert [one.person for one in play.incident().answers] == ["chief"]
