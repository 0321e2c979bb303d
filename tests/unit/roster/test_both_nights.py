"""The roster over both nights of a clock change, minute by minute against somebody who looks at the wall."""

from datetime import datetime

from hypothesis import given, settings
from tests.support.city import content
from tests.support.naive_roster import AUTUMN, KYIV, NAMES, SPRING, evening_of, rosters, walked

from tocsin.book.contacts import Person, Rotation, Schedule
from tocsin.domain.time import DAY, HOUR, MINUTE, from_datetime
from tocsin.roster.coverage import gaps
from tocsin.roster.findings import roster_findings
from tocsin.roster.oncall import on_duty
from tocsin.roster.shifts import LOOK, Shift, hand_overs, next_look, shifts

NIGHT = 13 * HOUR
PEOPLE = {name: Person(id=name, name=name) for name in NAMES}


def at(text: str, fold: int = 0) -> int:
    return from_datetime(datetime.fromisoformat(text).replace(tzinfo=KYIV, fold=fold))


def daily(begin: str, *people: str, turn: int = DAY) -> Schedule:
    return Schedule(id="patrol", time_zone="Europe/Kyiv", rotations=(Rotation(people or NAMES[:2], turn, begin),))


@settings(max_examples=40, deadline=None)
@given(rosters())
def test_every_minute_is_as_the_wall_clock_says(roster: tuple[str, Schedule, dict[str, Person]]) -> None:
    """Who is on duty, the shifts, the gaps and the next hand-over, for rotations, overrides, absences, stand-ins."""
    night, schedule, people = roster
    begin = evening_of(night)
    end = begin + NIGHT
    seen = walked(schedule, people, begin, end)
    minutes = range(begin, end, MINUTE)
    assert [on_duty(schedule, people, minute) for minute in minutes[::3]] == seen[::3]
    found = shifts(schedule, people, begin, end)
    holes = gaps(schedule, people, begin, end)
    for minute, duty in zip(minutes, seen, strict=True):
        assert {one.person for one in found if one.begin <= minute < one.end} == set(duty)
        assert any(hole.begin <= minute < hole.end for hole in holes) == (not duty)
    changes = [minute for minute, before, after in zip(minutes[1:], seen, seen[1:], strict=False)
               if set(before) != set(after)]
    assert _hand_overs(schedule, people, begin, end) == changes


def _hand_overs(schedule: Schedule, people: dict[str, Person], begin: int, end: int) -> list[int]:
    """Hand-overs as the engine finds them: one after the other."""
    found, instant = [], begin
    while (instant := next_look(schedule, people, instant)) < end:
        if set(on_duty(schedule, people, instant)) != set(on_duty(schedule, people, instant - 1)):
            found.append(instant)
    return found


def test_a_hand_over_in_the_missing_hour_is_at_the_change() -> None:
    """At 03:30 every day; in the spring night 03:00 is followed by 04:00, and that is when it takes place."""
    schedule = daily("2026-03-01 03:30")
    assert next_look(schedule, PEOPLE, at(f"{SPRING} 00:00")) == at(f"{SPRING} 04:00")
    assert next_look(schedule, PEOPLE, at(f"{SPRING} 04:00")) == at("2026-03-30 03:30")
    said = findings_of(schedule, f"{SPRING} 00:00")
    assert said == ['the schedule "patrol" hands over on Sun 2026-03-29 at 03:30, which the clocks of Europe/Kyiv skip '
                    "that night: it is done at 04:00"]


def findings_of(schedule: Schedule, begin: str) -> list[str]:
    site = content(people=tuple(PEOPLE.values()), schedules=(schedule,))
    return [one.text for one in roster_findings(site, at(begin), at(begin) + 14 * DAY)]


def test_a_hand_over_in_the_repeated_hour_is_at_the_first() -> None:
    schedule = daily("2026-10-01 03:30")
    assert next_look(schedule, PEOPLE, at(f"{AUTUMN} 00:00")) == at(f"{AUTUMN} 03:30")
    assert next_look(schedule, PEOPLE, at(f"{AUTUMN} 03:30")) == at("2026-10-26 03:30")
    _, night, _ = shifts(schedule, PEOPLE, at("2026-10-24 12:00"), at("2026-10-26 12:00"))
    assert night.end - night.begin == 25 * HOUR
    assert findings_of(schedule, "2026-10-20 00:00") == [
        'the schedule "patrol" hands over on Sun 2026-10-25 at 03:30, which the clocks of Europe/Kyiv show twice that '
        "night: the first time is taken"]
    assert findings_of(daily("2026-10-01 08:00"), "2026-10-20 00:00") == []


def test_shifts_are_joined_where_one_person_stays() -> None:
    """Two people in turn by themselves, and one who stays for three turns."""
    schedule = daily("2026-11-23 08:00", "olena", "olena", "olena", "taras", turn=12 * HOUR)
    assert shifts(schedule, PEOPLE, at("2026-11-23 08:00"), at("2026-11-25 08:00")) == (
        Shift("olena", at("2026-11-23 08:00"), at("2026-11-24 20:00")),
        Shift("taras", at("2026-11-24 20:00"), at("2026-11-25 08:00")))


def test_two_who_swap_their_rotations_stay_on_duty() -> None:
    """Nobody goes and nobody comes, so it is no hand-over."""
    both = Schedule(id="patrol", time_zone="Europe/Kyiv", rotations=(
        Rotation(("olena", "taras"), DAY, "2026-11-01 08:00"), Rotation(("taras", "olena"), DAY, "2026-11-01 08:00")))
    now = at("2026-11-23 09:00")
    assert on_duty(both, PEOPLE, now) != on_duty(both, PEOPLE, now + DAY)
    assert list(hand_overs(both, PEOPLE, now, now + 3 * DAY)) == []
    assert len(shifts(both, PEOPLE, now, now + 3 * DAY)) == 2


def test_where_nothing_changes_it_is_looked_at_again_later() -> None:
    """A single person for ever: no hand-over, and the search comes to an end, also for turns of a minute."""
    now = at("2026-11-23 08:00")
    assert next_look(daily("2026-01-05 08:00", "olena"), PEOPLE, now) >= now + LOOK
    assert now < next_look(daily("2026-01-05 08:00", "olena", turn=MINUTE), PEOPLE, now) < now + LOOK
