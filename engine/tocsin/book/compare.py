"""``<compare>``: above, at_least, below, at_most and is, beside a word, in ``levels`` and in ``clear``."""

from collections.abc import Mapping as Map
from decimal import Decimal
from typing import Any

from tocsin.book.fields import OrField
from tocsin.book.match import FieldRef
from tocsin.book.matches import Number
from tocsin.book.node import Node
from tocsin.book.report import Report
from tocsin.book.rule import Level
from tocsin.book.scalars import plain_value
from tocsin.book.severities import SEVERITY
from tocsin.book.shape import Field, Json, Record, Shape

LOWER, UPPER = ("above", "at_least"), ("below", "at_most")


class _Same(Shape[Any]):
    """What ``is`` compares with."""

    what = "a number, a text, true or false"

    def read(self, node: Node, report: Report) -> Any:
        return plain_value(self.scalar(node, report))

    def schema(self) -> Json:
        return {"type": ["number", "string", "boolean"]}


COMPARE: dict[str, Field] = {word: Field(OrField(Number()), about=f"the number is {word.replace('_', ' ')} this")
                             for word in (*LOWER, *UPPER)} | {"is": Field(OrField(_Same()), about="it is exactly this")}


def compare_of(values: Map[str, Any]) -> dict[str, Any]:
    """The comparison among the values of a mapping; ValueError when nothing could ever be so."""
    found = {word: values[word] for word in COMPARE if word in values}
    if "is" in found and len(found) > 1:
        raise ValueError("is: stands alone: beside it another comparison says nothing more")
    for pair in (LOWER, UPPER):
        if all(word in found for word in pair):
            raise ValueError(f"{pair[0]}: and {pair[1]}: say the same twice: keep one of them")
    low, high = _bound(found, LOWER), _bound(found, UPPER)
    if low is not None and high is not None:
        open_ = "above" in found or "below" in found
        if low > high or (low == high and open_):
            raise ValueError(f"no number is both {_words(found, LOWER)} and {_words(found, UPPER)}")
    return found


def overlap(fires: Map[str, Any], clears: Map[str, Any]) -> bool:
    """Whether some number, as far as the written numbers tell, both fires and clears."""
    if "is" in fires or "is" in clears:
        return "is" in fires and fires.get("is") == clears.get("is")
    parts = [*fires.items(), *clears.items()]
    if any(isinstance(value, FieldRef) for _, value in parts):
        return False
    low = _highest(_bound(fires, LOWER), _bound(clears, LOWER))
    high = _lowest(_bound(fires, UPPER), _bound(clears, UPPER))
    if low is None or high is None:
        return True
    touching = all(word in ("at_least", "at_most") for word, value in parts if Decimal(repr(value)) in (low, high))
    return low < high or (low == high and touching)


def _bound(parts: Map[str, Any], words: tuple[str, ...]) -> Decimal | None:
    value = next((parts[word] for word in words if word in parts), None)
    return None if value is None or isinstance(value, FieldRef) else Decimal(repr(value))


def _highest(*bounds: Decimal | None) -> Decimal | None:
    return max((bound for bound in bounds if bound is not None), default=None)


def _lowest(*bounds: Decimal | None) -> Decimal | None:
    return min((bound for bound in bounds if bound is not None), default=None)


def _words(parts: Map[str, Any], words: tuple[str, ...]) -> str:
    return next(f"{word.replace('_', ' ')} {parts[word]}" for word in words if word in parts)


def _level(values: dict[str, Any]) -> Level:
    compare = compare_of(values)
    if not compare:
        raise ValueError("a level needs a comparison: {above: 10, severity: high}")
    return Level(compare, values["severity"])


LEVEL: Record[Level] = Record("a level", {**COMPARE, "severity": Field(SEVERITY, required=True,
                                                                       about="while this level is reached")}, _level)
