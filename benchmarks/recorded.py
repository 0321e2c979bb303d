"""P10: a backtest over a recorded journal, events a second, both books heard."""

import statistics
import time
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from benchmarks.city import content, event_of
from benchmarks.ingest import result
from tocsin.book.book import Content, number_book
from tocsin.book.match import Expect, Match
from tocsin.book.rule import PerKey, Rule, When
from tocsin.cli.backtest import try_journal
from tocsin.clock import VirtualClock
from tocsin.domain.time import MINUTE, SECOND
from tocsin.loop import Loop
from tocsin.matching.index import IndexMatcher
from tocsin.rules.tables import Tables
from tocsin.store import open_store
from tocsin.store.journal import Sealer
from tocsin.store.reader import Reader

EVENTS, BATCH = 200_000, 5_000
BEGIN = 1_795_000_000 * SECOND
APART = SECOND // 20
"""Between two events: 200,000 are not quite three hours."""


def with_windows(book: Content) -> Content:
    """Five rules over time beside the others: each hears every camera of one kind in 50, so that a tenth of the events
    goes into a window.
    """
    kinds = [Match((Expect("type", "is", f"camera.kind-{kind}"),)) for kind in range(1, 6)]
    whens = (When("count", match=kinds[0], at_least=40, within=10 * MINUTE),
             When("average", match=kinds[1], of="speed", over=10 * MINUTE, compare={"above": 80}),
             When("level", match=kinds[2], of="speed", compare={"above": 95}),
             When("new", match=kinds[3], of="lane", over=10 * MINUTE),
             When("absence", match=kinds[4], for_=30 * MINUTE, expected="seen"))
    return Content(rules=(*book.rules, *(
        Rule(id=f"over-time-{when.word}", say="…", when=when, per=(PerKey("site"),), severity="low",
             escalate_to=("board",)) for when in whens)), people=book.people, policies=book.policies)


def changed(book: Content) -> Content:
    """The same rules, the last of them with another severity."""
    *others, last = book.rules
    return replace(book, rules=(*others, replace(last, severity="medium")))


async def record(path: Path, book: Content) -> None:
    """A journal as the engine writes it, all of it sealed."""
    clock = VirtualClock(BEGIN)
    store = open_store(path)
    try:
        loop = Loop(store, clock, number_book(1, book), IndexMatcher(book.rules, Tables.of(book)))
        await loop.start()
        for first in range(0, EVENTS, BATCH):
            numbers = range(first, first + BATCH)
            await loop.submit_events([event_of(number, BEGIN + number * APART) for number in numbers])
            await clock.advance(BATCH * APART)
        sealer = Sealer(store, loop.run_work, clock)
        while await sealer.seal_due(now=clock.now() + 2 * MINUTE):
            pass
        await loop.stop()
    finally:
        store.close()


async def backtests(folder: Path, runs: int) -> list[dict[str, Any]]:
    """P10: one rule of the city's changed; then with a tenth of the events in windows, and a window changed."""
    rows = []
    for name, book in (("P10", content()), ("P10 windows", with_windows(content()))):
        path = folder / "recorded.db"
        for old in folder.glob("recorded.db*"):
            old.unlink()
        await record(path, book)
        rates, of_cpu = zip(*(_once(path, book) for _ in range(runs)), strict=True)
        rows.append(result(name, list(rates), 100_000, 250_000, "nothing", events=EVENTS,
                           spread=[round(rate) for rate in sorted(rates)], cpu=round(statistics.median(of_cpu))))
        rows[-1]["value"] = round(rows[-1]["value"])
    return rows


def _once(path: Path, book: Content) -> tuple[float, float]:
    """Events for each second, and for each second of the processor: on a shared machine the second is the steadier."""
    reader = Reader(path)
    try:
        begun, used = time.perf_counter(), time.process_time()
        done = try_journal(reader, book, changed(book), 0, 30 * SECOND, 0, BEGIN + EVENTS * APART)
        seconds, of_cpu = time.perf_counter() - begun, time.process_time() - used
    finally:
        reader.close()
    assert done.events == EVENTS, done.events
    return EVENTS / seconds, EVENTS / of_cpu
