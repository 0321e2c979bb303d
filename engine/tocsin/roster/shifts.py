"""Who is on duty from when to when, and when that changes next."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from msgspec import Struct

from tocsin.book.contacts import Person, Rotation, Schedule
from tocsin.domain.time import DAY, HOUR, to_datetime
from tocsin.domain.wall import shown_at
from tocsin.roster.imported import stretches
from tocsin.roster.oncall import local, on_duty, until

LOOK = 32 * DAY
"""So far ahead a change is looked for at once."""
_MOST_EDGES = 500


class Shift(Struct, frozen=True):
    """``person`` is on duty from ``begin`` inclusive to ``end`` exclusive (microseconds UTC) without a break."""

    person: str
    begin: int
    end: int


def shifts(schedule: Schedule, people: dict[str, Person], begin: int, end: int) -> tuple[Shift, ...]:
    """Every shift between two instants and cut there, by their beginnings; absences, overrides, stand-ins counted."""
    done: list[Shift] = []
    running: dict[str, int] = {}
    for start in edges(schedule, people, begin, end)[:-1]:
        duty = on_duty(schedule, people, start)
        for person in [one for one in running if one not in duty]:
            done.append(Shift(person, running.pop(person), start))
        for person in duty:
            running.setdefault(person, start)
    done += [Shift(person, since, end) for person, since in running.items()]
    return tuple(sorted(done, key=lambda shift: (shift.begin, shift.end, shift.person)))


def hand_overs(schedule: Schedule, people: dict[str, Person], begin: int, end: int) -> Iterator[int]:
    """The instants after ``begin`` and before ``end`` at which others are on duty than just before, in order."""
    steps = edges(schedule, people, begin, end)
    before = on_duty(schedule, people, steps[0]) if steps else ()
    for _, at in pairwise(steps[:-1]):
        duty = on_duty(schedule, people, at)
        if set(duty) != set(before):
            yield at
        before = duty


def next_look(schedule: Schedule, people: dict[str, Person], after: int) -> int:
    """The next instant at which others are on duty, or at the latest the one from which to look on for it."""
    before = set(on_duty(schedule, people, after))
    begin, width, looked = after, HOUR, 0
    while begin < after + LOOK:
        end = min(begin + width, after + LOOK)
        for at in edges(schedule, people, begin, end)[1:]:
            looked += 1
            if set(on_duty(schedule, people, at)) != before or looked == _MOST_EDGES:
                return at
        begin, width = end, width * 2
    return begin


def edges(schedule: Schedule, people: dict[str, Person], begin: int, end: int) -> list[int]:
    """Every instant at which somebody may go off or come on duty, ``begin`` and ``end`` among them, in order."""
    zone = ZoneInfo(schedule.time_zone)
    found = {begin, end}
    for rotation in schedule.rotations:
        found.update(_turns(rotation, zone, begin, end))
    for one in stretches(schedule, begin, end):
        found.update((one.begin, one.end))
    for override in schedule.overrides:
        found.update((local(override.begin, zone), local(override.end, zone)))
    for person in people.values():
        for absence in person.away:
            found.update((local(absence.begin, zone), until(absence, zone)))
    return sorted(at for at in found if begin <= at <= end)


def _turns(rotation: Rotation, zone: ZoneInfo, begin: int, end: int) -> Iterable[int]:
    """Begin, hand-overs and end of a rotation."""
    yield local(rotation.begin, zone)
    if rotation.end:
        yield local(rotation.end, zone)
    for moment in turns(rotation, zone, begin, end):
        yield shown_at(moment, zone)


def turns(rotation: Rotation, zone: ZoneInfo, begin: int, end: int) -> Iterator[datetime]:
    """The local times at which the turns of a rotation begin; from a little before ``begin`` to a little after ``end``.
    """
    first, turn = datetime.fromisoformat(rotation.begin), timedelta(microseconds=rotation.turn)
    at = to_datetime(begin).astimezone(zone).replace(tzinfo=None)
    index = max(0, (at - first) // turn - 1)
    last = to_datetime(end).astimezone(zone).replace(tzinfo=None) + timedelta(hours=2)
    while (moment := first + index * turn) <= last:
        yield moment
        index += 1
