"""Severity as written: a word, or by the value of a field."""

from typing import Any

from tocsin.book.fields import FIELD
from tocsin.book.node import Mapping, Node, Scalar
from tocsin.book.report import Report, Unreadable
from tocsin.book.rule import SeverityBy
from tocsin.book.shape import Json, Shape, Word
from tocsin.domain.incident import RANK, SEVERITIES

SEVERITY = Word(*SEVERITIES, what="the severity")


class SeverityShape(Shape[str | SeverityBy]):
    """``high``, or ``{of: field, Extreme: critical, Severe: high}``."""

    what = "a severity, or {of: field, Extreme: critical}"

    def read(self, node: Node, report: Report) -> str | SeverityBy:
        if isinstance(node, Scalar):
            return SEVERITY.read(node, report)
        if not isinstance(node, Mapping):
            self.refuse(node, report)
        field, mapping, bad = "", {}, False
        for key, part in node.entries:
            try:
                if key.text == "of":
                    field = FIELD.read(part, report)
                else:
                    mapping[key.text] = SEVERITY.read(part, report)
            except Unreadable:
                bad = True
        if node.get("of") is None or len(node.entries) < 2:
            self.refuse(node, report, "severity by a field needs of: and at least one value: {of: field, Extreme: "
                        "critical}")
        if bad:
            raise Unreadable
        return SeverityBy(field, mapping)

    def schema(self) -> Json:
        by: dict[str, Any] = {"type": "object", "properties": {"of": {"type": "string"}}, "required": ["of"],
                              "additionalProperties": SEVERITY.schema(), "minProperties": 2}
        return {"anyOf": [SEVERITY.schema(), by]}


def nearest(severity: str, listed: tuple[str, ...]) -> str:
    """The listed severity that serves for this one: itself, the nearest above, else the nearest below; "" if none."""
    if severity in listed:
        return severity
    rank = RANK[severity]
    upward = SEVERITIES[rank:] + tuple(reversed(SEVERITIES[:rank]))
    return next((name for name in upward if name in listed), "")
