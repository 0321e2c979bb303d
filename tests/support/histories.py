"""Histories for the words of ``when``: gaps, ties, disorder, repetitions; played through a run that restarts."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from tests.support.checked_run import restored
from tests.support.city import content, match, per_keys
from tests.support.naive_life import Life, Way, periods

from tocsin.book.book import number_book
from tocsin.book.rule import Clear, Rule, When
from tocsin.domain.event import Event
from tocsin.domain.time import HOUR, SECOND, format_instant, parse_instant
from tocsin.matching.index import IndexMatcher
from tocsin.replay.ledger import Ledger
from tocsin.replay.run import Run
from tocsin.rules.meaning import Meaning
from tocsin.rules.tables import Tables

EXAMPLES = int(os.environ.get("TOCSIN_EXAMPLES", "200"))
START = parse_instant("2026-11-22T00:00:00Z")
AT_LEISURE = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])

GAPS = st.sampled_from([0, 0, 1, 5, 6, 30, 60, 60, 120, 299, 300, 301, 600, 900, 3600, 4200])
LATE = st.sampled_from([0, 0, 0, 0, 0, 1, 5, 30, 60, 300, 900, 3600, 4199, 4200, 4201, 9000])

Periods = list[tuple[int, int | None, int]]


@dataclass(frozen=True)
class Said:
    """What came: when, of which time, with which value; ``over`` matches ``clear: {when}``. ``number`` names it."""

    arrival: int
    time: int
    value: Any
    over: bool
    until: int | None
    number: int


@st.composite
def ways(draw: Any, *, timed: bool = True) -> Way:
    """Every form of ``for`` and ``clear`` apart from a comparison; most often none."""
    def seldom(*values: int) -> int | None:
        found = draw(st.sampled_from([None, None, *values]))
        return None if found is None else found * SECOND

    return Way(wait=seldom(0, 60, 300, 600), after=seldom(60, 600, 1800), at=draw(st.booleans()),
               hold=seldom(30, 600), only=draw(st.integers(0, 4)) == 0, when=draw(st.booleans()),
               state=draw(st.booleans()))


@st.composite
def histories(draw: Any, values: Any, way: Way | None = None, edges: tuple[int, ...] = (),
              most: int = 14) -> list[Said]:
    """In order of arrival; a repetition has the number of what it repeats. ``edges`` are stretches of seconds that
    are often met exactly: between two events, and between an event and its arrival.
    """
    found: list[Said] = []
    now = START
    for number in range(draw(st.integers(1, most))):
        edge = draw(st.sampled_from(edges)) if edges and draw(st.booleans()) else 0
        gap = draw(st.sampled_from([edge // 2, edge - 1, edge, edge + 1])) if edge else draw(GAPS)
        now += gap * SECOND
        if found and draw(st.integers(0, 9)) == 0:
            old = draw(st.sampled_from(found))
            found.append(Said(now, old.time, old.value, old.over, old.until, old.number))
            continue
        over = way is not None and way.when and draw(st.integers(0, 5)) == 0
        until = None
        if way is not None and way.at and draw(st.booleans()):
            until = now + draw(st.sampled_from([-60, 0, 60, 600, 1200])) * SECOND
        time = now - draw(LATE) * SECOND
        if edges and draw(st.integers(0, 2)) == 0:
            near = draw(st.sampled_from([now, *(one.time for one in found)]))
            edge = draw(st.sampled_from([0, *edges])) + draw(st.sampled_from([0, 0, 1, 3600]))
            time = min(now, near + draw(st.sampled_from([-1, 1])) * edge * SECOND)
        found.append(Said(now, time, None if over else draw(values), over, until, number))
    return found


def rule_of(when: When, way: Way, compare: dict[str, Any] | None = None) -> Rule:
    clear = Clear(when=match(type="all.clear") if way.when else None, after=way.after, at="expires" if way.at else "",
                  hold=way.hold, only=way.only, compare=compare or {})
    return Rule(id="rule", say="rule", when=when, per=per_keys(), clear=clear,
                escalate_to=() if way.state else ("board",), severity="low",
                limits={"opened_per_minute": 1_000_000})


def event(one: Said) -> Event:
    data = {} if one.value is None else dict(one.value) if isinstance(one.value, dict) else {"v": one.value}
    if one.until is not None:
        data["expires"] = format_instant(one.until)
    return Event(id=str(one.number), source="s", type="all.clear" if one.over else "x", time=one.time,
                 received=one.arrival, data=data)


class Restarting(Run):
    """Before every ``every``-th input the board is what a restart reads back; 0 never."""

    def __init__(self, *arguments: Any, every: int) -> None:
        super().__init__(*arguments)
        self.every = every
        self.inputs = 0

    def _apply(self, item: Any, now: int) -> None:
        self.inputs += 1
        if self.every and self.inputs % self.every == 0:
            self.board = restored(self.board)
        super()._apply(item, now)


def really(history: list[Said], until: int, rule: Rule, every: int) -> Periods:
    """The activations of the rule's incidents as the engine makes them: (at, cleared, events)."""
    book = content(rule)
    ledger = Ledger()
    run = Restarting(Meaning(number_book(1, book)), IndexMatcher(book.rules, Tables.of(book)), ledger, every=every)
    for one in history:
        run.feed(event(one), one.arrival)
    run.run_until(until)
    found = [(one.at, one.cleared, one.events) for story in ledger.stories()
             for _, one in sorted(story.activations.items())]
    return sorted(found, key=lambda one: one[0])


def naively(history: list[Said], until: int, life: Life, hear: Callable[[Said], None]) -> Periods:
    """The same by a plain reading: ``hear`` is told every event that is no repetition and matches the rule."""
    clock = history[0].arrival
    known: set[int] = set()
    for one in history:
        clock = max(life.run(clock, one.arrival), one.arrival)
        if one.number in known:
            continue
        known.add(one.number)
        if one.over:
            life.all_clear(clock, one.time)
        else:
            hear(one)
    life.run(clock, until)
    return periods(life.told)


def end_of(history: list[Said]) -> int:
    return history[-1].arrival + 4 * HOUR
