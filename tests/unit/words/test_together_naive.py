"""Thousands of histories: ``together`` and a plain reading of its text agree. TOCSIN_EXAMPLES=20000 looks longer."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.support.downtime import held_back, naively, outages, really
from tests.support.histories import AT_LEISURE, Said, end_of, histories, rule_of, ways
from tests.support.naive_sequence import Came, WaitingLife
from tests.support.naive_together import NaiveTogether

from tocsin.book.match import Expect, Match
from tocsin.book.rule import When
from tocsin.domain.time import SECOND

KINDS = st.sampled_from(["a", "a", "b", "b", "c", "ab", "ac", "bc", "abc", "x"])


@AT_LEISURE
@given(data=st.data(), way=ways(), names=st.sampled_from(["ab", "abc", "cba"]), within=st.sampled_from([60, 300, 600]),
       every=st.integers(0, 3), stops=outages())
def test_together_agrees_with_a_plain_reading(data: Any, way: Any, names: str, within: int, every: int,
                                              stops: Any) -> None:
    history, stops = held_back(data.draw(histories(KINDS, way, (within,), most=10)), stops)
    when = When("together", named={name: Match((Expect("v", "contains", name),)) for name in names},
                within=within * SECOND, for_=way.wait)
    naive = NaiveTogether(WaitingLife(way, momentary=True), tuple(names), within * SECOND)

    def hear(now: int, one: Said) -> None:
        if set(one.value) & set(names):
            naive.hear(now, Came(now, one.time, one.value, len(naive.heard), one.until))

    until = end_of(history)
    found = really(history, until, rule_of(when, way), every, stops)
    assert found.get((), []) == naively(history, until, naive, hear, stops)
