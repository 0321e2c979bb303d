"""Keys that are read and checked already, and whose effect comes with a later version."""

from tocsin.book.node import Node
from tocsin.book.report import Report
from tocsin.book.shape import Json, Shape


class Later(Shape[int]):
    """A value of ``shape`` with a warning that says what holds ``now`` instead."""

    def __init__(self, shape: Shape[int], now: str) -> None:
        self.shape, self.now, self.what = shape, now, shape.what

    def read(self, node: Node, report: Report) -> int:
        value = self.shape.read(node, report)
        report.warn(node.where, f"this has no effect yet ({self.now}): it is planned for version 0.2")
        return value

    def schema(self) -> Json:
        return self.shape.schema()
