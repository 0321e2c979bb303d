"""Tests beside a rule: what comes in, and what is expected to become of it."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from tocsin.book.node import Mapping, Node, Scalar, Sequence
from tocsin.book.report import Report, Unreadable
from tocsin.book.rule import RuleTest
from tocsin.book.scalars import Name, Whole, plain_value, value_of
from tocsin.book.severities import SEVERITY
from tocsin.book.shape import Field, Json, Many, Names, Record, Shape, Text
from tocsin.domain.time import parse_duration, parse_instant

_OFFSET = re.compile(r"\+\s*(.+)")


class Offset(Shape[int]):
    """``+25m``: microseconds after the start of the test."""

    what = "a time since the start of the test, such as +0s or +25m"

    def read(self, node: Node, report: Report) -> int:
        scalar = self.scalar(node, report)
        found = _OFFSET.fullmatch(scalar.text)
        try:
            return parse_duration(found[1] if found else "")
        except (ValueError, OverflowError):
            repaired = report.replaced(node.where, scalar.shown, f"+{scalar.shown}") if found is None else ""
            self.refuse(node, report, repaired=repaired)

    def schema(self) -> Json:
        return {"type": "string", "pattern": r"^\+"}


OFFSET = Offset()
_Timed = tuple[int, dict[str, Any]]


class TestEvents(Shape[tuple[_Timed, ...]]):
    """``[{+0s: {type: …}}, …]`` in the order of their arrival."""

    what = "a list of events such as [{+0s: {type: alarm.panic}}]"
    __test__ = False

    def read(self, node: Node, report: Report) -> tuple[_Timed, ...]:
        if not isinstance(node, Sequence):
            self.refuse(node, report)
        found: list[_Timed] = []
        bad = False
        for part in node.items:
            if not isinstance(part, Mapping):
                report.error(part.where, "an event of a test stands behind its time: {+0s: {type: …}}")
                bad = True
                continue
            for key, body in part.entries:
                try:
                    found.append((OFFSET.read(key, report), self._event(body, report)))
                except Unreadable:
                    bad = True
                    continue
                if len(found) > 1 and found[-1][0] < found[-2][0]:
                    report.error(key.where, f"{key.text} comes after a later time: list the events as they arrive (a "
                                 "late one as {+30s: {time: +0s, …}})")
                    bad = True
        if bad:
            raise Unreadable
        return tuple(found)

    def _event(self, node: Node, report: Report) -> dict[str, Any]:
        if not isinstance(node, Mapping):
            self.refuse(node, report, "an event is a mapping: {+0s: {type: alarm.panic, site: school-12}}")
        bad = False
        if node.get("type") is None:
            report.error(node.where, "an event needs type:")
            bad = True
        for key, part in node.entries:
            if key.text == "time":
                bad |= not self._is_time(part, report)
        if bad:
            raise Unreadable
        return {key.text: part.text if isinstance(part, Scalar) and key.text in ("id", "type", "site", "device", "time")
                else value_of(part) for key, part in node.entries}

    def _is_time(self, node: Node, report: Report) -> bool:
        try:
            if isinstance(node, Scalar) and not node.text.startswith("+"):
                parse_instant(node.text)
            else:
                OFFSET.read(node, report)
        except ValueError:
            report.error(node.where, "time: is +0s (since the start of the test) or 2026-11-22T21:15:03Z")
            return False
        except Unreadable:
            return False
        return True

    def schema(self) -> Json:
        event = {"type": "object", "required": ["type"]}
        return {"type": "array", "minItems": 1,
                "items": {"type": "object", "patternProperties": {r"^\+": event}, "additionalProperties": False}}


class Notified(Text):
    """``olena``, ``on-call police-patrol`` or ``service duty-office``."""

    kinds = {"on-call": "schedule", "service": "service", "person": "person"}

    def read(self, node: Node, report: Report) -> str:
        text = " ".join(super().read(node, report).split())
        head, _, name = text.partition(" ")
        if name:
            if head not in self.kinds:
                report.unknown(node.where, "the responder", head, self.kinds)
                raise Unreadable
            return f"{head} {report.refer(self.kinds[head], name, node.where, name)}"
        report.refer("person", text, node.where, text)
        return text


class _KeyValue(Shape[Any]):
    """A typed scalar of a partial incident key."""

    what = "a value"

    def read(self, node: Node, report: Report) -> Any:
        if not isinstance(node, Scalar):
            self.refuse(node, report)
        return plain_value(node)

    def schema(self) -> Json:
        return {"type": ["string", "number", "boolean", "null"]}


class _Cleared(Offset):
    """An offset, or ``false`` for an incident that is still active at the end."""

    def read(self, node: Node, report: Report) -> Any:
        if isinstance(node, Scalar) and node.plain and node.text == "false":
            return False
        return super().read(node, report)

    def schema(self) -> Json:
        return {"anyOf": [super().schema(), {"const": False}]}


EXPECTATION: Record[dict[str, Any]] = Record("an expectation", {
    "rule": Field(Name("rule"), about="the rule that opened the incident; this rule when left out"),
    "incident": Field(Names(_KeyValue(), what="the incident's key, such as {site: school-12}"),
                      about="these fields of the incident's key"),
    "severity": Field(SEVERITY, about="the highest severity"),
    "at": Field(OFFSET, about="when it first fired"),
    "cleared": Field(_Cleared(), about="when it last cleared; false: still active at the end"),
    "events": Field(Whole(), about="how many events it rests on"),
    "activations": Field(Whole(1), about="how often it became active"),
    "notified": Field(Many(Notified("a responder"), single=True), about="everybody notified, and nobody else"),
    "suppressed": Field(Many(Text("a reason"), single=True), about="the reasons why nothing was sent"),
    "count": Field(Whole(), about="how many incidents fit this line; 1 when left out"),
    "say": Field(Text("a text"), about="the text as shown"),
}, lambda values: {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()})


class _Expect(Shape[tuple[dict[str, Any], ...] | None]):
    what = "nothing, or a list of expected incidents"
    lines: Shape[tuple[dict[str, Any], ...]] = Many(EXPECTATION, single=True, least=1)

    def read(self, node: Node, report: Report) -> tuple[dict[str, Any], ...] | None:
        if isinstance(node, Scalar) and node.text == "nothing":
            return None
        if isinstance(node, Scalar):
            self.refuse(node, report)
        return self.lines.read(node, report)

    def schema(self) -> Json:
        return {"anyOf": [{"const": "nothing"}, self.lines.schema()]}


class _Starts(Text):
    def read(self, node: Node, report: Report) -> str:
        text = super().read(node, report)
        try:
            datetime.fromisoformat(text)
        except ValueError:
            self.refuse(node, report, f'"{text}" is no date and time: write "2026-11-23 10:00" or '
                        '"2026-11-23T08:00:00Z"')
        return text


def _test(values: dict[str, Any]) -> Callable[..., RuleTest]:
    if not values["events"] and values["expect"] is None:
        raise ValueError("the test has no events and expects nothing, which is always so: add events")
    return lambda where: RuleTest(values["name"], values["events"], values["expect"], where, values.get("starts", ""))


_RECORD: Record[Callable[..., RuleTest]] = Record("a test", {
    "name": Field(Text("a name", prose=True), required=True, about="the behaviour, in a sentence"),
    "starts": Field(_Starts("a date and time"), about="when it starts, in the site's time"),
    "events": Field(TestEvents(), required=True), "expect": Field(_Expect(), required=True),
}, _test)


class RuleTestShape(Shape[RuleTest]):
    what = "a test with name:, events: and expect:"

    def read(self, node: Node, report: Report) -> RuleTest:
        return _RECORD.read(node, report)(node.where)

    def schema(self) -> Json:
        return _RECORD.schema()


RULE_TESTS: Shape[tuple[RuleTest, ...]] = Many(RuleTestShape())
