"""Where a schedule leaves nobody on duty, and where two lines of it contradict each other."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from msgspec import Struct

from tocsin.book.contacts import Override, Person, Rotation, Schedule
from tocsin.domain.time import to_datetime
from tocsin.roster.oncall import local, on_duty, turn_of


class Gap(Struct, frozen=True):
    """From ``begin`` inclusive to ``end`` exclusive (microseconds UTC) nobody is on duty."""

    begin: int
    end: int


class Overlap(Struct, frozen=True):
    """From ``begin`` to ``end`` two lines of a schedule hold of which only the later can count; ``why`` says which."""

    begin: int
    end: int
    why: str


def gaps(schedule: Schedule, people: dict[str, Person], begin: int, end: int) -> tuple[Gap, ...]:
    """The gaps between two instants, joined where they touch; absences, overrides and stand-ins counted."""
    found: list[Gap] = []
    edges = _edges(schedule, people, begin, end)
    for start, stop in pairwise(edges):
        if on_duty(schedule, people, start):
            continue
        if found and found[-1].end == start:
            found[-1] = Gap(found[-1].begin, stop)
        else:
            found.append(Gap(start, stop))
    return tuple(found)


def _edges(schedule: Schedule, people: dict[str, Person], begin: int, end: int) -> list[int]:
    """Every instant at which somebody may go off or come on duty, ``begin`` and ``end`` among them, in order."""
    zone = ZoneInfo(schedule.time_zone)
    found = {begin, end}
    for rotation in schedule.rotations:
        found.update(_turns(rotation, zone, begin, end))
    for override in schedule.overrides:
        found.update((local(override.begin, zone), local(override.end, zone)))
    for person in people.values():
        for absence in person.away:
            last = datetime.fromisoformat(absence.end) + timedelta(days=len(absence.end) <= 10)
            found.update((local(absence.begin, zone), local(last.isoformat(), zone)))
    return sorted(at for at in found if begin <= at <= end)


def _turns(rotation: Rotation, zone: ZoneInfo, begin: int, end: int) -> Iterable[int]:
    """Begin, hand-overs and end of a rotation."""
    first = datetime.fromisoformat(rotation.begin)
    yield local(rotation.begin, zone)
    if rotation.end:
        yield local(rotation.end, zone)
    turn = timedelta(microseconds=rotation.turn)
    at = to_datetime(begin).astimezone(zone).replace(tzinfo=None)
    index = max(0, (at - first) // turn - 1)
    last = to_datetime(end).astimezone(zone).replace(tzinfo=None) + timedelta(hours=2)
    while (moment := first + index * turn) <= last:
        yield local(moment.isoformat(), zone)
        index += 1


def overlaps(schedule: Schedule, people: dict[str, Person], begin: int, end: int) -> tuple[Overlap, ...]:
    """Overrides of which one hides the other, those that change nothing, and people who stand in two rotations at once,
    between two instants.
    """
    zone = ZoneInfo(schedule.time_zone)
    found = [*_hidden(schedule.overrides, zone), *_idle(schedule, zone, begin, end),
             *_twice(schedule, zone, begin, end)]
    return tuple(Overlap(max(one.begin, begin), min(one.end, end), one.why) for one in found
                 if one.begin < end and one.end > begin)


def _hidden(overrides: tuple[Override, ...], zone: ZoneInfo) -> Iterable[Overlap]:
    for number, later in enumerate(overrides):
        for earlier in overrides[:number]:
            start = max(local(later.begin, zone), local(earlier.begin, zone))
            stop = min(local(later.end, zone), local(earlier.end, zone))
            if start < stop and later.person != earlier.person and later.instead_of in ("", earlier.instead_of):
                yield Overlap(start, stop, f"two overrides hold at once, {earlier.person} and {later.person}, and only "
                                           f"{later.person}, who stands later, counts")


def _idle(schedule: Schedule, zone: ZoneInfo, begin: int, end: int) -> Iterable[Overlap]:
    """Overrides that replace somebody who is never on duty meanwhile."""
    for number, override in enumerate(schedule.overrides):
        if not override.instead_of:
            continue
        start, stop = max(local(override.begin, zone), begin), min(local(override.end, zone), end)
        if start >= stop:
            continue
        without = Schedule(id=schedule.id, time_zone=schedule.time_zone, rotations=schedule.rotations,
                           overrides=schedule.overrides[:number])
        edges = [at for at in _edges(without, {}, start, stop) if at < stop]
        if not any(override.instead_of in on_duty(without, {}, at) for at in edges):
            yield Overlap(start, stop, f"{override.person} is to stand in for {override.instead_of}, who is not on "
                                       "duty then, so this override changes nothing")


def _twice(schedule: Schedule, zone: ZoneInfo, begin: int, end: int) -> Iterable[Overlap]:
    for number, one in enumerate(schedule.rotations):
        for other in schedule.rotations[:number]:
            if set(one.people) & set(other.people):
                pair = Schedule(id="", time_zone=schedule.time_zone, rotations=(other, one))
                edges = _edges(pair, {}, begin, end)
                for start, stop in pairwise(edges):
                    person = turn_of(one, zone, start)
                    if person is not None and person == turn_of(other, zone, start):
                        yield Overlap(start, stop, f"{person} is on duty in two rotations of this schedule at once and "
                                                   "counts once")
