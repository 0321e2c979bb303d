"""Rules packed into rulesets small enough for durable-rules' limits, with examples that prove each rule.

A shard never holds more than 60 alternatives or 150 properties; its rules are sorted by the type that they demand,
so that an event is put only to the few shards of its type and to those of rules without one.
"""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from tocsin.book.match import Expect
from tocsin.matching.durable_compile import MAX_BRANCHES, Unsupported, compile_slot
from tocsin.matching.examples import example_of
from tocsin.matching.formula import ALIVE, branches, properties_in, to_rule
from tocsin.matching.properties import Property
from tocsin.matching.slots import RESOLVED, Slot

MAX_PROPERTIES = 150
MANY_TYPES = 8
"""A rule that demands one of more types is put among those without a type."""


class ShardRule(Struct, frozen=True):
    """One slot: its number, its rule as durable-rules' JSON, the properties that it compares.

    ``fits`` and ``fails`` are flat objects, one that it must fire on and one that it must not.
    """

    number: int
    rule: dict[str, Any]
    properties: tuple[str, ...]
    fits: dict[str, Any]
    fails: dict[str, Any]


class Shard(Struct, frozen=True):
    """One ruleset; ``types`` are the event types that it is asked of, None for all; ``resolved``: asked of resolved
    events alone.
    """

    name: str
    rules: tuple[ShardRule, ...]
    properties: dict[str, Property]
    types: tuple[str, ...] | None
    resolved: bool


class Plan(Struct, frozen=True):
    """All shards, and the numbers of the slots that are in none, each with the reason."""

    shards: tuple[Shard, ...]
    left_out: dict[int, str]


class PropertyNames:
    """Short names for properties, no two of which durable-rules takes for the same."""

    def __init__(self) -> None:
        self.by_name: dict[str, Property] = {}
        self._names: dict[Property, str] = {}
        self._hashes = {digest for word in (ALIVE, "id", "sid", "$s", "$m") for digest in name_hashes(word)}
        self._next = 0

    def __call__(self, wanted: Property) -> str:
        while wanted not in self._names:
            name, self._next = f"p{self._next}", self._next + 1
            if not name_hashes(name) & self._hashes:
                self._hashes |= name_hashes(name)
                self._names[wanted] = name
                self.by_name[name] = wanted
        return self._names[wanted]


def name_hashes(name: str) -> set[int]:
    """FNV-1 and FNV-1a of a name, 32 bits: durable-rules tells field names apart by nothing else."""
    first = second = 2_166_136_261
    for byte in name.encode():
        first = (first * 16_777_619 & 0xFFFFFFFF) ^ byte
        second = (second ^ byte) * 16_777_619 & 0xFFFFFFFF
    return {first, second}


class _Entry(Struct, frozen=True):
    rule: ShardRule
    branches: int
    types: tuple[str, ...] | None
    resolved: bool


def plan_shards(slots: Sequence[Slot]) -> Plan:
    """Compile every slot that durable-rules can be asked, and pack them; the same slots always give the same shards."""
    names = PropertyNames()
    left_out: dict[int, str] = {}
    typed: list[_Entry] = []
    untyped: list[_Entry] = []
    for number, slot in enumerate(slots):
        try:
            entry = _entry(number, slot, names)
            (untyped if entry.types is None else typed).append(entry)
        except Unsupported as reason:
            left_out[number] = str(reason)
    typed.sort(key=lambda entry: entry.types or ())
    shards: list[Shard] = []
    for entries in (typed, untyped):
        shards += _pack([entry for entry in entries if not entry.resolved], len(shards), names.by_name)
        shards += _pack([entry for entry in entries if entry.resolved], len(shards), names.by_name)
    return Plan(tuple(shards), left_out)


def _entry(number: int, slot: Slot, names: PropertyNames) -> _Entry:
    formula = compile_slot(slot, names)
    fits, fails = example_of(formula, names.by_name)
    if fits is None:
        raise Unsupported("no event was found that it must match; it may contradict itself")
    rule = ShardRule(number, to_rule(formula), properties_in(formula), fits, fails)
    return _Entry(rule, branches(formula), _types(slot), slot.events == RESOLVED)


def _types(slot: Slot) -> tuple[str, ...] | None:
    for clause in slot.match.clauses:
        if isinstance(clause, Expect) and clause.field == "type" and clause.operator in ("is", "any_of"):
            values = clause.value if isinstance(clause.value, tuple) else (clause.value,)
            if clause.fold or len(values) > MANY_TYPES:
                continue
            types = tuple(sorted(value for value in values if isinstance(value, str) and not value.endswith(".*")))
            if len(types) == len(values):
                return types
    return None


def _pack(entries: list[_Entry], number: int, known: dict[str, Property]) -> list[Shard]:
    shards: list[Shard] = []
    held: list[_Entry] = []
    names: dict[str, None] = {}
    size = 0
    for entry in entries:
        more = dict.fromkeys(entry.rule.properties)
        if held and (size + entry.branches > MAX_BRANCHES or len(names | more) > MAX_PROPERTIES):
            shards.append(_shard(number + len(shards), held, names, known))
            held, names, size = [], {}, 0
        held.append(entry)
        names |= more
        size += entry.branches
    if held:
        shards.append(_shard(number + len(shards), held, names, known))
    return shards


def _shard(number: int, held: list[_Entry], names: dict[str, None], known: dict[str, Property]) -> Shard:
    types = None
    if held[0].types is not None:
        types = tuple(dict.fromkeys(kind for entry in held for kind in entry.types or ()))
    properties = {one: known[one] for one in names if one != ALIVE}
    rules = tuple(entry.rule for entry in held)
    return Shard(f"shard-{number}", rules, properties, types, held[0].resolved)
