"""Two runs compared: which conditions belong together, what differs, who is called by hour."""

from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.naive_compare import naive_pairs

from tocsin.domain.time import HOUR, MINUTE, parse_instant
from tocsin.replay.compare import CHANGED, FEWER, MORE, SAME, compare, woken
from tocsin.replay.periods import Call, Kept, Period


def period(at: int, cleared: int | None = None, rule: str = "panic", **more: Any) -> Period:
    return Period(rule, more.pop("key", {"site": "school"}), at, more.pop("severity", "high"), cleared=cleared, **more)


@st.composite
def of_one_place(draw: Any, rule: str) -> list[Period]:
    """Conditions of one rule and key, one after another, often with equal instants; the last may go on."""
    found: list[Period] = []
    at = 0
    for _ in range(draw(st.integers(0, 5))):
        at += draw(st.integers(0, 4))
        if found and found[-1].at == at:
            at += 1
        cleared = at + draw(st.integers(0, 5))
        found.append(period(at, cleared, rule))
        at = cleared
    if found and draw(st.booleans()):
        found[-1].cleared = None
    return found


SIDES = st.builds(lambda a, b: [*a, *b], of_one_place("a"), of_one_place("b"))


@settings(max_examples=300, deadline=None)
@given(SIDES, SIDES)
def test_the_pairs_are_those_of_a_plain_reading(old: list[Period], new: list[Period]) -> None:
    """Each condition has at most one partner, by its beginning or its time."""
    found = compare(old, new, 0, {})
    places = {id(one): number for side in (old, new) for number, one in enumerate(side)}
    pairs = {(None if one.before is None else places[id(one.before)],
              None if one.after is None else places[id(one.after)]) for one in found}
    assert pairs == naive_pairs(old, new)
    assert len(found) == len(pairs)
    for one in found:
        both = one.before is not None and one.after is not None
        assert both == (one.kind in (SAME, CHANGED))
        if both:
            assert (one.kind == SAME) == ((one.before.at, one.before.cleared) == (one.after.at, one.after.cleared))


def test_what_changed_is_said() -> None:
    """Beginning, end, severity, number of events, and the people; not the instants at which they were called."""
    old = period(10, 20, events=1, calls=[Call(10, "olena")])
    new = period(15, None, events=3, severity="critical", calls=[Call(15, "olena"), Call(16, "taras")])
    (found,) = compare([old], [new], 0, {})
    assert (found.kind, found.what) == (CHANGED, {
        "at": (10, 15), "cleared": (20, None), "severity": ("high", "critical"), "events": (1, 3),
        "called": (["olena"], ["olena", "taras"])})
    again = period(10, 20, events=1, calls=[Call(12, "olena")])
    assert compare([old], [again], 0, {})[0].kind == SAME


def test_another_key_or_rule_is_another_condition() -> None:
    found = compare([period(10, 20)], [period(10, 20, key={"site": "museum"}), period(10, 20, "other")], 0, {})
    assert sorted((one.kind, one.one.rule, one.one.key["site"]) for one in found) == [
        (FEWER, "panic", "school"), (MORE, "other", "school"), (MORE, "panic", "museum")]


def test_what_both_began_before_the_period_is_left_out() -> None:
    """What only one of them began inside counts."""
    assert compare([period(5, 20)], [period(6, 20)], 10, {}) == []
    assert compare([period(5, 8)], [], 10, {}) == []
    (found,) = compare([period(5, 20)], [period(12, 20)], 10, {})
    assert found.kind == CHANGED


def test_a_missing_condition_says_why_it_was_kept_back() -> None:
    """The reason that was recorded while it would have lasted."""
    kept = {("panic", "site=school"): [Kept(5, "earlier"), Kept(12, "the incident raid is active")]}
    (found,) = compare([period(10, 20)], [], 0, kept)
    assert (found.kind, found.because) == (FEWER, "the incident raid is active")


def test_a_person_is_woken_once_an_hour_by_the_clock_on_the_wall() -> None:
    """Kyiv: 00:50 to 01:10 are two hours, three calls in one are one; the hour that comes twice counts twice."""
    start = parse_instant("2026-11-22T22:50:00Z")
    calls = [Call(start, "olena"), Call(start + MINUTE, "olena"), Call(start + 20 * MINUTE, "olena"),
             Call(start, "taras")]
    found = woken([period(start, calls=calls)], 0, ZoneInfo("Europe/Kyiv"))
    assert {hour: count for hour, count in enumerate(found.hours) if count} == {0: 2, 1: 1}
    assert found.people == {"olena": 2, "taras": 1}
    autumn = parse_instant("2026-10-25T00:30:00Z")
    twice = [Call(autumn, "olena"), Call(autumn + HOUR, "olena")]
    assert woken([period(autumn, calls=twice)], 0, ZoneInfo("Europe/Kyiv")).hours[3] == 2
    assert woken([period(autumn, calls=twice)], autumn + 1, ZoneInfo("Europe/Kyiv")).hours[3] == 1
