"""rules/events: the shapes of declared event types, their fields and what lists add to them."""

import re
from collections.abc import Mapping as Map
from typing import Any

from tocsin.book.book import Table
from tocsin.book.catalogue import (
    FILLABLE,
    KINDS,
    NUMERIC,
    PLACE,
    Addition,
    EventType,
    FieldKind,
    plain_name,
)
from tocsin.book.compare import compare_of
from tocsin.book.fields import FieldName
from tocsin.book.lists import TIME_COLUMNS
from tocsin.book.matches import COMPARE, ListName, Number
from tocsin.book.node import Node, Scalar
from tocsin.book.report import Report
from tocsin.book.scalars import number_of
from tocsin.book.shape import Field, Json, Many, Names, Record, Shape, Text, Word
from tocsin.domain.errors import Location
from tocsin.domain.event import TOP_LEVEL

_TYPE = re.compile(r"[A-Za-z0-9_:/-]+(\.[A-Za-z0-9_:/-]+)*(\.\*)?")


class TypeName(Text):
    """A type, or ``alarm.*`` for all that begin so."""

    def __init__(self) -> None:
        super().__init__("an event type", limit=200)

    def read(self, node: Node, report: Report) -> str:
        name = super().read(node, report)
        if not _TYPE.fullmatch(name):
            self.refuse(node, report, f'"{name}" is no event type: words of A-Z a-z 0-9 _ : / - with dots between '
                        "them, and at most a .* at the end, as sensor.river or alarm.*")
        return name

    def schema(self) -> Json:
        return {"type": "string", "pattern": f"^{_TYPE.pattern}$"}


class _DeclaredField(Text):
    """The name of a field of ``data``."""

    def __init__(self) -> None:
        super().__init__("the name of a field", limit=200)

    def read(self, node: Node, report: Report) -> str:
        name = super().read(node, report)
        head = name.partition(".")[0]
        if head in TOP_LEVEL and not name.startswith("data."):
            self.refuse(node, report, f'"{head}" is a field of every event and needs no declaration; a key of data of '
                        f"that name is declared as data.{name}", report.replaced(node.where, name, f"data.{name}"))
        return plain_name(name)

    def schema(self) -> Json:
        return {"type": "string"}


def _kind(values: dict[str, Any]) -> FieldKind:
    plausible = values.get("plausible", {})
    if plausible and values["kind"] not in NUMERIC:
        raise ValueError(f"plausible: is a range of numbers, and a {values['kind']} is none: take it away, or write "
                         "kind: number")
    return FieldKind(values["kind"], values.get("unit", ""), plausible, values.get("about", ""))


def _range(values: dict[str, Any]) -> dict[str, Any]:
    if not values:
        raise ValueError("plausible: needs at least one bound, such as {at_least: 0, at_most: 12}")
    return compare_of(values)


_WORD = Word(*KINDS, what="the kind")
_FIELD: Record[FieldKind] = Record("a field", {
    "kind": Field(_WORD, required=True, about="what the field holds"),
    "unit": Field(Text("a unit", limit=20), about="the unit of its numbers; it may stand behind a number in a text"),
    "plausible": Field(Record("plausible:", {word: Field(Number()) for word in COMPARE}, _range),
                       about="readings beyond are set aside and reported"),
    "about": Field(Text("about:", prose=True), about="what the field says, for people"),
}, _kind)


class FieldShape(Shape[FieldKind]):
    """``{kind: number, …}``, or the kind alone."""

    what = "a kind, or {kind: number, unit: m, plausible: {at_least: 0, at_most: 12}}"

    def read(self, node: Node, report: Report) -> FieldKind:
        if isinstance(node, Scalar):
            return FieldKind(_WORD.read(node, report))
        return _FIELD.read(node, report)

    def schema(self) -> Json:
        return {"anyOf": [_WORD.schema(), _FIELD.schema()]}


class _From(ListName):
    """``lists/<name>``, the whole list."""

    def read(self, node: Node, report: Report) -> str:
        name = super().read(node, report)
        head, dot, column = name.partition(".")
        if dot:
            self.refuse(node, report, f"a whole row is added, not one column: write from: lists/{head}, and "
                        f"by: {column} if that is the column to look in", report.replaced(node.where, f"lists/{name}",
                                                                            f"lists/{head}"))
        return name


