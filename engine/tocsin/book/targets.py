"""Whom to ask and by what: targets (``{on_call: shift-heads}``) and channel groups (``[telegram + sms, email]``)."""

from typing import Any

from tocsin.book.contacts import Target
from tocsin.book.node import Mapping, Node, Scalar, Sequence
from tocsin.book.report import Report, Unreadable, nearest
from tocsin.book.scalars import Flag, Name
from tocsin.book.shape import Json, Many, Record, Shape, Text
from tocsin.domain.notification import CHANNELS

TARGET_KINDS = ("person", "service", "on_call", "area_service", "skill", "commander")


class _Commander(Shape[str]):
    """The word ``commander`` needs no name; true is allowed for symmetry."""

    what = "true"

    def read(self, node: Node, report: Report) -> str:
        if self.scalar(node, report).text != "true":
            self.refuse(node, report, "the commander has no name here: write {commander: true}")
        return ""

    def schema(self) -> Json:
        return {"const": True}


def _target(values: dict[str, Any]) -> Target:
    kind = next(kind for kind in TARGET_KINDS if kind in values)
    if "neighbours" in values and kind != "area_service":
        raise ValueError("neighbours: belongs to area_service only")
    return Target(kind, values[kind], values.get("neighbours", False))


class OneTarget(Shape[Target]):
    what = "a target such as {person: olena}"
    record = Record("a target", {
        "person": Name("person"), "service": Name("service"), "on_call": Name("schedule"),
        "area_service": Name("service kind"), "neighbours": Flag(), "skill": Name("skill"),
        "commander": _Commander(),
    }, _target, one_of=TARGET_KINDS)

    def read(self, node: Node, report: Report) -> Target:
        if isinstance(node, Scalar) and node.text == "commander":
            return Target("commander", "")
        if not isinstance(node, Mapping):
            example = f"{{person: {node.shown}}}" if isinstance(node, Scalar) and node.text else "{person: olena}"
            self.refuse(node, report, f"say what kind of target this is: {example}, {{service: …}} or {{on_call: …}}",
                        report.replaced(node.where, node.shown, example) if isinstance(node, Scalar) else "")
        return self.record.read(node, report)

    def schema(self) -> Json:
        return {"anyOf": [{"const": "commander"}, self.record.schema()]}


class ChannelGroups(Shape[tuple[tuple[str, ...], ...]]):
    """Channels in turn (a list), at once (``+``); a single group may stand alone."""

    what = "channels such as [telegram + sms, email]"

    def read(self, node: Node, report: Report) -> tuple[tuple[str, ...], ...]:
        if isinstance(node, Mapping):
            self.refuse(node, report)
        groups, bad = [], False
        for part in node.items if isinstance(node, Sequence) else (node,):
            try:
                groups.append(self._group(part, report))
            except Unreadable:
                bad = True
        if bad:
            raise Unreadable
        if not groups:
            self.refuse(node, report, "the list of channels is empty: leave the key out to keep the person's own")
        return tuple(groups)

    def _group(self, node: Node, report: Report) -> tuple[str, ...]:
        scalar = self.scalar(node, report)
        words = tuple(word.strip() for word in scalar.text.split("+"))
        bad = False
        for word in words:
            if word not in CHANNELS:
                offset = scalar.shown.find(word) if word else 0
                line = report.line(node.where)
                known = ", ".join(CHANNELS)
                near = nearest(word, CHANNELS)
                repaired = report.replaced(node.where, scalar.shown, scalar.shown[:offset] + near
                                           + scalar.shown[offset + len(word):]) if near and line else ""
                report.error(node.where, f'the channel "{word}" is unknown: '
                             + (f'did you mean "{near}"?' if near else f"known are {known}"), repaired)
                bad = True
        if len(set(words)) < len(words):
            report.error(node.where, f'"{scalar.shown}" names a channel twice')
            bad = True
        if bad:
            raise Unreadable
        return words

    def schema(self) -> Json:
        one = {"type": "string", "examples": ["telegram", "telegram + sms"]}
        return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}


TARGETS = Many(OneTarget(), single=True, least=1)
CHANNEL_GROUPS = ChannelGroups()
PROSE = Text("a text", prose=True)
