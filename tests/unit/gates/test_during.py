"""``during``: gates firing, not observing."""

from typing import Any

import pytest
from msgspec.structs import replace
from tests.support.city import event_rule, incident_rule, match, micros
from tests.support.gates import active, calendar, open_at, operation, running
from tests.support.play import START, Play
from tests.support.words import told, word_rule

from tocsin.book.rule import Clear, PerKey, SequenceStep
from tocsin.domain.event import Place

HOURS = open_at(("+5m", "+30m"), ("+1h", "+2h"))
PANIC: dict[str, Any] = {"type": "alarm.panic", "site": "school"}
CENTRE: dict[str, Any] = {"location": Place(48.7, 37.5), "areas": ("centre",)}
NORTH: dict[str, Any] = {"location": Place(48.9, 37.5), "areas": ("north",)}


def play(*rules: Any, hours: Any = HOURS, **more: Any) -> Play:
    return Play(*(rules or (event_rule(during=(calendar("hours"),)),)), calendars={"hours": hours}, **more)


@pytest.mark.parametrize("at, fires", [("+4m59s", False), ("+5m", True), ("+29m", True), ("+30m", True),
                                       ("+30m1s", False), ("+1h", True)])
def test_it_fires_only_while_the_calendar_is_open(at: str, fires: bool) -> None:
    """From ``from`` on; an event at the very end is inside."""
    it = play()
    it.event(at, **PANIC)
    assert bool(it.pages()) is fires


def test_what_is_momentary_does_not_fire_when_it_opens() -> None:
    """It is over by then."""
    it = play()
    it.event("+4m", **PANIC)
    it.until("+20m")
    assert it.incidents == {}


def test_a_condition_still_true_when_it_opens_fires_then() -> None:
    """It was observed all the time."""
    it = play()
    it.event("+1m", status="firing", device="a", **PANIC)
    it.event("+2m", status="firing", device="b", **PANIC)
    it.just_before("+5m")
    assert it.incidents == {}
    it.until("+6m")
    assert it.pages()[0] == ("+5m", "olena", "telegram")
    assert it.periods() == [("+5m", None, 2)]


def test_a_condition_over_before_it_opens_does_not_fire() -> None:
    it = play()
    it.event("+1m", status="firing", device="a", **PANIC)
    it.event("+4m", status="resolved", device="a", **PANIC)
    it.until("+3h")
    assert it.incidents == {}
    assert it.timers("opens") == it.timers("shuts") == []


def test_an_event_at_the_instant_of_opening_brings_along_what_was_kept_back() -> None:
    it = play()
    it.event("+1m", status="firing", device="a", **PANIC)
    it.event("+5m", status="firing", device="b", **PANIC)
    it.until("+6m")
    assert it.periods() == [("+5m", None, 2)]
    assert it.messages[0].values["since"] == START + micros("+1m")


def test_an_overflow_is_gated_too() -> None:
    """Beyond the limit of keys nothing is kept back either."""
    it = play(event_rule(during=(calendar("hours"),), limits={"keys": 1}, severity="high"))
    it.event("+1m", **PANIC)
    it.event("+1m", type="alarm.panic", site="b")
    assert it.incidents == {}
    it.event("+20m", type="alarm.panic", site="b")
    assert [one.key for one in it.incidents.values()] == [{"overflow": "yes"}]


def test_when_it_ends_the_condition_clears_and_fires_again_when_it_opens_again() -> None:
    """"over", and the next opening is the next activation."""
    it = play()
    it.event("+6m", status="firing", device="a", **PANIC)
    it.until("+31m")
    assert (it.periods(), it.how()) == ([("+6m", "+30m", 1)], "over")
    it.until("+61m")
    it.event("+70m", status="resolved", device="a", **PANIC)
    it.until("+3h")
    assert it.periods() == [("+6m", "+30m", 1), ("+1h", "+1h10m", 1)]
    assert it.timers("opens") == it.timers("shuts") == []


def test_what_is_momentary_clears_when_it_ends() -> None:
    """Before its fifteen minutes are over; it does not come again with the next opening."""
    it = play()
    it.event("+29m", **PANIC)
    it.until("+3h")
    assert (it.periods(), it.how()) == ([("+29m", "+30m", 1)], "over")


def test_an_event_at_the_very_end_fires_and_is_over() -> None:
    it = play()
    it.event("+30m", **PANIC)
    it.until("+31m")
    assert it.periods() == [("+30m", "+30m", 1)]


