"""Numbers as they were written: 3.1 − 2.1 is 1.0, and ten times 0.1 is 1."""

from collections.abc import Iterable, Sequence
from decimal import Context, Decimal
from fractions import Fraction
from functools import reduce
from itertools import pairwise
from math import fsum
from typing import Any

_EXACT = Context(prec=2000)
"""Wide enough that no sum of finite 64-bit floats is ever rounded."""
_WIDEST = 10**300
_ORDERED = 2.0**53
_TINY = 1e-300


def sample_of(value: Any) -> int | float | None:
    """The number that an event's field holds; None for a flag, a text, a list, NaN, infinity or nothing.

    What has more than 300 digits is none either: no sensor sends it.
    """
    if type(value) is float or type(value) is int:
        return value if -_WIDEST < value < _WIDEST else None
    return None


def exact(value: int | float) -> Decimal:
    """The decimal that was written."""
    return Decimal(value) if type(value) is int else Decimal(repr(value))


def total(values: Iterable[int | float]) -> Decimal:
    """The exact sum."""
    return reduce(_EXACT.add, map(exact, values), Decimal(0))


def lowest(values: Sequence[int | float]) -> int | float:
    """The lowest as written; floats below 2⁵³ are ordered as their decimals are."""
    found = min(values)
    return found if found > -_ORDERED and max(values) < _ORDERED else min(values, key=exact)


def highest(values: Sequence[int | float]) -> int | float:
    """The highest as written."""
    found = max(values)
    return found if found < _ORDERED and min(values) > -_ORDERED else max(values, key=exact)


def near_total(values: Sequence[int | float]) -> tuple[float, float]:
    """A sum and a bound of its error: cheap, for whoever needs ``total`` only where the two leave a doubt.

    No decimal is farther from its float than 2⁻⁵³ of it, the tiniest apart, and ``fsum`` rounds once.
    """
    found = fsum(values)
    largest = max(max(values), -min(values))
    return found, (len(values) * float(largest) + abs(found)) * 2.0**-52 + _TINY


def risen(values: Sequence[int | float]) -> Decimal:
    """What a counter has counted from the first value to the last; one that is lower than before began at zero."""
    before = total(one for one, after in pairwise(values) if after < one)
    return _EXACT.subtract(_EXACT.add(exact(values[-1]), before), exact(values[0]))


def difference(value: int | float, other: int | float) -> Decimal:
    """The exact difference ``value`` − ``other``."""
    return _EXACT.subtract(exact(value), exact(other))


def shown(number: Decimal | Fraction | int | float) -> int | float:
    """A number for people: whole where it is whole, else to twelve digits."""
    if isinstance(number, int):
        return number
    value = float(number)
    return int(value) if value.is_integer() and abs(value) < 10**15 else float(format(value, ".12g"))
