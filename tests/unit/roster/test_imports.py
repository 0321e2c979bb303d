"""Imported shifts: calendars as other programs write them, over both nights, and who they mean."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.support.city import person
from tests.support.naive_roster import AUTUMN, KYIV, NAMES, SPRING, Shown, evening_of, walked

from tocsin.book.book import Content, Site, encode_content, number_book, read_book
from tocsin.book.contacts import Import, Override, Person, Rotation, Schedule
from tocsin.book.content import find_problems, read_content
from tocsin.book.imports import take_imports
from tocsin.book.members import people_named
from tocsin.book.report import Report
from tocsin.domain.time import DAY, HOUR, MINUTE, from_datetime, parse_instant
from tocsin.reports.feed import SCHEDULES, feed
from tocsin.roster.coverage import Gap, gaps
from tocsin.roster.oncall import on_duty
from tocsin.roster.shifts import shifts
from tocsin.settings import Settings

PEOPLE = {name: replace(person(name, "email"), name=f"{name.capitalize()} Перша") for name in NAMES}


def calendar(*events: str) -> bytes:
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//x//EN", *events, "END:VCALENDAR", ""]).encode()


def event(begin: str, end: str, title: str = "", *more: str, uid: str = "", zone: str = "Europe/Kyiv") -> str:
    """``20261125T080000`` in a zone, or with a Z; a day alone is a whole day."""
    def moment(name: str, text: str) -> str:
        if len(text) == 8:
            return f"{name};VALUE=DATE:{text}"
        return f"{name}:{text}" if text.endswith("Z") or not zone else f"{name};TZID={zone}:{text}"

    return "\r\n".join(["BEGIN:VEVENT", f"UID:{uid or begin + title}", "DTSTAMP:20260101T000000Z",
                        moment("DTSTART", begin), moment("DTEND", end), *([f"SUMMARY:{title}"] if title else []),
                        *more, "END:VEVENT"])


def imported(*bodies: bytes, people: dict[str, Person] = PEOPLE, **more: Any) -> tuple[Schedule, list[str]]:
    """The schedule "patrol" with these calendars, and what is found in them."""
    report = Report()
    names = more.pop("means", {}), more.pop("ignore", ())
    schedule = Schedule(id="patrol", time_zone="Europe/Kyiv", import_=Import("patrol", *names), **more)
    files = [(f"contacts/patrol/{number}.ics", body) for number, body in enumerate(bodies)]
    return take_imports({"patrol": schedule}, people, files, report)["patrol"], [
        str(finding) for finding in report.ordered()]


def at(text: str) -> int:
    return from_datetime(datetime.fromisoformat(text).replace(tzinfo=KYIV))


# -- every minute of both nights

@st.composite
def calendars(draw: Any) -> tuple[str, list[str], list[Shown], Schedule]:
    """A night, events around it as text and as their shifts on the wall, and a schedule beside them."""
    night = draw(st.sampled_from([SPRING, AUTUMN]))
    midnight = datetime.fromisoformat(night)
    texts, shown = [], []
    for number in range(draw(st.integers(1, 4))):
        recurs = draw(st.booleans())
        days = -3 if recurs else draw(st.integers(-1, 0))
        hours = [0, 2, 3, 8, 20] if recurs or night == AUTUMN else [0, 2, 4, 8, 20]
        begin = midnight + timedelta(days, hours=draw(st.sampled_from(hours)), minutes=draw(st.sampled_from([0, 30])))
        end = begin + timedelta(hours=draw(st.sampled_from([1, 6, 12])))
        if night == SPRING and not recurs and (end.date(), end.hour) == (midnight.date(), 3):
            end += timedelta(hours=1)
        who = tuple(draw(st.permutations(NAMES))[:draw(st.integers(1, 2))])
        rule = ["RRULE:FREQ=DAILY;COUNT=5"] if recurs else []
        texts.append(event(f"{begin:%Y%m%dT%H%M%S}", f"{end:%Y%m%dT%H%M%S}", ", ".join(who), *rule, uid=str(number),
                           zone=draw(st.sampled_from(["", "Europe/Kyiv"]))))
        shown += [(begin + timedelta(days=day), end + timedelta(days=day), who) for day in range(5 if recurs else 1)]
    beside = Schedule(
        id="patrol", time_zone="Europe/Kyiv",
        rotations=(Rotation(("maria",), DAY, f"{night[:8]}01 08:00"),) if draw(st.booleans()) else (),
        overrides=(Override("ivan", f"{night} 01:00", f"{night} 05:00", draw(st.sampled_from(["", *NAMES]))),)
        if draw(st.booleans()) else ())
    return night, texts, shown, beside


@settings(max_examples=40, deadline=None)
@given(calendars())
def test_every_minute_is_as_the_wall_clock_says(drawn: tuple[str, list[str], list[Shown], Schedule]) -> None:
    """Single and recurring shifts, beside rotations and under overrides; who is on duty and the shifts."""
    night, texts, shown, beside = drawn
    schedule, found = imported(calendar(*texts), rotations=beside.rotations, overrides=beside.overrides)
    assert not [one for one in found if "error" in one]
    begin = evening_of(night)
    end = begin + 13 * HOUR
    seen = walked(schedule, PEOPLE, begin, end, shown)
    assert [on_duty(schedule, PEOPLE, minute) for minute in range(begin, end, 5 * MINUTE)] == seen[::5]
    stretches = shifts(schedule, PEOPLE, begin, end)
    for minute, duty in zip(range(begin, end, MINUTE), seen, strict=True):
        assert {one.person for one in stretches if one.begin <= minute < one.end} == set(duty)


def test_a_time_that_the_clocks_skip_is_refused_and_one_that_comes_twice_stated() -> None:
    """With the line of the calendar; in another zone those are other times."""
    _, found = imported(calendar(event("20260329T033000", "20260329T080000", "olena")))
    assert found[0].startswith("contacts/patrol/0.ics:7:1: error: 2026-03-29 03:30 does not exist in Europe/Kyiv")
    _, found = imported(calendar(event("20261024T200000", "20261025T033000", "olena")))
    assert "0.ics:8:1: warning: 2026-10-25 03:30 comes twice in Europe/Kyiv that night: the first is taken" in found[0]
    assert imported(calendar(event("20260329T033000", "20260329T080000", "olena", zone="Europe/London")))[1] == []


def test_whole_days_and_utc() -> None:
    """A day is from midnight to midnight of the schedule's zone, whose local time it is without any."""
    bare, _ = imported(calendar(event("20261025T080000", "20261025T200000", "olena", zone="")))
    assert on_duty(bare, PEOPLE, at("2026-10-25 08:00")) == ("olena",)
    assert on_duty(bare, PEOPLE, at("2026-10-25 20:00")) == ()
    schedule, found = imported(calendar(event("20261025", "20261026", "olena"),
                                        event("20261026T060000Z", "20261026T180000Z", "taras")))
    assert found == []
    assert gaps(schedule, PEOPLE, at("2026-10-25 00:00"), at("2026-10-26 20:00")) == (
        Gap(at("2026-10-26 00:00"), at("2026-10-26 08:00")),)
    assert on_duty(schedule, PEOPLE, at("2026-10-26 20:00") - 1) == ("taras",)


