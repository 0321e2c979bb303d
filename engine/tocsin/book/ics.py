"""rules/calendars/*.ics: read, checked, and kept as text; open while an event of it lasts."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

from tocsin.book.report import Report, Unreadable
from tocsin.book.yaml import MAX_BYTES
from tocsin.domain.errors import Location

MOST_EVENTS = 2000
TIMES_A_DAY = 8
"""A recurrence has at most so many times of one day: each is made anew for every year that is looked at."""
YEARS = (1970, 2200)
_LINE = re.compile(r"([A-Za-z0-9-]+)[;:]")


class Lines:
    """The unfolded lines of a file with their places, for findings."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.lines: list[tuple[int, str]] = []
        for number, line in enumerate(text.splitlines(), 1):
            if line[:1] in (" ", "\t") and self.lines:
                self.lines[-1] = (self.lines[-1][0], self.lines[-1][1] + line[1:])
            elif line.strip():
                self.lines.append((number, line))
        self.events = [index for index, (_, line) in enumerate(self.lines) if line.strip().upper() == "BEGIN:VEVENT"]

    def where(self, event: int = -1, name: str = "") -> Location:
        """The place of a property of an event (counted from 0), else of the event, else of the file."""
        if event < 0 or event >= len(self.events):
            return Location(self.path, 1, 1)
        first = self.events[event]
        for number, line in self.lines[first:]:
            found = _LINE.match(line)
            if found is not None and found[1].upper() == name.upper():
                return Location(self.path, number, 1)
            if line.strip().upper() == "END:VEVENT":
                break
        return Location(self.path, self.lines[first][0], 1)

    def rules(self) -> Iterator[tuple[Location, dict[str, str]]]:
        """Every recurrence rule with its parts in capitals."""
        for number, line in self.lines:
            if line[:6].upper() in ("RRULE:", "RRULE;", "EXRULE"):
                parts = [part.partition("=") for part in line.partition(":")[2].upper().split(";")]
                yield Location(self.path, number, 1), {name.strip(): value for name, _, value in parts}


def read_ics(path: str, body: bytes, zone: str, report: Report) -> dict[str, Any]:
    """The calendar of one file, times without a zone in ``zone``. Raises Unreadable when there is a reason."""
    checked(path, body, report)
    return {"time_zone": zone, "ics": body.decode("utf-8-sig")}


def checked(path: str, body: bytes, report: Report) -> tuple[Any, Lines]:
    """The icalendar.Calendar of a file, every event of which can be worked out, and its lines. Raises Unreadable."""
    if len(body) > MAX_BYTES:
        raise _refused(report, Location(path), f"the calendar has {len(body)} bytes, more than {MAX_BYTES}: export "
                                               "less of it")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refused(report, Location(path, body.count(b"\n", 0, error.start) + 1, 1),
                       "this is not UTF-8: export the calendar in UTF-8") from None
    if "BEGIN:VCALENDAR" not in text.upper():
        raise _refused(report, Location(path, 1, 1), "this is not a calendar (iCalendar): it has no BEGIN:VCALENDAR")
    lines = Lines(path, text)
    if len(lines.events) > MOST_EVENTS:
        raise _refused(report, Location(path), f"the calendar has {len(lines.events)} events, more than {MOST_EVENTS}: "
                                               "export less of it")
    before = len(report.findings)
    _check_rules(lines, report)
    calendar = _check_events(text, lines, report) if len(report.findings) == before else None
    if calendar is None or any(finding.level == "error" for finding in report.findings[before:]):
        raise Unreadable
    return calendar, lines


def _refused(report: Report, where: Location, sentence: str) -> Unreadable:
    report.error(where, sentence)
    return Unreadable()


def _check_rules(lines: Lines, report: Report) -> None:
    """Only recurrences that can be made for a year in no time."""
    for where, parts in lines.rules():
        often = parts.get("FREQ", "")
        if often in ("SECONDLY", "MINUTELY", "HOURLY"):
            report.error(where, f"FREQ={often}: an event recurs daily at most; write several events, or hours in a "
                                ".yaml calendar")
        times = 1
        for name in ("BYHOUR", "BYMINUTE", "BYSECOND", "BYSETPOS"):
            times *= len(parts.get(name, "").split(","))
        if times > TIMES_A_DAY:
            report.error(where, f"this recurrence has {times} times of a day, more than {TIMES_A_DAY}: write the hours "
                                "in a .yaml calendar")


