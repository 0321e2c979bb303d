"""The matcher that decides: rules indexed by the values that they demand, then asked as compiled functions."""

from collections.abc import Callable, Sequence

import structlog

from tocsin.book.match import Match
from tocsin.book.rule import Rule
from tocsin.domain.event import RESOLVED as RESOLVED_STATUS
from tocsin.domain.event import Event
from tocsin.domain.input import Hit
from tocsin.matching.slots import RESOLVED, UNRESOLVED, slots_of
from tocsin.matching.tree import Build, Condition, Node, by_value, condition
from tocsin.rules.expect import Mismatch, Predicate
from tocsin.rules.lists import ListError
from tocsin.rules.match import compile_match, ignore_mismatch
from tocsin.rules.tables import Tables
from tocsin.rules.values import MatchError

OnError = Callable[[str, Event, Exception], None]
"""Told (rule id, event, exception) when a rule's condition raised; the other rules go on."""

_BY_TYPE = frozenset({"type"})


def log_error(rule: str, event: Event, error: Exception) -> None:
    """Write the failure to the log."""
    structlog.get_logger().error("matching.rule_failed", rule=rule, event_id=event.id, source=event.source,
                                 error=repr(error))


class IndexMatcher:
    """Which rules' single-event conditions an event satisfies, at a cost that hardly depends on how many there are.

    Hits come in the order of ``rules``, of one rule in the order of its slots, each once. A condition that raises
    counts as not satisfied and is told to ``on_error``; ``on_mismatch`` is told when a value and an expectation
    are of different kinds. Safe to share between threads when the callbacks are. Raises MatchError or ListError,
    naming the rule, for a rule that can never be asked.
    """

    def __init__(self, rules: Sequence[Rule], tables: Tables, *, on_error: OnError = log_error,
                 on_mismatch: Mismatch = ignore_mismatch) -> None:
        self._tables, self._on_error, self._on_mismatch = tables, on_error, on_mismatch
        self._hits: list[Hit] = []
        self._compiled: dict[str, Predicate] = {}
        unresolved: list[Condition] = []
        resolved: list[Condition] = []
        for rule in rules:
            for slot in slots_of(rule):
                asked = condition(len(self._hits), slot.match, slot.keyed)
                self._hits.append(Hit(rule.id, slot.name))
                if slot.events != RESOLVED:
                    unresolved.append(asked)
                if slot.events != UNRESOLVED:
                    resolved.append(asked)
        self._unresolved = self._by_type(unresolved)
        self._resolved = self._by_type(resolved)
        self._compiled.clear()

    def concerns(self, type_: str) -> bool:
        """Whether any rule asks anything of events of this type."""
        families = [type_[:end + 1] for end, letter in enumerate(type_) if letter == "."]
        return any(untyped is not None or type_ in exact or any(family in prefixes for family in families)
                   for exact, prefixes, untyped in (self._resolved, self._unresolved))

    def match(self, event: Event) -> tuple[Hit, ...]:
        exact, prefixes, untyped = self._resolved if event.status == RESOLVED_STATUS else self._unresolved
        found: list[int] = []
        node = exact.get(event.type)
        if node is not None:
            node.collect(event, found)
        if prefixes:
            end = event.type.find(".")
            while end >= 0:
                node = prefixes.get(event.type[:end + 1])
                if node is not None:
                    node.collect(event, found)
                end = event.type.find(".", end + 1)
        if untyped is not None:
            untyped.collect(event, found)
        if len(found) < 2:
            return (self._hits[found[0]],) if found else ()
        return tuple(self._hits[number] for number in sorted(set(found)))

    def _by_type(self, conditions: list[Condition]) -> tuple[dict[str, Node], dict[str, Node], Node | None]:
        build = Build(self._compile, self._failed, self._on_mismatch)
        exact: dict[str, Node] = {}
        prefixes: dict[str, Node] = {}
        groups = by_value(conditions, "type")
        rest = groups.pop(None, None)
        untyped = Node(rest, _BY_TYPE, build) if rest else None
        for value, group in groups.items():
            if isinstance(value, str):
                exact[value] = Node(group, _BY_TYPE, build)
                if value.endswith(".*"):
                    prefixes[value[:-1]] = exact[value]
        return exact, prefixes, untyped

    def _compile(self, number: int, match: Match) -> Predicate:
        """Rules that ask the same share one predicate; told apart by repr, for which 1, 1.0 and true differ."""
        known = repr(match)
        if known not in self._compiled:
            try:
                self._compiled[known] = compile_match(match, self._tables, self._on_mismatch)
            except (MatchError, ListError) as error:
                raise type(error)(f'rule "{self._hits[number].rule}": {error}') from error
        return self._compiled[known]

    def _failed(self, number: int, event: Event, error: Exception) -> None:
        self._on_error(self._hits[number].rule, event, error)
