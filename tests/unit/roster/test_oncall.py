"""Who is on duty: wall-clock turns over both nights of a clock change, overrides, absences, stand-ins."""

import os
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.city import content, person

from tocsin.book.contacts import Away, Override, Person, Rotation, Schedule, Service, Target
from tocsin.domain.time import HOUR, MINUTE, from_datetime, parse_instant, to_datetime
from tocsin.roster.oncall import on_duty
from tocsin.roster.reach import everybody_on_duty, people_of

KYIV = ZoneInfo("Europe/Kyiv")
NAMES = ("olena", "taras", "ivan", "maria")
HERE: dict[str, Person] = {name: person(name, "telegram") for name in NAMES}
EXAMPLES = int(os.environ.get("TOCSIN_EXAMPLES", "400"))


def at(text: str) -> int:
    """An instant by its local time in Kyiv, or in UTC with a Z."""
    if text.endswith("Z"):
        return parse_instant(text)
    return from_datetime(datetime.fromisoformat(text).replace(tzinfo=KYIV))


def patrol(*rotations: Rotation, overrides: tuple[Override, ...] = ()) -> Schedule:
    return Schedule(id="patrol", time_zone="Europe/Kyiv", rotations=rotations, overrides=overrides)


def turns(*people: str, turn: int = 12 * HOUR, begin: str = "2026-11-23 08:00", end: str = "") -> Rotation:
    return Rotation(people, turn, begin, end)


def away(name: str, begin: str, end: str, stand_in: str = "") -> dict[str, Person]:
    return {**HERE, name: person(name, "telegram", away=(Away(begin, end, stand_in),))}


def test_people_take_turns_in_order_and_begin_again() -> None:
    schedule = patrol(turns("olena", "taras", "ivan"))
    found = [on_duty(schedule, HERE, at("2026-11-23 08:00") + n * 12 * HOUR) for n in range(4)]
    assert found == [("olena",), ("taras",), ("ivan",), ("olena",)]


def test_a_turn_begins_inclusive_and_ends_exclusive() -> None:
    schedule = patrol(turns("olena", "taras"))
    assert on_duty(schedule, HERE, at("2026-11-23 08:00")) == ("olena",)
    assert on_duty(schedule, HERE, at("2026-11-23 20:00") - 1) == ("olena",)
    assert on_duty(schedule, HERE, at("2026-11-23 20:00")) == ("taras",)


def test_before_the_rotation_begins_and_from_its_end_on_nobody_is_on_duty() -> None:
    schedule = patrol(turns("olena", end="2026-11-30 08:00"))
    assert on_duty(schedule, HERE, at("2026-11-23 08:00") - 1) == ()
    assert on_duty(schedule, HERE, at("2026-11-30 08:00") - 1) == ("olena",)
    assert on_duty(schedule, HERE, at("2026-11-30 08:00")) == ()


def test_several_rotations_have_one_person_each_and_nobody_twice() -> None:
    schedule = patrol(turns("olena", "taras"), turns("ivan", "olena", turn=24 * HOUR))
    assert on_duty(schedule, HERE, at("2026-11-23 09:00")) == ("olena", "ivan")
    assert on_duty(schedule, HERE, at("2026-11-24 09:00")) == ("olena",)


@pytest.mark.parametrize(("night", "before", "after"), [
    ("2026-03-29", "2026-03-28T18:00:00Z", "2026-03-29T05:00:00Z"),
    ("2026-10-25", "2026-10-24T17:00:00Z", "2026-10-25T06:00:00Z")])
def test_turns_change_by_the_wall_clock_in_both_nights_of_a_clock_change(night: str, before: str, after: str) -> None:
    """The night shift is 11 h long in spring and 13 h in autumn: it begins at 20:00 and ends at 08:00 as ever."""
    schedule = patrol(turns("olena", "taras", begin=f"{night[:8]}01 08:00"))
    day, = on_duty(schedule, HERE, at(before) - 1)
    watch, = on_duty(schedule, HERE, at(before))
    assert day != watch
    assert on_duty(schedule, HERE, at(after) - 1) == (watch,)
    assert on_duty(schedule, HERE, at(after)) == (day,)
    hours = {on_duty(schedule, HERE, moment) for moment in range(at(before), at(after), 10 * MINUTE)}
    assert hours == {(watch,)}


def test_in_the_repeated_hour_the_first_occurrence_counts() -> None:
    schedule = patrol(turns("olena", "taras", turn=24 * HOUR, begin="2026-10-24 03:30"))
    assert on_duty(schedule, HERE, at("2026-10-25T00:29:59Z")) == ("olena",)
    for moment in ("2026-10-25T00:30:00Z", "2026-10-25T01:10:00Z", "2026-10-25T01:45:00Z"):
        assert on_duty(schedule, HERE, at(moment)) == ("taras",)


