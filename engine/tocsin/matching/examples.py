"""For a formula, properties that it must hold of and properties that it must not: the self-test of a rule."""

from typing import Any

from tocsin.matching.formula import (
    ALIVE,
    Formula,
    Literal,
    alternatives,
    branches,
    holds,
    literals,
    opposite,
    properties_in,
)
from tocsin.matching.properties import Property, default_of

MOST_BRANCHES = 500
"""A negation of more alternatives is not searched; the example is then an event that nothing may fire on."""


def example_of(formula: Formula, known: dict[str, Property]) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """Properties that the formula holds of (None when none were found), and properties that it does not hold of."""
    names = [name for name in properties_in(formula) if name != ALIVE]
    blank = {ALIVE: 1} | {name: default_of(known[name]) for name in names}
    choices = _choices(formula, blank)
    fits = _satisfy(formula, blank, choices)
    if fits is None:
        return None, blank | {ALIVE: 0}
    for name in reversed(names):
        for value in choices[name]:
            if not holds(formula, fits | {name: value}):
                return fits, fits | {name: value}
    negation = opposite(formula)
    fails = _satisfy(negation, blank, choices) if branches(negation) <= MOST_BRANCHES else None
    return fits, fails or fits | {ALIVE: 0}


def _satisfy(formula: Formula, blank: dict[str, Any], choices: dict[str, list[Any]]) -> dict[str, Any] | None:
    for branch in alternatives(formula):
        found = _solve(branch, blank, choices)
        if holds(formula, found):
            return found
    return None


def _choices(formula: Formula, blank: dict[str, Any]) -> dict[str, list[Any]]:
    """Values worth trying: for each property those that it is compared with, and their neighbours."""
    compared: dict[str, list[Any]] = {name: [] for name in blank}
    for literal in literals(formula):
        if not literal.is_property:
            compared[literal.left].append(literal.right)
    choices: dict[str, list[Any]] = {}
    for name, values in compared.items():
        if name == ALIVE:
            choices[name] = [1]
        elif isinstance(blank[name], str):
            choices[name] = [blank[name], *values, *(f"{value}~" for value in values), "~"]
        else:
            beside = [value + step for value in values for step in (1, -1)]
            choices[name] = [blank[name], *values, *beside, 1, 2, 3, 4, -1]
    return choices


def _solve(branch: tuple[Literal, ...], blank: dict[str, Any], choices: dict[str, list[Any]]) -> dict[str, Any]:
    """Values that fit the comparisons of one alternative, as far as trying one property after the other goes."""
    demands: dict[str, list[Literal]] = {}
    for literal in branch:
        if not literal.is_property:
            demands.setdefault(literal.left, []).append(literal)
    found = dict(blank)
    for name, asked in demands.items():
        found[name] = next((value for value in choices[name] if _fits(asked, name, value)), found[name])
    for literal in branch:
        if literal.is_property and not holds(literal, found):
            there = found[literal.right]
            tries = [there, f"{there}~"] if isinstance(there, str) else [there, there + 1, there - 1]
            asked = [*demands.get(literal.left, []), literal]
            found[literal.left] = next((value for value in tries if _fits(asked, literal.left, value, found)),
                                       found[literal.left])
    return found


def _fits(asked: list[Literal], name: str, value: Any, others: dict[str, Any] = {}) -> bool:  # noqa: B006 - only read
    return all(holds(literal, {**others, name: value}) for literal in asked)
