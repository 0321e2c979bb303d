"""Histories with downtime in the middle: no timer runs, nothing is heard, and what waited comes afterwards."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

from hypothesis import strategies as st
from tests.support.city import content
from tests.support.histories import START, Periods, Restarting, Said, event
from tests.support.naive_life import Life, periods

from tocsin.book.book import Table, number_book
from tocsin.book.rule import Rule
from tocsin.domain.event import Event
from tocsin.domain.input import Started
from tocsin.domain.time import SECOND
from tocsin.matching.index import IndexMatcher
from tocsin.replay.ledger import Ledger
from tocsin.rules.meaning import Meaning
from tocsin.rules.tables import Tables

Outages = list[tuple[int, int]]


class Naive(Protocol):
    life: Life
    pauses: Outages

    def run(self, clock: int, before: int) -> int: ...

    def resumed(self, clock: int) -> None: ...


@st.composite
def outages(draw: Any) -> Outages:
    """None most often; else one or two stretches, in order, somewhere in the first hours."""
    found: Outages = []
    at = START
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 1, 2]))):
        start = at + draw(st.sampled_from([0, 1, 30, 61, 240, 301, 599, 1201, 3600])) * SECOND
        at = start + draw(st.sampled_from([1, 5, 60, 300, 301, 900, 2000])) * SECOND
        found.append((start, at))
    return found


def held_back(history: list[Said], outages: Outages) -> tuple[list[Said], Outages]:
    """What arrives during an outage waits for its end; there is none before the first event."""
    after = [(start, end) for start, end in outages if start >= history[0].arrival]
    found = []
    for one in history:
        for start, end in after:
            if start <= one.arrival < end and one is not history[0]:
                one = replace(one, arrival=end)
        found.append(one)
    return found, after


class Stopping(Restarting):
    """A run that stands still during outages and says afterwards for how long."""

    def __init__(self, *arguments: Any, every: int, outages: Outages) -> None:
        super().__init__(*arguments, every=every)
        self.outages = list(outages)

    def feed(self, event: Event, at: int) -> None:
        self._stand_still(at)
        super().feed(event, at)

    def run_until(self, until: int) -> None:
        self._stand_still(until)
        super().run_until(until)

    def _stand_still(self, before: int) -> None:
        while self.outages and self.clock is not None and self.outages[0][1] <= before:
            start, end = self.outages.pop(0)
            self.restart(Started("test", end - start), end)


def really(history: list[Said], until: int, rule: Rule, every: int, outages: Outages,
           lists: dict[str, Table] | None = None, event_of: Callable[[Said], Any] = event) -> dict[Any, Periods]:
    """The activations of the rule's incidents by key, as the engine makes them."""
    book = content(rule, lists=lists or {})
    ledger = Ledger()
    run = Stopping(Meaning(number_book(1, book)), IndexMatcher(book.rules, Tables.of(book)), ledger, every=every,
                   outages=outages)
    for one in history:
        run.feed(event_of(one), one.arrival)
    run.run_until(until)
    found: dict[Any, Periods] = {}
    for story in ledger.stories():
        found.setdefault(tuple(sorted(story.key.items())), []).extend(
            (one.at, one.cleared, one.events) for _, one in sorted(story.activations.items()))
    return {key: sorted(known, key=lambda one: one[0]) for key, known in found.items()}


def naively(history: list[Said], until: int, naive: Naive, hear: Callable[[int, Said], None],
            outages: Outages, clears: Callable[[Said], bool] = lambda one: True) -> Periods:
    """The same by a plain reading; ``hear`` is told the clock and every event that is no repetition. ``clears`` says
    whether one that matches ``clear: {when}`` is of this key.
    """
    clock = history[0].arrival
    known: set[int] = set()
    ahead = list(outages)

    def let_pass(before: int) -> int:
        now = clock
        while ahead and ahead[0][1] <= before:
            start, end = ahead.pop(0)
            now = max(naive.run(now, start), end)
            naive.pauses.append((start, end))
            naive.resumed(now)
        return naive.run(now, before)

    for one in history:
        clock = max(let_pass(one.arrival), one.arrival)
        if one.number not in known:
            known.add(one.number)
            if one.over and clears(one):
                naive.life.all_clear(clock, one.time)
            elif not one.over:
                hear(clock, one)
    clock = let_pass(until)
    return periods(naive.life.told)
