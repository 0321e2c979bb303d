"""An open incident whose condition comes back: whoever was told that it is over hears that it is not."""

from tests.support.city import PEOPLE, event_rule, match, policy, step
from tests.support.play import Play

from tocsin.book.rule import SeverityBy

FIRING = {"type": "alarm.smoke", "site": "school", "status": "firing", "device": "d1"}
RESOLVED = {**FIRING, "status": "resolved"}
SMOKE = event_rule("smoke", match(type="alarm.smoke"))
SCALED = event_rule("smoke", match(type="alarm.smoke"), severity=SeverityBy("urgency", {"Extreme": "critical",
                                                                                       "Minor": "low"}))


def fire(*policies: object, rule: object = SMOKE, **fields: object) -> Play:
    play = Play(rule, policies=policies, people=PEOPLE)
    play.event("+0s", **FIRING, **fields)
    return play


def test_who_was_told_that_it_cleared_is_told_that_it_is_active_again() -> None:
    """Unanswered, its escalation goes on where it is: olena, of the step before, is not asked and hears it by news."""
    play = fire(policy("police", step("olena", within="2 min"), step("taras", within="30 min")))
    play.until("+3m").event("+4m", **RESOLVED)
    play.event("+5m", **FIRING)
    assert play.news("cleared") == [("+4m", "olena", "telegram"), ("+4m", "taras", "telegram")]
    assert play.news("joined") == [("+5m", "olena", "telegram"), ("+5m", "taras", "telegram")]
    assert play.pages() == [("+0s", "olena", "telegram"), ("+2m", "taras", "telegram")]
    assert [one.values["again"] for one in play.messages if one.kind == "joined"] == [True, True]


def test_who_was_first_asked_after_it_cleared_believes_nothing_wrong() -> None:
    play = fire(policy("police", step("olena", within="2 min"), step("taras", within="30 min")))
    play.event("+1m", **RESOLVED)
    play.until("+3m").event("+4m", **FIRING)
    assert play.news("joined") == [("+4m", "olena", "telegram")]


def test_each_clearing_is_taken_back_once() -> None:
    play = fire(policy("police", step("olena", within="30 min")))
    for at, event in (("+1m", RESOLVED), ("+2m", FIRING), ("+3m", FIRING), ("+4m", RESOLVED), ("+5m", FIRING)):
        play.event(at, **event)
    assert [at for at, _, _ in play.news("joined")] == ["+2m", "+5m"]


def test_who_is_asked_anyway_gets_no_news_beside_the_page() -> None:
    """A higher severity escalates from step one: that page says it to olena, the news to taras."""
    play = fire(policy("police", step("olena", within="2 min"), step("taras", within="30 min")), rule=SCALED,
                urgency="Minor")
    play.until("+3m").event("+4m", **RESOLVED)
    play.event("+5m", **FIRING, urgency="Extreme")
    assert play.pages(kind="raised") == [("+5m", "olena", "telegram")]
    assert play.news("joined") == [("+5m", "taras", "telegram")]


def test_an_accepted_one_starts_at_step_one_and_the_others_are_told() -> None:
    play = fire(policy("police", step("olena", within="2 min"), step("taras", within="30 min")))
    play.until("+3m").answer("taras", "accept", at="+3m")
    play.event("+4m", **RESOLVED)
    play.event("+5m", **FIRING)
    assert play.paged(since="+5m") == ["olena"]
    assert play.news("joined") == [("+5m", "taras", "telegram")]


def test_who_was_told_that_it_is_closed_is_told_when_it_opens_again() -> None:
    play = fire(policy("police", step("olena", within="2 min"), step("taras", within="30 min"), reopen="10 min"))
    play.until("+3m").answer("taras", "false_alarm", at="+3m")
    play.until("+13m")
    assert play.paged(since="+13m") == ["olena"]
    assert play.news("joined") == [("+13m", "taras", "telegram")]


def test_a_silence_keeps_still_about_it() -> None:
    play = fire(policy("police", step("olena", within="30 min")))
    play.event("+1m", **RESOLVED)
    play.operator("silence", at="+2m", rule="smoke", until="2026-11-22T22:15:00Z", reason="drill")
    play.event("+3m", **FIRING)
    assert play.news("joined") == []


def test_who_takes_it_back_after_clearing_leaves_it_to_the_next_one() -> None:
    """Clearing stops nothing that is unanswered, and by the refusal it is unanswered again."""
    play = fire(policy("police", step("olena", within="2 min"), step("taras", within="2 min")))
    play.answer("olena", "accept", at="+1m")
    play.event("+2m", **RESOLVED)
    play.answer("olena", "decline", at="+3m")
    assert play.pages()[1:] == [("+3m", "taras", "telegram")]
    assert (play.incident().condition, play.incident().response) == ("cleared", "unanswered")
    play.answer("taras", "acknowledge", at="+4m")
    assert play.incident().response == "closed"


def test_a_refusal_after_clearing_closes_what_others_have_seen() -> None:
    """Nobody is on the way any more, taras has seen it and it is over: as if it had cleared now."""
    play = fire(policy("police", step("olena", "taras", within="2 min")))
    play.answer("olena", "accept", at="+1m")
    play.answer("taras", "acknowledge", at="+1m")
    play.event("+2m", **RESOLVED)
    play.answer("olena", "decline", at="+3m")
    assert play.incident().response == "closed"
    assert len(play.pages()) == 2
