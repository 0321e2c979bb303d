"""Gaps and overlaps of schedules, to the minute, over both nights of a clock change."""

from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.city import person

from tocsin.book.contacts import Away, Override, Person, Rotation, Schedule
from tocsin.domain.time import DAY, HOUR, MINUTE, from_datetime
from tocsin.roster.coverage import Gap, gaps, overlaps
from tocsin.roster.oncall import on_duty

KYIV = ZoneInfo("Europe/Kyiv")
NAMES = ("olena", "taras", "ivan")
HERE: dict[str, Person] = {name: person(name, "telegram") for name in NAMES}


def at(text: str, fold: int = 0) -> int:
    return from_datetime(datetime.fromisoformat(text).replace(tzinfo=KYIV, fold=fold))


def schedule(*rotations: Rotation, overrides: tuple[Override, ...] = ()) -> Schedule:
    return Schedule(id="patrol", time_zone="Europe/Kyiv", rotations=rotations, overrides=overrides)


ALL = Rotation(("olena", "taras"), 12 * HOUR, "2026-11-01 08:00")


def two_weeks(one: Schedule, people: dict[str, Person] = HERE, begin: str = "2026-11-23 00:00") -> tuple[Gap, ...]:
    return gaps(one, people, at(begin), at(begin) + 14 * DAY)


def test_a_rotation_without_end_has_no_gap() -> None:
    assert two_weeks(schedule(ALL)) == ()


def test_a_rotation_that_ends_leaves_a_gap_until_the_next_begins() -> None:
    """From the end, exclusive, to the beginning, inclusive, to the minute."""
    ends = Rotation(("olena",), DAY, "2026-11-01 08:00", "2026-11-25 20:15")
    begins = Rotation(("ivan",), DAY, "2026-11-26 07:40")
    assert two_weeks(schedule(ends, begins)) == (Gap(at("2026-11-25 20:15"), at("2026-11-26 07:40")),)


def test_an_absence_without_stand_in_is_a_gap_in_the_turns_of_that_person() -> None:
    """The last day of ``away`` is inside; with a stand-in there is none."""
    people = {**HERE, "taras": person("taras", "telegram", away=(Away("2026-11-24", "2026-11-24"),))}
    assert two_weeks(schedule(ALL), people) == (
        Gap(at("2026-11-24 00:00"), at("2026-11-24 08:00")), Gap(at("2026-11-24 20:00"), at("2026-11-25 00:00")))
    stood_in = {**HERE, "taras": person("taras", "telegram", away=(Away("2026-11-24", "2026-11-24", "ivan"),))}
    assert two_weeks(schedule(ALL), stood_in) == ()


def test_a_stand_in_who_is_away_too_is_a_gap() -> None:
    people = {**HERE, "taras": person("taras", "telegram", away=(Away("2026-11-24", "2026-11-24", "ivan"),)),
              "ivan": person("ivan", "telegram", away=(Away("2026-11-24 21:00", "2026-11-24 22:30"),))}
    assert two_weeks(schedule(ALL), people) == (Gap(at("2026-11-24 21:00"), at("2026-11-24 22:30")),)


def test_an_override_by_somebody_away_is_a_gap() -> None:
    people = {**HERE, "ivan": person("ivan", "telegram", away=(Away("2026-11-24 10:00", "2026-11-24 11:00"),))}
    one = schedule(ALL, overrides=(Override("ivan", "2026-11-24 08:00", "2026-11-24 20:00"),))
    assert two_weeks(one, people) == (Gap(at("2026-11-24 10:00"), at("2026-11-24 11:00")),)


