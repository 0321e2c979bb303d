"""Thousands of histories: the words that make one number of a key's samples agree with a plain reading of the text.

TOCSIN_EXAMPLES=20000 looks longer.
"""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.city import match
from tests.support.histories import (
    AT_LEISURE,
    Said,
    end_of,
    histories,
    naively,
    really,
    rule_of,
    ways,
)
from tests.support.naive_life import Life, Way
from tests.support.naive_samples import NaiveSamples

from tocsin.book.rule import When
from tocsin.domain.time import SECOND

VALUES = st.sampled_from([0.1, 0.1, 0.2, 0.2, 0.3, 0.3, 0, -0.1, 0.7, 2, -3, 3.0, "11", None, True, 10**22, -1e22])
LIMITS = {"average": 0.2, "sum": 0.3, "minimum": 0.1, "maximum": 0.3}


@pytest.mark.parametrize("word", LIMITS)
@AT_LEISURE
@given(st.data(), ways(), st.sampled_from(["at_least", "above", "at_most", "below"]),
       st.sampled_from([None, None, 1]), st.sampled_from([None, None, 1, 2, 3]), st.sampled_from([60, 300]),
       st.sampled_from([None, None, 600]), st.integers(0, 3))
def test_it_agrees_with_a_plain_reading(word: str, data: Any, way: Way, compare: str, gap: Any, samples: Any,
                                        width: int, stale: Any, every: int) -> None:
    limit = Fraction(repr(LIMITS[word]))
    high = compare in ("at_least", "above")
    clear = None if gap is None else float(limit) + (-gap if high else gap)
    if clear is not None and way.only:
        way = Way(way.wait, way.after, way.at, way.hold, False, way.when, way.state)
    fires = {"at_least": limit.__le__, "above": limit.__lt__, "at_most": limit.__ge__, "below": limit.__gt__}[compare]
    written = None if clear is None else Fraction(repr(clear))
    clears = None if written is None else (written.__ge__ if high else written.__le__)
    stale = None if stale is None else stale * SECOND
    when = When(word, match(type="x"), of="v", over=width * SECOND, for_=way.wait, compare={compare: LIMITS[word]},
                samples=samples or 0, stale_after=stale)
    rule = rule_of(when, way, None if clear is None else {"at_most" if high else "at_least": clear})
    naive = NaiveSamples(Life(way), word, width * SECOND, fires, clears, samples, stale, not high)
    agree(data, way, rule, naive, width, every)


def agree(data: Any, way: Way, rule: Any, naive: NaiveSamples, width: int, every: int) -> None:
    history = data.draw(histories(VALUES, way, (width,)))

    def hear(one: Said) -> None:
        naive.hear(one.arrival, one.time, one.value, one.until)

    until = end_of(history)
    assert really(history, until, rule, every) == naively(history, until, naive.life, hear)
