"""Calendars in .ics files: open while an event lasts, against a reading of every single minute."""

from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("icalendar", reason="the locked dependencies are not installed")

from tocsin.book.ics import read_ics
from tocsin.book.report import Report, Unreadable
from tocsin.domain.time import DAY, HOUR, MINUTE, from_datetime, to_datetime
from tocsin.rules.calendar import EVER
from tocsin.rules.ics import IcsHours

KYIV = ZoneInfo("Europe/Kyiv")


def at(text: str, zone: ZoneInfo = KYIV, fold: int = 0) -> int:
    return from_datetime(datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold))


def event(*lines: str) -> str:
    return "\r\n".join(("BEGIN:VEVENT", "UID:" + str(abs(hash(lines))), *lines, "END:VEVENT"))


def file(*events: str) -> bytes:
    return "\r\n".join(("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", *events, "END:VCALENDAR", "")).encode()


def hours(*events: str, zone: str = "Europe/Kyiv") -> IcsHours:
    report = Report()
    written = read_ics("rules/calendars/x.ics", file(*events), zone, report)
    assert not report.ordered("error")
    return IcsHours(written)


def first(of: IcsHours, number: int, since: str = "2026-01-01") -> list[tuple[str, str]]:
    return [tuple(f"{to_datetime(one).astimezone(KYIV):%Y-%m-%d %H:%M}" for one in span)  # type: ignore[misc]
            for span in islice(of.spans(at(since)), number)]


WEEKLY = ("DTSTART;TZID=Europe/Kyiv:20261102T100000", "DTEND;TZID=Europe/Kyiv:20261102T110000",
          "RRULE:FREQ=WEEKLY;BYDAY=MO", "EXDATE;TZID=Europe/Kyiv:20261109T100000")


def test_open_while_an_event_lasts_recurrences_and_exceptions_included() -> None:
    """DTEND is outside, an event of exactly that instant is inside, as with every calendar."""
    office = hours(event(*WEEKLY))
    assert first(office, 2) == [("2026-11-02 10:00", "2026-11-02 11:00"), ("2026-11-16 10:00", "2026-11-16 11:00")]
    assert not office.open_at(at("2026-11-16 11:00"))
    assert office.inside(at("2026-11-16 11:00"))
    assert not office.inside(at("2026-11-16 11:00") + 1)
    assert office.next_change(at("2026-11-02 11:00")) == at("2026-11-16 10:00")
    assert office.after(at("2026-11-02 10:30"), HOUR) == at("2026-11-16 10:30")


def test_a_day_is_a_whole_day_of_the_site_and_the_last_one_is_outside() -> None:
    """VALUE=DATE: DTEND names the day after; without DTEND it is one day."""
    days = hours(event("DTSTART;VALUE=DATE:20261224", "DTEND;VALUE=DATE:20261227"),
                 event("DTSTART;VALUE=DATE:20270101"))
    assert first(days, 2) == [("2026-12-24 00:00", "2026-12-27 00:00"), ("2027-01-01 00:00", "2027-01-02 00:00")]


def test_zones() -> None:
    """With TZID in that zone, with Z in UTC, without either in the site's; a zone of the file's own is understood."""
    assert first(hours(event("DTSTART;TZID=Europe/Berlin:20261123T090000", "DURATION:PT1H")), 1) == [
        ("2026-11-23 10:00", "2026-11-23 11:00")]
    assert first(hours(event("DTSTART:20261123T090000Z", "DURATION:PT1H")), 1) == [
        ("2026-11-23 11:00", "2026-11-23 12:00")]
    assert first(hours(event("DTSTART:20261123T090000", "DURATION:PT1H")), 1) == [
        ("2026-11-23 09:00", "2026-11-23 10:00")]
    assert first(hours(event("DTSTART:20261123T090000", "DURATION:PT1H"), zone="Europe/London"), 1) == [
        ("2026-11-23 11:00", "2026-11-23 12:00")]
    own = "\r\n".join(("BEGIN:VTIMEZONE", "TZID:Bunker", "BEGIN:STANDARD", "DTSTART:19700101T000000",
                       "TZOFFSETFROM:+0300", "TZOFFSETTO:+0300", "END:STANDARD", "END:VTIMEZONE"))
    assert first(hours(own, event("DTSTART;TZID=Bunker:20261123T090000", "DURATION:PT1H")), 1) == [
        ("2026-11-23 08:00", "2026-11-23 09:00")]


