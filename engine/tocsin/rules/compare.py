"""``<compare>``: a number (by ``is`` also a text or a flag) held against the limits that a rule gives."""

from collections.abc import Mapping
from decimal import Decimal
from operator import ge, gt, le, lt
from typing import Any

from tocsin.book.match import FieldRef
from tocsin.domain.event import Event, lookup
from tocsin.rules.numbers import exact, sample_of
from tocsin.rules.values import kind_of

_ORDER = {"above": gt, "at_least": ge, "below": lt, "at_most": le}
Limits = tuple[Any, ...]
"""Texts, flags, and numbers as they were written; in the order of the comparison's words."""


class Comparison:
    """All words of ``parts`` must hold. Texts and flags fit ``is`` alone, and only one of their own kind."""

    def __init__(self, parts: Mapping[str, Any]) -> None:
        self.words = tuple(parts)
        self._parts = tuple(parts.values())
        self.varies = any(isinstance(part, FieldRef) for part in self._parts)
        self._fixed: Limits = () if self.varies else tuple(map(_limit, self._parts))

    def limits(self, event: Event) -> Limits | None:
        """The limits for this event, as they may be kept; None when one is taken from a field that has none."""
        if not self.varies:
            return self._fixed
        found = []
        for word, part in zip(self.words, self._parts, strict=True):
            value = lookup(event, part.field) if isinstance(part, FieldRef) else part
            if sample_of(value) is None and (word != "is" or type(value) not in (str, bool)):
                return None
            found.append(value)
        return tuple(found)

    def comparable(self, value: Any, limits: Limits) -> bool:
        """Whether a value is of the kind that every limit is of."""
        kind = kind_of(value)
        if kind == "number" and sample_of(value) is None:
            return False
        return all(kind == ("number" if isinstance(limit, Decimal) else kind_of(limit)) for limit in limits)

    def holds(self, value: Any, limits: Limits) -> bool:
        """Whether it is so; a value of another kind than the limits is not."""
        return all(self._holds(word, value, limit) for word, limit in zip(self.words, limits, strict=True))

    def in_doubt(self, value: float, error: float, limits: Limits) -> bool:
        """Whether a number that may be wrong by ``error`` lies too near to a limit to be judged."""
        return any(abs(value - float(limit)) <= error + abs(value) * 2.0**-52 for limit in limits
                   if not isinstance(limit, str | bool))

    def _holds(self, word: str, value: Any, limit: Any) -> bool:
        if isinstance(limit, str | bool):
            return word == "is" and type(value) is type(limit) and value == limit
        if isinstance(value, str | bool):
            return False
        tested = exact(value) if isinstance(value, int | float) else value
        against = _limit(limit)
        return bool(tested == against if word == "is" else _ORDER[word](tested, against))


def _limit(part: Any) -> Any:
    return exact(part) if type(part) in (int, float) else part
