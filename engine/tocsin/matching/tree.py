"""A tree that leads an event to the few conditions that it can satisfy.

Every condition names, in its top-level clauses, values that a field must have. Each node asks a few fields by hash
and hands the event to the branches of its values; at the end of a branch only the clauses that the way did not
already answer are asked, so that one event touches little memory however many rules there are.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from msgspec import Struct

from tocsin.book.match import Clause, Expect, Inside, Match
from tocsin.domain.event import Event
from tocsin.matching.slots import Keyed
from tocsin.rules.expect import Mismatch, Predicate
from tocsin.rules.text import key_text
from tocsin.rules.values import INSTANTS, Reader, kind_of, number, reader

MANY_VALUES = 64
"""A longer list of alternatives is asked, not branched on."""
_KEY = "\x1f"
"""Before the name of a field of which the key text is demanded, not the value."""


class Demand(Struct, frozen=True):
    """The values one of which a field must have, as clause number ``clause`` of the match says; −1, −2, … are what is
    keyed besides.
    """

    clause: int
    values: tuple[Any, ...]


class Condition(Struct, frozen=True):
    """A match under its number in book order, with what it demands of fields and what is keyed besides."""

    number: int
    match: Match
    demands: dict[str, Demand]
    keyed: tuple[Keyed, ...] = ()


class Branches(Struct, frozen=True):
    """The branches of one field; ``by_kind`` keeps 1, "1" and true apart and 1 and 1.0 together.

    ``behind`` are the numbers of all conditions on the branches.
    """

    field: str
    read: Reader
    by_kind: dict[type, dict[Any, "Node | Leaf"]]
    kinds: str
    behind: tuple[int, ...]


Leaf = tuple[int, Predicate | None]
"""A branch with one condition: its number and what is left to ask, None for nothing. Most branches of a large book are
such, and every object that an event does not touch is a cache miss less.
"""


class Build(Struct, frozen=True):
    """What all nodes of a tree share.

    ``compile`` makes the predicate of a condition's remaining match. ``failed`` is told of the condition (by
    number) that raised, the event and the exception.
    """

    compile: Callable[[int, Match], Predicate]
    failed: Callable[[int, Event, Exception], None]
    mismatch: Mismatch


class Node:
    """Conditions that no further field tells apart (``here``), and branches by field."""

    __slots__ = ("branches", "build", "here")

    def __init__(self, conditions: list[Condition], asked: frozenset[str], build: Build) -> None:
        self.build = build
        here, by_field = _split(conditions, asked)
        self.here = tuple(_leaf(one, asked, build) for one in here)
        self.branches = tuple(self._grow(field, by_field[field], asked | {field}) for field in sorted(by_field))

    def _grow(self, field: str, conditions: list[Condition], asked: frozenset[str]) -> Branches:
        groups: dict[type, dict[Any, list[Condition]]] = {}
        for condition in conditions:
            for value in condition.demands[field].values:
                groups.setdefault(_kind(value), {}).setdefault(value, []).append(condition)
        by_kind: dict[type, dict[Any, Node | Leaf]] = {
            kind: {value: _leaf(group[0], asked, self.build) if len(group) == 1 else Node(group, asked, self.build)
                   for value, group in table.items()}
            for kind, table in groups.items()
        }
        if int in by_kind:
            by_kind[float] = by_kind[int]
        kinds = " or ".join(dict.fromkeys(map(_kind_word, by_kind)))
        return Branches(field, _reader(field), by_kind, kinds, tuple(one.number for one in conditions))

    def collect(self, event: Event, found: list[int]) -> None:
        """Append the numbers of all conditions that hold; one may come twice when a field holds a list."""
        for leaf in self.here:
            self._ask(leaf, event, found)
        for branches in self.branches:
            try:
                value = branches.read(event)
                table = branches.by_kind.get(type(value))
                if table is not None:
                    node = table.get(value if type(value) is not float else number(value))
                    if isinstance(node, tuple):
                        self._ask(node, event, found)
                    elif node is not None:
                        node.collect(event, found)
                elif value is not None:
                    self._collect_other(branches, value, event, found)
            except Exception as error:  # noqa: BLE001 - an unreadable field concerns only the rules that ask for it
                for condition in branches.behind:
                    self.build.failed(condition, event, error)

    def _ask(self, leaf: Leaf, event: Event, found: list[int]) -> None:
        condition, holds = leaf
        try:
            if holds is None or holds(event):
                found.append(condition)
        except Exception as error:  # noqa: BLE001 - a rule that errors must never stop another rule
            self.build.failed(condition, event, error)

    def _collect_other(self, branches: Branches, value: Any, event: Event, found: list[int]) -> None:
        for element in value if isinstance(value, list | tuple) else (value,):
            table = branches.by_kind.get(type(element))
            if table is not None:
                node = table.get(number(element))
                if isinstance(node, tuple):
                    self._ask(node, event, found)
                elif node is not None:
                    node.collect(event, found)
            elif element is not None:
                self.build.mismatch(branches.field, branches.kinds, kind_of(element))


def condition(number: int, match: Match, keyed: tuple[Keyed, ...] = ()) -> Condition:
    """The condition of a match; of two clauses that demand values of one field the narrower counts.

    What is ``keyed`` is demanded under a name of its own, and of more values it is one of the clauses that are left.
    """
    demands: dict[str, Demand] = {}
    for place, one in enumerate(keyed, 1):
        if len(one.texts) <= MANY_VALUES:
            demands[_KEY + one.field] = Demand(-place, one.texts)
    for place, clause in enumerate(match.clauses):
        demand = _demand(clause)
        if demand is None:
            continue
        field, values = demand
        if field not in demands or len(values) < len(demands[field].values):
            demands[field] = Demand(place, values)
    return Condition(number, match, demands, keyed)


def _reader(field: str) -> Reader:
    if not field.startswith(_KEY):
        return reader(field)
    read = reader(field[len(_KEY):])
    return lambda event: key_text(read(event))


def by_value(conditions: Iterable[Condition], field: str) -> dict[Any, list[Condition]]:
    """The conditions by the values that they demand of a field, in order; those that demand none under None."""
    groups: dict[Any, list[Condition]] = {}
    for one in conditions:
        demand = one.demands.get(field)
        for value in demand.values if demand is not None else (None,):
            groups.setdefault(value, []).append(one)
    return groups


def _demand(clause: Clause) -> tuple[str, tuple[Any, ...]] | None:
    """Field and values of a clause that means nothing else than that the field has one of these values."""
    if isinstance(clause, Inside):
        return ("areas", (clause.area,)) if isinstance(clause.area, str) else None
    if not isinstance(clause, Expect) or clause.fold or clause.operator not in ("is", "any_of", "in"):
        return None
    values = clause.value if isinstance(clause.value, tuple) else (clause.value,)
    listed = clause.operator == "in" and isinstance(clause.value, str)
    if listed or clause.field in INSTANTS or not 0 < len(values) <= MANY_VALUES:
        return None
    if not all(type(value) in (str, int, float, bool) for value in values):
        return None
    if len({type(value) is bool for value in values}) > 1:
        return None
    return clause.field, tuple(dict.fromkeys(map(number, values)))


def _leaf(condition: Condition, asked: frozenset[str], build: Build) -> Leaf:
    """The condition with what the way to it has not answered."""
    answered = {demand.clause for field, demand in condition.demands.items() if field in asked}
    match = Match(tuple(clause for place, clause in enumerate(condition.match.clauses) if place not in answered))
    holds = build.compile(condition.number, match) if match.clauses else None
    for place, keyed in enumerate(condition.keyed, 1):
        if -place not in answered:
            holds = _and_keyed(holds, keyed)
    return condition.number, holds


def _and_keyed(holds: Predicate | None, keyed: Keyed) -> Predicate:
    read, texts = reader(keyed.field), frozenset(keyed.texts)
    return lambda event: not texts.isdisjoint(key_text(read(event))) and (holds is None or holds(event))


def _split(conditions: list[Condition], asked: frozenset[str]) -> tuple[list[Condition], dict[str, list[Condition]]]:
    """Each condition goes to the field whose branch it would share with the fewest others."""
    if len(conditions) == 1:
        return conditions, {}
    shared: Counter[tuple[str, type, Any]] = Counter()
    users: Counter[str] = Counter()
    for one in conditions:
        for field, demand in one.demands.items():
            if field not in asked:
                users[field] += 1
                shared.update((field, _kind(value), value) for value in demand.values)
    here: list[Condition] = []
    by_field: dict[str, list[Condition]] = defaultdict(list)
    for one in conditions:
        choices = [
            (max(shared[field, _kind(value), value] for value in demand.values), -users[field], field)
            for field, demand in one.demands.items() if field not in asked
        ]
        if choices:
            by_field[min(choices)[2]].append(one)
        else:
            here.append(one)
    return here, by_field


def _kind(value: Any) -> type:
    return int if type(value) is float else type(value)


def _kind_word(kind: type) -> str:
    return {str: "text", bool: "flag"}.get(kind, "number")
