"""Thousands of histories: ``level`` and a plain reading of its text agree. TOCSIN_EXAMPLES=20000 looks longer."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.support.city import PEOPLE, content, match, policy, step
from tests.support.histories import (
    AT_LEISURE,
    Restarting,
    Said,
    end_of,
    event,
    histories,
    naively,
    really,
    rule_of,
    ways,
)
from tests.support.naive_level import NaiveLevel, NaiveLevels
from tests.support.naive_life import Life, Way

from tocsin.book.book import number_book
from tocsin.book.match import Expect, Match
from tocsin.book.rule import Level, When
from tocsin.domain.change import ActivationSet, NotificationSet
from tocsin.domain.time import SECOND
from tocsin.matching.index import IndexMatcher
from tocsin.rules.meaning import Meaning
from tocsin.rules.tables import Tables

VALUES = st.sampled_from([1, 5, 5.0, 7, 9.9, 10, 10.1, 15, 20, 25, "11", None, True, float("inf")])


def number(value: Any) -> bool:
    return type(value) in (int, float) and value != float("inf")


@AT_LEISURE
@given(st.data(), ways(), st.sampled_from([None, 5, 7.5]), st.sampled_from([None, None, 60, 600]), st.integers(0, 3))
def test_one_level_agrees_with_a_plain_reading(data: Any, way: Way, below: Any, stale: Any, every: int) -> None:
    stale = None if stale is None else stale * SECOND
    way = replace_only(way, below)
    when = When("level", match(type="x"), of="v", for_=way.wait, compare={"above": 10}, stale_after=stale)
    history = data.draw(histories(VALUES, way))
    life = Life(way)
    naive = NaiveLevel(life, number, lambda value: value > 10,
                       None if below is None else lambda value: value < below, stale)

    def hear(one: Said) -> None:
        naive.hear(one.arrival, one.time, one.value, one.until)

    until = end_of(history)
    rule = rule_of(when, way, None if below is None else {"below": below})
    assert really(history, until, rule, every) == naively(history, until, life, hear)


def replace_only(way: Way, below: Any) -> Way:
    """``only: true`` with a comparison is the comparison."""
    return way if below is None or not way.only else Way(way.wait, way.after, way.at, way.hold, False, way.when,
                                                         way.state)


@AT_LEISURE
@given(st.data(), ways(), st.integers(0, 3))
def test_holds_agrees_with_a_plain_reading(data: Any, way: Way, every: int) -> None:
    holds = Match((Expect("v", "is", "open"),))
    when = When("level", match(type="x"), for_=way.wait, holds=holds)
    history = data.draw(histories(st.sampled_from(["open", "shut", None, 1]), way))
    life = Life(way)
    naive = NaiveLevel(life, lambda value: True, lambda value: value == "open")

    def hear(one: Said) -> None:
        naive.hear(one.arrival, one.time, one.value, one.until)

    until = end_of(history)
    assert really(history, until, rule_of(when, way), every) == naively(history, until, life, hear)


SEVERITIES = ("low", "high", "critical")
LEVELS = tuple(Level({"above": limit}, severity) for limit, severity in zip((10, 15, 20), SEVERITIES, strict=True))


@AT_LEISURE
@given(st.data(), st.sampled_from([None, 0, 60, 300, 600]), st.sampled_from([None, 5]), st.integers(0, 3),
       st.permutations(LEVELS))
def test_levels_agree_with_a_plain_reading(data: Any, wait: Any, below: Any, every: int, levels: Any) -> None:
    """When it fires, rises (to a higher level, or into one that was left for 5 min) and clears."""
    wait = None if wait is None else wait * SECOND
    history = data.draw(histories(st.sampled_from([1, 6, 11, 11, 16, 21, 21]), edges=(300, 600)))
    naive = NaiveLevels([lambda value, limit=limit: value > limit for limit in (10, 15, 20)], wait,
                        None if below is None else lambda value: value < below)
    known: set[int] = set()
    for one in history:
        naive.run(one.arrival)
        if one.number not in known:
            naive.hear(one.arrival, one.time, one.value)
        known.add(one.number)
    until = end_of(history)
    naive.run(until)
    assert told(history, until, wait, below, every, levels) == naive.told


def told(history: list[Said], until: int, wait: Any, below: Any, every: int, levels: Any) -> list[Any]:
    """What people hear: the first message of each firing and rise, and each clearing, which closes."""
    when = When("level", match(type="x"), of="v", for_=wait, levels=tuple(levels))
    rule = rule_of(when, Way(), None if below is None else {"below": below})
    rule = replace(rule, escalate_to=("police",), clear=replace(rule.clear, closes=True))
    silent = policy("police", step("olena", within="900 h"))
    book = content(rule, people=PEOPLE, policies=(silent,))
    found: list[Any] = []
    severity = ["low"]

    def witness(now: int, item: Any, changes: list[Any]) -> None:
        for change in changes:
            if isinstance(change, ActivationSet) and change.activation.cleared == now:
                found.append((now, "cleared", SEVERITIES.index(severity[0])))
            elif isinstance(change, NotificationSet) and change.notification.kind in ("page", "raised"):
                one = change.notification
                severity[0] = one.severity
                found.append((now, "fired" if one.kind == "page" else "rises", SEVERITIES.index(one.severity)))

    run = Restarting(Meaning(number_book(1, book)), IndexMatcher(book.rules, Tables.of(book)), witness, every=every)
    for one in history:
        run.feed(event(one), one.arrival)
    run.run_until(until)
    return found
