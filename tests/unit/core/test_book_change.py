"""Another rule book holds: what a removed rule leaves behind."""

from msgspec.structs import replace
from tests.support.city import event_rule, incident_rule, match
from tests.support.play import Play

FIRING = {"type": "alarm.smoke", "site": "school", "status": "firing", "device": "d1"}
RESOLVED = {**FIRING, "status": "resolved"}
SMOKE = event_rule("smoke", match(type="alarm.smoke"))


def test_a_removed_rules_incident_stays_on_the_board_marked_and_escalates_on() -> None:
    play = Play(SMOKE)
    play.event("+0s", **FIRING)
    play.book(at="+10s")
    assert (play.incident().condition, play.incident().response) == ("cleared", "unanswered")
    assert play.how() == "the rule was removed"
    assert play.incident().values["rule_removed"] is True
    play.until("+1m")
    assert play.paged() == ["olena", "taras"]
    play.answer("taras", "acknowledge", at="+70s")
    assert play.incident().response == "acknowledged"
    play.answer("taras", "resolve", at="+80s")
    assert play.incident().response == "closed"


def test_a_removed_rules_windows_and_deadlines_are_gone() -> None:
    play = Play(event_rule("smoke", match(type="alarm.smoke"), for_="10 min"))
    play.event("+0s", **FIRING)
    play.book(at="+1m")
    assert play.run.board.windows == {}
    assert play.timers() == []
    play.until("+1h")
    assert play.incidents == {}


def test_a_disabled_rule_is_as_good_as_removed() -> None:
    play = Play(SMOKE)
    play.event("+0s", **FIRING)
    play.book(replace(SMOKE, enabled=False), at="+10s")
    assert play.how() == "the rule was removed"


def test_a_removed_state_closes() -> None:
    play = Play(event_rule("smoke", match(type="alarm.smoke"), to=None))
    play.event("+0s", **FIRING)
    play.book(at="+10s")
    assert play.incident().response == "closed"


def test_the_other_rules_keep_their_state() -> None:
    gas = event_rule("gas", match(type="alarm.gas"), for_="10 min")
    play = Play(SMOKE, gas)
    play.event("+0s", **FIRING)
    play.event("+0s", **{**FIRING, "type": "alarm.gas"})
    play.book(gas, at="+5m")
    play.until("+10m")
    assert play.periods(2) == [("+10m", None, 1)]


def test_a_rule_that_comes_back_goes_on_with_its_open_incident() -> None:
    play = Play(SMOKE)
    play.event("+0s", **FIRING)
    play.book(at="+10s")
    play.book(SMOKE, at="+20s")
    play.event("+30s", **FIRING)
    assert play.periods() == [("+0s", "+10s", 1), ("+30s", None, 1)]
    assert "rule_removed" not in play.incident().values


def test_what_followed_a_removed_rule_is_removed_with_it() -> None:
    play = Play(SMOKE, incident_rule("next", "smoke"))
    play.event("+0s", **FIRING)
    play.book(at="+10s")
    assert [one.activation.how for one in play.incidents.values()] == ["the rule was removed"] * 2


def test_a_second_book_marks_a_removed_rules_incident_only_once() -> None:
    play = Play(SMOKE)
    play.event("+0s", **FIRING)
    play.book(at="+10s")
    said = len(play.news())
    play.book(at="+20s")
    assert len(play.news()) == said == 1


def test_a_closed_incident_of_a_removed_rule_does_not_open_again() -> None:
    play = Play(SMOKE)
    play.event("+0s", **FIRING)
    play.answer("olena", "resolve", at="+1m")
    play.book(at="+2m")
    play.until("+1h")
    assert play.incident().response == "closed"
    assert play.run.board.incidents == {}


def test_a_rule_whose_word_changed_starts_afresh() -> None:
    """The same name with another word: the old word's memory means nothing to the new one."""
    other = event_rule("other", match(type="alarm.gas"), to=None)
    play = Play(SMOKE, other)
    play.event("+0s", **FIRING)
    play.book(incident_rule("smoke", "other"), other, at="+10s")
    play.event("+20s", type="alarm.gas", site="school")
    assert play.notes("rule_error") == []
    assert play.incident().condition == "active"


def test_a_rule_that_comes_back_lets_go_of_what_was_seen_and_is_over() -> None:
    """While it was away only a person could close its incident."""
    play = Play(event_rule())
    play.event("+0s", type="alarm.panic", site="school")
    play.book(at="+1m")
    play.answer("olena", "acknowledge", at="+2m")
    assert (play.incident().condition, play.incident().response) == ("cleared", "acknowledged")
    play.book(event_rule(), at="+3m")
    assert play.incident().response == "closed"
    assert [one.what for one in play.notes("over")] == ["over"]
