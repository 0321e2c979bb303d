"""Rules held against the catalogue: types and fields that nothing sends, values that cannot be."""

import re
from collections.abc import Iterator, Mapping

from tocsin.book.book import Table
from tocsin.book.catalogue import TIME, EventType, EventTypes, FieldKind, plain_name, types_of
from tocsin.book.event_types import columns_added
from tocsin.book.event_uses import Types, Use, matches_with_types, names_of_texts, uses_of
from tocsin.book.fields import INSTANT_FIELDS
from tocsin.book.kind_checks import check_expect, check_words, unordered
from tocsin.book.match import AnyOf, Expect, Match, NoneOf
from tocsin.book.report import Report, mistyped, nearest
from tocsin.book.rule import Rule
from tocsin.domain.errors import Location
from tocsin.domain.event import TOP_LEVEL

OWN_TYPES = "tocsin."
"""Types that the engine itself sends and that nobody declares."""


def check_events(rules: tuple[Rule, ...], types: EventTypes, lists: Mapping[str, Table], report: Report) -> None:
    """Errors and warnings about every rule; without declared types only about instants in ``data``."""
    for rule in rules:
        look = _Look(rule, types, lists, report)
        if not types:
            look.instants()
        elif look.types():
            look.fields()


class _Look:
    """One rule."""

    def __init__(self, rule: Rule, types: EventTypes, lists: Mapping[str, Table], report: Report) -> None:
        self.rule, self._types, self._lists, self._report = rule, types, lists, report
        self._told: set[tuple[object, ...]] = set()

    def instants(self) -> None:
        """What is compared as an instant and declared as none."""
        for use in uses_of(self.rule):
            if use.expect is not None and (text := unordered(use.expect, ())):
                self._error(use.field, text)

    def types(self) -> bool:
        """Whether every type that the rule names is a declared one, or may be: no typing error among them."""
        fine = True
        for name in dict.fromkeys(name for match, _ in matches_with_types(self.rule) for name in types_named(match)):
            if name.startswith(OWN_TYPES) or self._types.fitting(name):
                continue
            where = self._place(name)
            near = mistyped_type(name, self._types.names)
            if near:
                fine = False
                self._report.error(where, f'the event type "{name}" is declared nowhere in rules/events: did you mean '
                                   f'"{near}"? If not, declare it there', self._report.replaced(where, name, near))
            else:
                self._report.warn(where, f'no source is known to send "{name}": rules/events declares other types, not '
                                  "this one; declare it there too")
        return fine

    def fields(self) -> None:
        uses = list(uses_of(self.rule))
        for use in uses:
            self._known(use)
        for use in uses:
            if use.expect is not None:
                self._expect(use.types, use.expect)
        check_words(self.rule, lambda field: self._types.kinds(types_of(self.rule), field), self._error, self._warn)
        self._texts()
        self._tests()

    def _known(self, use: Use) -> None:
        """An error for a field that none of the declared types has."""
        declared = self._closed(use.types)
        head = plain_name(use.field).partition(".")[0]
        if declared is None or (head in TOP_LEVEL and not use.field.startswith("data.")):
            return
        known = self._names(declared)
        if not has(known, plain_name(use.field)) and self._first("field", use.field):
            self._unknown(self._place(use.field), use.types, use.field, known)

    def _unknown(self, where: Location, types: Types, field: str, known: tuple[str, ...]) -> None:
        near = nearest(field, known)
        of = " or ".join(types or ())
        self._report.error(where, f'no source sends the field "{field}" of {of}: ' + (
            f'did you mean "{near}"?' if near else "declared are " + (", ".join(known[:12]) or "none")
            + ": add it in rules/events if it comes"), self._report.replaced(where, field, near) if near else "")

    def _expect(self, types: Types, expect: Expect) -> None:
        kinds = self._types.kinds(types, expect.field)
        if len(kinds) > 1:
            if self._first("kinds", expect.field):
                self._error(expect.field, f"{expect.field} is a {kinds[0].kind} in one of these types and a "
                            f"{kinds[1].kind} in another: make two rules")
            return
        declared = kinds[0] if kinds else FieldKind(TIME) if expect.field in INSTANT_FIELDS else None
        if expect.field not in INSTANT_FIELDS:
            if text := unordered(expect, kinds):
                self._error(expect.field, text)
                return
            check_expect(expect, declared, self._error, self._warn)

    def _texts(self) -> None:
        """Names that would print a dash."""
        rule = self.rule
        listed = self._lists.get(rule.when.expected.partition(".")[0])
        own = {key.name for key in rule.per} | {"operation", "near"} | set(listed.columns if listed is not None else ())
        doubted = {finding.where for finding in self._report.findings}
        for use in names_of_texts(rule):
            declared = self._closed(use.types)
            head = use.field.partition(".")[0]
            if declared is None or head in TOP_LEVEL or use.field in own:
                continue
            known = self._names(declared)
            where = None if has(known, use.field) else self._place(use.field)
            if where is not None and where not in doubted:
                near = nearest(use.field, known)
                self._report.warn(where, f'no source sends the field "{use.field}", which would print "—"'
                                  + (f': did you mean "{near}"?' if near else ""),
                                  self._report.replaced(where, use.field, near) if near else "")

    def _tests(self) -> None:
        """Fields of test events that a real one would not have."""
        for test in self.rule.tests:
            for _, event in test.events:
                name = str(event.get("type", ""))
                declared = self._closed((name,))
                if declared is None:
                    continue
                known = self._names(declared)
                data = event.get("data")
                sent = {key for key in event if key not in TOP_LEVEL} | set(data if isinstance(data, dict) else ())
                for field in sorted(sent):
                    declared_as = f"data.{field}" if field in TOP_LEVEL else field
                    if not has(known, declared_as) and self._first("test", name, field):
                        self._unknown(self._report.find(test.where, field), (name,), field, known)

    def _closed(self, types: Types) -> tuple[EventType, ...] | None:
        """The declarations meant, when they say all about their fields; else None."""
        if types is None:
            return None
        each = [self._types.fitting(name) for name in types]
        found = tuple(one for some in each for one in some)
        return found if found and all(each) and all(one.fields is not None for one in found) else None

    def _names(self, declared: tuple[EventType, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for one in declared
                                   for name in (*(one.fields or ()), *columns_added(one, self._lists))))

    def _first(self, *what: object) -> bool:
        fresh = what not in self._told
        self._told.add(what)
        return fresh

    def _error(self, field: str, text: str) -> None:
        self._report.error(self._place(field), text)

    def _warn(self, field: str, text: str) -> None:
        self._report.warn(self._place(field), text)

    def _place(self, name: str) -> Location:
        return place_of(self._report, self.rule, name)