def test_a_turn_that_would_change_in_the_missing_hour_changes_once() -> None:
    """No instant of the spring night is a gap, and nobody comes back after having been relieved."""
    schedule = patrol(turns("olena", "taras", turn=24 * HOUR, begin="2026-03-28 03:30"))
    found = [on_duty(schedule, HERE, moment) for moment in range(at("2026-03-29T00:00:00Z"), at("2026-03-29T03:00:00Z"),
                                                                 MINUTE)]
    assert found == sorted(found)
    assert set(found) == {("olena",), ("taras",)}


def test_an_override_replaces_the_one_it_names_or_everybody() -> None:
    day = ("2026-11-24 08:00", "2026-11-25 08:00")
    both = (turns("olena", turn=24 * HOUR), turns("ivan", turn=24 * HOUR))
    named = patrol(*both, overrides=(Override("maria", *day, instead_of="olena"),))
    assert on_duty(named, HERE, at("2026-11-24 08:00") - 1) == ("olena", "ivan")
    assert on_duty(named, HERE, at("2026-11-24 08:00")) == ("maria", "ivan")
    assert on_duty(named, HERE, at("2026-11-25 08:00")) == ("olena", "ivan")
    everybody = patrol(*both, overrides=(Override("maria", *day),))
    assert on_duty(everybody, HERE, at("2026-11-24 12:00")) == ("maria",)


def test_an_override_instead_of_somebody_not_on_duty_changes_nothing() -> None:
    schedule = patrol(turns("olena"), overrides=(Override("maria", "2026-11-24", "2026-11-25", "taras"),))
    assert on_duty(schedule, HERE, at("2026-11-24 12:00")) == ("olena",)


def test_an_override_replaces_its_person_in_every_rotation() -> None:
    schedule = patrol(turns("olena", turn=24 * HOUR), turns("olena", "taras", turn=24 * HOUR),
                      overrides=(Override("maria", "2026-11-23", "2026-11-24", "olena"),))
    assert on_duty(schedule, HERE, at("2026-11-23 12:00")) == ("maria",)


def test_an_override_fills_a_gap() -> None:
    schedule = patrol(overrides=(Override("maria", "2026-11-24 08:00", "2026-11-24 09:00"),))
    assert on_duty(schedule, HERE, at("2026-11-24 08:30")) == ("maria",)
    assert on_duty(schedule, HERE, at("2026-11-24 09:00")) == ()


def test_absence_beats_every_schedule_and_its_last_day_is_inside() -> None:
    schedule = patrol(turns("olena", turn=24 * HOUR))
    people = away("olena", "2026-12-24", "2026-12-27", "maria")
    assert on_duty(schedule, people, at("2026-12-24 00:00") - 1) == ("olena",)
    assert on_duty(schedule, people, at("2026-12-24 00:00")) == ("maria",)
    assert on_duty(schedule, people, at("2026-12-28 00:00") - 1) == ("maria",)
    assert on_duty(schedule, people, at("2026-12-28 00:00")) == ("olena",)


def test_an_absence_with_times_ends_exclusive() -> None:
    schedule = patrol(turns("olena", turn=24 * HOUR))
    people = away("olena", "2026-12-24 10:00", "2026-12-24 12:00", "maria")
    assert on_duty(schedule, people, at("2026-12-24 12:00") - 1) == ("maria",)
    assert on_duty(schedule, people, at("2026-12-24 12:00")) == ("olena",)


def test_who_overrides_may_be_away_too() -> None:
    schedule = patrol(turns("olena"), overrides=(Override("ivan", "2026-12-24", "2026-12-25", "olena"),))
    assert on_duty(schedule, away("ivan", "2026-12-24", "2026-12-24", "maria"), at("2026-12-24 12:00")) == ("maria",)


def test_a_stand_in_who_is_away_hands_on_and_a_circle_is_nobody() -> None:
    schedule = patrol(turns("olena", turn=24 * HOUR))
    day = ("2026-12-24", "2026-12-24")
    chain = {**HERE, "olena": person("olena", away=(Away(*day, "taras"),)),
             "taras": person("taras", away=(Away(*day, "maria"),))}
    assert on_duty(schedule, chain, at("2026-12-24 12:00")) == ("maria",)
    circle = {**chain, "taras": person("taras", away=(Away(*day, "olena"),))}
    assert on_duty(schedule, circle, at("2026-12-24 12:00")) == ()
    assert on_duty(schedule, away("olena", *day), at("2026-12-24 12:00")) == ()


def test_a_stand_in_already_on_duty_is_named_once() -> None:
    schedule = patrol(turns("olena", turn=24 * HOUR), turns("maria", turn=24 * HOUR))
    assert on_duty(schedule, away("olena", "2026-12-24", "2026-12-24", "maria"), at("2026-12-24 12:00")) == ("maria",)


