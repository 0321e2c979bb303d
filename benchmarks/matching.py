"""How the cost of matching depends on the number of rules (P3), and what one clause costs. Prints ratios."""

import gc
import time
from collections.abc import Callable

import msgspec

from tocsin.book.book import Content
from tocsin.book.match import Expect, Match
from tocsin.book.rule import Rule, When
from tocsin.domain.event import Event, Place
from tocsin.matching.index import IndexMatcher
from tocsin.rules.match import compile_match
from tocsin.rules.tables import Tables

TABLES = Tables.of(Content())
EVENTS = 20_000
TYPES = 50


def rules_by_zone(count: int) -> list[Rule]:
    """``type == T and zone == Z and value >= V``, 50 types."""
    return [_rule(i, Expect("type", "is", f"type-{i % TYPES}"), Expect("zone", "is", f"zone-{i // TYPES}"),
                  Expect("value", "at_least", 50 + i % 49)) for i in range(count)]


def rules_of_one_type(count: int) -> list[Rule]:
    """``type == alarm and site == S and value >= V``: one rule a site."""
    return [_rule(i, Expect("type", "is", "alarm"), Expect("site", "is", f"site-{i}"),
                  Expect("value", "at_least", 50 + i % 49)) for i in range(count)]


def rules_by_prefix(count: int) -> list[Rule]:
    """``type: family-F.*`` and a device each."""
    return [_rule(i, Expect("type", "is", f"family-{i % TYPES}.*"), Expect("device", "is", f"dev-{i}"),
                  Expect("value", "at_least", 50 + i % 49)) for i in range(count)]


def _rule(number: int, *clauses: Expect) -> Rule:
    return Rule(id=f"rule-{number}", say="…", when=When("event", match=Match(clauses)))


def events_for(rules: list[Rule]) -> list[Event]:
    """Events as they come off the wire, each fits the equalities of one rule, every second one also its threshold."""
    events = []
    encode, decode = msgspec.json.encode, msgspec.json.Decoder(Event).decode
    for i in range(EVENTS):
        wanted = {clause.field: clause.value for clause in rules[i * 7919 % len(rules)].when.match.clauses
                  if isinstance(clause, Expect)}
        kind = str(wanted["type"]).replace(".*", ".one")
        event = Event(id=str(i), source="bench", type=kind, time=i, received=i,
                            site=wanted.get("site"), device=wanted.get("device"),  # type: ignore[arg-type]
                            data={"zone": wanted.get("zone"), "value": 120 if i % 2 else 40})
        events.append(decode(encode(event)))
    return events


def rate(matcher: IndexMatcher, events: list[Event]) -> float:
    match = matcher.match
    start = time.perf_counter()
    for event in events:
        match(event)
    return len(events) / (time.perf_counter() - start)


def compare(name: str, make: Callable[[int], list[Rule]]) -> None:
    few, many = make(100), make(10_000)
    start = time.perf_counter()
    big = IndexMatcher(many, TABLES)
    built = time.perf_counter() - start
    small = IndexMatcher(few, TABLES)
    few_events, many_events = events_for(few), events_for(many)
    gc.collect()
    gc.freeze()
    hits = sum(len(big.match(event)) for event in many_events)
    pairs = [(rate(small, few_events), rate(big, many_events)) for _ in range(9)]
    ratio = sorted(large / little for little, large in pairs)[len(pairs) // 2]
    few_rate, many_rate = max(pair[0] for pair in pairs), max(pair[1] for pair in pairs)
    print(f"{name:24} 10,000 ÷ 100 rules: {ratio:.2f}   {many_rate:>9,.0f} events/s   "
          f"{1e6 / few_rate:.2f} µs -> {1e6 / many_rate:.2f} µs an event   {hits / EVENTS:.2f} hits an event   "
          f"built in {built:.2f} s")


def bare_dict() -> None:
    """The floor of the machine: one dict of (type, zone), no matcher, to tell cache misses from work."""
    took = []
    for count in (100, 10_000):
        rules = rules_by_zone(count)
        table = {tuple(clause.value for clause in rule.when.match.clauses[:2]): rule.id  # type: ignore[union-attr]
                 for rule in rules}
        events = events_for(rules)
        best = 9.9
        for _ in range(9):
            start = time.perf_counter()
            for event in events:
                table.get((event.type, event.data["zone"]))
            best = min(best, time.perf_counter() - start)
        took.append(best / EVENTS * 1e6)
    print(f"{'one bare dict':24} 10,000 ÷ 100 rules: {took[0] / took[1]:.2f}   "
          f"{took[0]:.2f} µs -> {took[1]:.2f} µs an event")


def clauses() -> None:
    event = Event(id="1", source="s", type="alarm.panic", time=1, received=1, site="school-12",
                  location=Place(48.73, 37.55), data={"value": 60, "ratio": 0.5, "plate": "АН1234ВС"})
    for clause in (Expect("type", "is", "alarm.panic"), Expect("type", "is", "alarm.*"), Expect("value", "above", 50),
                   Expect("ratio", "is", 0.5), Expect("site", "not", "x"), Expect("plate", "starts_with", "АН"),
                   Expect("plate", "like", "АН*ВС"), Expect("plate", "is", "ан1234вс", fold=True),
                   Expect("plate", "matches", "АН[0-9]{4}.."), Expect("missing", "exists", True)):
        holds = compile_match(Match((clause,)), TABLES)
        best = 9.9
        for _ in range(5):
            start = time.perf_counter()
            for _ in range(20_000):
                holds(event)
            best = min(best, (time.perf_counter() - start) / 20_000)
        print(f"{clause.field} {clause.operator} {clause.value!s:20} {best * 1e6:6.2f} µs")


if __name__ == "__main__":
    compare("type and zone", rules_by_zone)
    compare("one type, a site a rule", rules_of_one_type)
    compare("type prefix and device", rules_by_prefix)
    bare_dict()
    clauses()
