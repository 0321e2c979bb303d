"""Calendars and operations as stretches of time: is it open at an instant, until when, and how long in all."""

import heapq
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from tocsin.book.calendars import DAYS
from tocsin.book.moments import local
from tocsin.domain.time import to_datetime
from tocsin.domain.wall import shown_at

Span = tuple[int, int]
"""From an instant (inside) to an instant (outside), microseconds UTC."""

EVER = 2**62
"""The end of a span that never ends."""
_MOST_SPANS = 20_000
"""Spans looked at before a wait counts as never over."""
_LOOK = 9
"""Ordinary days after which a week's pattern holds no surprise any more."""


class Hours(ABC):
    """Times at which something is open."""

    @abstractmethod
    def spans(self, since: int) -> Iterator[Span]:
        """The spans that end after ``since``, in order, none touching the next."""

    def open_at(self, instant: int) -> bool:
        """Whether it is open; the end of a span is outside."""
        first = next(self.spans(instant), None)
        return first is not None and first[0] <= instant

    def inside(self, instant: int) -> bool:
        """Whether an event of this instant is inside: one at the very end is."""
        return self.open_at(instant) or self.open_at(instant - 1)

    def next_change(self, instant: int) -> int | None:
        """The first later instant at which it opens or shuts; None when it stays as it is for ever."""
        for start, end in self.spans(instant):
            if start > instant:
                return start
            return end if end < EVER else None
        return None

    def after(self, since: int, wait: int) -> int | None:
        """The instant, itself open, by which it has been open for ``wait`` microseconds since ``since``.

        None when that never comes.
        """
        for number, (start, end) in enumerate(self.spans(since)):
            begin = max(start, since)
            if begin + wait < end:
                return begin + wait
            wait -= end - begin
            if number >= _MOST_SPANS:
                break
        return None


class Fixed(Hours):
    """Hours given as spans, in whatever order."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self._spans = tuple(merged(sorted(span for span in spans if span[0] < span[1])))

    def spans(self, since: int) -> Iterator[Span]:
        return (span for span in self._spans if span[1] > since)


class Either(Hours):
    """Open while any of several is."""

    def __init__(self, parts: Iterable[Hours]) -> None:
        self._parts = tuple(parts)

    def spans(self, since: int) -> Iterator[Span]:
        return merged(heapq.merge(*(part.spans(since) for part in self._parts)))


class Calendar(Hours):
    """Opening hours of a week with exceptions, on the wall clock of a zone.

    It opens at the first instant at which the clock shows ``from`` or later, and shuts when the clock will never
    again show a time before ``to``: in the hour that a clock change skips both fall on the change, and the hour that it
    repeats is inside twice. ``also`` holds on a date of ``except`` too.
    """

    def __init__(self, written: dict[str, Any]) -> None:
        self._zone = ZoneInfo(written["time_zone"])
        self._week: list[list[tuple[str, str]]] = [[] for _ in DAYS]
        for part in written.get("open", ()):
            for day in part["days"]:
                self._week[DAYS.index(day)].append((part["from"], part["to"]))
        self._closed = frozenset(date.fromisoformat(text).toordinal() for text in written.get("except", ()))
        self._also: dict[int, list[tuple[str, str]]] = {}
        for part in written.get("also", ()):
            self._also.setdefault(date.fromisoformat(part["date"]).toordinal(), []).append((part["from"], part["to"]))
        self._special = sorted({*self._closed, *self._also})
        self._days: dict[int, tuple[Span, ...]] = {}

    def spans(self, since: int) -> Iterator[Span]:
        day = to_datetime(since).astimezone(self._zone).toordinal() - 1
        running: Span | None = None
        ordinary = 0
        while 1 <= day <= date.max.toordinal():
            for start, end in self._of_day(day):
                if end <= since:
                    continue
                if running is None:
                    running = (start, end)
                elif start <= running[1]:
                    running = (running[0], max(running[1], end))
                else:
                    yield running
                    running, ordinary = (start, end), 0
            day += 1
            ordinary += 1
            if running is not None and running[1] < opens(day, "00:00", self._zone):
                yield running
                running, ordinary = None, 0
            if ordinary > _LOOK:
                day, ordinary = self._next_special(day), 0
                if running is not None:
                    running = (running[0], opens(day, "00:00", self._zone))
        if running is not None:
            yield (running[0], EVER)

    def _next_special(self, day: int) -> int:
        """The day before the next date that is not like every week; beyond all days when there is none."""
        return next((special - 1 for special in self._special if special > day), date.max.toordinal() + 1)

    def _of_day(self, day: int) -> tuple[Span, ...]:
        """The spans that belong to a day, in order."""
        found = self._days.get(day)
        if found is None:
            hours = list(self._also.get(day, ()))
            if day not in self._closed:
                hours += self._week[date.fromordinal(day).weekday()]
            spans = ((opens(day, begin, self._zone), shuts(day if end > begin else day + 1, end, self._zone))
                     for begin, end in hours)
            found = tuple(sorted(span for span in spans if span[0] < span[1]))
            if len(self._days) > 1000:
                self._days.clear()
            self._days[day] = found
        return found


def operation_hours(written: dict[str, Any], zone: ZoneInfo) -> Fixed:
    """The hours of an operation on the wall clock of the site; a date alone in ``to`` is inside as a whole day."""
    spans: list[Span] = []
    for part in written["hours"]:
        begin, end = local(part["from"]), local(part["to"])
        if len(part["to"]) == len("2026-11-23"):
            over = shuts(end.toordinal(), "24:00", zone)
        else:
            over = shuts(end.toordinal(), f"{end:%H:%M}", zone)
        spans.append((opens(begin.toordinal(), f"{begin:%H:%M}", zone), over))
    return Fixed(spans)


def merged(spans: Iterable[Span]) -> Iterator[Span]:
    """Spans in order of their starts, those that meet made one."""
    running: Span | None = None
    for start, end in spans:
        if running is None:
            running = (start, end)
        elif start <= running[1]:
            running = (running[0], max(running[1], end))
        else:
            yield running
            running = (start, end)
    if running is not None:
        yield running


def opens(day: int, clock: str, zone: ZoneInfo) -> int:
    """The first instant at which the wall clock shows this time of this day or a later one."""
    return _instant(day, clock, zone, 0)


def shuts(day: int, clock: str, zone: ZoneInfo) -> int:
    """The instant from which the wall clock never again shows a time before this one."""
    last = _instant(day, clock, zone, 1)
    if abs(last) >= EVER:
        return last
    shown, before = (to_datetime(instant).astimezone(zone).replace(tzinfo=None) for instant in (last, last - 1))
    return last if before < shown else _instant(day, clock, zone, 0)


def _instant(day: int, clock: str, zone: ZoneInfo, fold: int) -> int:
    if clock == "24:00":
        day, clock = day + 1, "00:00"
    try:
        naive = datetime.combine(date.fromordinal(day), time.fromisoformat(clock))
        return shown_at(naive, zone, fold)
    except (ValueError, OverflowError):
        return EVER if day > 1 else -EVER