def test_the_time_of_the_event_is_asked() -> None:
    """What happened inside and came late fires and is over at once; what happened before it opened does not fire."""
    it = play()
    it.event("+5m30s", happened="+4m", **PANIC)
    it.until("+20m")
    assert it.incidents == {}
    it.event("+31m", happened="+29m", **PANIC)
    it.until("+50m")
    assert (it.periods(), it.how()) == ([("+31m", "+31m", 1)], "over")


def test_what_lasts_and_came_late_fires_while_it_is_open() -> None:
    """It is true now."""
    it = play()
    it.event("+6m", happened="+3m", status="firing", device="a", **PANIC)
    assert it.periods() == [("+6m", None, 1)]


def test_any_of_a_list_is_enough() -> None:
    it = Play(event_rule(during=(calendar("a"), calendar("b"))), calendars={
        "a": open_at(("+5m", "+30m")), "b": open_at(("+30m", "+40m"))})
    it.event("+6m", status="firing", device="a", **PANIC)
    it.until("+1h")
    assert it.periods() == [("+6m", "+40m", 1)]


def test_a_calendar_named_by_a_field() -> None:
    """Each event names its own; one that names none, or an unknown one, is outside."""
    it = play(event_rule(during=(calendar("{hours_of}"),)))
    it.event("+20m", hours_of="hours", type="alarm.panic", site="a")
    it.event("+20m", hours_of="other", type="alarm.panic", site="b")
    it.event("+20m", type="alarm.panic", site="c")
    assert [one.key["site"] for one in it.incidents.values()] == ["a"]
    it.until("+31m")
    assert it.how() == "over"


# for


def test_for_counts_time_only_while_it_is_open() -> None:
    """Ten minutes before it shuts and ten after it opens again are twenty."""
    it = play(event_rule(for_="20 min", during=(calendar("hours"),)))
    it.event("+20m", status="firing", device="a", **PANIC)
    it.just_before("+70m")
    assert it.incidents == {}
    it.until("+70m")
    assert it.periods() == [("+1h10m", None, 1)]


def test_for_begins_when_it_opens() -> None:
    it = play(event_rule(for_="10 min", during=(calendar("hours"),)))
    it.event("+1m", status="firing", device="a", **PANIC)
    it.until("+40m")
    assert it.periods() == [("+15m", "+30m", 1)]


def test_for_that_is_over_exactly_when_it_shuts_fires_when_it_opens_again() -> None:
    """Clearings come before firings."""
    it = play(event_rule(for_="10 min", during=(calendar("hours"),)))
    it.event("+20m", status="firing", device="a", **PANIC)
    it.until("+61m")
    assert it.periods() == [("+1h", None, 1)]


def test_a_moment_is_not_prolonged_by_shut_hours() -> None:
    """With ``for``, what is momentary would be over long before the gate opens again."""
    it = play(event_rule(for_="10 min", during=(calendar("hours"),)))
    it.event("+25m", **PANIC)
    it.until("+3h")
    assert it.incidents == {}
    assert it.timers("for") == []


def test_resolved_before_for_was_over_while_open() -> None:
    """A late ``resolved`` is judged by the open time too."""
    it = play(event_rule(for_="20 min", during=(calendar("hours"),)))
    it.event("+20m", status="firing", device="a", **PANIC)
    it.event("+75m", happened="+1h5m", status="resolved", device="a", **PANIC)
    it.until("+3h")
    assert it.periods() == [("+1h10m", "+1h15m", 1)]


# operations


def test_an_operation_implies_its_area() -> None:
    """An event elsewhere does not fire; one without a location meets every area."""
    it = Play(event_rule(during=(running("city-day"),)), operations={
        "city-day": operation("+5m", "+30m", area="centre")})
    it.event("+20m", type="alarm.panic", site="a", **CENTRE)
    it.event("+20m", type="alarm.panic", site="b", **NORTH)
    it.event("+20m", type="alarm.panic", site="c")
    it.event("+31m", type="alarm.panic", site="d", **CENTRE)
    assert [one.key["site"] for one in it.incidents.values()] == ["a", "c"]
    it.until("+31m")
    assert it.how() == "over"


