"""``schedules:`` as Schedules; times in the missing hour of a clock change are refused, repeated ones stated."""

from typing import Any

from tocsin.book.contacts import Override, Rotation, Schedule
from tocsin.book.imports import ImportShape
from tocsin.book.moments import Moment, check_clocks, local
from tocsin.book.node import Node
from tocsin.book.report import Report, Unreadable
from tocsin.book.scalars import Duration, Id, Name, TimeZone
from tocsin.book.shape import Field, Json, Many, Names, Record, Shape, named
from tocsin.domain.time import MINUTE


def _rotation(values: dict[str, Any]) -> Rotation:
    if "to" in values and local(values["to"]) <= local(values["from"]):
        raise ValueError(f"this rotation ends ({values['to']}) before it begins ({values['from']})")
    if values["turn"] < MINUTE:
        raise ValueError("turn: is a minute or more: how long each is on duty, such as 12 h")
    return Rotation(values["people"], values["turn"], values["from"], values.get("to", ""))


def _override(values: dict[str, Any]) -> Override:
    if local(values["to"]) <= local(values["from"]):
        raise ValueError(f"this override ends ({values['to']}) before it begins ({values['from']})")
    return Override(values["person"], values["from"], values["to"], values.get("instead_of", ""))


ROTATION: Record[Rotation] = Record("a rotation", {
    "people": Field(Many(Name("person"), single=True, least=1), required=True),
    "turn": Field(Duration(), required=True, about="how long each is on duty, in wall-clock time"),
    "from": Field(Moment(), required=True, about="when the first turn of the first person begins"),
    "to": Field(Moment(), about="when the rotation ends"),
}, _rotation)
OVERRIDE: Record[Override] = Record("an override", {
    "person": Field(Name("person"), required=True), "from": Field(Moment(), required=True),
    "to": Field(Moment(), required=True), "instead_of": Name("person"),
}, _override)
_RECORD: Record[dict[str, Any]] = Record("a schedule", {
    "time_zone": Field(TimeZone(), about="the site's zone when left out"),
    "rotations": Many(ROTATION, single=True), "overrides": Many(OVERRIDE, single=True),
    "import": Field(ImportShape(), about="shifts from a calendar file below contacts/, or all of a folder"),
}, lambda values: values)


class ScheduleShape(Shape[Schedule]):
    """A schedule; ``site_zone`` is the time zone of one that names none."""

    what = "a schedule"

    def __init__(self, site_zone: str = "UTC") -> None:
        self.site_zone = site_zone

    def read(self, node: Node, report: Report) -> Schedule:
        values = _RECORD.read(node, report)
        schedule = Schedule(id="", time_zone=values.get("time_zone", self.site_zone), where=node.where,
                            rotations=values.get("rotations", ()), overrides=values.get("overrides", ()),
                            import_=values.get("import"))
        if not schedule.rotations and not schedule.overrides and schedule.import_ is None:
            self.refuse(node, report, "the schedule has nobody: give it rotations: or import:")
        if not check_clocks(node, schedule.time_zone, report):
            raise Unreadable
        return schedule

    def schema(self) -> Json:
        return _RECORD.schema()


def schedules(site_zone: str) -> Names[Schedule]:
    """The shape of ``schedules:`` at a site."""
    return Names(ScheduleShape(site_zone), what="schedules: by their ids", declares="schedule",
                 key=Id("the id of a schedule"), finish=named)
