"""``unless``: asked at firing and at each rise; what it keeps back, and when that fires after all."""

from typing import Any

import pytest
from tests.support.city import event_rule, incident_rule, match
from tests.support.gates import active, calendar, open_at, operation, running
from tests.support.play import Play

from tocsin.book.rule import SeverityBy
from tocsin.domain.event import Place

TESTS = {"tests": open_at(("+5m", "+30m"))}
PANIC: dict[str, Any] = {"type": "alarm.panic", "site": "school"}
LASTING: dict[str, Any] = {"status": "firing", "device": "a", **PANIC}
RAID = event_rule("raid", match(type="raid"), per=("town",), to=None)
DOOR = event_rule("door", match(type="door"), unless=(active("raid", "town"),))


def play(*rules: Any, **more: Any) -> Play:
    return Play(*(rules or (event_rule(unless=(calendar("tests"),)),)), calendars=TESTS, **more)


def raid(it: Play, at: str, status: str, town: str = "x", **more: Any) -> None:
    it.event(at, type="raid", status=status, device="siren", town=town, **more)


def door(it: Play, at: str, **more: Any) -> None:
    it.event(at, **{"type": "door", "site": "a", "town": "x", **more})


def of(it: Play, rule: str) -> list[int]:
    return [number for number, one in it.incidents.items() if one.rule == rule]


@pytest.mark.parametrize("at, fires", [("+4m", True), ("+5m", False), ("+30m", False), ("+30m1s", True)])
def test_an_inhibited_firing_opens_no_incident_and_is_kept_with_the_reason(at: str, fires: bool) -> None:
    """From ``from`` on; an event at the very end is inside."""
    it = play()
    it.event(at, **PANIC)
    assert bool(it.incidents) is fires
    assert it.suppressed() == ([] if fires else ["inhibited by calendar tests"])


def test_it_is_a_line_of_the_replay_without_an_incident() -> None:
    it = play()
    it.event("+6m", **PANIC)
    line, = (story.line() for story in it.ledger.stories())
    assert (line["incident"], line["rule"], line["key"], line["severity"]) == (
        None, "panic", {"site": "school"}, "critical")
    assert line["suppressed"] == [{"at": "2026-11-22T21:21:00Z", "reason": "inhibited by calendar tests"}]
    assert line["activations"] == line["notifications"] == []


def test_a_condition_still_active_fires_a_minute_after_inhibition_ends() -> None:
    """Saying when it happened."""
    it = play()
    it.event("+6m", **LASTING)
    it.just_before("+31m")
    assert it.incidents == {}
    it.until("+31m")
    assert it.pages() == [("+31m", "olena", "telegram")]
    assert it.messages[0].values["since"] == it.run.clock - 25 * 60_000_000
    assert it.run.board.kept.all == {}


def test_what_is_momentary_does_not_fire_when_inhibition_ends() -> None:
    it = play()
    it.event("+29m", **PANIC)
    it.until("+2h")
    assert it.incidents == {}
    assert it.timers("free") == []


def test_a_condition_over_by_then_does_not_fire() -> None:
    it = play()
    it.event("+6m", **LASTING)
    it.event("+30m30s", **{**LASTING, "status": "resolved"})
    it.until("+2h")
    assert it.incidents == {}
    assert it.run.board.kept.all == {}


def test_a_moment_beside_it_does_not_keep_a_condition_alive() -> None:
    """What lasted is resolved; what came without a status was over when it came."""
    it = play()
    it.event("+25m", **LASTING)
    it.event("+28m", **PANIC)
    it.event("+29m", **{**LASTING, "status": "resolved"})
    it.until("+2h")
    assert it.incidents == {}


def test_a_firing_within_that_minute_fires_at_once_and_brings_along_what_was_kept_back() -> None:
    it = play()
    it.event("+6m", **LASTING)
    it.event("+30m30s", **{**LASTING, "device": "b"})
    it.until("+40m")
    assert it.periods() == [("+30m30s", None, 2)]
    assert it.messages[0].values["since"] == it.run.clock - 34 * 60_000_000


def test_inhibition_that_begins_anew_within_that_minute_keeps_it_back() -> None:
    it = Play(RAID, DOOR)
    raid(it, "+1m", "firing")
    door(it, "+2m", status="firing", device="d")
    raid(it, "+10m", "resolved")
    raid(it, "+10m30s", "firing")
    it.until("+20m")
    assert of(it, "door") == []
    raid(it, "+20m", "resolved")
    it.until("+21m")
    assert it.pages() == [("+21m", "olena", "telegram")]


