"""Limits of a rule: beyond them firings join one visible overflow incident; critical ones are named singly."""

from tests.support.city import event_rule
from tests.support.play import Play
from tests.support.words import word_rule

HIGH = {"severity": "high", "limits": {"opened_per_minute": 3}}


def storm(play: Play, sites: int, at: str = "+0s", begin: int = 0) -> None:
    for number in range(begin, begin + sites):
        play.event(at, type="alarm.panic", site=f"s{number}")


def test_beyond_so_many_opened_in_a_minute_they_join_one_incident_that_pages_once() -> None:
    play = Play(event_rule(**HIGH))
    storm(play, 8)
    assert [one.key for one in play.incidents.values()] == [
        {"site": "s0"}, {"site": "s1"}, {"site": "s2"}, {"overflow": "yes"}]
    assert play.periods(4) == [("+0s", None, 5)]
    assert len(play.pages()) == 4
    assert play.suppressed() == ["too many incidents in a minute: joined the overflow incident"] * 5


def test_a_minute_later_they_open_their_own_again() -> None:
    play = Play(event_rule(**HIGH))
    storm(play, 5)
    storm(play, 1, "+60s", begin=9)
    assert play.incident(5).key == {"site": "s9"}


def test_critical_ones_always_pass() -> None:
    play = Play(event_rule(severity="critical", limits={"opened_per_minute": 3}))
    storm(play, 8)
    assert len(play.incidents) == 8


def test_an_overflow_incident_clears_when_nothing_joined_it_for_15_min() -> None:
    play = Play(event_rule(**HIGH))
    storm(play, 5)
    storm(play, 5, "+30s")
    play.just_before("+15m30s")
    assert play.incident(4).condition == "active"
    play.until("+15m30s")
    assert play.how(4) == "quiet"


def test_joining_an_incident_that_is_there_is_no_opening() -> None:
    play = Play(event_rule(**HIGH))
    for _ in range(9):
        play.event("+1s", type="alarm.panic", site="s0")
    assert len(play.incidents) == 1


def test_beyond_so_many_keys_new_ones_join_the_overflow_and_known_ones_go_on() -> None:
    play = Play(event_rule(severity="high", limits={"keys": 3, "opened_per_minute": 100}))
    storm(play, 6)
    assert play.incidents[max(play.incidents)].key == {"overflow": "yes"}
    assert [one.key["site"] for one in play.incidents.values() if "site" in one.key] == ["s0", "s1", "s2"]
    play.event("+1s", type="alarm.panic", site="s0")
    assert play.periods(1) == [("+0s", None, 2)]
    assert "too many different keys: joined the overflow incident" in play.suppressed()


def test_an_event_that_only_begins_something_for_one_key_too_many_is_left_out_and_reported() -> None:
    """What fires joins the overflow incident; what would only be remembered must not vanish without a word."""
    play = Play(word_rule("count", at_least=2, within="10 min", limits={"keys": 1}))
    for number, site in enumerate(("a", "b", "b", "a"), 1):
        play.event(f"+{number}s", type="x", site=site)
    assert [one.key for one in play.incidents.values()] == [{"site": "a"}]
    assert len(play.notes("too_many_keys")) == 2
