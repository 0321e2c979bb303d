"""Who is on duty: wall-clock turns over both nights of a clock change, overrides, absences, stand-ins."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from tests.support.city import content, person

from tocsin.book.contacts import Away, Override, Person, Rotation, Schedule, Service, Target
from tocsin.domain.time import HOUR, MINUTE, from_datetime, parse_instant
from tocsin.roster.oncall import on_duty
from tocsin.roster.reach import everybody_on_duty, people_of

KYIV = ZoneInfo("Europe/Kyiv")
NAMES = ("olena", "taras", "ivan", "maria")
HERE: dict[str, Person] = {name: person(name, "telegram") for name in NAMES}


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
