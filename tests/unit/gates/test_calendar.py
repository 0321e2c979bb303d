"""Calendars and operations: when they are open, on ordinary days and on the nights of the clock changes."""

from datetime import UTC, date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.domain.time import DAY, HOUR, MINUTE, from_datetime, to_datetime
from tocsin.rules.calendar import EVER, Calendar, Either, Fixed, operation_hours

KYIV = ZoneInfo("Europe/Kyiv")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
OFFICE = {"time_zone": "Europe/Kyiv", "open": [{"days": ["mon", "tue"], "from": "09:00", "to": "17:00"}],
          "except": ["2026-11-24"], "also": [{"date": "2026-11-28", "from": "10:00", "to": "14:00"}]}
"""Monday the 23rd and Tuesday the 24th of November 2026; Saturday the 28th."""


def at(text: str, zone: ZoneInfo = KYIV, fold: int = 0) -> int:
    return from_datetime(datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold))


def calendar(**written: object) -> Calendar:
    return Calendar({"time_zone": "Europe/Kyiv", **written})


def always(begin: str, end: str, **more: object) -> Calendar:
    return calendar(open=[{"days": list(DAYS), "from": begin, "to": end}], **more)


@pytest.mark.parametrize("text, is_open", [
    ("2026-11-23 08:59", False), ("2026-11-23 09:00", True), ("2026-11-23 16:59", True), ("2026-11-23 17:00", False),
    ("2026-11-24 10:00", False), ("2026-11-25 10:00", False), ("2026-11-28 10:00", True), ("2026-11-28 14:00", False),
    ("2026-11-30 09:00", True)])
def test_the_calendar_of_the_language(text: str, is_open: bool) -> None:
    """Weekly hours with ``to`` outside, closed on a date of ``except``, open on one of ``also``."""
    assert Calendar(OFFICE).open_at(at(text)) is is_open


def test_an_event_at_the_very_end_is_inside() -> None:
    """``to`` is exclusive for the hours, and an event of exactly that instant is inside."""
    office = Calendar(OFFICE)
    assert office.inside(at("2026-11-23 17:00"))
    assert not office.inside(at("2026-11-23 17:00") + 1)
    assert office.inside(at("2026-11-23 09:00"))
    assert not office.inside(at("2026-11-23 09:00") - 1)


def test_the_next_change_is_the_next_opening_or_shutting() -> None:
    """Also over a closed date; hours that touch are one."""
    office = Calendar(OFFICE)
    assert office.next_change(at("2026-11-23 08:00")) == at("2026-11-23 09:00")
    assert office.next_change(at("2026-11-23 09:00")) == at("2026-11-23 17:00")
    assert office.next_change(at("2026-11-23 17:00")) == at("2026-11-28 10:00")
    two = calendar(open=[{"days": ["mon"], "from": "09:00", "to": "12:00"},
                         {"days": ["mon"], "from": "12:00", "to": "15:00"}])
    assert two.next_change(at("2026-11-23 10:00")) == at("2026-11-23 15:00")


def test_to_not_after_from_runs_over_midnight_and_belongs_to_the_first_day() -> None:
    """Friday night ends on Saturday, closed Saturdays or not; a closed Friday has no night."""
    night = calendar(open=[{"days": ["fri"], "from": "22:00", "to": "06:00"}], **{"except": ["2026-11-28"]})
    assert night.open_at(at("2026-11-28 05:59"))
    assert not night.open_at(at("2026-11-28 06:00"))
    assert not night.open_at(at("2026-11-27 05:00"))
    closed = calendar(open=[{"days": ["fri"], "from": "22:00", "to": "06:00"}], **{"except": ["2026-11-27"]})
    assert not closed.open_at(at("2026-11-27 23:00"))
    assert not closed.open_at(at("2026-11-28 05:00"))
    day = calendar(also=[{"date": "2026-11-23", "from": "08:00", "to": "08:00"}])
    assert list(day.spans(0)) == [(at("2026-11-23 08:00"), at("2026-11-24 08:00"))]


def test_also_opens_a_date_that_except_closes() -> None:
    """A shorter day is written by both."""
    short = always("09:00", "17:00", **{"except": ["2026-12-24"],
                                        "also": [{"date": "2026-12-24", "from": "09:00", "to": "12:00"}]})
    assert short.open_at(at("2026-12-24 11:00"))
    assert not short.open_at(at("2026-12-24 13:00"))


