"""One expectation of one field, as a function of an event.

Decided for list-valued fields: every positive operator holds when it holds for at least one element, so that
``zone: yard`` fits ``["yard", "roof"]``; ``contains`` of a list means an element that equals the value, not a part
of it. The negative operators are the exact opposites. An empty list fits nothing positive, but exists.
"""

import re
from collections.abc import Callable
from operator import ge, gt, le, lt
from typing import Any

import re2

from tocsin.book.catalogue import PLATE, TIME
from tocsin.book.match import Expect, FieldRef
from tocsin.domain.event import Event
from tocsin.rules.duration import instant_of
from tocsin.rules.tables import Tables
from tocsin.rules.text import key_text
from tocsin.rules.values import MatchError, as_instant, kind_of, number, reader

Predicate = Callable[[Event], bool]
Test = Callable[[Any], bool]

Mismatch = Callable[[str, str, str], None]
"""Told (field, kind that the rule wants, kind that the event brought) whenever the two cannot be compared."""

_ORDER = {"above": gt, "at_least": ge, "below": lt, "at_most": le}
_OPPOSITE = {"not": "is", "not_in": "in"}
_SCALARS = ("text", "number", "flag")
_BIG = 2.0**53


def compile_expect(expect: Expect, tables: Tables, mismatch: Mismatch) -> Predicate:
    """The predicate of one expectation; raises MatchError or ListError when it can never be asked."""
    if expect.operator == "exists":
        return _exists(expect.field) if expect.value else _opposite(_exists(expect.field))
    if expect.operator in _OPPOSITE:
        return _opposite(_positive(expect, _OPPOSITE[expect.operator], tables, mismatch))
    return _positive(expect, expect.operator, tables, mismatch)


def _positive(expect: Expect, operator: str, tables: Tables, mismatch: Mismatch) -> Predicate:
    value = expect.value
    if operator in ("is", "any_of", "in") and not (operator == "in" and isinstance(value, str)):
        if isinstance(value, FieldRef):
            return _same_as_field(expect, value.field, mismatch)
        wanted = value if isinstance(value, tuple) else (value,)
        if None in wanted:
            others = tuple(item for item in wanted if item is not None)
            rest = _any_element(expect.field, equality(expect, others, mismatch)) if others else None
            return _missing_or(expect.field, rest)
        return _any_element(expect.field, equality(expect, wanted, mismatch))
    if operator == "in":
        return _listed(expect, tables)
    if operator in _ORDER:
        return _ordered(expect, operator, mismatch)
    return _textual(expect, operator, mismatch)


# --- frames: how a test of one value becomes a predicate of an event ---


def _exists(field: str) -> Predicate:
    read = reader(field)
    return lambda event: read(event) is not None


def _opposite(positive: Predicate) -> Predicate:
    return lambda event: not positive(event)


def _missing_or(field: str, rest: Predicate | None) -> Predicate:
    read = reader(field)
    if rest is None:
        return lambda event: read(event) is None
    return lambda event: read(event) is None or rest(event)


def _any_element(field: str, test: Test) -> Predicate:
    read = reader(field)

    def holds(event: Event) -> bool:
        value = read(event)
        if value is None:
            return False
        if type(value) is list or type(value) is tuple:
            return any(test(element) for element in value if element is not None)
        return test(value)

    return holds


# --- equality ---