def test_in_the_night_of_25_hours_a_gap_is_as_long_as_it_is() -> None:
    """From 02:00 to 05:00 there are four hours on 25 October 2026, and two on 29 March."""
    for day, hours in (("2026-10-25", 4), ("2026-03-29", 2)):
        one = schedule(Rotation(("olena",), DAY, "2026-01-01 08:00", f"{day} 02:00"),
                       Rotation(("ivan",), DAY, f"{day} 05:00"))
        found = gaps(one, HERE, at(f"{day} 00:00") - DAY, at(f"{day} 00:00") + 3 * DAY)
        assert [(gap.end - gap.begin) // HOUR for gap in found] == [hours]


MOMENTS = st.builds(lambda day, hour, minute: f"{day} {hour:02}:{minute:02}",
                    st.sampled_from(["2026-10-23", "2026-10-24", "2026-10-25", "2026-10-26", "2026-03-28",
                                     "2026-03-29"]),
                    st.integers(0, 23), st.sampled_from([0, 10, 30]))
PAIRS = st.tuples(MOMENTS, MOMENTS).map(sorted).filter(lambda pair: pair[0] < pair[1])
ROTATIONS = st.builds(lambda people, turn, pair, ends: Rotation(tuple(people), turn, pair[0], pair[1] if ends else ""),
                      st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True),
                      st.sampled_from([30 * MINUTE, HOUR, 12 * HOUR, DAY]), PAIRS, st.booleans())
OVERRIDES = st.builds(lambda who, pair, whom: Override(who, *pair, whom), st.sampled_from(NAMES), PAIRS,
                      st.sampled_from(["", *NAMES]))
AWAYS = st.builds(lambda pair, stand_in: Away(*pair, stand_in), PAIRS, st.sampled_from(["", *NAMES]))


@settings(max_examples=60, deadline=None)
@given(st.lists(ROTATIONS, min_size=1, max_size=2), st.lists(OVERRIDES, max_size=2),
       st.dictionaries(st.sampled_from(NAMES), AWAYS, max_size=2), st.sampled_from(["2026-10-24", "2026-03-28"]))
def test_gaps_are_exactly_the_times_at_which_nobody_is_on_duty(rotations, overrides, aways, day) -> None:
    """Asked every ten minutes, with any rotations, overrides, absences and stand-ins, over both clock changes."""
    one = schedule(*rotations, overrides=tuple(overrides))
    people = {name: person(name, "telegram", away=(aways[name],) if name in aways else ()) for name in NAMES}
    begin, end = at(f"{day} 00:00"), at(f"{day} 00:00") + 3 * DAY
    found = gaps(one, people, begin, end)
    for moment in range(begin, end, 10 * MINUTE):
        assert (not on_duty(one, people, moment)) == any(gap.begin <= moment < gap.end for gap in found)
    assert all(first.end < second.begin for first, second in pairwise(found))


def whys(one: Schedule) -> list[str]:
    return [overlap.why for overlap in overlaps(one, HERE, at("2026-11-23 00:00"), at("2026-12-07 00:00"))]


def test_of_two_overrides_at_once_the_later_is_said_to_count() -> None:
    one = schedule(ALL, overrides=(Override("ivan", "2026-11-24 08:00", "2026-11-24 20:00"),
                                   Override("taras", "2026-11-24 12:00", "2026-11-25 08:00")))
    (found,) = overlaps(one, HERE, at("2026-11-23 00:00"), at("2026-12-07 00:00"))
    assert (found.begin, found.end) == (at("2026-11-24 12:00"), at("2026-11-24 20:00"))
    assert "only taras, who stands later, counts" in found.why
    assert on_duty(one, HERE, at("2026-11-24 13:00")) == ("taras",)


def test_an_override_for_somebody_who_is_not_on_duty_then_changes_nothing() -> None:
    one = schedule(ALL, overrides=(Override("ivan", "2026-11-24 09:00", "2026-11-24 10:00", "taras"),))
    assert "olena" in on_duty(one, HERE, at("2026-11-24 09:30"))
    assert "is not on duty then" in whys(one)[0]
    fits = schedule(ALL, overrides=(Override("ivan", "2026-11-24 09:00", "2026-11-24 10:00", "olena"),))
    assert whys(fits) == []


def test_one_person_in_two_rotations_at_once_counts_once() -> None:
    other = Rotation(("taras", "olena"), 12 * HOUR, "2026-11-01 08:00")
    assert whys(schedule(ALL, other)) == []
    assert "on duty in two rotations" in whys(schedule(ALL, ALL))[0]


def test_what_is_over_is_not_told() -> None:
    past = (Override("ivan", "2026-10-24 08:00", "2026-10-24 20:00"), Override("taras", "2026-10-24 08:00",
                                                                              "2026-10-24 20:00"))
    assert whys(schedule(ALL, overrides=past)) == []
