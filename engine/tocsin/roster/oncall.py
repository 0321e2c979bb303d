"""Who is on duty at an instant."""

from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from tocsin.book.contacts import Away, Person, Rotation, Schedule
from tocsin.domain.time import to_datetime
from tocsin.domain.wall import shown_at
from tocsin.roster.imported import on_shift

DATE = len("2026-11-24")


def on_duty(schedule: Schedule, people: dict[str, Person], at: int) -> tuple[str, ...]:
    """The people on duty at ``at`` (microseconds UTC): one per rotation and the imported shifts, then overrides, then
    stand-ins.

    Boundaries are wall-clock times of the schedule's zone; in the hour that a clock change repeats, the first
    occurrence counts, and one in the hour that it skips falls on the change. Nobody is named twice; () is a gap.
    """
    zone = ZoneInfo(schedule.time_zone)
    duty = [person for rotation in schedule.rotations if (person := turn_of(rotation, zone, at)) is not None]
    duty += on_shift(schedule, at)
    for override in schedule.overrides:
        if local(override.begin, zone) <= at < local(override.end, zone):
            if override.instead_of:
                duty = [override.person if person == override.instead_of else person for person in duty]
            else:
                duty = [override.person]
    present = [stand_in(person, people, zone, at) for person in duty]
    return tuple(dict.fromkeys(person for person in present if person))


def turn_of(rotation: Rotation, zone: ZoneInfo, at: int) -> str | None:
    """Whose turn it is in one rotation; None before it begins or after it ends."""
    begin = datetime.fromisoformat(rotation.begin)
    if at < shown_at(begin, zone) or (rotation.end and at >= local(rotation.end, zone)):
        return None
    turn = timedelta(microseconds=rotation.turn)
    naive = to_datetime(at).astimezone(zone).replace(tzinfo=None)
    index = max(0, (naive - begin) // turn)
    while index > 0 and shown_at(begin + index * turn, zone) > at:
        index -= 1
    while shown_at(begin + (index + 1) * turn, zone) <= at:
        index += 1
    return rotation.people[index % len(rotation.people)]


def stand_in(person: str, people: dict[str, Person], zone: ZoneInfo, at: int) -> str:
    """The person, or while they are away who stands in for them; "" when nobody does."""
    seen: set[str] = set()
    while person in people and (absence := absent(people[person].away, zone, at)) is not None:
        if person in seen or not absence.stand_in:
            return ""
        seen.add(person)
        person = absence.stand_in
    return person


def absent(away: tuple[Away, ...], zone: ZoneInfo, at: int) -> Away | None:
    """The absence that contains ``at``; a date without a time means the whole day, the last day inside."""
    return next((absence for absence in away if local(absence.begin, zone) <= at < until(absence, zone)), None)


def until(absence: Away, zone: ZoneInfo) -> int:
    """The instant at which somebody is back."""
    return local(absence.end, zone) if len(absence.end) > DATE else _day_after(absence.end, zone)


@lru_cache(maxsize=65_536)
def _day_after(day: str, zone: ZoneInfo) -> int:
    return shown_at(datetime.fromisoformat(day) + timedelta(days=1), zone)


@lru_cache(maxsize=65_536)
def local(text: str, zone: ZoneInfo) -> int:
    """The instant of a local date or date-time as written in a schedule; the first one in a repeated hour."""
    return shown_at(datetime.fromisoformat(text), zone)