class _Addition(Shape[Addition]):
    what = "{from: lists/<name>, by: <field>}"
    record: Record[dict[str, Any]] = Record("add:", {
        "from": Field(_From(), required=True, about="the list whose columns become fields"),
        "by": Field(FieldName(), required=True, about="the field, and the column, by which the row is found"),
    }, lambda values: values)

    def read(self, node: Node, report: Report) -> Addition:
        values = self.record.read(node, report)
        by = node.get("by") if not isinstance(node, Scalar) and hasattr(node, "get") else None
        if by is not None and values["from"] in report.declared.get("list", {}):
            report.refer("column", f"{values['from']}.{values['by']}", by.where, values["by"])
        return Addition(values["from"], values["by"])

    def schema(self) -> Json:
        return self.record.schema()


def _type(values: dict[str, Any]) -> EventType:
    return EventType(fields=values.get("fields"), add=values.get("add", ()), about=values.get("about", ""))


EVENT_TYPE: Record[EventType] = Record("an event type", {
    "about": Field(Text("about:", prose=True), about="what such an event says, for people"),
    "fields": Field(Names(FieldShape(), what="a mapping of fields to kinds", key=_DeclaredField()),
                    about="every key of data that such an event has; left out: whatever is sent"),
    "add": Field(Many(_Addition(), single=True), about="fields added from lists where the source left them out"),
}, _type)


def _placed(value: EventType, _name: str, where: Location) -> EventType:
    return EventType(fields=value.fields, add=value.add, about=value.about, where=where)


EVENT_FILE: Record[dict[str, EventType]] = Record("a file of event types", {
    "events": Field(Names(EVENT_TYPE, what="a mapping of event types", declares="event type", key=TypeName(),
                          finish=_placed), required=True, about="the types by their names")},
    lambda values: dict(values["events"]))


def check_additions(events: Map[str, EventType], lists: Map[str, Table], report: Report) -> None:
    """Errors for columns that no list may give an event, and for a field by which nothing could be found."""
    for name, one in events.items():
        for addition in one.add:
            table = lists.get(addition.list)
            for column in table.columns if table is not None else ():
                head = column.partition(".")[0]
                if column != addition.by and head in TOP_LEVEL and column not in (*FILLABLE, *PLACE, *TIME_COLUMNS):
                    report.error(one.where, f"the list {addition.list} has the column {column}, which an event has of "
                                 f"its own: {name} cannot take it from there; give the column another name")
            _check_places(name, one, addition.list, table, report)
            by = plain_name(addition.by)
            if one.fields is not None and by not in one.fields and by.partition(".")[0] not in TOP_LEVEL:
                report.unknown(one.where, f"add: of {name} looks by a field that the type has not:", by,
                               [*one.fields, "site", "device"])


def _check_places(name: str, one: EventType, listed: str, table: Table | None, report: Report) -> None:
    """An error for a row whose location is none."""
    for number, row in enumerate(table.rows if table is not None else (), 1):
        if place_in(row) is None and any(row.get(column) for column in PLACE):
            report.error(one.where, f"row {number} of the list {listed}, from which {name} takes its location, has "
                         "none that can be: location.lat (−90 to 90) and location.lon (−180 to 180) are degrees, "
                         "location.accuracy_m metres")
            return


def place_in(row: Map[str, str]) -> tuple[float, float, float | None] | None:
    """Latitude, longitude and accuracy of a row; None when it has no location that can be."""
    numbers = [number_of(text.strip()) if (text := row.get(column, "")) else None for column in PLACE]
    lat, lon, accuracy = numbers
    if lat is None or lon is None or not -90 <= lat <= 90 or not -180 <= lon <= 180:
        return None
    if row.get(PLACE[2]) and (accuracy is None or accuracy < 0):
        return None
    return float(lat), float(lon), None if accuracy is None else float(accuracy)


def columns_added(one: EventType, lists: Map[str, Table]) -> tuple[str, ...]:
    """The names of the fields that lists give a type."""
    return tuple(dict.fromkeys(
        column for addition in one.add if (table := lists.get(addition.list)) is not None
        for column in table.columns if column not in (*TIME_COLUMNS, addition.by)))
