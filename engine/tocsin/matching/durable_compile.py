"""Rules in durable-rules' words: only what it answers soundly, and nothing else.

``not`` and ``none`` are worked into the comparisons, never left to ``$nex``. Left out, with the reason in
Unsupported: patterns (``matches``, ``like``), parts of text (``starts_with``, ``ends_with``, ``contains``), lists
(``in: lists/…``), ``near``, ``inside: {field}``, ``alarm.*`` with ``ignoring_case``, numbers that a double does not
hold or durable-rules cannot read, texts of more than 1,024 characters, matches of more than 60 alternatives, and
fields compared with each other in more than a few.
"""

from collections.abc import Callable
from typing import Any

from tocsin.book.match import AnyOf, Clause, Expect, FieldRef, Inside, Match, NoneOf
from tocsin.domain.errors import TocsinError
from tocsin.matching.formula import Formula, Literal, all_of, alternatives, any_of, branches, literals, opposite
from tocsin.matching.properties import FLAG, KINDS, LONGEST_TEXT, MISSING, NUMBER, TEXT, Property, exact
from tocsin.matching.slots import RESOLVED, UNRESOLVED, Slot
from tocsin.rules.values import as_instant

MAX_BRANCHES = 60
"""Alternatives of one shard: below durable-rules' limits (64 on its stack, 127 ``$nex``, 255 alike, 511 siblings)."""

MAX_LITERALS = 120

MAX_JOINED = 30
"""Comparisons over all alternatives, in a rule that compares fields with each other: durable-rules holds 32."""

_ORDER = {"above": ">", "at_least": ">=", "below": "<", "at_most": "<="}

Name = Callable[[Property], str]
"""Gives a property its name; the same name for the same property."""


class Unsupported(TocsinError):
    """durable-rules cannot be asked this soundly; the text says what."""


def compile_slot(slot: Slot, name: Name) -> Formula:
    """The condition of a slot, the status that it is asked of included; raises Unsupported."""
    parts = [_clause(clause, name) for clause in slot.match.clauses]
    if slot.events == RESOLVED:
        parts.append(_clause(Expect("status", "is", "resolved"), name))
    elif slot.events == UNRESOLVED:
        parts.append(_clause(Expect("status", "not", "resolved"), name))
    formula = all_of(parts)
    if branches(formula) > MAX_BRANCHES:
        raise Unsupported(f"it has more than {MAX_BRANCHES} alternatives")
    if len(literals(formula)) > MAX_LITERALS:
        raise Unsupported(f"it makes more than {MAX_LITERALS} comparisons")
    if any(literal.is_property for literal in literals(formula)) and sum(map(len, alternatives(formula))) > MAX_JOINED:
        raise Unsupported("it compares fields with each other in too many alternatives")
    return formula


def _match(match: Match, name: Name) -> Formula:
    return all_of([_clause(clause, name) for clause in match.clauses])


def _clause(clause: Clause, name: Name) -> Formula:
    if isinstance(clause, AnyOf):
        return any_of([_match(match, name) for match in clause.matches])
    if isinstance(clause, NoneOf):
        return opposite(any_of([_match(match, name) for match in clause.matches]))
    if isinstance(clause, Inside) and isinstance(clause.area, str):
        return Literal(name(Property(clause.area, "area")), "==", 1)
    if isinstance(clause, Expect):
        return _expect(clause, name)
    raise Unsupported("it measures a distance, or takes an area from a field")


def _expect(expect: Expect, name: Name) -> Formula:
    operator, value, field = expect.operator, expect.value, expect.field
    if operator in ("not", "not_in"):
        return opposite(_expect(Expect(field, "is" if operator == "not" else "in", value, expect.fold), name))
    if operator == "exists":
        return Literal(name(Property(field, "kind")), "!=" if value else "==", MISSING)
    if operator in _ORDER and expect.kind:
        raise Unsupported(f"it asks whether the instant {field} is before or after another")
    if operator in _ORDER:
        return _order(field, _ORDER[operator], value, name)
    if operator not in ("is", "any_of", "in") or (operator == "in" and isinstance(value, str)):
        raise Unsupported(f"it asks {operator} of {field}: a list or a pattern")
    if isinstance(value, FieldRef):
        return _same(expect, value.field, name)
    return any_of([_one(expect, item, name) for item in (value if isinstance(value, tuple) else (value,))])


def _one(expect: Expect, value: Any, name: Name) -> Formula:
    field = expect.field
    value = as_instant(field, value)
    if value is None:
        return Literal(name(Property(field, "kind")), "==", MISSING)
    kind = KINDS[type(value)]
    if kind == FLAG:
        return _of_kind(field, FLAG, Literal(name(Property(field, "flag")), "==", int(value)), name)
    if kind == NUMBER:
        return _of_kind(field, NUMBER, Literal(name(Property(field, "number")), "==", _number(value)), name)
    text = value.casefold() if expect.fold else value
    if len(text) > LONGEST_TEXT:
        raise Unsupported(f"it compares with a text of more than {LONGEST_TEXT} characters")
    same = Literal(name(Property(field, "folded" if expect.fold else "text")), "==", text)
    if field != "type" or not text.endswith(".*"):
        return _of_kind(field, TEXT, same, name)
    if expect.fold:
        raise Unsupported("it asks for the beginning of a type, ignoring case")
    below = Literal(name(Property(field, "prefix", text.count("."))), "==", text[:-1])
    return _of_kind(field, TEXT, any_of([same, below]), name)


def _order(field: str, operator: str, value: Any, name: Name) -> Formula:
    left = name(Property(field, "number"))
    if not isinstance(value, FieldRef):
        return _of_kind(field, NUMBER, Literal(left, operator, _number(as_instant(field, value))), name)
    right = name(Property(value.field, "number"))
    beyond = Literal(left, operator, right, is_property=True)
    return _of_kind(field, NUMBER, _of_kind(value.field, NUMBER, beyond, name), name)


def _same(expect: Expect, other: str, name: Name) -> Formula:
    ways: list[Formula] = []
    for kind, aspect in ((TEXT, "folded" if expect.fold else "text"), (NUMBER, "number"), (FLAG, "flag")):
        equal = Literal(name(Property(expect.field, aspect)), "==", name(Property(other, aspect)), is_property=True)
        ways.append(_of_kind(expect.field, kind, _of_kind(other, kind, equal, name), name))
    return any_of(ways)


def _of_kind(field: str, kind: int, formula: Formula, name: Name) -> Formula:
    return all_of([Literal(name(Property(field, "kind")), "==", kind), formula])


def _number(value: Any) -> Any:
    if KINDS.get(type(value)) != NUMBER or not exact(value):
        raise Unsupported(f"it compares with {value}, which durable-rules does not hold exactly")
    return value
