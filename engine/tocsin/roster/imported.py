"""Shifts that a schedule imports from calendars: the single ones, and those that recur, worked out as far as asked."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from tocsin.book.book import Content
from tocsin.book.contacts import Schedule, Stretch
from tocsin.book.imports import instant
from tocsin.domain.time import DAY, to_datetime

_CHUNK = 32 * DAY
"""So much is worked out at once of what recurs."""


def stretches(schedule: Schedule, begin: int, end: int) -> Iterator[Stretch]:
    """The imported shifts of which some part lies between two instants, ``end`` inside; series may come repeated."""
    for one in schedule.imported:
        if one.begin > end:
            break
        if one.end >= begin:
            yield one
    if schedule.recurring:
        for chunk in range(begin // _CHUNK, end // _CHUNK + 1):
            for one in _of_chunk(schedule.recurring, schedule.time_zone, chunk):
                if one.begin <= end and one.end >= begin:
                    yield one


def on_shift(schedule: Schedule, at: int) -> Iterator[str]:
    """Whom the imported shifts put on duty at an instant, in the order in which they began."""
    if schedule.imported or schedule.recurring:
        for one in sorted(stretches(schedule, at, at), key=lambda one: (one.begin, one.end, one.people)):
            if one.begin <= at < one.end:
                yield from one.people


def look_ahead(content: Content, now: int) -> None:
    """Work out what recurs soon: the first time takes long, and is not to be while somebody waits."""
    for schedule in content.schedules.values():
        for _ in stretches(schedule, now - _CHUNK, now + _CHUNK):
            pass


@lru_cache(maxsize=512)
def _of_chunk(text: str, zone: str, chunk: int) -> tuple[Stretch, ...]:
    begin, end = chunk * _CHUNK - DAY, (chunk + 1) * _CHUNK + DAY
    try:
        events = _events(text).between(to_datetime(begin), to_datetime(end))
    except Exception:  # noqa: BLE001 - a series that the library cannot work out is a gap, and must not stop a page
        return ()
    found = [Stretch(instant(event.start, ZoneInfo(zone)), instant(event.end, ZoneInfo(zone)),
                     tuple(str(event.get("SUMMARY", "")).split()))
             for event in events if event.get("SUMMARY")]
    return tuple(sorted(found, key=lambda one: (one.begin, one.end, one.people)))


@lru_cache(maxsize=64)
def _events(text: str) -> Any:
    import icalendar
    import recurring_ical_events

    return recurring_ical_events.of(icalendar.Calendar.from_ical(text))
