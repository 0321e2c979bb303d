"""Durations and severities of a rule that may be taken from the event itself."""

from typing import Any

from tocsin.book.match import FieldRef
from tocsin.book.rule import SeverityBy
from tocsin.domain.event import Event, lookup
from tocsin.domain.incident import RANK
from tocsin.domain.time import SECOND, from_datetime, parse_duration, parse_instant, to_datetime


def duration_of(value: int | FieldRef | None, event: Event) -> int | None:
    """Microseconds; a field holds words (``10 min``) or a number of seconds. None when absent or unreadable."""
    if not isinstance(value, FieldRef):
        return value
    return duration_text(lookup(event, value.field))


def duration_text(found: Any) -> int | None:
    """Microseconds of words or a number of seconds; None when it is neither."""
    try:
        if isinstance(found, str):
            return parse_duration(found)
        if isinstance(found, int | float) and not isinstance(found, bool):
            return max(0, round(found * SECOND))
    except (ValueError, OverflowError):
        return None
    return None


def instant_of(value: Any) -> int | None:
    """Microseconds UTC of a time field: RFC 3339 text or seconds since 1970; None when absent or unreadable."""
    try:
        if isinstance(value, str):
            return parse_instant(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return from_datetime(to_datetime(round(value * SECOND)))
    except (ValueError, OverflowError):
        return None
    return None


def severity_of(severity: str | SeverityBy, event: Event) -> str:
    """The rule's severity for this event; an unmapped or absent value is medium."""
    if isinstance(severity, str):
        return severity
    found = lookup(event, severity.field)
    chosen = severity.mapping.get(found if isinstance(found, str) else str(found), "medium")
    return chosen if chosen in RANK else "medium"
