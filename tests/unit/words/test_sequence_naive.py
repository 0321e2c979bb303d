"""Thousands of histories: ``sequence`` and a plain reading of its text agree. TOCSIN_EXAMPLES=20000 looks longer."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.downtime import held_back, naively, outages, really
from tests.support.histories import AT_LEISURE, START, Said, end_of, histories, rule_of, ways
from tests.support.naive_life import Way
from tests.support.naive_sequence import Came, NaiveSequence, Step, WaitingLife

from tocsin.book.match import Expect, Match
from tocsin.book.rule import SequenceStep, When
from tocsin.domain.time import SECOND


def steps(*written: tuple[str, int] | str) -> tuple[Step, ...]:
    """``"a"``, ``("b", 60)`` or ``("not c", 60)``, seconds."""
    found = []
    for one in written:
        kind, within = (one, 0) if isinstance(one, str) else one
        found.append(Step(kind.removeprefix("not "), within * SECOND, kind.startswith("not ")))
    return tuple(found)


SHAPES = [
    steps("a", ("b", 60)), steps("a", ("a", 300)), steps("a", ("b", 300), ("a", 60)), steps("a", ("b", 60), ("c", 300)),
    steps("a", ("a", 60), ("a", 60)), steps("a", ("b", 300), ("a", 300), ("b", 60)),
    steps("a", ("not b", 300)), steps("a", ("not a", 300)), steps("a", ("b", 300), ("not c", 60)),
    steps("a", ("not b", 60), ("c", 300)), steps("a", ("not b", 60), ("a", 300)),
    steps("a", ("not b", 60), ("not c", 300)), steps("a", ("not c", 60), ("b", 300), ("not a", 60)),
    steps("a", ("b", 60), ("not c", 60), ("a", 301), ("b", 60)),
]
NAMES = [" ".join(f"{'!' * one.negated}{one.kind}{one.within // SECOND}" for one in shape) for shape in SHAPES]
KINDS = st.sampled_from(["a", "a", "b", "b", "c", "ab", "ac", "abc", "x"])


def agree(history: list[Said], way: Any, shape: tuple[Step, ...], every: int, stops: list[tuple[int, int]]) -> None:
    written = tuple(SequenceStep(Match((Expect("v", "contains", one.kind),)), one.within if number else None,
                                 one.negated) for number, one in enumerate(shape))
    rule = rule_of(When("sequence", steps=written, for_=way.wait), way)
    naive = NaiveSequence(WaitingLife(way, momentary=True), shape)

    def hear(now: int, one: Said) -> None:
        if set(one.value) & {step.kind for step in shape}:
            naive.hear(now, Came(now, one.time, one.value, len(naive.heard), one.until))

    until = end_of(history)
    found = really(history, until, rule, every, stops)
    assert found.get((), []) == naively(history, until, naive, hear, stops)


@pytest.mark.parametrize("shape", SHAPES, ids=NAMES)
@AT_LEISURE
@given(data=st.data(), way=ways(), every=st.integers(0, 3), stops=outages())
def test_sequence_agrees_with_a_plain_reading(data: Any, way: Any, shape: Any, every: int, stops: Any) -> None:
    edges = tuple(sorted({one.within // SECOND for one in shape if one.within}))
    history = data.draw(histories(KINDS, way, edges, most=10))
    history, stops = held_back(history, stops)
    agree(history, way, shape, every, stops)


def test_for_that_was_over_during_a_downtime_is_over_before_what_comes_after_it() -> None:
    """The ``not`` and its ``for`` were due during the downtime: an all-clear heard when it ends comes after both."""
    way = Way(wait=0, after=None, at=False, hold=None, only=True, when=True, state=False)
    now = START + 6000 * SECOND
    stops = [(now, now + 1 * SECOND), (now + 1 * SECOND, now + 6 * SECOND)]
    history = [Said(now, now - 900 * SECOND, "a", False, None, 0), Said(now + 6 * SECOND, now, None, True, None, 1)]
    agree(history, way, steps("a", ("not b", 60), ("not c", 300)), 0, stops)
    agree(history, way, steps("a", ("not a", 300)), 0, stops)
