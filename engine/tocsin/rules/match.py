"""A match as a function: does this event satisfy the conditions that a person wrote?

Two-valued throughout: a missing field, or one of another kind than the rule's, makes a positive condition false;
``not``, ``not_in`` and ``none`` are the exact opposites of their positive forms. See ``expect`` for the operators.

A place is a circle with its accuracy as radius, here and in ``AreaIndex``: whoever may be inside an area or within
a distance is. An event without a location is nowhere.
"""

from collections.abc import Callable

from tocsin.book.match import AnyOf, Clause, Expect, FieldRef, Inside, Match, Near, NoneOf
from tocsin.domain.event import Event, Place
from tocsin.rules.distance import metres_between, usable_accuracy
from tocsin.rules.expect import Mismatch, Predicate, compile_expect
from tocsin.rules.tables import Tables
from tocsin.rules.text import key_text
from tocsin.rules.values import MatchError, kind_of, reader


def ignore_mismatch(field: str, wanted: str, got: str) -> None:
    """Tell nobody."""


def compile_match(match: Match, tables: Tables, mismatch: Mismatch = ignore_mismatch) -> Predicate:
    """A pure, fast predicate; ``mismatch`` is told when a value and an expectation are of different kinds.

    Raises MatchError or ListError for what can never be asked: an unknown list, column or area, a bad pattern.
    """
    return _all([_clause(clause, tables, mismatch) for clause in match.clauses])


def _clause(clause: Clause, tables: Tables, mismatch: Mismatch) -> Predicate:
    if isinstance(clause, Expect):
        return compile_expect(clause, tables, mismatch)
    if isinstance(clause, Inside):
        return _inside(clause, tables)
    if isinstance(clause, Near):
        return _near(clause, tables, mismatch)
    inner = [compile_match(match, tables, mismatch) for match in clause.matches]
    return _any(inner) if isinstance(clause, AnyOf) else _none(clause, inner)


def _all(predicates: list[Predicate]) -> Predicate:
    if not predicates:
        return lambda event: True
    first, *rest = predicates
    if not rest:
        return first
    if len(rest) == 1:
        second = rest[0]
        return lambda event: first(event) and second(event)
    if len(rest) == 2:
        second, third = rest
        return lambda event: first(event) and second(event) and third(event)
    return lambda event: all(predicate(event) for predicate in predicates)


def _any(predicates: list[Predicate]) -> Predicate:
    return lambda event: any(predicate(event) for predicate in predicates)


def _none(clause: NoneOf, predicates: list[Predicate]) -> Predicate:
    return lambda event: not any(predicate(event) for predicate in predicates)


def _inside(clause: Inside, tables: Tables) -> Predicate:
    area = clause.area
    if isinstance(area, FieldRef):
        read = reader(area.field)
        return lambda event: any(name in event.areas for name in key_text(read(event)))
    if area not in tables.areas:
        raise MatchError(f'inside: there is no area "{area}"')
    return lambda event: area in event.areas


def _near(clause: Near, tables: Tables, mismatch: Mismatch) -> Predicate:
    away = _metres_from(clause, tables)
    distance = clause.distance
    if not isinstance(distance, FieldRef):
        return lambda event: event.location is not None and away(event.location) <= distance
    field, read = distance.field, reader(distance.field)

    def within_field(event: Event) -> bool:
        limit = read(event)
        if event.location is None or limit is None:
            return False
        if kind_of(limit) != "number":
            mismatch(field, "number", kind_of(limit))
            return False
        return bool(away(event.location) <= limit)

    return within_field


def _metres_from(clause: Near, tables: Tables) -> Callable[[Place], float]:
    if isinstance(clause.of, str):
        area, areas = clause.of, tables.areas
        if area not in areas:
            raise MatchError(f'near: there is no area "{area}"')
        return lambda place: _beyond_accuracy(areas.distance(area, place.lat, place.lon), place)
    lat, lon = clause.of
    return lambda place: _beyond_accuracy(metres_between(lat, lon, place.lat, place.lon), place)


def _beyond_accuracy(metres: float, place: Place) -> float:
    left = metres - usable_accuracy(place.accuracy_m)
    return 0.0 if left < 0 else left
