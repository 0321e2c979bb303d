"""Thousands of histories: ``count`` with ``near`` and a plain reading agree. TOCSIN_EXAMPLES=20000 looks longer."""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as with_
from tests.support.city import match
from tests.support.downtime import really
from tests.support.histories import AT_LEISURE, Periods, Said, end_of, event, histories, rule_of, ways
from tests.support.naive_life import periods
from tests.support.naive_near import NaiveNear

from tocsin.book.rule import When
from tocsin.domain.event import Event, Place
from tocsin.domain.time import SECOND

STREET = st.sampled_from([0, 0, 90, 100, 140, 160, 230, 300, 305, 800, None])
"""Metres along a street; None for no location."""


def place_of(metres: int) -> tuple[float, float]:
    return round(48.7 + metres / 111_195, 5), 37.5


def placed(one: Said) -> Event:
    found = event(one)
    return found if one.value is None else with_(found, location=Place(*place_of(one.value)))


def agree(history: list[Said], way: Any, least: int, within: int, every: int) -> None:
    when = When("count", match(type="x"), for_=way.wait, at_least=least, within=within, near=150.0)
    naive = NaiveNear(way, least, within, 150.0)
    known = set()
    for one in history:
        if one.number not in known:
            known.add(one.number)
            naive.hear(one.arrival, one.time, None if one.value is None else place_of(one.value), one.until)
    until = end_of(history)
    naive.run(until)
    expected: dict[tuple[float, ...], Periods] = {}
    for corner in naive.corners:
        if corner.count.life.told:
            expected.setdefault((corner.lat, corner.lon), []).extend(periods(corner.count.life.told))
    found = really(history, until, rule_of(when, way), every, [], event_of=placed)
    assert {where(key): story for key, story in found.items()} == expected


def where(key: Any) -> tuple[float, ...]:
    (_, text), = key
    return tuple(map(float, text.split(",")))


@AT_LEISURE
@given(st.data(), ways(), st.sampled_from([1, 2, 2, 3]), st.sampled_from([60, 600]), st.integers(0, 3))
def test_count_near_agrees_with_a_plain_reading(data: Any, way: Any, least: int, within: int, every: int) -> None:
    way = replace(way, when=False, state=False)
    agree(data.draw(histories(STREET, way, (within,))), way, least, within * SECOND, every)