def place_of(report: Report, rule: Rule, name: str) -> Location:
    """Where a rule names a field or a type first: as a key, else as a word; the location by what asks for it."""
    asking = ("inside:", "near:") if name == "location" else ()
    for piece in (*asking, f"{name}:", name):
        found = report.find(rule.where, piece)
        if found != rule.where:
            return found
    return rule.where


def has(known: tuple[str, ...], field: str) -> bool:
    """Whether a field is one of these, inside one, or holds one (``battery`` of ``battery.level``)."""
    return any(field == name or field.startswith(f"{name}.") or name.startswith(f"{field}.") for name in known)


def mistyped_type(name: str, known: tuple[str, ...]) -> str:
    """The type of which one word was very probably mistyped, "" when there is none."""
    words = name.split(".")
    for other in known:
        theirs = other.split(".")
        differing = [(one, two) for one, two in zip(words, theirs, strict=False) if one != two]
        if len(words) == len(theirs) and len(differing) == 1 and mistyped(differing[0][0], [differing[0][1]]):
            return other
    return ""


def types_named(match: Match) -> Iterator[str]:
    """The types that a match names, however deep."""
    for clause in match.clauses:
        if isinstance(clause, AnyOf | NoneOf):
            for inner in clause.matches:
                yield from types_named(inner)
        elif isinstance(clause, Expect) and clause.field == "type" and clause.operator in ("is", "any_of"):
            values = clause.value if isinstance(clause.value, tuple) else (clause.value,)
            yield from (value for value in values if isinstance(value, str) and re.search(r"\w", value))
