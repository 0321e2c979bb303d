"""An event as a flat object of properties, each always there and of one type.

durable-rules compares loosely (``1 == "1" == true``), by 32-bit hashes of field names, and chokes on exponents and
long texts. So it never sees an event: a field's kind is one property, its text, number and flag are others, under
names of ours; no key that a source sent reaches it.
"""

import hashlib
import json
from decimal import Decimal
from typing import Any

from msgspec import Struct

from tocsin.domain.event import Event, lookup
from tocsin.matching.formula import ALIVE

MISSING, TEXT, NUMBER, FLAG, OTHER = 0, 1, 2, 3, 4
"""Codes of the aspect ``kind``."""

LONGEST_TEXT = 1_024
"""Characters of a rule's text; an event's text is cut at twice that, with a digest, and so equals no other."""

LARGEST, SMALLEST = 2.0**53, 1e-9
"""The sizes of numbers between which durable-rules compares exactly."""

KINDS: dict[type, int] = {str: TEXT, int: NUMBER, float: NUMBER, bool: FLAG}

_DEFAULTS: dict[str, Any] = {"text": "", "folded": "", "prefix": ""}


class Property(Struct, frozen=True, array_like=True):
    """What one property holds of a field.

    ``aspect``: ``kind`` (a code), ``text``, ``folded`` text, ``number``, ``flag`` (1 or 0), ``prefix`` (the first
    ``depth`` words of the type with their dots, when more follow), ``area`` (1 when the event met the area ``field``).
    """

    field: str
    aspect: str
    depth: int = 0


def default_of(wanted: Property) -> Any:
    """The value of a property whose field has nothing of that aspect."""
    return _DEFAULTS.get(wanted.aspect, 0)


def exact(value: float) -> bool:
    """Whether durable-rules reads and compares this number exactly."""
    return value == 0 or SMALLEST <= abs(value) < LARGEST


def properties_of(event: Event, wanted: dict[str, Property]) -> tuple[dict[str, Any], set[str]]:
    """Name → value, and the names of properties of which nothing sound can be said.

    Those are the properties of fields that hold a list or a number too large or too small to compare.
    """
    found: dict[str, Any] = {ALIVE: 1}
    unsound: set[str] = set()
    for name, one in wanted.items():
        if one.aspect == "area":
            found[name] = int(one.field in event.areas)
            continue
        value = lookup(event, one.field)
        if type(value) in (list, tuple) or (KINDS.get(type(value)) == NUMBER and value == value and not exact(value)):
            unsound.add(name)
            found[name] = default_of(one)
        else:
            found[name] = _aspect(one, value)
    return found, unsound


def _aspect(wanted: Property, value: Any) -> Any:
    kind = MISSING if value is None else KINDS.get(type(value), OTHER)
    if kind == NUMBER and value != value:
        kind = OTHER
    if wanted.aspect == "kind":
        return kind
    if wanted.aspect == "number":
        return value if kind == NUMBER else 0
    if wanted.aspect == "flag":
        return int(value) if kind == FLAG else 0
    if kind != TEXT:
        return ""
    if wanted.aspect == "prefix":
        words = value.split(".")
        return _cut(".".join(words[:wanted.depth]) + ".") if len(words) > wanted.depth else ""
    return _cut(value.casefold() if wanted.aspect == "folded" else value)


def _cut(text: str) -> str:
    if len(text) <= 2 * LONGEST_TEXT:
        return text
    return f"{text[:2 * LONGEST_TEXT]}…{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"


def to_json(properties: dict[str, Any]) -> str:
    """Flat JSON without exponents, the only numbers that durable-rules reads."""
    return "{" + ",".join(f'"{name}":{_value(value)}' for name, value in properties.items()) + "}"


def _value(value: Any) -> str:
    if type(value) is float:
        return format(Decimal(repr(value)), "f")
    return json.dumps(value, ensure_ascii=False)
