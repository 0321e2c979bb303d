"""rules/calendars: opening hours, and operations."""

from typing import Any

from tocsin.book.moments import Clock, Moment, is_after
from tocsin.book.node import Node, Scalar
from tocsin.book.report import Report
from tocsin.book.scalars import Id, Name, TimeZone
from tocsin.book.shape import Either, Field, Json, Many, Record, Shape, Text, Word
from tocsin.book.targets import OneTarget

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS = {"from": Field(Clock(), required=True), "to": Field(Clock(end=True), required=True)}


def _calendar(values: dict[str, Any]) -> dict[str, Any]:
    if not values.get("open") and not values.get("also"):
        raise ValueError("the calendar is never open: give it open: or also:")
    return {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}


CALENDAR: Record[dict[str, Any]] = Record("a calendar", {
    "time_zone": Field(TimeZone(), about="the site's zone when left out"),
    "open": Field(Many(Record("opening hours", {
        "days": Field(Many(Word(*DAYS, what="the day"), single=True, least=1), required=True), **_HOURS,
    }, lambda values: {**values, "days": list(values["days"])}), single=True),
        about="to is exclusive; to before from runs over midnight and belongs to the first day"),
    "except": Field(Many(Moment(date_only=True), single=True), about="closed on these dates"),
    "also": Field(Many(Record("opening hours of one date", {
        "date": Field(Moment(date_only=True), required=True), **_HOURS,
    }, lambda values: values), single=True), about="open on these dates besides"),
}, _calendar)


def _hours(values: dict[str, Any]) -> dict[str, Any]:
    if not is_after(values["from"], values["to"]):
        raise ValueError(f"the operation ends ({values['to']}) before it begins ({values['from']})")
    return values


class _Commander(Shape[dict[str, str]]):
    """A person's id, ``{person: x}`` or ``{on_call: x}``."""

    what = "a person, or {on_call: schedule}"
    target = OneTarget()
    person = Name("person")

    def read(self, node: Node, report: Report) -> dict[str, str]:
        if isinstance(node, Scalar):
            return {"person": self.person.read(node, report)}
        target = self.target.read(node, report)
        if target.kind not in ("person", "on_call"):
            self.refuse(node, report)
        return {target.kind: target.name}

    def schema(self) -> Json:
        return {"anyOf": [self.person.schema(), self.target.schema()]}


class _OperationId(Id):
    def read(self, node: Node, report: Report) -> str:
        name = super().read(node, report)
        report.declare("operation", name, node.where)
        return name


_OPERATION: Record[dict[str, Any]] = Record("an operation", {
    "operation": Field(_OperationId("the name of an operation"), required=True), "say": Text("a text", prose=True),
    "hours": Field(Many(Record("hours", {"from": Field(Moment(), required=True), "to": Field(Moment(), required=True)},
                               _hours), single=True, least=1), required=True),
    "area": Field(Name("area", "areas/")), "commander": _Commander(),
}, lambda values: {**values, "hours": list(values["hours"])})
OPERATIONS: Shape[Any] = Either("a list of operations", sequence=Many(_OPERATION), mapping=Record(
    "the file", {"operations": Field(Many(_OPERATION, single=True), required=True)},
    lambda values: values["operations"]))