def test_operation_any_adds_the_operation_to_the_key() -> None:
    """One incident an operation whose hours and area are met."""
    it = Play(event_rule(during=(running("any"),)), operations={
        "city-day": operation("+5m", "+30m", area="centre"), "fair": operation("+5m", "+40m"),
        "match": operation("+5m", "+30m", area="north"), "later": operation("+2h", "+3h")})
    it.event("+20m", type="alarm.panic", site="a", **CENTRE)
    assert [one.key for one in it.incidents.values()] == [
        {"site": "a", "operation": "city-day"}, {"site": "a", "operation": "fair"}]
    it.until("+40m")
    assert [it.periods(n) for n in (1, 2)] == [[("+20m", "+30m", 1)], [("+20m", "+35m", 1)]]


def test_what_lasts_fires_for_each_operation_as_it_begins() -> None:
    """And ends with each, or when it is resolved, over or not."""
    it = Play(event_rule(during=(running("any"),)), operations={
        "first": operation("+5m", "+30m"), "second": operation("+20m", "+2h")})
    it.event("+1m", status="firing", device="a", **PANIC)
    it.until("+40m")
    it.event("+50m", status="resolved", device="a", **PANIC)
    it.until("+3h")
    assert [it.periods(n) for n in (1, 2)] == [[("+5m", "+30m", 1)], [("+20m", "+50m", 1)]]
    it.until("+5h")
    assert [key for _, key in it.run.board.windows if key[0] != "\x1e"] == []
    assert it.run.board.kept.all == {}


# other rules

RAID = event_rule("raid", match(type="raid"), per=("town",), to=None)
DOOR = event_rule("door", match(type="door"), per=("site",), during=(active("raid", "town"),))


def test_another_rules_incident_opens_it() -> None:
    """With the same town; what lasts fires when the other becomes active and is over with it."""
    it = Play(RAID, DOOR)
    it.event("+1m", type="door", status="firing", device="d", site="a", town="x")
    it.event("+2m", type="raid", status="firing", device="r", town="y")
    assert len(it.incidents) == 1
    it.event("+3m", type="raid", status="firing", device="r", town="x")
    assert it.pages() == [("+3m", "olena", "telegram")]
    door = it.pages and next(one for one in it.incidents.values() if one.rule == "door")
    it.event("+10m", type="raid", status="resolved", device="r", town="x")
    assert (it.periods(door.id), it.how(door.id)) == ([("+3m", "+10m", 1)], "over")
    it.event("+20m", type="raid", status="firing", device="r", town="x")
    assert it.periods(door.id) == [("+3m", "+10m", 1), ("+20m", None, 1)]


def test_an_event_for_both_rules_fires_both() -> None:
    """Whoever is asked speaks first, wherever it stands in the file."""
    it = Play(DOOR, event_rule("raid", match(type="door"), per=("town",), to=None))
    it.event("+1m", type="door", site="a", town="x")
    assert it.pages() == [("+1m", "olena", "telegram")]


def test_a_missing_field_is_not_the_same() -> None:
    it = Play(RAID, DOOR)
    it.event("+1m", type="raid", status="firing", device="r")
    it.event("+2m", type="door", site="a")
    assert it.pages() == []


def test_for_counts_only_while_the_others_incident_is_active() -> None:
    """Two stretches of five minutes are ten."""
    it = Play(RAID, event_rule("door", match(type="door"), for_="10 min", during=(active("raid"),)))
    it.event("+1m", type="door", status="firing", device="d", site="a")
    for begin, end in (("+5m", "+10m"), ("+20m", "+40m")):
        it.event(begin, type="raid", status="firing", device="r", town="x")
        it.event(end, type="raid", status="resolved", device="r", town="x")
    it.until("+1h")
    door = next(one for one in it.incidents.values() if one.rule == "door")
    assert it.periods(door.id) == [("+25m", "+40m", 1)]


def test_for_begins_with_the_condition_when_the_other_is_active_already() -> None:
    it = Play(RAID, event_rule("door", match(type="door"), for_="10 min", during=(active("raid"),)))
    it.event("+1m", type="raid", status="firing", device="r", town="x")
    it.event("+5m", type="door", status="firing", device="d", site="a")
    it.until("+1h")
    assert it.pages() == [("+15m", "olena", "telegram"), ("+16m", "taras", "telegram"), *it.pages()[2:]]


# chains, people, books


