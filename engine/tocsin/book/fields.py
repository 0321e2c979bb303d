"""Fields of an event as they are named in rules, and ``{field: name}`` in the place of a value."""

from functools import lru_cache
from typing import Any

from tocsin.book.match import FieldRef
from tocsin.book.node import Mapping, Node
from tocsin.book.report import Report, mistyped
from tocsin.book.shape import Json, Record, Shape, Text
from tocsin.domain.event import TOP_LEVEL

TEXT_FIELDS = frozenset({"id", "source", "type", "status", "site", "device", "severity", "text", "origin"})
"""Top-level fields that are always text: ``device: 12`` means "12"."""
INSTANT_FIELDS = frozenset({"time", "received", "claimed_time"})


class FieldName(Text):
    """The name of a field: a top-level one, else a key of ``data``; dots go deeper."""

    def __init__(self) -> None:
        super().__init__("the name of a field", limit=200)

    def read(self, node: Node, report: Report) -> str:
        name = super().read(node, report)
        head = name.partition(".")[0]
        if near := _mistyped(head):
            report.warn(node.where, f'"{name}" means the key {head} of data here: did you mean the field "{near}"? If '
                        f"not, write data.{name}", report.replaced(node.where, name, near + name[len(head):]))
        return name

    def schema(self) -> Json:
        return {"type": "string"}


@lru_cache(4096)
def _mistyped(head: str) -> str:
    """The top-level field that a name very probably was to be, "" otherwise."""
    return "" if head in TOP_LEVEL else mistyped(head, TOP_LEVEL - {"data"})


FIELD = FieldName()
_REFERENCE: Record[FieldRef] = Record("{field: name}", {"field": FIELD}, lambda values: FieldRef(values["field"]),
                                      one_of=("field",))


class OrField(Shape[Any]):
    """A value of ``shape``, or ``{field: name}`` to take it from the event."""

    def __init__(self, shape: Shape[Any]) -> None:
        self.shape, self.what = shape, f"{shape.what} or {{field: name}}"

    def read(self, node: Node, report: Report) -> Any:
        if isinstance(node, Mapping) and (node.get("field") is not None or not node.entries):
            return _REFERENCE.read(node, report)
        return self.shape.read(node, report)

    def schema(self) -> Json:
        return {"anyOf": [self.shape.schema(), _REFERENCE.schema()]}