def test_the_nights_of_the_clock_changes_are_those_of_every_calendar() -> None:
    """28 March 2027 skips 03:00 to 04:00, 25 October 2026 has it twice."""
    night = hours(event("DTSTART;TZID=Europe/Kyiv:20261001T033000", "DTEND;TZID=Europe/Kyiv:20261001T043000",
                        "RRULE:FREQ=DAILY"))
    spring = next(night.spans(at("2027-03-28 00:00")))
    assert spring == (at("2027-03-28 04:00"), at("2027-03-28 04:30"))
    autumn = next(night.spans(at("2026-10-25 00:00")))
    assert autumn == (at("2026-10-25 03:30"), at("2026-10-25 04:30"))
    assert autumn[1] - autumn[0] == 2 * HOUR
    within = hours(event("DTSTART;TZID=Europe/Kyiv:20270328T031000", "DTEND;TZID=Europe/Kyiv:20270328T035000"))
    assert list(within.spans(0)) == []


def test_a_moved_and_a_cancelled_occurrence() -> None:
    """RECURRENCE-ID replaces one of a series; STATUS:CANCELLED takes it away."""
    base = ("UID:series", "DTSTART;TZID=Europe/Kyiv:20261102T100000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=3")
    moved = ("UID:series", "RECURRENCE-ID;TZID=Europe/Kyiv:20261109T100000",
             "DTSTART;TZID=Europe/Kyiv:20261110T120000", "DURATION:PT1H")
    gone = ("UID:series", "RECURRENCE-ID;TZID=Europe/Kyiv:20261116T100000", "STATUS:CANCELLED",
            "DTSTART;TZID=Europe/Kyiv:20261116T100000", "DURATION:PT1H")
    series = hours(*("\r\n".join(("BEGIN:VEVENT", *one, "END:VEVENT")) for one in (base, moved, gone)))
    assert first(series, 9) == [("2026-11-02 10:00", "2026-11-02 11:00"), ("2026-11-10 12:00", "2026-11-10 13:00")]


def test_what_never_shuts_and_what_is_over() -> None:
    """Days without a gap are for ever; behind the last event nothing changes any more; 29 February comes again."""
    ever = hours(event("DTSTART;VALUE=DATE:20260101", "RRULE:FREQ=DAILY"))
    assert [end for _, end in ever.spans(at("2026-06-01"))] == [EVER]
    assert ever.next_change(at("2026-06-01")) is None
    once = hours(event("DTSTART:20260101T100000", "DURATION:PT1H"))
    assert once.next_change(at("2026-06-01")) is None
    leap = hours(event("DTSTART;VALUE=DATE:20240229", "RRULE:FREQ=YEARLY"))
    assert leap.next_change(at("2096-03-01")) == at("2104-02-29")


@pytest.mark.parametrize("body, line, sentence", [
    (b"hello", 1, "not a calendar"), (b"\xff\xfe", 1, "UTF-8"), (file(), 1, "no event"),
    (file(event("DTSTART:2026")), 6, "DTSTART"), (file(event("SUMMARY:x")), 4, "when it begins"),
    (file(event("DTSTART:20261102T100000", "DTEND:20261102T090000")), 7, "before it begins"),
    (file(event("DTSTART:20261102T100000", "DTEND;VALUE=DATE:20261103")), 7, "both"),
    (file(event("DTSTART;TZID=Mars/Base:20261102T100000")), 6, "Mars/Base is unknown"),
    (file(event("DTSTART:00010101T100000")), 6, "the year 1"),
    (file(event("DTSTART:20261102T100000", "RRULE:FREQ=SECONDLY")), 7, "daily at most"),
    (file(event("DTSTART:20261102T100000", "RRULE:FREQ=DAILY;BYHOUR=" + ",".join(map(str, range(12))))), 7, "12 times"),
    (file(*[event("DTSTART:20261102T100000")] * 2001), 0, "2001 events"),
    (file(event("DTSTART:20261102T100000", "RRULE:FREQ=NEVER")), 7, "RRULE"),
])
def test_what_is_wrong_is_named_with_its_line(body: bytes, line: int, sentence: str) -> None:
    report = Report()
    with pytest.raises(Unreadable):
        read_ics("rules/calendars/x.ics", body, "Europe/Kyiv", report)
    finding = report.ordered("error")[0]
    assert sentence in finding.text
    assert finding.where.line == line


def test_an_event_without_length_is_a_warning() -> None:
    report = Report()
    read_ics("x.ics", file(event("DTSTART:20261102T100000")), "Europe/Kyiv", report)
    assert "no length" in report.ordered("warning")[0].text


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: file(text)))
@settings(max_examples=100, deadline=None)
def test_whatever_the_file_holds_it_is_a_finding(body: bytes) -> None:
    """Never anything but a calendar or sentences."""
    report = Report()
    try:
        read_ics("x.ics", body, "Europe/Kyiv", report)
    except Unreadable:
        assert report.failed


# -- the plain reading: every minute of two weeks by itself

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
WEEKS = ("2026-10-19", "2027-03-22", "2026-12-21")


