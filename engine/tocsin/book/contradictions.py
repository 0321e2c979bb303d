"""Matches that no event can satisfy, found before anybody waits for them."""

from collections.abc import Callable
from typing import Any

from tocsin.book.fields import TEXT_FIELDS
from tocsin.book.match import AnyOf, Expect, FieldRef, Match, NoneOf
from tocsin.book.patterns import compile_pattern, like_pattern
from tocsin.book.scalars import number_of

_UNJUDGED = frozenset({"areas", "time", "received", "claimed_time"})
"""Fields that hold several values, of which different ones may fit, or instants."""
_NEGATIVE = frozenset({"not", "not_in"})
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "above": lambda value, limit: value > limit, "at_least": lambda value, limit: value >= limit,
    "below": lambda value, limit: value < limit, "at_most": lambda value, limit: value <= limit,
}


def contradictions(match: Match) -> list[str]:
    """Sentences on what makes the match impossible; nested matches are judged where they are read."""
    by_field: dict[str, list[Expect]] = {}
    for clause in match.clauses:
        if isinstance(clause, Expect) and not isinstance(clause.value, FieldRef) and clause.field not in _UNJUDGED:
            by_field.setdefault(clause.field, []).append(clause)
    found = [sentence for field, expects in by_field.items() if (sentence := _impossible(field, expects))]
    outer = tuple(clause for clause in match.clauses if isinstance(clause, Expect))
    for clause in match.clauses:
        if isinstance(clause, AnyOf) and not found and outer and all(
                contradictions(Match(outer + inner.clauses)) for inner in clause.matches):
            found.append("no alternative of any: fits what the match itself asks for, so nothing could ever match: "
                         + contradictions(Match(outer + clause.matches[0].clauses))[0])
        if isinstance(clause, NoneOf):
            found += [_excluded(inner) for inner in clause.matches if set(inner.clauses) <= set(match.clauses)]
    return found


def idle_parts(match: Match) -> list[str]:
    """Sentences on entries of lists and alternatives of ``any`` that can never be the one that matches."""
    outer = tuple(clause for clause in match.clauses if isinstance(clause, Expect))
    found: list[str] = []
    for expect in outer:
        others = [one for one in outer if one.field == expect.field and one is not expect
                  and not isinstance(one.value, FieldRef)]
        if expect.operator == "any_of" and others and expect.field not in _UNJUDGED:
            found += [f'"{value}" can never match: what else is said of {expect.field} excludes it'
                      for value in _values(expect) if not fitting(expect.field, value, others)]
    for clause in match.clauses:
        if isinstance(clause, AnyOf) and outer:
            found += [f"alternative {number} of any: can never match: {wrong[0]}"
                      for number, inner in enumerate(clause.matches, 1)
                      if (wrong := contradictions(Match(outer + inner.clauses)))]
    return found


def fitting(field: str, value: Any, expects: list[Expect]) -> bool:
    """Whether a value of the field may fit all these expectations; a text that is a number counts as that number."""
    number = number_of(value) if isinstance(value, str) and field not in TEXT_FIELDS else None
    return field in _UNJUDGED or any(all(_holds(expect, one) for expect in expects)
                                     for one in ([value] if number is None else [value, number]))


def _excluded(inner: Match) -> str:
    if not inner.clauses:
        return "none: [{}] excludes every event"
    return "none: excludes exactly what the match asks for, so nothing could ever match"


def _impossible(field: str, expects: list[Expect]) -> str:
    if any(e.operator == "exists" and e.value is False for e in expects):
        positive = any(e.operator not in _NEGATIVE and (e.operator, e.value) != ("exists", False) for e in expects)
        return f"{field} is to be missing and to have a value at once, so nothing could ever match" if positive else ""
    candidates = [e for e in expects if e.operator in ("is", "any_of")]
    if candidates:
        values = [value for value in _values(candidates[0]) if all(_holds(e, value) for e in expects)]
        if not values and len(expects) > 1:
            words = " and ".join(e.operator.replace("any_of", "one of a list") for e in expects)
            return f"no value of {field} fits {words} together, so nothing could ever match"
        return ""
    return _empty_interval(field, expects)


def _empty_interval(field: str, expects: list[Expect]) -> str:
    lows = [e for e in expects if e.operator in ("above", "at_least")]
    highs = [e for e in expects if e.operator in ("below", "at_most")]
    for low in lows:
        for high in highs:
            a, b = low.value, high.value
            if isinstance(a, int | float) and isinstance(b, int | float):
                touching = low.operator == "at_least" and high.operator == "at_most"
                if a > b or (a == b and not touching):
                    words = f"{low.operator.replace('_', ' ')} {a} and {high.operator.replace('_', ' ')} {b}"
                    return f"no number is {words}: {field} could never match"
    return ""


def _values(expect: Expect) -> tuple[Any, ...]:
    return expect.value if isinstance(expect.value, tuple) else (expect.value,)


def _same(field: str, left: Any, right: Any, fold: bool) -> bool:
    if isinstance(left, bool) is not isinstance(right, bool):
        return False
    if isinstance(left, str) and isinstance(right, str):
        if field == "type" and (left.endswith(".*") or right.endswith(".*")):
            return left[:-1].startswith(right[:-1]) or right[:-1].startswith(left[:-1])
        return left.casefold() == right.casefold() if fold else left == right
    return bool(left == right)


def _holds(expect: Expect, value: Any) -> bool:
    """Whether a value fits; true where that cannot be told here (lists, prefixes of types)."""
    field, operator, wanted, fold = expect.field, expect.operator, expect.value, expect.fold
    if operator in ("is", "any_of"):
        return any(_same(field, value, one, fold) for one in _values(expect))
    if field == "type" and isinstance(value, str) and value.endswith(".*"):
        return True
    if operator == "not" or (operator == "not_in" and isinstance(wanted, tuple)):
        return not any(_same(field, value, one, fold) for one in _values(expect))
    if operator in COMPARISONS:
        return (isinstance(value, int | float) and not isinstance(value, bool) and isinstance(wanted, int | float)
                and COMPARISONS[operator](value, wanted))
    if operator in ("in", "not_in", "exists"):
        return True
    return isinstance(value, str) and isinstance(wanted, str) and _fits_text(operator, value, wanted, fold)


def _fits_text(operator: str, value: str, wanted: str, fold: bool) -> bool:
    if operator in ("matches", "like"):
        if fold:
            return True
        pattern = compile_pattern(wanted) if operator == "matches" else like_pattern(wanted)
        return pattern.fullmatch(value) is not None
    if fold:
        value, wanted = value.casefold(), wanted.casefold()
    if operator == "contains":
        return wanted in value
    return value.startswith(wanted) if operator == "starts_with" else value.endswith(wanted)