def test_series_with_moved_cancelled_and_given_away_occurrences() -> None:
    """Weekly; the second moved to another person, the third cancelled, the fourth an exception."""
    weekly = event("20261102T080000", "20261102T200000", "olena", "RRULE:FREQ=WEEKLY",
                   "EXDATE;TZID=Europe/Kyiv:20261123T080000", uid="w")
    away = event("20261109T100000", "20261109T200000", "taras", "RECURRENCE-ID;TZID=Europe/Kyiv:20261109T080000",
                 uid="w")
    off = event("20261116T080000", "20261116T200000", "Хтось", "RECURRENCE-ID;TZID=Europe/Kyiv:20261116T080000",
                "STATUS:CANCELLED", uid="w")
    schedule, found = imported(calendar(weekly, away, off))
    assert found == []
    noon = [on_duty(schedule, PEOPLE, at(f"2026-11-{day:02} 12:00")) for day in (2, 9, 16, 23, 30)]
    assert noon == [("olena",), ("taras",), (), (), ("olena",)]
    assert on_duty(schedule, PEOPLE, at("2026-11-09 09:00")) == ()
    assert on_duty(schedule, PEOPLE, at("2030-11-04 12:00")) == ("olena",)
    assert set(people_named(schedule)) == {"olena", "taras"}


