"""Who is on duty, by somebody who looks at the clock on the wall every minute and reads the schedule aloud."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from tests.support.city import person

from tocsin.book.contacts import Away, Override, Person, Rotation, Schedule
from tocsin.domain.time import HOUR, MINUTE, from_datetime, to_datetime

KYIV = ZoneInfo("Europe/Kyiv")
NAMES = ("olena", "taras", "ivan", "maria")
SPRING, AUTUMN = "2026-03-29", "2026-10-25"
Duty = tuple[str, ...]
Shown = tuple[datetime, datetime, tuple[str, ...]]


def walked(schedule: Schedule, people: dict[str, Person], begin: int, end: int,
           imported: Iterable[Shown] = ()) -> list[Duty]:
    """Who is on duty at each minute from ``begin`` to ``end``, both on a full minute; ``imported`` are the shifts of
    calendars, each once for every day.

    The wall is what the clock has shown at most so far: in the repeated hour it has been there already.
    """
    boundaries = [_boundaries(rotation, end) for rotation in schedule.rotations]
    shown, found = datetime.fromisoformat("1970-01-01"), []
    for minute in range(begin - 2 * HOUR, end, MINUTE):
        shown = max(shown, to_datetime(minute).astimezone(KYIV).replace(tzinfo=None))
        if minute >= begin:
            found.append(_at(schedule, boundaries, people, shown, sorted(imported)))
    return found


def _boundaries(rotation: Rotation, end: int) -> list[datetime]:
    found = [datetime.fromisoformat(rotation.begin)]
    while found[-1] < to_datetime(end + 4 * HOUR).astimezone(KYIV).replace(tzinfo=None):
        found.append(found[-1] + timedelta(microseconds=rotation.turn))
    return found


def _at(schedule: Schedule, boundaries: list[list[datetime]], people: dict[str, Person], shown: datetime,
        imported: list[Shown]) -> Duty:
    duty: list[str] = []
    for rotation, begun in zip(schedule.rotations, boundaries, strict=True):
        passed = sum(1 for boundary in begun if boundary <= shown)
        if passed and not (rotation.end and datetime.fromisoformat(rotation.end) <= shown):
            duty.append(rotation.people[(passed - 1) % len(rotation.people)])
    duty += [name for begin, end, names in imported if begin <= shown < end for name in names]
    for override in schedule.overrides:
        if datetime.fromisoformat(override.begin) <= shown < datetime.fromisoformat(override.end):
            if not override.instead_of:
                duty = [override.person]
            duty = [override.person if one == override.instead_of else one for one in duty]
    return tuple(dict.fromkeys(one for one in (_present(one, people, shown) for one in duty) if one))


def _present(one: str, people: dict[str, Person], shown: datetime) -> str:
    for _ in range(len(people) + 1):
        gone = [away for away in people[one].away if datetime.fromisoformat(away.begin) <= shown < _until(away)]
        if not gone:
            return one
        if not gone[0].stand_in:
            return ""
        one = gone[0].stand_in
    return ""


def _until(away: Away) -> datetime:
    return datetime.fromisoformat(away.end) + (timedelta(days=1) if len(away.end) == 10 else timedelta())


def evening_of(night: str) -> int:
    """20:00 before the night of a clock change."""
    return from_datetime(datetime.fromisoformat(night).replace(tzinfo=KYIV)) - 4 * HOUR


@st.composite
def rosters(draw: Any) -> tuple[str, Schedule, dict[str, Person]]:
    """One of the two nights, and a schedule and people around it; turns may also change in the missing hour."""
    night = draw(st.sampled_from([SPRING, AUTUMN]))
    midnight = datetime.fromisoformat(night)
    hours = [0, 1, 2, 4, 5, 8, 20] if night == SPRING else [0, 1, 2, 3, 4, 5, 8, 20]

    def moment() -> str:
        """A local time near the night; in spring none of the missing hour, which the reader of the files refuses."""
        day = midnight + timedelta(days=draw(st.integers(-2, 1)), hours=draw(st.sampled_from(hours)))
        return (day + timedelta(minutes=draw(st.sampled_from([0, 0, 30])))).isoformat(" ", "minutes")

    def pair() -> list[str]:
        return sorted([moment(), moment()])

    rotations = tuple(
        Rotation(tuple(draw(st.permutations(NAMES))[:draw(st.integers(1, 4))]),
                 draw(st.sampled_from([20 * MINUTE, 6 * HOUR, 12 * HOUR, 24 * HOUR, 48 * HOUR, 168 * HOUR])),
                 f"2026-{night[5:7]}-{draw(st.integers(1, 25)):02} {draw(st.sampled_from(['02', '03', '08', '20']))}:"
                 f"{draw(st.sampled_from(['00', '30']))}",
                 moment() if draw(st.booleans()) else "") for _ in range(draw(st.integers(0, 2))))
    overrides = tuple(Override(draw(st.sampled_from(NAMES)), *pair(), draw(st.sampled_from(["", *NAMES])))
                      for _ in range(draw(st.integers(0, 2))))
    people = {}
    for name in NAMES:
        absences: Iterable[Away] = ()
        if draw(st.booleans()):
            begin, end = pair()
            cut = 10 if draw(st.booleans()) else 16
            absences = (Away(begin[:cut], end[:cut], draw(st.sampled_from(["", *NAMES]))),)
        people[name] = person(name, away=tuple(absences))
    return night, Schedule(id="patrol", time_zone="Europe/Kyiv", rotations=rotations, overrides=overrides), people
