"""P3 and the time to compile: what the number of rules costs."""

import gc
import statistics
import time
from pathlib import Path
from typing import Any

import msgspec

from benchmarks import matching
from benchmarks.city import content, event_body
from benchmarks.ingest import result
from benchmarks.wire import post_all, request, served
from tocsin.book.book import number_book
from tocsin.clock import SystemClock
from tocsin.matching.index import IndexMatcher
from tocsin.rules.meaning import Meaning
from tocsin.rules.tables import Tables

FEW, MANY = 100, 10_000
BATCHES, PER_BATCH = 200, 100

_json = msgspec.json


async def number_of_rules(folder: Path, runs: int) -> list[dict[str, Any]]:
    """P3: durable ingest over HTTP, every event near to another rule, with 10,000 rules ÷ with 100; and of that the
    index alone.
    """
    rates: dict[int, list[float]] = {FEW: [], MANY: []}
    for number in range(runs):
        for rules in (FEW, MANY) if number % 2 == 0 else (MANY, FEW):
            now = SystemClock().now()
            bodies = [b"[" + b",".join(_event(one, now, rules) for one in range(first, first + PER_BATCH)) + b"]"
                      for first in range(0, BATCHES * PER_BATCH, PER_BATCH)]
            async with served(folder, rules) as engine:
                seconds, _ = await post_all(engine.port, [request("/v1/events", body) for body in bodies], 8)
            rates[rules].append(BATCHES * PER_BATCH / seconds)
    ratios = [many / few for few, many in zip(rates[FEW], rates[MANY], strict=True)]
    return [result("P3", ratios, 0.85, 0.98, f"{FEW} rules", few=round(statistics.median(rates[FEW])),
                   many=round(statistics.median(rates[MANY])), spread=[round(ratio, 2) for ratio in sorted(ratios)]),
            *[_index(name, make, runs) for name, make in (
                ("P3 index", matching.rules_by_zone), ("P3 one type", matching.rules_of_one_type))]]


def _event(number: int, now: int, rules: int) -> bytes:
    """An event of the city that comes near to a rule: of its type and zone, below its speed."""
    event = _json.decode(event_body(number, now))
    event["data"]["zone"] = f"zone-{number * 7919 % max(1, rules // 50)}"
    return _json.encode(event)


def _index(name: str, make: Any, runs: int) -> dict[str, Any]:
    few, many = make(FEW), make(MANY)
    small, big = IndexMatcher(few, matching.TABLES), IndexMatcher(many, matching.TABLES)
    few_events, many_events = matching.events_for(few), matching.events_for(many)
    gc.collect()
    pairs = [(matching.rate(small, few_events), matching.rate(big, many_events)) for _ in range(3 * runs)]
    return result(name, [large / little for little, large in pairs], 0.85, 0.98, f"{FEW} rules, no engine",
                  few_us=round(1e6 / max(pair[0] for pair in pairs), 2),
                  many_us=round(1e6 / max(pair[1] for pair in pairs), 2))


async def compiled(folder: Path, runs: int) -> dict[str, Any]:
    """From a book of 10,000 rules as it was read to all that judges an event, in seconds."""
    book = content(MANY)
    took = []
    for _ in range(runs):
        began = time.perf_counter()
        Meaning(number_book(1, book))
        IndexMatcher(book.rules, Tables.of(book))
        took.append(time.perf_counter() - began)
    return result("compile", took, 3.0, 3.0, f"{MANY:,} rules, seconds", lower=True)
