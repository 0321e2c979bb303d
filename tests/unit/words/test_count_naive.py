"""Thousands of histories: ``count`` and a plain reading of its text agree. TOCSIN_EXAMPLES=20000 looks longer."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.support.city import match
from tests.support.histories import AT_LEISURE, Said, end_of, histories, naively, really, rule_of, ways
from tests.support.naive_count import Counted, NaiveCount
from tests.support.naive_life import Life

from tocsin.book.rule import When
from tocsin.domain.time import SECOND

VALUES = st.sampled_from(["a", "a", "b", "b", "c", ["a", "b"], [], 12, "12"])


def texts(value: Any) -> tuple[str, ...]:
    return tuple(str(each) for each in (value if isinstance(value, list) else [value]))


def agree(history: list[Said], way: Any, least: int, within: int, every: int, distinct: bool) -> None:
    when = When("count", match(type="x"), for_=way.wait, at_least=least, within=within,
                distinct="v" if distinct else "")
    life = Life(way)
    naive = NaiveCount(life, least, within)

    def hear(one: Said) -> None:
        naive.hear(one.arrival, Counted(one.time, texts(one.value) if distinct else None), one.until)

    until = end_of(history)
    assert really(history, until, rule_of(when, way), every) == naively(history, until, life, hear)


@AT_LEISURE
@given(st.data(), ways(), st.sampled_from([1, 2, 2, 3, 5]), st.sampled_from([60, 300, 600]), st.integers(0, 3),
       st.booleans())
def test_count_agrees_with_a_plain_reading(data: Any, way: Any, least: int, within: int, every: int,
                                           distinct: bool) -> None:
    agree(data.draw(histories(VALUES, way, (within,))), way, least, within * SECOND, every, distinct)