def test_the_night_that_skips_an_hour() -> None:
    """On 2026-03-29 Kyiv's clocks go from 03:00 to 04:00: a night is an hour shorter, skipped hours are none."""
    night = always("22:00", "06:00")
    assert next(night.spans(at("2026-03-28 22:00"))) == (at("2026-03-28 22:00"), at("2026-03-28 22:00") + 7 * HOUR)
    change = at("2026-03-29 04:00")
    assert not always("03:00", "04:00").inside(change)
    assert always("03:30", "05:00").next_change(at("2026-03-29 02:00")) == change
    assert always("02:00", "03:30").next_change(at("2026-03-29 02:00")) == change


def test_the_night_that_repeats_an_hour() -> None:
    """On 2026-10-25 Kyiv's clocks go from 04:00 back to 03:00: a night is an hour longer, that hour counts twice."""
    night = always("22:00", "06:00")
    assert next(night.spans(at("2026-10-24 22:00"))) == (at("2026-10-24 22:00"), at("2026-10-24 22:00") + 9 * HOUR)
    assert next(always("03:00", "04:00").spans(at("2026-10-25 02:00"))) == (
        at("2026-10-25 03:00"), at("2026-10-25 03:00") + 2 * HOUR)
    assert next(always("02:00", "03:00").spans(at("2026-10-25 02:00")))[1] == at("2026-10-25 03:00")
    assert next(always("02:00", "03:30").spans(at("2026-10-25 02:00")))[1] == at("2026-10-25 03:30", fold=1)


def test_what_never_changes_again() -> None:
    """The search ends, however far the last date lies."""
    assert always("00:00", "24:00").next_change(at("2026-11-23 08:00")) is None
    assert always("06:00", "06:00").next_change(at("2026-11-23 08:00")) is None
    far = always("00:00", "24:00", **{"except": ["2126-01-01"]})
    assert far.next_change(at("2026-11-23 08:00")) == at("2126-01-01 00:00")
    assert far.next_change(at("2126-01-01 00:00")) == at("2126-01-02 00:00")
    once = calendar(also=[{"date": "2026-11-23", "from": "08:00", "to": "09:00"}])
    assert once.next_change(at("2026-11-23 09:00")) is None
    assert once.next_change(at("2020-01-01 00:00")) == at("2026-11-23 08:00")
    last = calendar(also=[{"date": "9999-12-31", "from": "08:00", "to": "07:00"}])
    assert list(last.spans(at("2026-11-23 08:00"))) == [(at("9999-12-31 08:00"), EVER)]


def test_time_that_counts_only_while_open() -> None:
    """Ten minutes before the end and ten after the next opening are twenty; the very end itself is not open."""
    office = Calendar(OFFICE)
    assert office.after(at("2026-11-23 16:50"), 20 * MINUTE) == at("2026-11-28 10:10")
    assert office.after(at("2026-11-23 16:50"), 10 * MINUTE) == at("2026-11-28 10:00")
    assert office.after(at("2026-11-23 08:00"), 0) == at("2026-11-23 09:00")
    once = calendar(also=[{"date": "2026-11-23", "from": "08:00", "to": "09:00"}])
    assert once.after(at("2026-11-23 08:30"), HOUR) is None


def test_an_operation_has_dated_hours_of_the_site() -> None:
    """``to`` is exclusive; a date alone there is inside as a whole day."""
    day = operation_hours({"hours": [{"from": "2026-09-01 08:00", "to": "2026-09-01 22:00"},
                                     {"from": "2026-09-02", "to": "2026-09-03"}]}, KYIV)
    assert list(day.spans(0)) == [(at("2026-09-01 08:00"), at("2026-09-01 22:00")),
                                  (at("2026-09-02 00:00"), at("2026-09-04 00:00"))]


def test_either_is_open_while_any_is() -> None:
    """Spans that overlap or touch are one."""
    both = Either([Fixed([(0, 10), (30, 40)]), Fixed([(10, 20), (35, 50)]), Fixed([])])
    assert list(both.spans(0)) == [(0, 20), (30, 50)]
    assert list(both.spans(20)) == [(30, 50)]


