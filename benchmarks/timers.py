"""P7: 1,000 deadlines due at one instant with 100,000 pending: how late the last of them are."""

import asyncio
import sqlite3
import statistics
import tempfile
import threading
from pathlib import Path
from typing import Any

from benchmarks.city import book_and_matcher
from benchmarks.ingest import result
from tocsin.clock import SystemClock
from tocsin.core.board import Board
from tocsin.domain.change import Change, Timer, TimerDropped, TimerSet
from tocsin.domain.codec import decode_timer, encode
from tocsin.domain.entry import Entry
from tocsin.domain.event import Event
from tocsin.domain.input import Input, TimerDue
from tocsin.domain.time import DAY, SECOND
from tocsin.loop import Loop
from tocsin.loop.tuning import tune
from tocsin.store import Store, open_store

PENDING, DUE = 100_000, 1_000


async def deadlines(folder: Path, runs: int) -> dict[str, Any]:
    """The loop's own part: claimed in due order, stepped, committed; the step does nothing but drop the deadline."""
    worst, medians = [], []
    for _ in range(runs):
        with tempfile.TemporaryDirectory(dir=folder) as home:
            late = sorted(await _once(Path(home) / "tocsin.db", step=_drop, fill=_plain))
        worst.append(1000 * late[int(DUE * 0.99)])
        medians.append(1000 * late[DUE // 2])
    return result("P7", worst, 10.0, 4.0, "100,000 pending", lower=True, median=round(statistics.median(medians), 2),
                  spread=[round(value, 2) for value in sorted(worst)])


async def escalations(folder: Path, runs: int) -> dict[str, Any]:
    """The same with the real core: each deadline escalates an incident to its next responder."""
    worst = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory(dir=folder) as home:
            path = Path(home) / "tocsin.db"
            await _open_incidents(path)
            late = sorted(await _once(path, step=None, fill=_at_once))
        worst.append(1000 * late[int(DUE * 0.99)])
    return result("P7 escalating", worst, 10.0, 4.0, "1,000 open incidents", lower=True,
                  spread=[round(value, 1) for value in sorted(worst)])


def _drop(board: Board, meaning: Any, item: Input, now: int) -> list[Change]:
    return [TimerDropped(item.id)] if isinstance(item, TimerDue) else []


def _plain(store: Store, due: int) -> None:
    store.begin()
    position = store.restore().position
    for first in range(0, PENDING + DUE, 1_000):
        position += 1
        changes = [TimerSet(Timer(f"t{number}", due if number < DUE else due + DAY, "escalation", "answer"))
                   for number in range(first, first + 1_000)]
        store.write([Entry(position, due - SECOND, "timer", b"{}", None, changes)])
    store.commit()


def _at_once(store: Store, due: int) -> None:
    """Make the waiting answers of the open incidents fall due at one instant; the rest of the timers far off."""
    store.begin()
    raw: sqlite3.Connection = store._connection.connection.dbapi_connection  # type: ignore[assignment]
    for name, body in raw.execute("SELECT id, body FROM timers").fetchall():
        timer = decode_timer(body)
        moved = Timer(timer.id, due if timer.kind == "answer" else due + DAY, timer.lane, timer.kind, timer.incident,
                      timer.policy, timer.person, timer.rule, timer.key)
        raw.execute("UPDATE timers SET due = ?, body = ? WHERE id = ?", (moved.due, encode(moved), name))
    store.commit()
    _plain_far(store, due)


def _plain_far(store: Store, due: int) -> None:
    store.begin()
    position = store.restore().position
    changes = [TimerSet(Timer(f"far{number}", due + DAY, "escalation", "remind")) for number in range(PENDING)]
    store.write([Entry(position + 1, due - SECOND, "timer", b"{}", None, changes)])
    store.commit()


async def _open_incidents(path: Path) -> None:
    store, clock = open_store(path), SystemClock()
    loop = Loop(store, clock, *book_and_matcher())
    await loop.start()
    now = clock.now()
    await loop.submit_events([Event(id=str(n), source="s", type="alarm.panic", time=now, received=now, site=f"site-{n}")
                              for n in range(DUE)])
    await loop.stop()
    store.close()


async def _once(path: Path, step: Any, fill: Any) -> list[float]:
    store, clock = open_store(path), SystemClock()
    due = clock.now() + 3 * SECOND
    fill(store, due)
    done, left = threading.Event(), [DUE]
    loop = Loop(store, clock, *book_and_matcher(), **({"step": step} if step else {}))
    late: list[float] = []
    lateness = loop.stats.lateness
    original = lateness.add

    def add(value: float) -> None:
        original(value)
        late.append(value)
        left[0] -= 1
        if not left[0]:
            done.set()

    lateness.add = add  # type: ignore[method-assign]
    await loop.start()
    loop.inbound_polled()
    tune()
    await asyncio.to_thread(done.wait, 30)
    await loop.stop()
    store.close()
    return late