# -- whom a calendar means

def duty(title: str, *more: str, **names: Any) -> tuple[str, ...]:
    schedule, found = imported(calendar(event("20261125T080000", "20261125T200000", title, *more)), **names)
    assert found == []
    assert set(people_named(schedule)) == set(on_duty(schedule, PEOPLE, at("2026-11-25 12:00")))
    return on_duty(schedule, PEOPLE, at("2026-11-25 12:00"))


def test_a_title_names_people_by_id_or_name() -> None:
    """In any case and spacing, behind a colon, several at once; a name with a comma in it as a whole."""
    assert duty("olena") == ("olena",)
    assert duty("OLENA  перша") == ("olena",)
    assert duty("On call: Taras Перша") == ("taras",)
    assert duty("olena\\, Taras Перша / ivan & maria") == ("olena", "taras", "ivan", "maria")
    assert duty("Перша\\, О.", means={"Перша, О.": "olena"}) == ("olena",)


def test_guests_name_people_by_their_e_mail() -> None:
    """Rooms and those who declined do not count; without a guest who is known the title does."""
    guests = ("ATTENDEE;CN=O:mailto:Olena@Email", "ATTENDEE;CUTYPE=ROOM:mailto:room@b.c",
              "ATTENDEE;PARTSTAT=DECLINED:mailto:taras@email", "ATTENDEE:mailto:ivan@email")
    assert duty("Patrol, week 48", *guests) == ("olena", "ivan")
    assert duty("taras", "ATTENDEE:mailto:else@b.c") == ("taras",)
    assert duty("Patrol", "ATTENDEE:mailto:else@b.c", means={"else@b.c": "maria"}) == ("maria",)


def test_texts_that_are_no_person_are_ignored_when_listed() -> None:
    assert duty("Свято", ignore=("свято",)) == ()
    assert duty("olena\\, резерв", ignore=("Резерв",)) == ("olena",)


def test_who_is_unknown_is_an_error_with_its_line_and_the_way_out() -> None:
    """Once for each text; of two people with one name neither is meant."""
    twice = [event(f"202611{day}T080000", f"202611{day}T200000", "Olena Перва") for day in (25, 26)]
    _, found = imported(calendar(*twice))
    assert found == ['contacts/patrol/0.ics:9:1: error: "Olena Перва" is nobody in the contacts, did you mean "Olena '
                     'Перша"?: write beside import: of the schedule "patrol" whom it means (people: {"Olena Перва": '
                     'olena}) or that it is no person (ignore: ["Olena Перва"])']
    same = {name: replace(one, name="Ім'я") for name, one in PEOPLE.items()}
    _, found = imported(calendar(twice[0].replace("Olena Перва", "Ім'я")), people=same)
    assert '"Ім\'я" may be ivan or maria or olena or taras' in found[0]
    _, found = imported(calendar(event("20261125T080000", "20261125T200000")))
    assert "this shift names nobody" in found[0]


# -- files

