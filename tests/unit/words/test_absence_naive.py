"""Thousands of histories: ``absence`` and a plain reading of its text agree. TOCSIN_EXAMPLES=20000 looks longer."""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as changed
from tests.support.city import match, per_keys
from tests.support.downtime import held_back, naively, outages, really
from tests.support.histories import AT_LEISURE, START, Said, end_of, event, histories, rule_of, ways
from tests.support.naive_absence import NaiveAbsence
from tests.support.naive_life import Life
from tests.support.naive_sequence import Came

from tocsin.book.book import Table
from tocsin.book.rule import When
from tocsin.domain.time import SECOND, format_instant

KEYS = ("k1", "k2", "k3", "stranger")
HEARD = st.sampled_from(["k1", "k1", "k2", "stranger", ["k1", "k2"]])
MOMENTS = st.sampled_from([None, None, 0, 60, 301, 900, 3600, 7200])


def event_of(one: Said) -> Any:
    """What matches ``clear: {when}`` is of one key or another."""
    return event(one) if not one.over else changed(event(one), data={"v": KEYS[one.number % 2]})


@st.composite
def validity(draw: Any) -> tuple[int | None, int | None]:
    """When a row is in its list: from, until, both inside; None without a limit."""
    first, length = draw(MOMENTS), draw(MOMENTS)
    first = None if first is None else START + first * SECOND
    return first, None if length is None else (first or START) + length * SECOND


def periods_of(history: list[Said], key: str, naive: NaiveAbsence, until: int, stops: Any) -> Any:
    def hear(now: int, one: Said) -> None:
        if key in (one.value if isinstance(one.value, list) else [one.value]):
            naive.hear(now, Came(now, one.time, key, one.number, one.until))

    return naively(history, until, naive, hear, stops, lambda one: KEYS[one.number % 2] == key)


@AT_LEISURE
@given(data=st.data(), way=ways(), within=st.sampled_from([3, 60, 300, 1200]), every=st.integers(0, 3), stops=outages(),
       rows=st.lists(validity(), min_size=2, max_size=2))
def test_listed_keys_agree_with_a_plain_reading(data: Any, way: Any, within: int, every: int, stops: Any,
                                                rows: Any) -> None:
    history, stops = held_back(data.draw(histories(HEARD, replace(way, wait=None), (within,), most=10)), stops)
    way = replace(way, wait=None)
    table = Table(("v", "from", "until"), tuple(
        {"v": key} | ({"from": format_instant(first)} if first is not None else {})
        | ({"until": format_instant(last)} if last is not None else {})
        for key, (first, last) in zip(KEYS, [*rows, (None, None)], strict=False)))
    when = When("absence", match(type="x"), for_=within * SECOND, expected="those.v")
    rule = changed(rule_of(when, way), per=per_keys("v"))
    until = end_of(history)
    found = really(history, until, rule, every, stops, {"those": table}, event_of)
    begin = history[0].arrival
    for key, (first, last) in zip(KEYS, [*rows, (None, None)], strict=False):
        ends = None if last is None else last + 1
        naive = NaiveAbsence(Life(way), within * SECOND, max(begin, first or 0), ends)
        if ends is None or ends > naive.begins:
            naive.due(begin, "start") if naive.begins == begin else None
            assert found.get((("v", key),), []) == periods_of(history, key, naive, until, stops), key
        else:
            assert (("v", key),) not in found
    assert (("v", "stranger"),) not in found


@AT_LEISURE
@given(data=st.data(), way=ways(), within=st.sampled_from([3, 60, 300, 1200]), every=st.integers(0, 3), stops=outages())
def test_seen_keys_agree_with_a_plain_reading(data: Any, way: Any, within: int, every: int, stops: Any) -> None:
    way = replace(way, wait=None)
    history, stops = held_back(data.draw(histories(HEARD, way, (within,), most=10)), stops)
    when = When("absence", match(type="x"), for_=within * SECOND, expected="seen")
    rule = changed(rule_of(when, way), per=per_keys("v"))
    until = end_of(history)
    found = really(history, until, rule, every, stops, event_of=event_of)
    for key in KEYS:
        naive = NaiveAbsence(Life(way), within * SECOND)
        assert found.get((("v", key),), []) == periods_of(history, key, naive, until, stops), key