def equality(expect: Expect, wanted: tuple[Any, ...], mismatch: Mismatch) -> Test:
    """Whether one value is one of the wanted ones: same kind, numbers by their decimal, text exactly as written.

    ``alarm.*`` of the field ``type`` means every type that begins with ``alarm.``. For a top-level instant, text
    in RFC 3339 means that instant.
    """
    field, fold = expect.field, expect.fold
    wanted = tuple(as_instant(field, value) for value in wanted)
    texts = {text.casefold() if fold else text for text in wanted if isinstance(text, str)}
    prefixes: tuple[str, ...] = ()
    if field == "type":
        prefixes = tuple(sorted(text[:-1] for text in texts if text.endswith(".*")))
    numbers = frozenset(number(value) for value in wanted if kind_of(value) == "number")
    flags = frozenset(value for value in wanted if isinstance(value, bool))
    kinds = " or ".join(dict.fromkeys(kind_of(value) for value in wanted))

    def test(value: Any) -> bool:
        kind = type(value)
        if kind is str:
            if texts:
                text = value.casefold() if fold else value
                return text in texts or (prefixes != () and text.startswith(prefixes))
        elif kind is bool:
            if flags:
                return value in flags
        elif (kind is int or kind is float) and numbers:
            return number(value) in numbers
        mismatch(field, kinds, kind_of(value))
        return False

    return test


def _same_as_field(expect: Expect, other: str, mismatch: Mismatch) -> Predicate:
    read_other = reader(other)
    read = reader(expect.field)
    fold = expect.fold

    def same(left: Any, right: Any) -> bool:
        kind, other_kind = kind_of(left), kind_of(right)
        if kind != other_kind or kind not in _SCALARS:
            mismatch(expect.field, other_kind, kind)
            return False
        if kind == "text":
            return bool(left.casefold() == right.casefold() if fold else left == right)
        return bool(number(left) == number(right))

    def holds(event: Event) -> bool:
        value, wanted = read(event), read_other(event)
        return any(
            same(left, right)
            for left in _elements(value) if left is not None
            for right in _elements(wanted) if right is not None
        )

    return holds


def _elements(value: Any) -> Any:
    return value if type(value) is list or type(value) is tuple else (value,)


# --- lists, order, text ---


def _listed(expect: Expect, tables: Tables) -> Predicate:
    """Membership is asked of key texts, so that 12 is in a list that says ``12``."""
    read = reader(expect.field)
    fold = expect.fold
    has = tables.members(str(expect.value), fold=fold, plates=expect.kind == PLATE).has

    def holds(event: Event) -> bool:
        return any(has(text.casefold() if fold else text, event.time) for text in key_text(read(event)))

    return holds


def _earlier_or_later(expect: Expect, operator: str, mismatch: Mismatch) -> Predicate:
    """Instants, as texts of ``data`` or as the top-level ones; a value that is none is neither before nor after."""
    field, compare, value = expect.field, _ORDER[operator], expect.value
    read = reader(field)
    fixed = None if isinstance(value, FieldRef) else _moment(value)
    read_limit = reader(value.field) if isinstance(value, FieldRef) else None

    def holds(event: Event) -> bool:
        limit = fixed if read_limit is None else _moment(read_limit(event))
        found = [_moment(one) for one in _elements(read(event)) if one is not None]
        if None in found:
            mismatch(field, "time", "text")
        return limit is not None and any(one is not None and compare(one, limit) for one in found)

    return holds


def _moment(value: Any) -> int | None:
    return value if type(value) is int else instant_of(value) if isinstance(value, str) else None


def _ordered(expect: Expect, operator: str, mismatch: Mismatch) -> Predicate:
    if expect.kind == TIME:
        return _earlier_or_later(expect, operator, mismatch)
    field, compare = expect.field, _ORDER[operator]

    def beyond(value: Any, limit: Any) -> bool:
        if type(value) is int or type(value) is float:
            return bool(compare(number(value), limit))
        mismatch(field, "number", kind_of(value))
        return False

    if isinstance(expect.value, FieldRef):
        return _beyond_field(expect.value.field, field, beyond, mismatch)
    limit = number(as_instant(field, expect.value))
    if kind_of(limit) != "number" or limit != limit:
        raise MatchError(f'{field}: {operator} needs a number, not "{expect.value}"')
    read = reader(field)

    def holds(event: Event) -> bool:
        value = read(event)
        if type(value) is int or (type(value) is float and -_BIG < value < _BIG):
            return bool(compare(value, limit))
        return any(beyond(element, limit) for element in _elements(value) if element is not None)

    return holds