def test_a_rule_that_follows_hears_only_what_was_let_through() -> None:
    it = play(event_rule(during=(calendar("hours"),)), incident_rule("after", "panic", for_="5 min"))
    it.event("+1m", status="firing", device="a", **PANIC)
    it.just_before("+10m")
    assert [one.rule for one in it.incidents.values()] == ["panic"]
    it.until("+31m")
    assert it.periods(2) == [("+10m", "+30m", 1)]


def test_a_closed_incident_does_not_reopen_while_it_is_shut() -> None:
    """Still true when it opens again, it is a new incident."""
    it = play()
    it.event("+25m", status="firing", device="a", **PANIC)
    it.answer("olena", "resolve", at="+26m")
    it.until("+59m")
    assert len(it.periods()) == 1
    it.until("+61m")
    assert it.pages(2)[0] == ("+1h", "olena", "telegram")


def test_a_new_book_with_other_hours_is_asked_at_once() -> None:
    """Open now: what was kept back fires; shut now: what runs is over; without ``during``: it fires."""
    rule = event_rule(during=(calendar("hours"),))
    it = play(rule)
    it.event("+1m", status="firing", device="a", **PANIC)
    it.book(rule, at="+2m", calendars={"hours": open_at(("+1m", "+30m"))})
    assert it.periods() == [("+2m", None, 1)]
    it.book(rule, at="+3m", calendars={"hours": open_at(("+20m", "+30m"))})
    assert (it.periods(), it.how()) == ([("+2m", "+3m", 1)], "over")
    it.book(event_rule(), at="+4m", calendars={"hours": HOURS})
    assert it.periods() == [("+2m", "+3m", 1), ("+4m", None, 1)]
    it.book(rule, at="+5m", calendars={"hours": HOURS})
    it.until("+31m")
    assert it.periods()[-1] == ("+4m", "+30m", 1)


def test_clear_closes_what_is_over() -> None:
    """``closes`` holds for this way of ending too."""
    it = play(event_rule(during=(calendar("hours"),), clear=Clear(closes=True)))
    it.event("+29m", **PANIC)
    it.until("+30m")
    assert it.incident().closed is not None


def test_differently_named_keys_meet_by_same() -> None:
    """``same`` names the keys and values of both rules, not the fields of the events."""
    raid = event_rule("raid", match(type="raid"), per=(PerKey("town", (("raid", "where"),)),), to=None)
    it = Play(raid, event_rule("door", match(type="door"), per=("town",), during=(active("raid", "town"),)))
    it.event("+1m", type="raid", status="firing", device="r", where="x")
    it.event("+2m", type="door", town="x")
    assert it.pages() == [("+2m", "olena", "telegram")]


def test_what_is_over_at_once_is_over_for_the_rules_that_follow_too() -> None:
    """The firing comes before its clearing, all along the chain."""
    it = play(event_rule(during=(calendar("hours"),)), incident_rule("after", "panic"))
    it.event("+31m", happened="+29m", **PANIC)
    assert [(one.rule, it.periods(number)) for number, one in it.incidents.items()] == [
        ("panic", [("+31m", "+31m", 1)]), ("after", [("+31m", "+31m", 1)])]


def test_a_new_book_with_other_hours_counts_for_by_them() -> None:
    rule = event_rule(for_="10 min", during=(calendar("hours"),))
    it = play(rule)
    it.event("+20m", status="firing", device="a", **PANIC)
    it.book(rule, at="+21m", calendars={"hours": open_at(("+15m", "+40m"))})
    it.until("+45m")
    assert it.periods() == [("+30m", "+40m", 1)]


HOT = word_rule("level", of="v", compare={"at_least": 10}, for_="10 min")


def test_a_level_counts_for_only_while_it_is_open() -> None:
    it = play(replace(HOT, during=(calendar("hours"),)))
    told(it, ("+25m", 12))
    it.until("+3h")
    assert it.periods() == [("+1h5m", "+2h", 1)]


def test_a_level_counts_for_only_while_the_others_incident_is_active() -> None:
    it = Play(RAID, replace(HOT, during=(active("raid"),)))
    told(it, ("+1m", 12))
    for begin, end in (("+5m", "+10m"), ("+20m", "+40m")):
        it.event(begin, type="raid", status="firing", device="r", town="x")
        it.event(end, type="raid", status="resolved", device="r", town="x")
    it.until("+1h")
    hot = next(number for number, one in it.incidents.items() if one.rule == "rule")
    assert it.periods(hot) == [("+25m", "+40m", 1)]


