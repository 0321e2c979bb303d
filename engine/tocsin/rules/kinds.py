"""Values as their declared kind has them: what a source sent, made comparable with what rules say."""

from collections.abc import Callable
from decimal import Decimal
from operator import ge, gt, le, lt
from typing import Any

from tocsin.book.catalogue import COUNTER, FLAG, NUMBER, PLATE, TEXT, TIME, FieldKind
from tocsin.book.scalars import number_of
from tocsin.domain.plate import fold_plate
from tocsin.domain.time import format_instant
from tocsin.rules.duration import instant_of
from tocsin.rules.text import key_text

Reading = Callable[[Any], Any]
_ORDER = {"above": gt, "at_least": ge, "below": lt, "at_most": le}
_YES, _NO = frozenset({"true", "yes", "on", "1"}), frozenset({"false", "no", "off", "0"})
_MILLISECONDS = 10**11
"""Seconds since 1970 reach this in the year 5138: a larger number counts milliseconds."""


def reading_of(kind: FieldKind) -> Reading:
    """How a value of this kind is used; what cannot be read as the kind stays as it was sent."""
    one = _READINGS[kind.kind](kind)
    return lambda value: [one(item) for item in value] if isinstance(value, list) else one(value)


def plausible(kind: FieldKind) -> Callable[[Any], bool]:
    """Whether a used value can be so; what is no number is not judged."""
    bounds = tuple((_ORDER[word], limit) for word, limit in kind.plausible.items())

    def fits(value: Any) -> bool:
        if type(value) is not float and type(value) is not int:
            return True
        return all(holds(value, limit) for holds, limit in bounds)
    return fits


def _numbers(kind: FieldKind) -> Reading:
    unit = kind.unit

    def read(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        text = value.strip().removeprefix("+")
        found = number_of(text)
        if found is None and unit and text.endswith(unit):
            found = number_of(text[:-len(unit)].rstrip())
        return value if found is None else found
    return read


def _texts(_: FieldKind) -> Reading:
    return lambda value: key_text(value)[0] if type(value) in (int, float) and value == value else value


def _flags(_: FieldKind) -> Reading:
    def read(value: Any) -> Any:
        if type(value) is int and value in (0, 1):
            return value == 1
        word = value.strip().casefold() if isinstance(value, str) else ""
        return word in _YES if word in _YES | _NO else value
    return read


def _times(_: FieldKind) -> Reading:
    def read(value: Any) -> Any:
        many = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) >= _MILLISECONDS
        instant = instant_of(float(Decimal(repr(value)) / 1000) if many else value)
        return value if instant is None else format_instant(instant)
    return read


def _plates(_: FieldKind) -> Reading:
    def read(value: Any) -> Any:
        text = key_text(value)[0] if type(value) in (int, str) and key_text(value) else value
        return fold_plate(text) if isinstance(text, str) else value
    return read


_READINGS: dict[str, Callable[[FieldKind], Reading]] = {
    NUMBER: _numbers, COUNTER: _numbers, TEXT: _texts, FLAG: _flags, TIME: _times, PLATE: _plates}
