"""A backtest: two rule books over the same recorded inputs, by the same run that ``replay`` uses."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import tzinfo
from functools import lru_cache
from typing import Any, Protocol

from msgspec import Struct
from msgspec.structs import replace

from tocsin.book.book import Content, number_book
from tocsin.domain.change import Change
from tocsin.domain.codec import decode_input
from tocsin.domain.event import Event
from tocsin.domain.input import Arrival, Input, Started
from tocsin.domain.time import DAY
from tocsin.ports import Matcher
from tocsin.replay.answering import Answering
from tocsin.replay.compare import SAME, Difference, Woken, compare, woken
from tocsin.replay.periods import Period, Periods
from tocsin.replay.run import Run
from tocsin.rules.changed import looks_back
from tocsin.rules.meaning import Meaning

Recorded = tuple[int, Event | Started]
"""(instant on the engine's clock, what came then)."""
Areas = Callable[[float, float, float | None], tuple[str, ...]]
_PLACES = 65_536
"""Places whose areas are remembered: most sources do not move."""
_TYPES = 4_096
"""Types of events of which is remembered whom they concern."""


class Asker(Matcher, Protocol):
    """A matcher that knows of which types of events anything is asked."""

    def concerns(self, type_: str) -> bool: ...


class Side:
    """A book, or a part of one, on a board of its own; ``areas`` are those of the book."""

    def __init__(self, content: Content, matcher: Asker, areas: Areas, answered_after: int) -> None:
        meaning = Meaning(number_book(1, content))
        self.periods = Periods()
        self._answering = Answering(meaning, answered_after)
        self._run = Run(meaning, matcher, self._look)
        self._areas = lru_cache(_PLACES)(areas)
        self.concerned = matcher.concerns

    def begin(self, at: int) -> None:
        """The rules listen from this instant on."""
        self._run.begin(at)

    def hear(self, at: int, event: Event) -> None:
        """An event. Those of types that do not concern the rules may be left out: they change nothing."""
        place = event.location
        if place is not None:
            areas = self._areas(place.lat, place.lon, place.accuracy_m)
            if areas != event.areas:
                event = replace(event, areas=areas)
        self._run.hear(event, at)

    def restart(self, at: int, started: Started) -> None:
        """The engine began to listen again."""
        self._run.restart(started, at)

    def finish(self, until: int | None) -> list[Period]:
        """Run the timers due before ``until``; every period."""
        if until is not None:
            self._run.run_until(until)
        return self.periods.all()

    def _look(self, now: int, item: Input, changes: list[Change]) -> None:
        if changes:
            self.periods.look(changes)
            self._answering.look(self._run, now, changes)


class Backtest(Struct, frozen=True):
    """What both books made of ``events`` events; ``since`` is the first instant that counts, ``ended`` the end.

    Either is None when there was nothing to hear.
    """

    events: int
    since: int | None
    ended: int | None
    differences: list[Difference]
    woken_before: Woken
    woken_after: Woken

    def of(self, kind: str) -> list[Difference]:
        """The differences of one kind."""
        return [one for one in self.differences if one.kind == kind]

    @property
    def differs(self) -> bool:
        """Whether anything is other than before."""
        return any(one.kind != SAME for one in self.differences)


def backtest(before: Sequence[Side], after: Sequence[Side], recorded: Iterable[Recorded], zone: tzinfo,
             since: int | None = None, until: int | None = None) -> Backtest:
    """Hear everything on both sides, up to ``until`` (inclusive; deadlines due exactly then do not run).

    Each book may be in parts; a part that both have is heard once. What comes before ``since`` only fills windows. The
    hours of the day are those of ``zone``.
    """
    sides = list(dict.fromkeys([*before, *after]))

    @lru_cache(_TYPES)
    def concerned(type_: str) -> tuple[Side, ...]:
        return tuple(side for side in sides if side.concerned(type_))

    events, ended, start = 0, until, 0
    begun = False
    for at, what in recorded:
        if until is not None and at > until:
            break
        if not begun:
            begun = True
            start = at if since is None else since
            for side in sides:
                side.begin(at)
        if isinstance(what, Event):
            for side in concerned(what.type):
                side.hear(at, what)
            if at >= start:
                events += 1
        else:
            for side in sides:
                side.restart(at, what)
        if until is None and (ended is None or at > ended):
            ended = at
    found = {side: side.finish(ended) for side in sides}
    old, new = ([one for side in part for one in found[side]] for part in (before, after))
    kept = {place: reasons for side in after for place, reasons in side.periods.inhibited.items()}
    return Backtest(events, start if begun else None, ended if begun else None, compare(old, new, start, kept),
                    woken(old, start, zone), woken(new, start, zone))


def warm_up(*contents: Content) -> int:
    """How long before the period events are heard, so that windows are filled when it begins: a day, or the longest
    time that a rule looks back.
    """
    return max([DAY, *(looks_back(rule) for content in contents for rule in content.rules if rule.enabled)])


def from_journal(pages: Iterable[list[tuple[int, int, bytes]]], since: int, last: int,
                 told: Callable[[int], Any] = lambda position: None) -> Iterator[Recorded]:
    """The events and starts of a journal's rows (position, instant, encoded input) from an instant up to a position;
    ``told`` hears how far it is.
    """
    for page in pages:
        for position, at, body in page:
            if position > last:
                return
            if at < since:
                continue
            item = decode_input(body)
            if isinstance(item, Arrival):
                yield at, item.event
            elif isinstance(item, Started):
                yield at, item
        told(page[-1][0])
