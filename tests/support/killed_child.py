"""A process that dies by SIGKILL before each writing statement and each commit of a piece of work, one after the other.

Run as ``python -m tests.support.killed_child WORK FOLDER [EVERY]``: WORK is ``migration`` (of a store of the first
tables) or ``retention`` (sealing, thinning, letting incidents go). Each death is a fork on its own copy of the store;
what it left is opened again, must verify, and is brought to its end. EVERY leaves instants out. Prints the deaths.
"""

import asyncio
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from tests.support import small_site
from tests.support.first_tables import FIRST_TABLES
from tests.support.small_site import NOON, running

from tocsin.clock import VirtualClock
from tocsin.domain.input import Answer
from tocsin.domain.time import DAY, MINUTE
from tocsin.store import journal, open_store
from tocsin.store.journal import Sealer
from tocsin.store.retention import Keep, Retention
from tocsin.store.verify import verify

TABLES = ("incidents", "activations", "outbox", "evidence", "segments", "segment_parts", "suppressed", "noted", "gated",
          "silences")
LATER = NOON + 40 * DAY


def dies_at(instant: int, work: Callable[[], Any]) -> bool:
    """Do the work in a fork that dies at its ``instant``-th write or commit; whether it did."""
    child = os.fork()
    if not child:
        left = instant

        def count(*told: Any) -> None:
            nonlocal left
            left -= len(told) == 1 or not str(told[2]).lstrip().upper().startswith(("SELECT", "PRAGMA", "BEGIN"))
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)

        event.listen(Engine, "before_cursor_execute", count)
        event.listen(Engine, "commit", count)
        work()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.waitstatus_to_exitcode(status) == 0, "the work itself failed"
    return os.WIFSIGNALED(status)


def held(path: Path) -> list[Any]:
    """Every row of the tables that the work touches."""
    with closing(sqlite3.connect(path)) as connection:
        return [connection.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES]


async def a_month(path: Path) -> None:
    """An alarm among other events, answered and closed; nothing sealed. Later other events."""
    async with running(path) as (loop, _, clock):
        await loop.submit_events([small_site.event(n, type="other") for n in range(15)])
        await loop.submit_events([small_site.event(100)])
        await loop.submit(Answer("olena", 1, "resolve", "telegram", notification=1))
        await clock.advance(31 * DAY)
        await loop.submit_events([small_site.event(n, type="other", at=clock.now()) for n in range(300, 312)])


async def tidy(path: Path) -> None:
    """Seal what can be, thin what is due, let go what is over."""
    async with running(path, VirtualClock(LATER)) as (loop, store, clock):
        sealer = Sealer(store, loop.run_work, clock)
        while await sealer.seal_due(now=clock.now() + 2 * MINUTE):
            pass
        await Retention(store, loop.run_work, clock, Keep(5 * DAY, 10**9, 5 * DAY)).run()


def whole(path: Path, when: str) -> None:
    found = verify(path)
    assert found.ok, (when, found.findings)


def main() -> None:
    what, folder, every = sys.argv[1], Path(sys.argv[2]), int((*sys.argv, "1")[3])
    journal.ROWS = 10
    base = folder / "base.db"
    asyncio.run(a_month(base))

    def work(path: Path) -> None:
        open_store(path).close() if what == "migration" else asyncio.run(tidy(path))

    if what == "migration":
        with closing(sqlite3.connect(base)) as connection:
            connection.executescript(FIRST_TABLES)
    wanted = _copy(base, folder / "undisturbed.db")
    work(wanted)
    whole(wanted, "undisturbed")
    instant = 1
    while True:
        path = _copy(base, folder / f"{instant}.db")
        if not dies_at(instant, lambda path=path: work(path)):
            break
        if what == "retention":
            whole(path, f"killed at {instant}")
        work(path)
        whole(path, f"killed at {instant} and brought to its end")
        if what == "migration":
            assert held(path) == held(wanted), f"killed at {instant}: other rows than undisturbed"
        else:
            assert _left(path) == _left(wanted), f"killed at {instant}: other rows than undisturbed"
        instant += every
    sys.stdout.write(f"{(instant - 1) // every}\n")


def _left(path: Path) -> list[Any]:
    """What retention leaves of incidents, and which segments are thinned."""
    with closing(sqlite3.connect(path)) as connection:
        return [connection.execute(text).fetchall() for text in (
            "SELECT id FROM incidents", "SELECT count(*) FROM outbox", "SELECT count(*) FROM evidence",
            'SELECT number, "first" FROM segments WHERE thinned IS NOT NULL')]


def _copy(base: Path, path: Path) -> Path:
    for ending in ("", "-wal"):
        if base.with_name(base.name + ending).exists():
            shutil.copy(base.with_name(base.name + ending), path.with_name(path.name + ending))
    return path


if __name__ == "__main__":
    main()
