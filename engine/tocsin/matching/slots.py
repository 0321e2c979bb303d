"""The slots of a rule: its single-event conditions, each with the events that it is asked of.

A new word of ``when`` adds one entry to WORDS.
"""

from collections.abc import Callable

from msgspec import Struct

from tocsin.book.match import AnyOf, Clause, Expect, FieldRef, Match, NoneOf, fields_of
from tocsin.book.rule import Rule
from tocsin.domain.event import Event, lookup
from tocsin.rules.text import key_text

UNRESOLVED, RESOLVED, ALL = "unresolved", "resolved", "all"
"""Of which events a slot is asked: those whose status is not ``resolved``, those whose status is, or both."""
_NEVER_LISTS = frozenset({"site", "device"})
"""Fields of the key or the member that hold one text: an event with a list belongs to the keys of all its elements."""


class Keyed(Struct, frozen=True):
    """A top-level field whose key text must be one of ``texts``."""

    field: str
    texts: tuple[str, ...]


class Slot(Struct, frozen=True):
    """A named condition of a rule; ``events`` is one of UNRESOLVED, RESOLVED, ALL, and every one of ``keyed`` must hold
    besides the match.
    """

    name: str
    match: Match
    events: str
    keyed: tuple[Keyed, ...] = ()


def admits(slot: Slot, event: Event) -> bool:
    """Whether an event satisfies what a slot asks besides its match."""
    return all(any(text in one.texts for text in key_text(lookup(event, one.field))) for one in slot.keyed)


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
    return [Slot("event", match, asked_of(match)), Slot("resolved", type_part(match), RESOLVED, _keyed(rule))]


def _keyed(rule: Rule) -> tuple[Keyed, ...]:
    """What a resolved event must say so that it can be of a key and a member that the rule knows.

    Where the match demands the site or device of which the key or the member is made, no other site or device can have
    fired: without this every rule of a type would hear whatever resolves of that type.
    """
    fields = {part.name for part in rule.per if not part.by_type} | set(rule.when.member or ("device",))
    return tuple(Keyed(clause.field, texts) for clause in rule.when.match.clauses
                 if isinstance(clause, Expect) and clause.field in fields & _NEVER_LISTS and (texts := _texts(clause)))


def _texts(clause: Expect) -> tuple[str, ...]:
    """The key texts that a clause accepts; () when it may accept others too."""
    value = clause.value
    if clause.fold or clause.kind or clause.operator not in ("is", "any_of", "in") or isinstance(value, FieldRef) or (
            clause.operator == "in" and isinstance(value, str)):
        return ()
    values = value if isinstance(value, tuple) else (value,)
    return () if None in values else tuple(dict.fromkeys(text for one in values for text in key_text(one)))


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
