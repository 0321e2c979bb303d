"""Thousands of histories: ``change`` and ``new`` agree with a plain reading of the text.

TOCSIN_EXAMPLES=20000 looks longer.
"""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.city import match
from tests.support.histories import AT_LEISURE, Said, end_of, histories, naively, really, rule_of, ways
from tests.support.naive_change import NaiveTurn
from tests.support.naive_life import Life, Way
from tests.support.naive_new import NaiveNew
from tests.support.naive_samples import NaiveSamples

from tocsin.book.rule import When
from tocsin.domain.time import SECOND

NUMBERS = st.sampled_from([1.0, 1.1, 2.1, 3.1, 3, 2, 2, 5, -1, 10**22, "3", None])


@pytest.mark.parametrize("move", ["rises", "falls"])
@AT_LEISURE
@given(st.data(), ways(), st.sampled_from([None, None, 0.5]), st.sampled_from([None, None, 1, 3]),
       st.sampled_from([60, 300]), st.sampled_from([None, None, 600]), st.integers(0, 3))
def test_a_slope_agrees_with_a_plain_reading(move: str, data: Any, way: Way, gap: Any, samples: Any, width: int,
                                             stale: Any, every: int) -> None:
    if gap is not None and way.only:
        way = Way(way.wait, way.after, way.at, way.hold, False, way.when, way.state)
    stale = None if stale is None else stale * SECOND
    when = When("change", match(type="x"), of="v", within=width * SECOND, moves=move, compare={"at_least": 1.0},
                for_=way.wait, samples=samples or 0, stale_after=stale)
    clears = None if gap is None else Fraction(repr(gap)).__ge__
    naive = NaiveSamples(Life(way), move, width * SECOND, Fraction(1).__le__, clears, samples, stale)
    history = data.draw(histories(NUMBERS, way, (width,)))

    def hear(one: Said) -> None:
        naive.hear(one.arrival, one.time, one.value, one.until)

    until = end_of(history)
    rule = rule_of(when, way, None if gap is None else {"at_most": gap})
    assert really(history, until, rule, every) == naively(history, until, naive.life, hear)


@AT_LEISURE
@given(st.data(), ways(), st.sampled_from([None, "shut"]), st.sampled_from([None, "open"]), st.integers(0, 3))
def test_a_turn_agrees_with_a_plain_reading(data: Any, way: Way, old: Any, new: Any, every: int) -> None:
    when = When("change", match(type="x"), of="v", changes_from=old, changes_to=new, for_=way.wait)
    naive = NaiveTurn(Life(way, momentary=True), old, new)
    values = st.sampled_from(["open", "open", "open", "shut", "shut", "shut", "ajar", 1, 1.0, True, None])
    history = data.draw(histories(values, way, (60, 300)))

    def hear(one: Said) -> None:
        naive.hear(one.arrival, one.time, one.value, one.until)

    until = end_of(history)
    assert really(history, until, rule_of(when, way), every) == naively(history, until, naive.life, hear)


@AT_LEISURE
@given(st.data(), ways(), st.sampled_from([60, 300, 3600]), st.integers(0, 3))
def test_new_agrees_with_a_plain_reading(data: Any, way: Way, width: int, every: int) -> None:
    when = When("new", match(type="x"), of="v", over=width * SECOND, for_=way.wait)
    history = data.draw(histories(st.sampled_from(["a", "a", "b", "c", ["a", "d"], 1, "1", None, []]), way, (width,)))
    naive = NaiveNew(Life(way, momentary=True), width * SECOND, history[0].arrival)

    def hear(one: Said) -> None:
        values = one.value if isinstance(one.value, list) else [] if one.value is None else [one.value]
        naive.hear(one.arrival, one.time, tuple(str(value) for value in values), one.until)

    until = end_of(history)
    assert really(history, until, rule_of(when, way), every) == naively(history, until, naive.life, hear)