# Against a plain reading: the wall clock, minute by minute.

_CLOCKS = st.builds(lambda hour, quarter: f"{hour:02d}:{quarter * 15:02d}", st.integers(0, 23), st.integers(0, 3))
_SECTIONS = st.fixed_dictionaries({
    "days": st.lists(st.sampled_from(DAYS), min_size=1, max_size=7, unique=True), "from": _CLOCKS,
    "to": _CLOCKS | st.just("24:00")})
_NIGHTS = st.sampled_from([("Europe/Kyiv", date(2026, 3, 28)), ("Europe/Kyiv", date(2026, 10, 24)),
                           ("Europe/Kyiv", date(2026, 12, 24)), ("Asia/Beirut", date(2026, 3, 28)),
                           ("Australia/Lord_Howe", date(2026, 4, 4)), ("America/Santiago", date(2026, 9, 5))])


def walls(zone: ZoneInfo, first: date) -> list[tuple[int, datetime]]:
    """Every 15 minutes of six days, as (instant, what the wall clock shows)."""
    start = from_datetime(datetime(first.year, first.month, first.day, tzinfo=UTC)) - DAY
    return [(instant, to_datetime(instant).astimezone(zone).replace(tzinfo=None))
            for instant in range(start, start + 6 * DAY, 15 * MINUTE)]


def plainly_open(written: dict, shown: list[tuple[int, datetime]]) -> list[bool]:
    """Open from when the clock first shows ``from`` of a day until it last shows a time before ``to``."""
    found = [False] * len(shown)
    first = shown[0][1].date() - timedelta(days=2)
    for day in (first + timedelta(days=n) for n in range(12)):
        hours = [(one["from"], one["to"]) for one in written["open"] if DAYS[day.weekday()] in one["days"]]
        hours = [] if day.isoformat() in written["except"] else hours
        hours += [(one["from"], one["to"]) for one in written["also"] if one["date"] == day.isoformat()]
        for begin, end in hours:
            opens = datetime.fromisoformat(f"{day} {begin}")
            shuts = datetime.fromisoformat(f"{day} {end}") if end != "24:00" else \
                datetime.combine(day + timedelta(days=1), datetime.min.time())
            if shuts <= opens:
                shuts += timedelta(days=1)
            since = next((n for n, (_, wall) in enumerate(shown) if wall >= opens), len(shown))
            until = next((n for n in range(len(shown), 0, -1) if shown[n - 1][1] < shuts), 0)
            for n in range(since, until):
                found[n] = True
    return found


@settings(max_examples=120, deadline=None)
@given(night=_NIGHTS, sections=st.lists(_SECTIONS, max_size=3), closed=st.sets(st.integers(0, 3), max_size=2),
       also=st.lists(st.tuples(st.integers(0, 3), _CLOCKS, _CLOCKS), max_size=2), wait=st.integers(0, 200))
def test_a_calendar_is_what_the_wall_clock_says(night, sections, closed, also, wait) -> None:
    """Opening, shutting and counting agree with walking over the quarters of an hour, clock changes included."""
    name, first = night
    zone = ZoneInfo(name)
    days = [(first + timedelta(days=n)).isoformat() for n in range(4)]
    written = {"time_zone": name, "open": sections, "except": [days[n] for n in sorted(closed)],
               "also": [{"date": days[n], "from": begin, "to": end} for n, begin, end in also]}
    shown = walls(zone, first)
    inside = plainly_open(written, shown)
    it = Calendar(written)
    assert [it.open_at(instant) for instant, _ in shown] == inside
    changes = [shown[n][0] for n in range(1, len(shown)) if inside[n] != inside[n - 1]]
    assert [change for change in _changes(it, shown[0][0]) if change <= shown[-1][0]] == changes
    start = shown[0][0]
    ripe = it.after(start, wait * 15 * MINUTE)
    counted = [instant for n, (instant, _) in enumerate(shown) if inside[n] and sum(inside[:n]) >= wait]
    if counted:
        assert ripe == counted[0]
    else:
        assert ripe is None or ripe > shown[-1][0]


def _changes(it: Calendar, instant: int) -> list[int]:
    def following():
        now = instant
        while (change := it.next_change(now)) is not None:
            yield change
            now = change
    return list(islice(following(), 40))