def test_a_count_that_still_holds_fires_when_it_opens() -> None:
    """It lasts for as long as enough lie within."""
    it = play(replace(word_rule("count", at_least=1, within="10 min"), during=(calendar("hours"),)))
    told(it, ("+1m", 1))
    it.until("+40m")
    assert it.periods() == [("+5m", "+11m", 1)]


def test_a_sequence_is_over_when_it_happened() -> None:
    steps = tuple(SequenceStep(match(type=name), None if name == "a" else micros("5 min")) for name in "ab")
    it = play(replace(word_rule("sequence", steps=steps), during=(calendar("hours"),)))
    for at, kind in (("+1m", "a"), ("+2m", "b"), ("+20m", "a"), ("+21m", "b")):
        it.event(at, type=kind, site="s")
    it.until("+29m")
    assert it.periods() == [("+21m", None, 2)]
    it.until("+1h")
    assert it.periods() == [("+21m", "+30m", 2)]


# -- what waits in silence counts only while the other is active

QUIET = replace(word_rule("absence", for_="10 min", expected="seen"), during=(active("raid"),))


def spoken(it: Play) -> Any:
    """When the rule's condition was active."""
    return next((it.periods(number) for number, one in it.incidents.items() if one.rule == "rule"), [])


def raid(it: Play, *turns: tuple[str, str]) -> Play:
    """The other rule's incident, firing and resolved in turn."""
    for at, status in turns:
        it.event(at, type="raid", status=status, device="r")
    return it


def test_silence_counts_only_while_the_others_incident_is_active() -> None:
    """Four minutes of the first raid and six of the second are ten."""
    it = Play(RAID, QUIET)
    it.event("+0s", type="x", site="s")
    raid(it, ("+1h", "firing"), ("+1h4m", "resolved"), ("+2h", "firing"))
    it.just_before("+2h6m")
    assert spoken(it) == []
    assert spoken(it.until("+3h")) == [("+2h6m", None, 1)]


def test_silence_that_nobody_asked_about_is_never_told() -> None:
    it = Play(RAID, QUIET)
    it.event("+0s", type="x", site="s")
    assert spoken(it.until("+30h")) == []


def test_a_sign_of_life_begins_the_silence_anew_while_the_other_is_active() -> None:
    it = raid(Play(RAID, QUIET), ("+0s", "firing"))
    it.event("+1m", type="x", site="s")
    it.event("+9m", type="x", site="s")
    it.just_before("+19m")
    assert spoken(it) == []
    it.until("+20m")
    assert spoken(it) == [("+19m", None, 1)]
    it.event("+25m", type="x", site="s")
    assert spoken(it.until("+34m")) == [("+19m", "+25m", 1)]
    assert spoken(it.until("+36m"))[-1] == ("+35m", None, 1)


NOBODY = replace(word_rule("sequence", steps=(SequenceStep(match(type="door")), SequenceStep(
    match(type="guard"), within=micros("10 min"), negated=True))), during=(active("raid"),))


def test_a_not_counts_only_while_the_others_incident_is_active() -> None:
    """A door at night, and no guard within ten minutes of raid."""
    it = Play(RAID, NOBODY)
    it.event("+0s", type="door", site="s")
    raid(it, ("+1h", "firing"), ("+1h4m", "resolved"), ("+2h", "firing"))
    it.just_before("+2h6m")
    assert spoken(it) == []
    assert [at for at, _, _ in spoken(it.until("+2h7m"))] == ["+2h6m"]


def test_what_a_not_forbids_may_come_while_the_other_is_not_active() -> None:
    """It is observed all the time: the guard came."""
    it = Play(RAID, NOBODY)
    it.event("+0s", type="door", site="s")
    raid(it, ("+1h", "firing"), ("+1h4m", "resolved"))
    it.event("+90m", type="guard", site="s")
    raid(it, ("+2h", "firing"))
    assert spoken(it.until("+5h")) == []


def test_nothing_waits_for_an_incident_once_it_does_not_matter() -> None:
    it = Play(RAID, NOBODY)
    it.event("+0s", type="door", site="s")
    it.event("+1m", type="guard", site="s")
    it.until("+2m")
    assert [gated for gated in it.run.board.kept.all.values() if gated.rule == "rule"] == []
