"""The constants of rules in the form that their field's declared kind has: two spellings of a plate are one."""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from tocsin.book.catalogue import PLATE, TIME, EventTypes, key_kind, types_in, types_of
from tocsin.book.fields import INSTANT_FIELDS
from tocsin.book.match import AnyOf, Clause, Expect, FieldRef, Match, NoneOf
from tocsin.book.rule import Rule, RuleTest
from tocsin.domain.plate import alike_letters, fold_plate
from tocsin.domain.time import format_instant, parse_instant

ORDER = frozenset({"above", "at_least", "below", "at_most"})
_LISTED = frozenset({"in", "not_in"})
Types = tuple[str, ...] | None
Kind = Callable[[str], str]


def with_kinds(rules: tuple[Rule, ...], types: EventTypes) -> tuple[Rule, ...]:
    """The rules as events of the declared types are compared with them."""
    if not types:
        return rules
    keys = {rule.id: {key.name: key_kind(types, types_of(rule), key) for key in rule.per} for rule in rules}
    return tuple(_of_rule(rule, types, keys) for rule in rules)


def constant(kind: str, value: Any) -> Any:
    """A value that a rule compares a field of this kind with."""
    if isinstance(value, tuple):
        return tuple(constant(kind, one) for one in value)
    if kind == PLATE and type(value) in (str, int):
        return fold_plate(str(value))
    if kind == TIME and isinstance(value, str):
        try:
            return format_instant(parse_instant(value))
        except ValueError:
            return value
    return value


def _of_rule(rule: Rule, types: EventTypes, keys: dict[str, dict[str, str]]) -> Rule:
    when, asked = rule.when, types_of(rule)

    def of(match: Match, outer: Types = None) -> Match:
        return folded(match, types, outer)

    main = types.kind(asked, when.of) if when.of and when.word != "incident" else ""
    if main in (PLATE, TIME):
        when = replace(when, changes_from=constant(main, when.changes_from), changes_to=constant(main, when.changes_to),
                       compare={word: constant(main, value) for word, value in when.compare.items()},
                       levels=tuple(replace(level, compare={word: constant(main, value) for word, value
                                                            in level.compare.items()}) for level in when.levels))
    when = replace(when, match=of(when.match), holds=None if when.holds is None else of(when.holds, asked),
                   steps=tuple(replace(step, match=of(step.match)) for step in when.steps),
                   named={name: of(match) for name, match in when.named.items()})
    clear = rule.clear
    if clear.when is not None:
        clear = replace(clear, when=of(clear.when))
    if main in (PLATE, TIME) and clear.compare:
        clear = replace(clear, compare={word: constant(main, value) for word, value in clear.compare.items()})
    tests = tuple(_of_test(rule.id, test, keys) for test in rule.tests)
    return replace(rule, when=when, clear=clear, tests=tests)


def _of_test(rule: str, test: RuleTest, keys: dict[str, dict[str, str]]) -> RuleTest:
    """The keys of expected incidents."""
    if test.expect is None or not any(line.get("incident") for line in test.expect):
        return test
    expect = []
    for line in test.expect:
        kinds = keys.get(line.get("rule", rule), {})
        key = {name: constant(kinds.get(name, ""), value) for name, value in line.get("incident", {}).items()}
        expect.append({**line, "incident": key} if key else line)
    return replace(test, expect=tuple(expect))


def folded(match: Match, types: EventTypes, outer: Types = None) -> Match:
    """A match with its constants folded; ``outer`` are the types that what stands around it asks for."""
    asked = types_in(match) or outer

    def kind(field: str) -> str:
        return TIME if field in INSTANT_FIELDS else types.kind(asked, field)

    return Match(tuple(_of_clause(clause, types, asked, kind) for clause in match.clauses))


def _of_clause(clause: Clause, types: EventTypes, asked: Types, kind: Kind) -> Clause:
    if isinstance(clause, AnyOf):
        return AnyOf(tuple(folded(match, types, asked) for match in clause.matches))
    if isinstance(clause, NoneOf):
        return NoneOf(tuple(folded(match, types, asked) for match in clause.matches))
    if not isinstance(clause, Expect):
        return clause
    found, operator, value = kind(clause.field), clause.operator, clause.value
    if found == TIME and operator in ORDER:
        other = kind(value.field) if isinstance(value, FieldRef) else ""
        if clause.field in INSTANT_FIELDS and (other != TIME or (isinstance(value, FieldRef)
                                                                and value.field in INSTANT_FIELDS)):
            return clause
        return replace(clause, value=constant(TIME, value), kind=TIME)
    if clause.field in INSTANT_FIELDS or found not in (PLATE, TIME) or isinstance(value, FieldRef):
        return clause
    if operator in _LISTED and isinstance(value, str):
        return replace(clause, kind=PLATE) if found == PLATE else clause
    if found == PLATE and operator == "matches":
        return replace(clause, value=alike_letters(str(value)))
    if operator == "exists" or (found == TIME and operator not in ("is", "any_of", "not", "not_in")):
        return clause
    return replace(clause, value=constant(found, value))
