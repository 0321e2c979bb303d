"""``services:`` as Services."""

from typing import Any

from tocsin.book.addresses import ChatId
from tocsin.book.contacts import Service
from tocsin.book.node import Mapping, Node, Scalar
from tocsin.book.report import Report
from tocsin.book.restrictions import CONTENTS, NONE
from tocsin.book.scalars import Id, Name
from tocsin.book.severities import SEVERITY
from tocsin.book.shape import Field, Json, Many, Names, Record, Shape, Text, Word, named
from tocsin.domain.notification import CHANNELS

_WORD = Word(*CONTENTS, "forbidden", what="the content")


class ContentShape(Shape[str | dict[str, str]]):
    """``reference``, or by severity; ``forbidden`` is another word for none."""

    what = "full, reference or none, or by severity: {critical: full, low: reference}"
    by_severity = Names(_WORD, key=SEVERITY)

    def read(self, node: Node, report: Report) -> str | dict[str, str]:
        if not isinstance(node, Mapping):
            return _plain(_WORD.read(node, report))
        found = {severity: _plain(word) for severity, word in self.by_severity.read(node, report).items()}
        if "critical" not in found:
            self.refuse(node, report, "content: by severity must say what holds for critical, as in {critical: full, "
                        "low: reference}: a severity that is not listed takes the nearest listed above")
        return found

    def schema(self) -> Json:
        return {"anyOf": [_WORD.schema(), {**self.by_severity.schema(), "required": ["critical"]}]}


class ChannelShape(Shape[dict[str, Any]]):
    """``{content: reference}``, or the word alone."""

    what = "what the channel may carry, as {content: reference}"
    record: Record[dict[str, Any]] = Record("a channel", {"content": Field(ContentShape(), required=True)},
                                            lambda values: values)

    def read(self, node: Node, report: Report) -> dict[str, Any]:
        if isinstance(node, Scalar):
            return {"content": _plain(_WORD.read(node, report))}
        if not isinstance(node, Mapping):
            self.refuse(node, report)
        return self.record.read(node, report)

    def schema(self) -> Json:
        return {"anyOf": [_WORD.schema(), self.record.schema()]}


def _plain(word: str) -> str:
    return NONE if word == "forbidden" else word


_RECORD: Record[dict[str, Any]] = Record("a service", {
    "name": Field(Text("a name", prose=True), required=True), "kind": Id("a kind of service"),
    "area": Field(Name("area", "areas/"), about="its jurisdiction"),
    "neighbours": Many(Name("service"), single=True),
    "schedule": Field(Name("schedule"), about="who is on duty"),
    "members": Field(Many(Name("person"), single=True), about="everybody"),
    "group_chat": ChatId(group=True),
    "channels": Names(ChannelShape(), what="the mapping channels:", key=Word(*CHANNELS, what="the channel")),
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
