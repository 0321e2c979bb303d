"""Where a schedule leaves nobody on duty, and where two lines of it contradict each other."""

from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from msgspec import Struct

from tocsin.book.contacts import Override, Person, Schedule
from tocsin.domain.time import to_datetime
from tocsin.domain.wall import comes_twice, shown_at
from tocsin.roster.oncall import local, on_duty, turn_of
from tocsin.roster.shifts import edges, turns


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
    for start, stop in pairwise(edges(schedule, people, begin, end)):
        if on_duty(schedule, people, start):
            continue
        if found and found[-1].end == start:
            found[-1] = Gap(found[-1].begin, stop)
        else:
            found.append(Gap(start, stop))
    return tuple(found)


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
                           overrides=schedule.overrides[:number], imported=schedule.imported,
                           recurring=schedule.recurring)
        looked = [at for at in edges(without, {}, start, stop) if at < stop]
        if not any(override.instead_of in on_duty(without, {}, at) for at in looked):
            yield Overlap(start, stop, f"{override.person} is to stand in for {override.instead_of}, who is not on "
                                       "duty then, so this override changes nothing")


def _twice(schedule: Schedule, zone: ZoneInfo, begin: int, end: int) -> Iterable[Overlap]:
    for number, one in enumerate(schedule.rotations):
        for other in schedule.rotations[:number]:
            if set(one.people) & set(other.people):
                pair = Schedule(id="", time_zone=schedule.time_zone, rotations=(other, one))
                for start, stop in pairwise(edges(pair, {}, begin, end)):
                    person = turn_of(one, zone, start)
                    if person is not None and person == turn_of(other, zone, start):
                        yield Overlap(start, stop, f"{person} is on duty in two rotations of this schedule at once and "
                                                   "counts once")


def odd_turns(schedule: Schedule, begin: int, end: int) -> Iterable[tuple[datetime, int]]:
    """(local time, instant) of the hand-overs between two instants that a clock change skips or shows twice.

    The instant is the one that is taken; its local time is another where the written one is skipped.
    """
    zone = ZoneInfo(schedule.time_zone)
    for rotation in schedule.rotations:
        for moment in turns(rotation, zone, begin, end) if len(set(rotation.people)) > 1 else ():
            at = shown_at(moment, zone)
            skipped = to_datetime(at).astimezone(zone).replace(tzinfo=None) != moment
            if begin <= at < end and (skipped or comes_twice(at, zone)):
                yield moment, at
