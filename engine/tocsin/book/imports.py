"""``import:`` of a schedule: the shifts in a calendar file, or all of a folder, given to the people whom they name."""

import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from tocsin.book.contacts import Import, Person, Schedule, Stretch
from tocsin.book.ics import Lines, checked
from tocsin.book.moments import is_missing, is_repeated
from tocsin.book.node import Mapping, Node
from tocsin.book.report import Report, Unreadable, nearest
from tocsin.book.scalars import Name
from tocsin.book.shape import Either, Field, Json, Many, Names, Record, Shape, Text
from tocsin.domain.errors import Location
from tocsin.domain.time import from_datetime
from tocsin.domain.wall import shown_at

FOLDER = "contacts"
_SEPARATORS = str.maketrans(dict.fromkeys(";/&+\n", ","))
_KEPT = ("UID", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID")
_RECURS = ("RRULE", "RDATE", "RECURRENCE-ID")


class _Place(Shape[str]):
    """A path below contacts/."""

    what = "a calendar file below contacts/, such as calendars/patrol.ics, or a folder of such"
    text = Text("a path")

    def read(self, node: Node, report: Report) -> str:
        path = self.text.read(node, report).rstrip("/")
        if path.startswith("/") or ".." in path.split("/") or "\\" in path or not path:
            self.refuse(node, report, f"import: is a path below {FOLDER}/, without .. in it; a folder elsewhere may be "
                                      "a link there")
        return path.removeprefix("./")

    def schema(self) -> Json:
        return {"type": "string", "examples": ["calendars/patrol.ics"]}


_IMPORT = Either("a calendar file, or {file: …, people: …, ignore: …}", scalar=_Place(), mapping=Record("an import", {
    "file": Field(_Place(), required=True, about="a file or folder below contacts/"),
    "people": Field(Names(Name("person")), about="whom a text of the calendar means"),
    "ignore": Field(Many(Text("a text of the calendar"), single=True), about="texts of it that are no person"),
}, lambda values: values))


class ImportShape(Shape[Import]):
    what = _IMPORT.what

    def read(self, node: Node, report: Report) -> Import:
        found = _IMPORT.read(node, report)
        if not isinstance(found, dict):
            return Import(found, where=node.where)
        where = node.get("file") if isinstance(node, Mapping) else None
        return Import(found["file"], found.get("people", {}), found.get("ignore", ()),
                      node.where if where is None else where.where)

    def schema(self) -> Json:
        return _IMPORT.schema()


def take_imports(schedules: dict[str, Schedule], people: dict[str, Person], files: Iterable[tuple[str, bytes]],
                 report: Report) -> dict[str, Schedule]:
    """The schedules with the shifts of the calendars that they import; ``files`` are all those below contacts/."""
    every, used = dict(files), set[str]()
    found: dict[str, Schedule] = {}
    for schedule in schedules.values():
        if schedule.import_ is None:
            found[schedule.id] = schedule
            continue
        root = f"{FOLDER}/{schedule.import_.file}"
        mine = [place for place in every if place == root or place.startswith(f"{root}/")]
        used.update(mine)
        if not mine:
            there = f"; there are {', '.join(sorted(every)[:10])}" if every else ""
            report.error(schedule.import_.where, f"there is no calendar file (.ics) {root}, nor one in a folder of "
                                                 f"that name{there}")
        reading = _Reading(schedule, schedule.import_, people, report)
        for place in mine:
            reading.file(place, every[place])
        found[schedule.id] = reading.taken()
    for place in every:
        if place not in used:
            report.warn(Location(place), "this calendar is imported by no schedule, so it puts nobody on duty")
    return found


class _Reading:
    """The calendars of one schedule. What recurs is kept as a calendar of its own, reduced to when and who."""

    def __init__(self, schedule: Schedule, import_: Import, people: dict[str, Person], report: Report) -> None:
        self._schedule, self._zone, self._report = schedule, ZoneInfo(schedule.time_zone), report
        self._known = _Known(people, import_)
        self._single: list[Stretch] = []
        self._series: list[Any] = []
        self._recurring: dict[str, None] = {}
        self._zones: dict[str, Any] = {}
        self._unknown: set[str] = set()

    def file(self, place: str, body: bytes) -> None:
        try:
            calendar, lines = checked(place, body, self._report)
        except Unreadable:
            return
        events = calendar.walk("VEVENT")
        series = {str(event.get("UID")) for event in events if any(name in event for name in _RECURS)}
        for number, event in enumerate(events):
            self._check_clock(event, number, lines)
            recurs = str(event.get("UID")) in series
            cancelled = str(event.get("STATUS", "")).upper() == "CANCELLED"
            who = () if cancelled else self._who(event, number, lines)
            if recurs:
                self._series.append(self._reduced(event, who, f"{place}#{event.get('UID')}"))
            elif who:
                begin, end = (instant(moment, self._zone) for moment in (event.start, event.end))
                if begin < end:
                    self._single.append(Stretch(begin, end, who))
        if series:
            self._zones.update({str(zone.get("TZID")): zone for zone in calendar.walk("VTIMEZONE")})

    def taken(self) -> Schedule:
        return replace(self._schedule, imported=tuple(sorted(
            self._single, key=lambda one: (one.begin, one.end, one.people))), recurring=self._text(),
            who_recurs=tuple(sorted(self._recurring)))

    def _text(self) -> str:
        if not self._series:
            return ""
        import icalendar

        calendar = icalendar.Calendar()
        calendar.add("version", "2.0")
        for _, zone in sorted(self._zones.items()):
            calendar.add_component(zone)
        for event in sorted(self._series, key=lambda event: bytes(event.to_ical())):
            calendar.add_component(event)
        return bytes(calendar.to_ical()).decode()

    def _reduced(self, event: Any, who: tuple[str, ...], uid: str) -> Any:
        import icalendar

        reduced = icalendar.Event()
        for name in _KEPT:
            if name in event:
                reduced[name] = event[name]
        reduced["UID"] = uid
        reduced.add("summary", " ".join(who))
        self._recurring.update(dict.fromkeys(who))
        return reduced

    def _who(self, event: Any, number: int, lines: Lines) -> tuple[str, ...]:
        """The people whom an event puts on duty; who is unknown is reported once."""
        name, said = _written(event, self._known)
        found: dict[str, None] = {}
        for text in said:
            people = self._known.find(text)
            found.update(dict.fromkeys(people or ()))
            if people is None and text not in self._unknown:
                self._unknown.add(text)
                self._report.error(lines.where(number, name), self._known.unknown(text, self._schedule.id))
        if not said:
            self._report.error(lines.where(number), "this shift names nobody: its SUMMARY is to be a person of the "
                                                    "contacts, or an ATTENDEE their e-mail")
        return tuple(found)

    def _check_clock(self, event: Any, number: int, lines: Lines) -> None:
        """Times on a clock that it skips that night are refused, those that it shows twice stated."""
        for name in ("DTSTART", "DTEND"):
            moment = event[name].dt if name in event else None
            if not isinstance(moment, datetime):
                continue
            key = getattr(moment.tzinfo or self._zone, "key", "")
            text = moment.replace(tzinfo=None).isoformat(" ", "minutes")
            if key and is_missing(text, key):
                self._report.error(lines.where(number, name), f"{text} does not exist in {key}: the clocks are set "
                                                              "forward over it that night")
            elif key and is_repeated(text, key):
                self._report.warn(lines.where(number, name), f"{text} comes twice in {key} that night: the first is "
                                                             "taken")


def instant(moment: date, zone: ZoneInfo) -> int:
    """The instant of a moment in a calendar; one without a zone, and a day, are local in ``zone``."""
    if not isinstance(moment, datetime):
        return shown_at(datetime.fromordinal(moment.toordinal()), zone)
    if moment.tzinfo is None or isinstance(moment.tzinfo, ZoneInfo):
        return shown_at(moment.replace(tzinfo=None), moment.tzinfo or zone)
    return from_datetime(moment)


class _Known:
    """Whom the texts of a calendar mean."""

    def __init__(self, people: dict[str, Person], import_: Import) -> None:
        self.names: dict[str, list[str]] = {}
        for person in people.values():
            for text in (person.id, person.name):
                self.names.setdefault(folded(text), []).append(person.id)
        self.mails = {person.addresses["email"].casefold(): person.id for person in people.values()
                      if "email" in person.addresses}
        self.given: dict[str, tuple[str, ...]] = {folded(text): (person,) for text, person in import_.people.items()}
        self.given |= {folded(text): () for text in import_.ignore}
        self._shown = {person.name: person.id for person in people.values()}

    def find(self, text: str) -> tuple[str, ...] | None:
        """The person, () for what is to be ignored, None for nobody known or one of several."""
        for part in (folded(text), folded(text.rpartition(":")[2])):
            if part in self.given:
                return self.given[part]
            if part in self.mails:
                return (self.mails[part],)
            if len(set(self.names.get(part, ()))) == 1:
                return (self.names[part][0],)
        return None

    def unknown(self, text: str, schedule: str) -> str:
        several = sorted(set(self.names.get(folded(text), ())))
        near = nearest(text, self._shown)
        said = (f'"{text}" may be {" or ".join(several)}' if several else f'"{text}" is nobody in the contacts'
                + (f', did you mean "{near}"?' if near else ""))
        return (f'{said}: write beside import: of the schedule "{schedule}" whom it means (people: {{"{text}": '
                f'{self._shown.get(near, "the id of the person")}}}) or that it is no person (ignore: ["{text}"])')


def _written(event: Any, known: _Known) -> tuple[str, list[str]]:
    """The property that names the people of an event, and what it says of each: guests, else the title."""
    guests = list(_guests(event))
    if any(known.find(guest) is not None for guest in guests):
        return "ATTENDEE", guests
    title = " ".join(str(event.get("SUMMARY", "")).split())
    if title and known.find(title) is not None:
        return "SUMMARY", [title]
    return "SUMMARY", [part.strip() for part in title.translate(_SEPARATORS).split(",") if part.strip()]


def _guests(event: Any) -> Iterator[str]:
    listed = event.get("ATTENDEE", [])
    for guest in listed if isinstance(listed, list) else [listed]:
        kind, answer = (str(guest.params.get(name, "")).upper() for name in ("CUTYPE", "PARTSTAT"))
        if kind not in ("ROOM", "RESOURCE") and answer != "DECLINED":
            yield str(guest).removeprefix("mailto:").removeprefix("MAILTO:").strip()


def folded(text: str) -> str:
    """A name as it is compared: without regard to case, spaces and the way its letters are put together."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())
