"""Shifts to come, of one schedule or of one person, to be listed or fed to a calendar program."""

from zoneinfo import ZoneInfo

from msgspec import Struct

from tocsin.book.book import Content
from tocsin.domain.errors import TocsinError
from tocsin.domain.time import to_datetime
from tocsin.domain.wall import comes_twice
from tocsin.roster.coverage import gaps
from tocsin.roster.shifts import shifts


class Duty(Struct, frozen=True):
    """One shift of a schedule, or with ``person`` "" a gap of it; instants in microseconds UTC, ``end`` exclusive."""

    schedule: str
    person: str
    begin: int
    end: int


class UnknownRosterError(TocsinError):
    """Nobody and nothing has this name."""


def duties(content: Content, begin: int, end: int, *, schedule: str = "", person: str = "") -> tuple[Duty, ...]:
    """The shifts between two instants in their order, cut there: of all schedules or one, of everybody or one person.

    Stand-ins have the shift, not those whom they stand in for. Gaps are told where nobody is asked about in
    particular. UnknownRosterError for a name that the contacts do not have.
    """
    if schedule and schedule not in content.schedules:
        raise UnknownRosterError(_unknown("schedule", schedule, content.schedules))
    if person and person not in content.people:
        raise UnknownRosterError(_unknown("person", person, content.people))
    found: list[Duty] = []
    for one in content.schedules.values():
        if schedule in ("", one.id):
            found += [Duty(one.id, shift.person, shift.begin, shift.end)
                      for shift in shifts(one, content.people, begin, end) if person in ("", shift.person)]
            if not person:
                found += [Duty(one.id, "", hole.begin, hole.end) for hole in gaps(one, content.people, begin, end)]
    return tuple(sorted(found, key=lambda duty: (duty.begin, duty.schedule, duty.end, duty.person)))


def _unknown(kind: str, name: str, known: dict[str, object] | object) -> str:
    names = ", ".join(list(known)[:20]) if isinstance(known, dict) else ""
    return f'there is no {kind} "{name}" in the contacts' + (f": there are {names}" if names else "")


def minute(instant: int, zone: ZoneInfo) -> str:
    """``Tue 24.11.2026 08:00``; in the hour that a clock change repeats also which of the two."""
    local = to_datetime(instant).astimezone(zone)
    return f"{local:%a %d.%m.%Y %H:%M}" + (f" {local.tzname()}" if comes_twice(instant, zone) else "")