def _beyond_field(other: str, field: str, beyond: Callable[[Any, Any], bool], mismatch: Mismatch) -> Predicate:
    read, read_limit = reader(field), reader(other)

    def holds(event: Event) -> bool:
        limit = read_limit(event)
        if limit is None:
            return False
        if kind_of(limit) != "number":
            mismatch(other, "number", kind_of(limit))
            return False
        limit = number(limit)
        return any(beyond(value, limit) for value in _elements(read(event)) if value is not None)

    return holds


def _textual(expect: Expect, operator: str, mismatch: Mismatch) -> Predicate:
    field, value, fold = expect.field, expect.value, expect.fold
    if isinstance(value, FieldRef):
        raise MatchError(f"{field}: {operator} needs the text itself, not a field")
    wanted = value if isinstance(value, tuple) else (value,)
    if operator == "contains":
        return _contains(expect, wanted, mismatch)
    if not all(isinstance(item, str) for item in wanted):
        raise MatchError(f'{field}: {operator} needs text; put "{value}" in quotation marks')
    texts = tuple(item.casefold() if fold else item for item in wanted if isinstance(item, str))
    patterns: tuple[Any, ...]
    fits: Test
    if operator == "starts_with":
        fits = lambda text: text.startswith(texts)  # noqa: E731 - four one-line tests side by side read best so
    elif operator == "ends_with":
        fits = lambda text: text.endswith(texts)  # noqa: E731 - as above
    elif operator == "like":
        patterns = tuple(re.compile(_glob(text), re.DOTALL) for text in texts)
        fits = lambda text: any(pattern.fullmatch(text) for pattern in patterns)  # noqa: E731 - as above
    elif operator == "matches":
        patterns = tuple(compile_pattern(str(item), field=field, fold=fold) for item in wanted)
        fold = False
        fits = lambda text: any(_fullmatch(pattern, text) for pattern in patterns)  # noqa: E731 - as above
    else:
        raise MatchError(f'{field}: there is no comparison "{operator}"')

    def test(item: Any) -> bool:
        if type(item) is not str:
            mismatch(field, "text", kind_of(item))
            return False
        return fits(item.casefold() if fold else item)

    return _any_element(field, test)


def _contains(expect: Expect, wanted: tuple[Any, ...], mismatch: Mismatch) -> Predicate:
    read, field, fold = reader(expect.field), expect.field, expect.fold
    is_element = equality(expect, wanted, mismatch)
    parts = tuple(item.casefold() if fold else item for item in wanted if isinstance(item, str))
    kinds = "text" if parts else "list"

    def holds(event: Event) -> bool:
        value = read(event)
        if value is None:
            return False
        if type(value) is list or type(value) is tuple:
            return any(is_element(element) for element in value if element is not None)
        if type(value) is not str or not parts:
            mismatch(field, kinds, kind_of(value))
            return False
        text = value.casefold() if fold else value
        return any(part in text for part in parts)

    return holds


def compile_pattern(pattern: str, *, field: str = "", fold: bool = False) -> Any:
    """An RE2 pattern; MatchError with RE2's reason when it is none (look-around and back-references never are)."""
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = not fold
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0].decode("utf-8", "replace") if error.args else "it is not a pattern"
        raise MatchError(f'{field}: the pattern "{pattern}" cannot be used: {reason}') from None


def _fullmatch(pattern: Any, text: str) -> bool:
    try:
        return pattern.fullmatch(text) is not None
    except UnicodeEncodeError:  # half a surrogate pair is no text that a pattern could describe
        return False


def _glob(text: str) -> str:
    """``*`` is any run, ``?`` one character; each run takes the first fit, so that no text makes it slow."""
    pieces = ["".join("." if char == "?" else re.escape(char) for char in piece) for piece in text.split("*")]
    if len(pieces) == 1:
        return pieces[0]
    middle = "".join(f"(?>.*?{piece})" for piece in pieces[1:-1] if piece)
    return f"{pieces[0]}{middle}.*{pieces[-1]}"
