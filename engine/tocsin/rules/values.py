"""What kinds of values there are in events and rules, and when two numbers are the same."""

from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter
from typing import Any

from tocsin.domain.errors import TocsinError
from tocsin.domain.event import TOP_LEVEL, Event, lookup
from tocsin.domain.time import parse_instant

Reader = Callable[[Event], Any]

INSTANTS = ("time", "received", "claimed_time")
"""The top-level fields that hold instants; a rule writes them in RFC 3339."""

_EXACT = 2.0**53


class MatchError(TocsinError):
    """A match cannot be asked of events; the text names the field and what to write instead."""


def kind_of(value: Any) -> str:
    """``text``, ``number``, ``flag``, ``list``, ``nothing`` or ``object``; a flag is no number."""
    return _KINDS.get(type(value), "object")


_KINDS = {str: "text", int: "number", float: "number", bool: "flag", list: "list", tuple: "list",
          type(None): "nothing"}


def number(value: Any) -> Any:
    """A number such that ``==`` and ``<`` compare decimals as written.

    Below 2⁵³ every float already compares so with integers and floats; above, a float stands for the whole number
    that its shortest decimal writes. NaN stays NaN and equals nothing.
    """
    if type(value) is float and not -_EXACT < value < _EXACT and value - value == 0.0:
        return int(Decimal(repr(value)))
    return value


@lru_cache(maxsize=4096)
def reader(path: str) -> Reader:
    """A function that gives what ``lookup`` gives for this path, as fast as the path allows."""
    if path in TOP_LEVEL:
        return attrgetter(path)
    if "." not in path:
        return lambda event: event.data.get(path)
    return lambda event: lookup(event, path)


def as_instant(field: str, value: Any) -> Any:
    """Microseconds for a text that a rule compares with a top-level instant; any other value as it is."""
    if field not in INSTANTS or not isinstance(value, str):
        return value
    try:
        return parse_instant(value)
    except ValueError as error:
        raise MatchError(f"{field}: {error}") from None
