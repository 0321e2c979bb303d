"""The catalogue at work: an event as its source sent it becomes the event that rules are asked about."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from tocsin.book.book import Content, Table
from tocsin.book.catalogue import FILLABLE, PLACE, Addition, EventType, EventTypes, FieldKind, plain_name
from tocsin.book.event_types import place_in
from tocsin.domain.event import Event, Place, Sent, as_sent, lookup
from tocsin.rules.kinds import Reading, plausible, reading_of
from tocsin.rules.lists import VALIDITY, span_of
from tocsin.rules.places import AreaIndex
from tocsin.rules.text import key_text

Row = tuple[int, int, dict[str, str], Place | None]
Rows = dict[str, list[Row]]
Convert = Callable[[Event], Event]


class _Field(Struct, frozen=True):
    name: str
    kind: FieldKind
    read: Reading
    fits: Callable[[Any], bool] | None


class _Added(Struct, frozen=True):
    """The rows of a list by the texts of its column ``by``, each with the instants between which it is there."""

    by: str
    rows: Rows


class Catalogue:
    """What the declared types make of events; an event of another type stays as it is.

    Values are read as their kind, those that are not plausible become missing, fields that the source left out come
    from lists. What was sent is kept in ``sent``. Pure, and the same for an event that went through it before.
    """

    def __init__(self, content: Content) -> None:
        self._types = EventTypes(content.events)
        zone = ZoneInfo(content.site.time_zone)
        placed = any(PLACE[0] in content.lists[each.list].columns for one in content.events.values()
                     for each in one.add if each.list in content.lists)
        areas = AreaIndex(content.areas.values() if placed else ())
        self._plans = {id(one): _Plan(one, content.lists, zone, areas) for one in self._types.meant(None)}

    def convert(self, event: Event) -> Event:
        """The event as rules see it."""
        event = as_sent(event)
        one = self._types.of(event.type) if self._plans else None
        return event if one is None else self._plans[id(one)].used(event)

    def doubts(self, event: Event) -> tuple[str, ...]:
        """A sentence for each value of a converted event that was set aside."""
        sent, one = event.sent, self._types.of(event.type)
        if sent is None or not sent.aside:
            return ()
        who = event.device or event.site or event.source
        kinds = one.fields or {} if one is not None else {}
        return tuple(f"{event.type} {name}, {who}: {_shown(lookup(as_sent(event), name))} cannot be"
                     f"{_range(kinds.get(name))}, the value is set aside" for name in sent.aside)


def unchanged(event: Event) -> Event:
    """What a catalogue without types makes of an event."""
    return as_sent(event)


class _Plan:
    """What is done with the events of one declared type."""

    def __init__(self, one: EventType, lists: dict[str, Table], zone: ZoneInfo, areas: AreaIndex) -> None:
        self._areas = areas
        self._fields = tuple(_Field(name, kind, reading_of(kind), plausible(kind) if kind.plausible else None)
                             for name, kind in (one.fields or {}).items())
        self._by_name = {field.name: field for field in self._fields}
        self._add = tuple(_Added(each.by, self._rows(each, lists[each.list], zone))
                          for each in one.add if each.list in lists)

    def _rows(self, addition: Addition, table: Table, zone: ZoneInfo) -> Rows:
        found: Rows = {}
        known = self._by_name.get(plain_name(addition.by))
        for row in table.rows:
            text = row.get(addition.by, "")
            for key in key_text(known.read(text) if known is not None else text):
                rest = {name: value for name, value in row.items() if name not in (addition.by, *PLACE, *VALIDITY)}
                place = place_in(row)
                found.setdefault(key, []).append((*span_of(row, zone), rest, place and Place(*place)))
        return found

    def used(self, event: Event) -> Event:
        change = _Change(event)
        for field in self._fields:
            change.read(field)
        for added in self._add:
            at = event.time
            for key in key_text(lookup(change.event, added.by)):
                row = next((row for row in added.rows.get(key, ()) if row[0] <= at <= row[1]), None)
                if row is None:
                    continue
                for name, text in row[2].items():
                    change.add(name, text, self._by_name.get(plain_name(name)))
                if row[3] is not None:
                    change.put(row[3], self._areas)
        return change.done()


class _Change:
    """One event on its way; nothing is copied before something changes."""

    def __init__(self, event: Event) -> None:
        self.event, self._sent = event, event
        self._before: dict[str, Any] = {}
        self._added: list[str] = []
        self._filled: list[str] = []
        self._aside: list[str] = []

    def read(self, field: _Field) -> None:
        path = field.name.removeprefix("data.")
        value = _dig(self.event.data, path)
        if value is None:
            return
        used = self._plausible(field, field.read(value))
        if used is not value and repr(used) != repr(value):
            self._put(path, used)

    def add(self, name: str, text: str, field: _Field | None) -> None:
        if name in FILLABLE:
            if getattr(self.event, name) is None:
                self._filled.append(name)
                own: dict[str, Any] = {name: text}
                self.event = replace(self.event, **own)
            return
        path = name.removeprefix("data.")
        if _dig(self.event.data, path) is None:
            self._put(path, text if field is None else self._plausible(field, field.read(text)), whole=True)

    def put(self, place: Place, areas: AreaIndex) -> None:
        """Where the event happened, unless the source said so."""
        if self.event.location is None:
            self._filled.append("location")
            self.event = replace(self.event, location=place,
                                 areas=areas.names(place.lat, place.lon, place.accuracy_m))

    def done(self) -> Event:
        if not (self._before or self._added or self._filled):
            return self._sent
        return replace(self.event, sent=Sent(self._before, tuple(self._added), tuple(self._filled),
                                             tuple(self._aside)))

    def _plausible(self, field: _Field, used: Any) -> Any:
        if field.fits is None:
            return used
        if isinstance(used, list):
            left = [one for one in used if field.fits(one)]
            if len(left) < len(used):
                self._aside.append(field.name)
            return left
        if field.fits(used):
            return used
        self._aside.append(field.name)
        return None

    def _put(self, path: str, value: Any, *, whole: bool = False) -> None:
        data = self.event.data
        key = path if whole or path in data else path.partition(".")[0]
        if key in self._sent.data:
            self._before.setdefault(key, self._sent.data[key])
        elif key not in self._added:
            self._added.append(key)
        changed = value if key == path else _set(data[key], path[len(key) + 1:], value)
        self.event = replace(self.event, data={**data, key: changed})


def _dig(data: dict[str, Any], path: str) -> Any:
    found: Any = data
    while isinstance(found, dict):
        if path in found:
            return found[path]
        head, dot, path = path.partition(".")
        if not dot:
            return None
        found = found.get(head)
    return None


def _set(value: Any, path: str, new: Any) -> Any:
    """A copy of nested mappings with one value replaced."""
    if path in value:
        return {**value, path: new}
    head, _, rest = path.partition(".")
    return {**value, head: _set(value[head], rest, new)}


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else text[:39] + "…"


def _range(kind: FieldKind | None) -> str:
    if kind is None or not kind.plausible:
        return ""
    words = ", ".join(f"{word.replace('_', ' ')} {limit}" for word, limit in kind.plausible.items())
    return f" ({words}{' ' + kind.unit if kind.unit else ''})"