def test_every_inhibited_firing_is_recorded() -> None:
    it = play()
    for minute in (6, 7, 8):
        it.event(f"+{minute}m", **LASTING)
    assert it.suppressed() == ["inhibited by calendar tests"] * 3
    it.until("+31m")
    assert it.periods() == [("+31m", None, 3)]


def test_it_never_stops_a_running_escalation() -> None:
    """Joining is no new firing."""
    it = play()
    it.event("+4m30s", **LASTING)
    it.event("+6m", **{**LASTING, "device": "b"})
    it.until("+7m")
    assert it.paged() == ["olena", "taras", "duty"]
    assert it.periods() == [("+4m30s", None, 2)]
    assert it.suppressed() == []


RISING = SeverityBy("grade", {"high": "high", "critical": "critical"})


def test_it_is_asked_at_each_rise() -> None:
    """The firing joins, the severity stays; the rise comes when inhibition has ended."""
    it = play(event_rule(unless=(calendar("tests"),), severity=RISING))
    it.event("+1m", grade="high", **LASTING)
    it.answer("olena", "acknowledge", at="+2m")
    it.event("+6m", grade="critical", **LASTING)
    assert (it.incident().severity, it.incident().response) == ("high", "acknowledged")
    assert it.suppressed() == ["inhibited by calendar tests"]
    it.until("+31m")
    assert (it.incident().severity, it.pages(kind="raised")) == ("critical", [("+31m", "olena", "telegram")])
    assert it.periods() == [("+1m", None, 2)]


def test_a_cleared_incident_is_not_activated_again_by_an_inhibited_firing() -> None:
    it = play()
    it.event("+1m", **LASTING)
    it.event("+2m", **{**LASTING, "status": "resolved"})
    it.event("+6m", **LASTING)
    assert it.periods() == [("+1m", "+2m", 1)]
    it.until("+31m")
    assert it.periods() == [("+1m", "+2m", 1), ("+31m", None, 1)]


def test_a_closed_incident_does_not_reopen_while_inhibited() -> None:
    it = play()
    it.event("+4m", **LASTING)
    it.answer("olena", "resolve", at="+4m30s")
    it.until("+20m")
    assert it.suppressed() == ["inhibited by calendar tests"]
    it.until("+31m")
    assert it.pages(2) == [("+31m", "olena", "telegram")]


def test_after_for_it_is_asked_when_the_rule_would_fire() -> None:
    it = play(event_rule(for_="10 min", unless=(calendar("tests"),)))
    it.event("+1m", **LASTING)
    it.event("+22m", **{**LASTING, "site": "b"})
    it.until("+32m")
    assert it.suppressed() == ["inhibited by calendar tests"]
    assert [one.key["site"] for one in it.incidents.values()] == ["school", "b"]


def test_what_happened_before_it_and_came_late_is_not_inhibited() -> None:
    """And what happened within it is, however late it comes; it fires a minute after it ended at the soonest."""
    it = play()
    it.event("+6m", happened="+4m", **PANIC)
    assert it.pages() == [("+6m", "olena", "telegram")]
    it.event("+35m", happened="+20m", type="alarm.panic", site="b")
    assert it.suppressed() == ["inhibited by calendar tests"]
    it.event("+36m", happened="+20m", type="alarm.panic", site="c", status="firing", device="a")
    it.until("+37m")
    assert [one.key["site"] for one in it.incidents.values()] == ["school", "c"]


def test_operations_inhibit_within_their_area() -> None:
    """``any`` is any; no location meets every area."""
    it = Play(event_rule(unless=(running("any"),)), operations={"fair": operation("+5m", "+30m", area="centre")})
    for site, place in (("a", {"location": Place(1, 2), "areas": ("centre",)}), ("b", {"location": Place(3, 4)}),
                        ("c", {})):
        it.event("+6m", type="alarm.panic", site=site, **place)
    assert [one.key["site"] for one in it.incidents.values()] == ["b"]
    assert it.suppressed() == ["inhibited by operation fair"] * 2


# other rules


def test_another_rules_incident_inhibits_where_the_fields_are_the_same() -> None:
    it = Play(RAID, DOOR)
    raid(it, "+1m", "firing")
    door(it, "+2m")
    door(it, "+3m", site="b", town="y")
    assert it.suppressed() == ["inhibited by raid {town: x}"]
    assert [it.incidents[number].key for number in of(it, "door")] == [{"site": "b"}]


def test_without_same_any_incident_of_the_rule_inhibits() -> None:
    it = Play(event_rule("raid", match(type="raid"), per=(), to=None),
              event_rule("door", match(type="door"), unless=(active("raid"),)))
    it.event("+1m", type="raid")
    door(it, "+2m")
    assert it.suppressed() == ["inhibited by raid"]