def _check_events(text: str, lines: Lines, report: Report) -> Any:
    """The calendar; None when it cannot be read."""
    # Read only where a calendar is: these libraries take as long to import as all the rest of a book to read.
    import icalendar
    import recurring_ical_events

    try:
        calendar = icalendar.Calendar.from_ical(text)
        events = calendar.walk("VEVENT")
    except (ValueError, IndexError, KeyError) as error:
        report.error(_named_in(str(error), lines), f"this is not a calendar (iCalendar, RFC 5545): {_short(error)}")
        return None
    if not events:
        report.error(Location(lines.path, 1, 1), "the calendar holds no event")
    sound = [_check_event(event, number, lines, report) for number, event in enumerate(events)]
    if not all(sound):
        return None
    first = min((_year(event.get("DTSTART").dt) for event in events), default=YEARS[0])
    try:
        begin, end = (datetime(year, 1, 1, tzinfo=UTC) for year in (first, first + 1))
        recurring_ical_events.of(calendar).between(begin, end)
    except Exception as error:  # noqa: BLE001 - the library raises what it meets: a wrong recurrence is the file's fault
        report.error(Location(lines.path, 1, 1), f"the recurrences of this calendar make no sense: {_short(error)}")
    return calendar


def _check_event(event: Any, number: int, lines: Lines, report: Report) -> bool:
    """Whether one event can be worked out; its faults are reported at their lines."""
    faults = [(str(name or ""), str(said)) for name, said in event.errors]
    for name, said in faults:
        report.error(lines.where(number, name), f"{name}: {_short(said)}" if name else _short(said))
    if faults:
        return False
    start, end = event.get("DTSTART"), event.get("DTEND")
    if start is None or isinstance(start, list):
        report.error(lines.where(number), "an event has one DTSTART, which says when it begins")
        return False
    for name, given in (("DTSTART", start), ("DTEND", end)):
        zone = given.params.get("TZID") if given is not None else None
        if zone and isinstance(given.dt, datetime) and given.dt.tzinfo is None:
            report.error(lines.where(number, name), f"{name}: the time zone {zone} is unknown, and the file does not "
                                                    "describe it (VTIMEZONE)")
            return False
    if not YEARS[0] <= _year(start.dt) <= YEARS[1]:
        report.error(lines.where(number, "DTSTART"), f"DTSTART: the year {_year(start.dt)} is not between {YEARS[0]} "
                                                     f"and {YEARS[1]}")
        return False
    return _check_length(event, number, lines, report)


def _check_length(event: Any, number: int, lines: Lines, report: Report) -> bool:
    start, end = event.get("DTSTART").dt, event.get("DTEND")
    place = lines.where(number, "DTEND" if end is not None else "DURATION" if event.get("DURATION") else "DTSTART")
    if end is not None and isinstance(end.dt, datetime) != isinstance(start, datetime):
        report.error(place, "DTEND: both ends of an event are days, or both are times")
        return False
    try:
        length = event.duration
    except (ValueError, TypeError) as error:
        report.error(place, _short(error))
        return False
    if length.total_seconds() < 0:
        report.error(place, "the event ends before it begins")
        return False
    if not length:
        report.warn(place, "the event has no length, so it counts for nothing: give it DTEND or DURATION")
    return True


def _year(moment: date) -> int:
    return moment.year


def _named_in(said: str, lines: Lines) -> Location:
    """The line that an error speaks of, else the first."""
    for number, line in lines.lines:
        if len(line) > 3 and line in said:
            return Location(lines.path, number, 1)
    return Location(lines.path, 1, 1)


def _short(said: object) -> str:
    line = " ".join(str(said).split())
    return line if len(line) <= 160 else line[:159] + "…"
