"""The slots of a rule: its single-event conditions, each with the events that it is asked of.

A new word of ``when`` adds one entry to WORDS.
"""

from collections.abc import Callable

from msgspec import Struct

from tocsin.book.match import AnyOf, Clause, Expect, FieldRef, Match, NoneOf, fields_of
from tocsin.book.rule import Rule

UNRESOLVED, RESOLVED, ALL = "unresolved", "resolved", "all"
"""Of which events a slot is asked: those whose status is not ``resolved``, those whose status is, or both."""


class Slot(Struct, frozen=True):
    """A named condition of a rule; ``events`` is one of UNRESOLVED, RESOLVED, ALL."""

    name: str
    match: Match
    events: str


def slots_of(rule: Rule) -> list[Slot]:
    """The slots of an enabled rule in the order in which hits are given; a disabled rule has none."""
    if not rule.enabled:
        return []
    slots = WORDS[rule.when.word](rule) if rule.when.word in WORDS else []
    if rule.clear.when is not None:
        slots.append(Slot("clear", rule.clear.when, ALL))
    return slots


def asked_of(match: Match) -> str:
    """A resolved event satisfies a match only when the match names ``status``, however deep."""
    return ALL if "status" in fields_of(match) else UNRESOLVED


def _event(rule: Rule) -> list[Slot]:
    match = rule.when.match
    return [Slot("event", match, asked_of(match)), Slot("resolved", type_part(match), RESOLVED)]


def _nothing(rule: Rule) -> list[Slot]:
    return []


def _own(rule: Rule) -> list[Slot]:
    """Words that hear the events of their match, and nothing of those that resolve."""
    return [Slot("event", rule.when.match, asked_of(rule.when.match))]


def _level(rule: Rule) -> list[Slot]:
    """With ``holds`` a second slot for the samples that are so; naming ``status`` in either asks of all events."""
    match, holds = rule.when.match, rule.when.holds
    if holds is None:
        return _own(rule)
    both = Match(match.clauses + holds.clauses)
    return [Slot("event", match, asked_of(both)), Slot("holds", both, asked_of(both))]


def _steps(rule: Rule) -> list[Slot]:
    return [Slot(f"step{number}", step.match, asked_of(step.match)) for number, step in enumerate(rule.when.steps, 1)]


def _named(rule: Rule) -> list[Slot]:
    return [Slot(f"match {name}", match, asked_of(match)) for name, match in rule.when.named.items()]


WORDS: dict[str, Callable[[Rule], list[Slot]]] = {
    "event": _event, "incident": _nothing, "count": _own, "level": _level, "sequence": _steps, "together": _named,
    "absence": _own, "average": _own, "sum": _own, "minimum": _own, "maximum": _own,
    "change": _own, "new": _own,
}


def type_part(match: Match) -> Match:
    """What a match says of ``type`` alone: it accepts a type whenever some event of that type satisfies the match,
    as far as the clauses can tell without looking at another field.
    """
    return Match(tuple(part for clause in match.clauses if (part := _type_clause(clause)) is not None))


def _type_clause(clause: Clause) -> Clause | None:
    """The clause weakened to ``type``; None when it then accepts every type."""
    if isinstance(clause, Expect):
        return clause if _about_type(clause) else None
    if isinstance(clause, AnyOf):
        return AnyOf(tuple(type_part(match) for match in clause.matches))
    if isinstance(clause, NoneOf):
        # "none" may rule a type out only by a branch that asks nothing else.
        pure = tuple(match for match in clause.matches if match.clauses and all(map(_only_type, match.clauses)))
        return NoneOf(pure) if pure else None
    return None


def _about_type(clause: Expect) -> bool:
    return clause.field == "type" and not isinstance(clause.value, FieldRef)


def _only_type(clause: Clause) -> bool:
    if isinstance(clause, Expect):
        return _about_type(clause)
    if isinstance(clause, AnyOf | NoneOf):
        return all(_only_type(inner) for match in clause.matches for inner in match.clauses)
    return False