def test_a_missing_same_field_is_not_same() -> None:
    """On either side."""
    it = Play(RAID, DOOR)
    raid(it, "+1m", "firing")
    it.event("+2m", type="door", site="a")
    assert of(it, "door")
    it = Play(event_rule("raid", match(type="raid"), per=(), to=None), DOOR)
    it.event("+1m", type="raid")
    door(it, "+2m")
    assert of(it, "door")
    it = Play(event_rule("raid", match(type="raid"), per=(), to=None), DOOR)
    it.event("+1m", type="raid")
    it.event("+2m", type="door", site="a")
    assert of(it, "door")


def test_an_event_of_both_rules_is_inhibited() -> None:
    """Whoever is asked speaks first, wherever it stands in the file."""
    it = Play(event_rule("door", match(type="x"), unless=(active("raid", "town"),)),
              event_rule("raid", match(type="x"), per=("town",), to=None))
    it.event("+1m", type="x", site="a", town="x")
    assert of(it, "door") == []


def test_what_another_kept_back_fires_a_minute_after_it_cleared() -> None:
    it = Play(RAID, DOOR)
    raid(it, "+1m", "firing")
    door(it, "+2m", status="firing", device="d")
    raid(it, "+10m", "resolved")
    it.just_before("+11m")
    assert it.pages() == []
    it.until("+11m")
    assert it.pages() == [("+11m", "olena", "telegram")]


def test_a_persons_close_of_the_other_ends_the_inhibition() -> None:
    it = Play(event_rule("raid", match(type="raid"), per=("town",)), DOOR)
    raid(it, "+1m", "firing")
    door(it, "+2m", status="firing", device="d")
    it.answer("olena", "resolve", at="+3m")
    it.until("+4m")
    assert it.pages(2) == [("+4m", "olena", "telegram")]


def test_one_of_two_that_inhibit_is_enough() -> None:
    it = Play(RAID, event_rule("door", match(type="door"), unless=(active("raid", "town"), calendar("tests"))),
              calendars=TESTS)
    raid(it, "+1m", "firing")
    door(it, "+6m", status="firing", device="d")
    raid(it, "+10m", "resolved")
    it.just_before("+31m")
    assert of(it, "door") == []
    it.until("+31m")
    assert of(it, "door")


def test_rules_that_inhibit_one_another() -> None:
    """The first to fire keeps the other back."""
    it = Play(event_rule("a", match(type="a"), unless=(active("b"),)),
              event_rule("b", match(type="b"), unless=(active("a"),)))
    it.event("+1m", type="b", site="x")
    it.event("+2m", type="a", site="x")
    assert [one.rule for one in it.incidents.values()] == ["b"]


def test_a_rule_that_follows_hears_only_incidents_that_stand() -> None:
    it = play(event_rule(unless=(calendar("tests"),)), incident_rule("after", "panic", for_="1 min"))
    it.event("+6m", **LASTING)
    it.just_before("+31m")
    assert it.incidents == {}
    it.until("+33m")
    assert [(one.rule, it.periods(number)[0][0]) for number, one in it.incidents.items()] == [
        ("panic", "+31m"), ("after", "+32m")]


def test_an_overflow_is_inhibited_too() -> None:
    it = play(event_rule(unless=(calendar("tests"),), limits={"keys": 1}, severity="high"))
    it.event("+6m", **PANIC)
    it.event("+6m", type="alarm.panic", site="b")
    assert it.incidents == {}
    assert len(it.suppressed()) == 2


def test_during_and_unless_together() -> None:
    """What ends with ``during`` does not fire when inhibition ends."""
    it = Play(event_rule(during=(calendar("hours"),), unless=(calendar("tests"),)), calendars={
        **TESTS, "hours": open_at(("+1m", "+10m"), ("+20m", "+1h"))})
    it.event("+6m", **LASTING)
    it.until("+20m")
    assert it.run.board.kept.all.keys() == {("panic", "site=school", "during"), ("panic", "site=school", "unless")}
    it.until("+31m")
    assert it.periods() == [("+31m", None, 1)]
    assert it.suppressed() == ["inhibited by calendar tests"] * 2


def test_a_new_book_without_the_inhibition_lets_it_fire() -> None:
    """A minute after, as when it ends by itself; a rule that is gone leaves nothing behind."""
    it = play()
    it.event("+6m", **LASTING)
    it.book(event_rule(), at="+7m", calendars=TESTS)
    it.until("+8m")
    assert it.pages() == [("+8m", "olena", "telegram")]
    it = play()
    it.event("+6m", **LASTING)
    it.book(at="+7m")
    assert it.run.board.kept.all == {}
    assert it.timers("free") == []