@st.composite
def written(draw: st.DrawFn, week: str) -> dict[str, Any]:
    """One event in plain words; it begins in the days around the two weeks that are looked at."""
    monday = date.fromisoformat(week)
    start = monday + timedelta(days=draw(st.integers(-3, 8)))
    whole = draw(st.booleans()) and draw(st.booleans())
    return {
        "monday": monday, "day": start, "whole": whole,
        "from": 0 if whole else draw(st.integers(0, 287)) * 5,
        "length": draw(st.integers(1, 3)) * 1440 if whole else draw(st.integers(1, 400)) * 5,
        "zone": draw(st.sampled_from(["Europe/Kyiv", "UTC", "", "America/New_York"])) if not whole else "",
        "every": draw(st.sampled_from(["", "DAILY", "WEEKLY"])),
        "interval": draw(st.integers(1, 3)), "count": draw(st.none() | st.integers(1, 6)),
        "by": draw(st.none() | st.lists(st.sampled_from(DAYS), min_size=1, max_size=3, unique=True)),
        "left_out": draw(st.lists(st.integers(0, 9), max_size=2)),
    }


def days_of(one: dict[str, Any]) -> list[date]:
    """The days on which it begins, worked out by counting."""
    by = one["by"] if one["every"] == "WEEKLY" and one["by"] else None
    found: list[date] = []
    monday = one["day"] - timedelta(days=one["day"].weekday())
    for offset in range(40):
        day = one["day"] + timedelta(days=offset)
        if one["every"] == "":
            fits = offset == 0
        elif one["every"] == "DAILY":
            fits = offset % one["interval"] == 0
        else:
            week = (day - monday).days // 7
            fits = week % one["interval"] == 0 and DAYS[day.weekday()] in (by or [DAYS[one["day"].weekday()]])
        if fits:
            found.append(day)
    if one["every"] and one["count"]:
        found = found[:one["count"]]
    return [day for index, day in enumerate(found) if index not in one["left_out"]]


def as_ics(one: dict[str, Any]) -> str:
    start = datetime.combine(one["day"], datetime.min.time()) + timedelta(minutes=one["from"])
    end = start + timedelta(minutes=one["length"])
    form, kind = ("%Y%m%d", ";VALUE=DATE") if one["whole"] else ("%Y%m%dT%H%M%S", "")
    if one["zone"] not in ("", "UTC"):
        kind = f";TZID={one['zone']}"
    z = "Z" if one["zone"] == "UTC" else ""
    lines = [f"DTSTART{kind}:{start:{form}}{z}", f"DTEND{kind}:{end:{form}}{z}"]
    if one["every"]:
        rule = f"RRULE:FREQ={one['every']};INTERVAL={one['interval']}"
        rule += f";COUNT={one['count']}" if one["count"] else ""
        rule += f";BYDAY={','.join(one['by'])}" if one["every"] == "WEEKLY" and one["by"] else ""
        lines.append(rule)
    every = days_of({**one, "left_out": []})
    for index in sorted(set(one["left_out"])):
        if index < len(every):
            gone = datetime.combine(every[index], datetime.min.time()) + timedelta(minutes=one["from"])
            lines.append(f"EXDATE{kind}:{gone:{form}}{z}")
    return event(*lines)


def starts_by_rule(one: dict[str, Any]) -> bool:
    """RFC 5545 leaves open what a series means whose DTSTART is not one of its days."""
    return not (one["every"] == "WEEKLY" and one["by"] and DAYS[one["day"].weekday()] not in one["by"])


@given(st.sampled_from(WEEKS).flatmap(lambda week: st.lists(written(week).filter(starts_by_rule), min_size=1,
                                                            max_size=3)))
@settings(max_examples=60, deadline=None)
def test_every_minute_is_as_the_plain_reading_says(events: list[dict[str, Any]]) -> None:
    """Daily and weekly series, days, zones, exceptions and both clock changes."""
    made = hours(*[as_ics(one) for one in events])
    begin = from_datetime(datetime.combine(events[0]["monday"], datetime.min.time(), tzinfo=ZoneInfo("UTC")))
    minutes = [begin - 2 * DAY + step * 5 * MINUTE for step in range(16 * 288)]
    inside: set[int] = set()
    for one in events:
        zone = ZoneInfo(one["zone"] or "Europe/Kyiv")
        walls = [(minute, to_datetime(minute).astimezone(zone).replace(tzinfo=None)) for minute in minutes]
        for day in days_of(one):
            opens = datetime.combine(day, datetime.min.time()) + timedelta(minutes=one["from"])
            shuts = opens + timedelta(minutes=one["length"])
            early = [minute for minute, wall in walls if wall >= opens]
            late = [minute for minute, wall in walls if wall < shuts]
            if early and late:
                inside.update(minute for minute in minutes if early[0] <= minute <= late[-1])
    spans = []
    for span in made.spans(minutes[0]):
        if span[0] > minutes[-1]:
            break
        spans.append(span)
    found = {minute for minute in minutes if any(start <= minute < end for start, end in spans)}
    assert found == inside
    assert all(made.open_at(minute) == (minute in inside) for minute in minutes[::97])