def test_targets_mean_people_at_an_instant() -> None:
    schedule = patrol(turns("olena", "taras"))
    night = Schedule(id="night", time_zone="Europe/Kyiv", rotations=(turns("taras", "ivan"),))
    book = content(people=tuple(away("ivan", "2026-11-23", "2026-11-23", "maria").values()),
                   schedules=(schedule, night), services=(
                       Service(id="by-schedule", name="A", schedule="patrol"),
                       Service(id="by-members", name="B", members=("ivan", "olena"), schedule="patrol")))
    noon, evening = at("2026-11-23 12:00"), at("2026-11-23 21:00")
    assert people_of(Target("on_call", "patrol"), book, noon) == ("olena",)
    assert people_of(Target("service", "by-schedule"), book, evening) == ("taras",)
    assert people_of(Target("service", "by-members"), book, noon) == ("maria", "olena")
    assert people_of(Target("person", "ivan"), book, noon) == ("maria",)
    assert people_of(Target("service", "unknown"), book, noon) == ()
    assert everybody_on_duty(book, noon) == ("olena", "taras")
    assert everybody_on_duty(book, evening) == ("taras", "maria")


# -- against a reference that walks the clock minute by minute

def wall(moment: int) -> datetime:
    """What the clock on the wall has shown at most so far: in the repeated hour it has been there already."""
    return max(to_datetime(minute).astimezone(KYIV).replace(tzinfo=None)
               for minute in range(moment - 2 * HOUR, moment + 1, MINUTE))


def walked(schedule: Schedule, people: dict[str, Person], moment: int) -> tuple[str, ...]:
    shown = wall(moment)
    parse = datetime.fromisoformat
    duty: list[str] = []
    for rotation in schedule.rotations:
        if parse(rotation.begin) <= shown and not (rotation.end and parse(rotation.end) <= shown):
            boundary, turn = parse(rotation.begin), 0
            while boundary + timedelta(microseconds=rotation.turn) <= shown:
                boundary += timedelta(microseconds=rotation.turn)
                turn += 1
            duty.append(rotation.people[turn % len(rotation.people)])
    for override in schedule.overrides:
        if parse(override.begin) <= shown < parse(override.end):
            if not override.instead_of:
                duty = [override.person]
            duty = [override.person if one == override.instead_of else one for one in duty]
    found: list[str] = []
    for one in duty:
        for _ in range(len(people) + 1):
            gone = [absence for absence in people[one].away if parse(absence.begin) <= shown < parse(absence.end) + (
                timedelta(days=1) if len(absence.end) == 10 else timedelta())]
            if not gone:
                if one not in found:
                    found.append(one)
                break
            if not gone[0].stand_in:
                break
            one = gone[0].stand_in
    return tuple(found)


@st.composite
def rosters(draw: Any) -> tuple[Schedule, dict[str, Person], int]:
    """A schedule around one of the two nights, and an instant of that night."""
    night = draw(st.sampled_from(["2026-03-29", "2026-10-25"]))
    midnight = datetime.fromisoformat(night)

    def moment(*, spring: tuple[int, ...] = (0, 1, 2, 4, 5, 8, 20)) -> str:
        """A local time near the night; in spring none of the missing hour."""
        hours = spring if night == "2026-03-29" else (*spring, 3)
        day = midnight + timedelta(days=draw(st.integers(-2, 1)), hours=draw(st.sampled_from(hours)))
        minutes = draw(st.sampled_from([0, 0, 30]))
        return (day + timedelta(minutes=minutes)).isoformat(" ", "minutes")

    rotations = tuple(
        Rotation(tuple(draw(st.permutations(NAMES))[:draw(st.integers(1, 4))]),
                 draw(st.sampled_from([6, 12, 24, 48])) * HOUR,
                 f"2026-{night[5:7]}-{draw(st.integers(1, 25)):02} {draw(st.sampled_from(['02', '08', '20']))}:00",
                 moment() if draw(st.booleans()) else "") for _ in range(draw(st.integers(0, 2))))
    overrides = []
    for _ in range(draw(st.integers(0, 2))):
        begin, end = sorted([moment(), moment()])
        overrides.append(Override(draw(st.sampled_from(NAMES)), begin, end, draw(st.sampled_from(["", *NAMES]))))
    people = {}
    for name in NAMES:
        absences = []
        if draw(st.booleans()):
            begin, end = sorted([moment(), moment()])
            if draw(st.booleans()):
                begin, end = begin[:10], end[:10]
            absences.append(Away(begin, end, draw(st.sampled_from(["", *NAMES]))))
        people[name] = person(name, away=tuple(absences))
    evening = from_datetime(midnight.replace(tzinfo=KYIV)) - 4 * HOUR
    return patrol(*rotations, overrides=tuple(overrides)), people, evening + draw(st.integers(0, 14 * 60)) * MINUTE


@settings(max_examples=EXAMPLES, deadline=None)
@given(rosters())
def test_it_agrees_with_a_clock_walked_minute_by_minute(roster: tuple[Schedule, dict[str, Person], int]) -> None:
    schedule, people, moment = roster
    assert on_duty(schedule, people, moment) == walked(schedule, people, moment)