def test_what_is_told_by_the_calendar_alone_makes_no_new_book() -> None:
    """Stamps, notes and the order of events change with every export."""
    first, second = event("20261125T080000", "20261125T200000", "olena"), event(
        "20261101", "20261102", "taras", "RRULE:FREQ=WEEKLY")
    noted = second.replace("DTSTAMP:20260101", "DTSTAMP:20260202").replace("SUMMARY", "DESCRIPTION:x\r\nSUMMARY")
    bodies = [Content(schedules={"patrol": imported(calendar(*events))[0]})
              for events in ((first, second), (noted, first))]
    assert encode_content(bodies[0]) == encode_content(bodies[1])
    book = number_book(3, bodies[0])
    assert read_book(3, encode_content(bodies[0])) == book
    back = book.content.schedules["patrol"]
    assert on_duty(back, PEOPLE, at("2026-11-29 12:00")) == ("taras",)
    assert b"x" not in encode_content(bodies[1]).split(b"recurring")[1].split(b"who_recurs")[0].replace(b"TEXT", b"")


def test_a_feed_of_ours_is_read_back_as_the_same_roster() -> None:
    now = parse_instant("2026-10-20T12:00:00Z")
    written = Schedule(id="patrol", time_zone="Europe/Kyiv", rotations=(
        Rotation(("olena", "taras"), 12 * HOUR, "2026-10-01 08:00"), Rotation(("ivan",), DAY, "2026-10-24 12:30")))
    site = Content(site=Site("К", "Europe/Kyiv"), people=PEOPLE, schedules={"patrol": written})
    read, found = imported(feed(site, SCHEDULES, "patrol", now))
    assert found == []
    for moment in range(now, now + 10 * DAY, 30 * MINUTE):
        assert set(on_duty(read, PEOPLE, moment)) == set(on_duty(written, PEOPLE, moment))


HOME = {
    "rules/r.yaml": "rules: [{rule: r, say: r, when: {event: {type: x}}, escalate_to: p, tests: [{name: n, events: "
                    "[{+0s: {type: x}}], expect: [{notified: [on-call patrol]}]}]}]",
    "contacts/people.yaml": "people:\n  olena: {name: Олена, phone: 0501234567}\n",
    "contacts/schedules.yaml": "schedules: {patrol: {import: calendars/patrol}}",
    "contacts/policies.yaml": "policies: {p: {steps: [{to: {on_call: patrol}, answer_within: 60s}], last_resort: {to: "
                              "{on_call: patrol}, every: 5 min}}}",
}
SHIFT = calendar(event("20260101", "20270101", "Олена")).decode()


@pytest.fixture
def home(tmp_path: Path) -> Callable[[dict[str, str]], Path]:
    def write(files: dict[str, str]) -> Path:
        for name, text in {**HOME, **files}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8", newline="")
        return tmp_path

    return write


def test_a_home_with_a_folder_of_calendars_reaches_its_people(home: Callable[[dict[str, str]], Path]) -> None:
    """Those whom only the calendars name can be reached by the policy."""
    content, warnings = read_content(home({"contacts/calendars/patrol/a.ics": SHIFT,
                                           "contacts/calendars/patrol/deep/b.ics": SHIFT}), Settings())
    assert warnings == ()
    assert on_duty(content.schedules["patrol"], content.people, at("2026-06-01 12:00")) == ("olena",)


def test_files_that_are_not_there_wrong_or_imported_by_nobody(home: Callable[[dict[str, str]], Path]) -> None:
    site = home({"contacts/calendars/else.ics": SHIFT})
    said = [str(one) for one in find_problems(site, Settings())]
    assert "contacts/calendars/else.ics: warning: this calendar is imported by no schedule" in said[0]
    assert "contacts/schedules.yaml:1:30: error: there is no calendar file (.ics) contacts/calendars/patrol, nor one " \
           "in a folder of that name; there are contacts/calendars/else.ics" in said[1]
    broken = home({"contacts/calendars/patrol/a.ics": SHIFT.replace("DTEND;VALUE=DATE:2027", "DTEND;VALUE=DATE:1027"),
                   "contacts/calendars/patrol/b.ics": "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"})
    said = [str(one) for one in find_problems(broken, Settings())]
    assert any("a.ics:8:1: error: the event ends before it begins" in one for one in said)
    assert any("b.ics:1:1: error: the calendar holds no event" in one for one in said)
