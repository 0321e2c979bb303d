"""Every field of events on which a rule relies, with the types that it means there."""

from collections.abc import Iterator

from msgspec import Struct

from tocsin.book.catalogue import types_in, types_of
from tocsin.book.match import AnyOf, Expect, FieldRef, Match, NoneOf
from tocsin.book.match import Near as NearClause
from tocsin.book.rule import Rule, SeverityBy
from tocsin.book.template import names_in

Types = tuple[str, ...] | None


class Use(Struct, frozen=True):
    """A field of events of these types (None: of any), and what is asked of it, if that is a match."""

    types: Types
    field: str
    expect: Expect | None = None


def matches_with_types(rule: Rule) -> Iterator[tuple[Match, Types]]:
    """The matches of a rule, each with the types that it means."""
    when, asked = rule.when, types_of(rule)
    if when.word != "incident" and not when.steps and not when.named:
        yield when.match, asked
    for match in (*(step.match for step in when.steps), *when.named.values()):
        yield match, types_in(match)
    if when.holds is not None:
        yield when.holds, types_in(when.holds) or asked
    if rule.clear.when is not None:
        yield rule.clear.when, types_in(rule.clear.when)


def uses_of(rule: Rule) -> Iterator[Use]:
    """The fields that a rule asks, whatever for; its texts apart."""
    for match, types in matches_with_types(rule):
        yield from _in_match(match, types)
    when, clear, asked = rule.when, rule.clear, types_of(rule)
    if when.word == "incident":
        return
    for key in rule.per:
        if key.by_type:
            yield from (Use(None if pattern == "*" else (pattern,), field) for pattern, field in key.by_type)
        else:
            yield Use(asked, key.name)
    names = [when.of, when.distinct, *when.member, clear.at,
             rule.severity.field if isinstance(rule.severity, SeverityBy) else ""]
    values = [when.for_, when.within, when.over, when.stale_after, when.at_least, clear.after, clear.hold,
              *when.compare.values(), *clear.compare.values(), *(step.within for step in when.steps),
              *(value for level in when.levels for value in level.compare.values()),
              *(gate.calendar for gate in (*rule.during, *rule.unless))]
    names += [value.field for value in values if isinstance(value, FieldRef)]
    yield from (Use(asked, name) for name in names if name)


def names_of_texts(rule: Rule) -> Iterator[Use]:
    """The fields that a rule's texts print, of the events that it hears itself."""
    if rule.when.word == "incident":
        return
    own = {name: types_in(match) for name, match in rule.when.named.items()}
    for name in dict.fromkeys((*names_in(rule.say), *names_in(rule.advice))):
        head, dot, rest = name.partition(".")
        if dot and (head == "first" or head in own):
            yield Use(own.get(head, types_of(rule)), rest)
        elif head not in own and head not in ("value", "count", "since", "first"):
            yield Use(types_of(rule), name)


def _in_match(match: Match, types: Types) -> Iterator[Use]:
    for clause in match.clauses:
        if isinstance(clause, AnyOf | NoneOf):
            for inner in clause.matches:
                yield from _in_match(inner, types_in(inner) or types)
        elif isinstance(clause, Expect):
            yield Use(types, clause.field, clause)
            if isinstance(clause.value, FieldRef):
                yield Use(types, clause.value.field)
        else:
            yield Use(types, "location")
            reference = clause.distance if isinstance(clause, NearClause) else clause.area
            if isinstance(reference, FieldRef):
                yield Use(types, reference.field)
