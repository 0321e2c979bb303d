"""What a rule compares a declared field with: of its kind, and within what it can be."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from tocsin.book.catalogue import COUNTER, FLAG, NUMERIC, PLATE, TEXT, TIME, FieldKind
from tocsin.book.contradictions import COMPARISONS as HOLDS
from tocsin.book.fields import INSTANT_FIELDS
from tocsin.book.kinds import ORDER
from tocsin.book.match import Expect, FieldRef
from tocsin.book.rule import Rule
from tocsin.book.scalars import number_of
from tocsin.domain.time import parse_instant

Say = Callable[[str, str], None]
"""Told (field, sentence)."""

_PARTS = frozenset({"matches", "contains", "starts_with", "ends_with", "like"})
_ARTICLE = {"number": "a number", "counter": "a counter", "text": "a text", "flag": "true or false", "time": "a time",
            "plate": "a number plate"}
AGGREGATES = ("average", "sum", "minimum", "maximum")


def unordered(expect: Expect, kinds: tuple[FieldKind, ...]) -> str:
    """A sentence when an instant is written for a field of data that is not declared as one, "" otherwise."""
    if expect.operator not in ORDER or not isinstance(expect.value, str) or expect.field in INSTANT_FIELDS:
        return ""
    if any(one.kind == TIME for one in kinds):
        return ""
    return (f"{expect.field} is compared with a time, but is not declared as one: declare it in rules/events, as "
            f"{expect.field}: time")


def check_expect(expect: Expect, declared: FieldKind | None, error: Say, warn: Say) -> None:
    """A value of another kind than the field's, or one that the field can never have."""
    if declared is None or expect.operator == "exists":
        return
    field, operator, kind = expect.field, expect.operator, declared.kind
    if operator in _PARTS and kind not in (TEXT, PLATE):
        if operator != "contains":
            error(field, f"{field} is {_ARTICLE[kind]}, of which {operator}: asks nothing")
        return
    if isinstance(expect.value, FieldRef) or (operator in ("in", "not_in") and isinstance(expect.value, str)):
        return
    if operator in ORDER and kind not in (*NUMERIC, TIME):
        error(field, f"{field} is {_ARTICLE[kind]}, which is neither above nor below anything")
        return
    values = expect.value if isinstance(expect.value, tuple) else (expect.value,)
    wrong = [value for value in values if value is not None and not _is_of(kind, value, operator)]
    if wrong:
        error(field, _wrong(field, kind, wrong[0]))
    elif kind in NUMERIC and declared.plausible:
        _check_range(field, operator, expect.value, declared, error, warn)


def check_words(rule: Rule, kinds_of: Callable[[str], tuple[FieldKind, ...]], error: Say, warn: Say) -> None:
    """The word's own number: of a field that holds one, and compared with what it can be."""
    when = rule.when
    found = kinds_of(when.of) if when.of and when.word != "incident" else ()
    if len(found) != 1:
        return
    declared, field = found[0], when.of
    numeric = when.word in AGGREGATES or bool(when.moves)
    if numeric and declared.kind not in NUMERIC:
        error(field, f"{when.word}: is reckoned with numbers, and {field} is {_ARTICLE[declared.kind]}")
        return
    if declared.kind == COUNTER and when.moves == "falls":
        error(field, f"{field} is a counter, which only rises (what falls is a reset): write rises:")
        return
    if when.moves:
        _check_move(field, when.compare, declared, error)
        return
    if when.word not in ("level", "average", "minimum", "maximum"):
        return
    for compare in (when.compare, *(level.compare for level in when.levels), rule.clear.compare):
        for word, value in compare.items():
            if not isinstance(value, FieldRef):
                check_expect(Expect(field, word, value), declared, error, warn)


def _is_of(kind: str, value: Any, operator: str) -> bool:
    if kind in NUMERIC:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind == FLAG:
        return isinstance(value, bool)
    if kind == TIME:
        return isinstance(value, str) and _is_time(value)
    return isinstance(value, str)


def _is_time(text: str) -> bool:
    try:
        parse_instant(text)
    except ValueError:
        return False
    return True


def _wrong(field: str, kind: str, value: Any) -> str:
    shown = "true" if value is True else "false" if value is False else str(value)
    if kind in NUMERIC and isinstance(value, str) and number_of(value) is not None:
        return f'{field} is {_ARTICLE[kind]}, and "{shown}" in quotes is a text: write {shown} without quotes'
    if kind in (TEXT, PLATE):
        return f'{field} is {_ARTICLE[kind]}: write "{shown}" in quotes'
    way = {FLAG: "true or false without quotes", TIME: "2026-11-22T21:15:03Z"}.get(kind, "a number")
    return f'{field} is {_ARTICLE[kind]}, which "{shown}" is not: write {way}'


def _check_range(field: str, operator: str, value: Any, declared: FieldKind, error: Say, warn: Say) -> None:
    """A comparison that no plausible value fits is an error, one that every plausible value fits a warning."""
    span = _range(declared)
    if operator in ("is", "any_of", "not", "not_in"):
        values = value if isinstance(value, tuple) else (value,)
        beyond = [one for one in values if one is not None and not _inside(one, declared.plausible)]
        if beyond:
            error(field, f"{field} is never {beyond[0]}: plausible is {span} (rules/events)")
        return
    low, high = _bounds(declared.plausible)
    up = operator in ("above", "at_least")
    edge, other = (high, low) if up else (low, high)
    if edge is not None and not HOLDS[operator](edge, value):
        error(field, f"{field} is never {operator.replace('_', ' ')} {value}: plausible is {span}, and what is beyond "
              "is set aside (rules/events)")
    elif edge == value and edge is not None and not _inside(edge, declared.plausible):
        error(field, f"{field} is never {operator.replace('_', ' ')} {value}: plausible is {span} (rules/events)")
    elif other is not None and HOLDS[operator](other, value) and other != value:
        warn(field, f"{field} is always {operator.replace('_', ' ')} {value}: plausible is {span} (rules/events); is "
             "the unit right?")


def _check_move(field: str, compare: Mapping[str, Any], declared: FieldKind, error: Say) -> None:
    by, (low, high) = compare.get("at_least"), _bounds(declared.plausible)
    if isinstance(by, int | float) and low is not None and high is not None and declared.kind != COUNTER and (
            Decimal(repr(by)) > Decimal(repr(high)) - Decimal(repr(low))):
        error(field, f"{field} never moves by {by}: plausible is {_range(declared)} (rules/events)")


def _bounds(plausible: Mapping[str, int | float]) -> tuple[int | float | None, int | float | None]:
    return (plausible.get("above", plausible.get("at_least")), plausible.get("below", plausible.get("at_most")))


def _inside(value: int | float, plausible: Mapping[str, int | float]) -> bool:
    return all(HOLDS[word](value, limit) for word, limit in plausible.items())


def _range(declared: FieldKind) -> str:
    words = " and ".join(f"{word.replace('_', ' ')} {limit}" for word, limit in declared.plausible.items())
    return f"{words} {declared.unit}".rstrip()
