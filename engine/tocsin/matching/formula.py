"""Conditions as trees of comparisons in negation normal form, and how durable-rules writes them."""

from itertools import product
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from msgspec import Struct

ALIVE = "g"
"""A property that is 1 in every event: every rule begins with it, so that none fires on anything else."""


class Literal(Struct, frozen=True):
    """A comparison of a property with a value, or with another property; ``operator`` is == != < <= > >=."""

    left: str
    operator: str
    right: Any
    is_property: bool = False


class Group(Struct, frozen=True):
    """All (``and``) or any (``or``) of at least two parts."""

    word: str
    parts: tuple["Formula", ...]


Formula = Literal | Group

TRUE, FALSE = Literal(ALIVE, "==", 1), Literal(ALIVE, "==", 0)

_COMPARE = {"==": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_JSON = {"!=": "$neq", "<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte"}


def all_of(parts: list[Formula]) -> Formula:
    return TRUE if not parts else parts[0] if len(parts) == 1 else Group("and", tuple(parts))


def any_of(parts: list[Formula]) -> Formula:
    return FALSE if not parts else parts[0] if len(parts) == 1 else Group("or", tuple(parts))


def opposite(formula: Formula) -> Formula:
    """The exact negation, by De Morgan."""
    if isinstance(formula, Literal):
        return Literal(formula.left, _OPPOSITE[formula.operator], formula.right, formula.is_property)
    return Group("or" if formula.word == "and" else "and", tuple(map(opposite, formula.parts)))


def branches(formula: Formula) -> int:
    """How many alternatives the formula has in disjunctive normal form."""
    if isinstance(formula, Literal):
        return 1
    counts = [branches(part) for part in formula.parts]
    if formula.word == "or":
        return sum(counts)
    number = 1
    for count in counts:
        number *= count
    return number


def alternatives(formula: Formula) -> list[tuple[Literal, ...]]:
    """The disjunctive normal form: conjunctions of which one must hold. As many as ``branches`` says."""
    if isinstance(formula, Literal):
        return [(formula,)]
    parts = [alternatives(part) for part in formula.parts]
    if formula.word == "or":
        return [branch for part in parts for branch in part]
    return [tuple(literal for branch in choice for literal in branch) for choice in product(*parts)]


def literals(formula: Formula) -> list[Literal]:
    """All comparisons, in order."""
    if isinstance(formula, Literal):
        return [formula]
    return [literal for part in formula.parts for literal in literals(part)]


def properties_in(formula: Formula) -> tuple[str, ...]:
    """The names of the properties that the formula compares, in order, once each."""
    names: dict[str, None] = {}
    for literal in literals(formula):
        names[literal.left] = None
        if literal.is_property:
            names[literal.right] = None
    return tuple(names)


def holds(formula: Formula, properties: dict[str, Any]) -> bool:
    """The formula in plain Python: what durable-rules should say of these properties."""
    if isinstance(formula, Literal):
        right = properties[formula.right] if formula.is_property else formula.right
        return bool(_COMPARE[formula.operator](properties[formula.left], right))
    answers = (holds(part, properties) for part in formula.parts)
    return all(answers) if formula.word == "and" else any(answers)


def to_rule(formula: Formula) -> dict[str, Any]:
    """The rule as durable-rules' JSON: one key per condition, ``g`` first, an ``$ex`` a property, the comparisons."""
    guards: list[dict[str, Any]] = [{"$ex": {name: 1}} for name in properties_in(formula) if name != ALIVE]
    return {"all": [{"m": {"$and": [{ALIVE: 1}, *guards, _condition(formula)]}}]}


def _condition(formula: Formula) -> dict[str, Any]:
    if isinstance(formula, Literal):
        pair = {formula.left: {"$m": formula.right} if formula.is_property else formula.right}
        return pair if formula.operator == "==" else {_JSON[formula.operator]: pair}
    return {f"${formula.word}": [_condition(part) for part in formula.parts]}
