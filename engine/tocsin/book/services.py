"""``services:`` as Services."""

from typing import Any

from tocsin.book.addresses import ChatId
from tocsin.book.contacts import Service
from tocsin.book.node import Node
from tocsin.book.report import Report
from tocsin.book.scalars import Id, Name
from tocsin.book.shape import Field, Json, Many, Names, Record, Shape, Text, Word, named
from tocsin.domain.notification import CHANNELS

_CHANNEL = Record("a channel", {"content": Field(Word("full", "reference", "none", what="the content"), required=True)},
                  lambda values: values)
_RECORD: Record[dict[str, Any]] = Record("a service", {
    "name": Field(Text("a name", prose=True), required=True), "kind": Id("a kind of service"),
    "area": Field(Name("area", "areas/"), about="its jurisdiction"),
    "neighbours": Many(Name("service"), single=True),
    "schedule": Field(Name("schedule"), about="who is on duty"),
    "members": Field(Many(Name("person"), single=True), about="everybody"),
    "group_chat": ChatId(group=True),
    "channels": Names(_CHANNEL, what="the mapping channels:", key=Word(*CHANNELS, what="the channel")),
}, lambda values: values)


class ServiceShape(Shape[Service]):
    what = "a service"

    def read(self, node: Node, report: Report) -> Service:
        values = _RECORD.read(node, report)
        service = Service(id="", where=node.where, **values)
        if service.kind:
            report.know("service kind", service.kind, node.where)
        if not service.schedule and not service.members and not service.group_chat:
            self.refuse(node, report, f"{service.name} has nobody: give it schedule: (who is on duty) or members:")
        return service

    def schema(self) -> Json:
        return _RECORD.schema()


SERVICES: Names[Service] = Names(ServiceShape(), what="services: by their ids", declares="service",
                                 key=Id("the id of a service"), finish=named)
