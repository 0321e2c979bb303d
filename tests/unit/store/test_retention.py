"""What the journal keeps, and for how long: rows, what incidents rest on, roots."""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from tests.support.small_site import column, event, running

from tocsin.clock import VirtualClock
from tocsin.delivery.say import say_of
from tocsin.domain.input import Answer
from tocsin.domain.time import DAY, MINUTE
from tocsin.loop import Loop
from tocsin.reports.explain import explain
from tocsin.store import Store, journal
from tocsin.store.history import History
from tocsin.store.journal import Sealer
from tocsin.store.reader import Reader, book_at, rows_at, rows_since
from tocsin.store.retention import Keep, Retention
from tocsin.store.verify import verify

KEEP = Keep(30 * DAY, 10**9, 1000 * DAY)


@pytest.fixture(autouse=True)
def few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "ROWS", 10)


async def seal(loop: Loop, store: Store, clock: VirtualClock) -> None:
    sealer = Sealer(store, loop.run_work, clock)
    while await sealer.seal_due(now=clock.now() + 2 * MINUTE):
        pass


async def a_month(loop: Loop, store: Store, clock: VirtualClock) -> None:
    """An alarm among other events, answered and closed; a month later other events."""
    await loop.submit_events([event(n, type="other") for n in range(15)])
    await loop.submit_events([event(100)])
    await loop.submit(Answer("olena", 1, "resolve", "telegram", notification=1))
    await loop.submit_events([event(n, type="other") for n in range(200, 225)])
    await seal(loop, store, clock)
    await clock.advance(31 * DAY)
    await loop.submit_events([event(n, type="other", at=clock.now()) for n in range(300, 325)])
    await seal(loop, store, clock)


async def retain(loop: Loop, store: Store, clock: VirtualClock, keep: Keep = KEEP) -> None:
    await Retention(store, loop.run_work, clock, keep).run()


def whole(store: Store) -> list[int]:
    return column(store, "SELECT number FROM segments WHERE thinned IS NULL ORDER BY number")


async def test_rows_go_when_their_time_is_over_and_what_an_incident_rests_on_stays(tmp_path: Path) -> None:
    """It is explained as before; the chain holds, and verify says what is not there any more."""
    path = tmp_path / "t.db"
    async with running(path) as (loop, store, clock):
        await a_month(loop, store, clock)
        roots = column(store, "SELECT root FROM segments ORDER BY number")
        before, first = verify(path), whole(store)
        with store.reading() as connection:
            told = explain(connection, 1, rows_at=rows_at, book_at=book_at, say=say_of)
        assert (before.ok, before.remarks) == (True, [])
        await retain(loop, store, clock)
        left = whole(store)
        assert (first[0], left[0] > 3) == (1, True)
        assert column(store, "SELECT root FROM segments ORDER BY number") == roots
        with store.reading() as connection:
            assert explain(connection, 1, rows_at=rows_at, book_at=book_at, say=say_of) == told
        assert told is not None
        assert all(one.input is not None for one in told.rests_on)
        verdict = verify(path)
        assert verdict.ok, verdict.findings
        assert "Segment 1 (positions 1 to 10) is kept no longer, but for" in verdict.remarks[0]
        await retain(loop, store, clock)
        assert whole(store) == left
    async with running(path, VirtualClock(clock.now())) as (loop, _, _):
        assert (await loop.submit_events([event(900)]))[0].position
    assert verify(path).ok


async def test_what_is_thinned_is_no_history_for_rules(tmp_path: Path) -> None:
    """Changed rules are made anew from whole segments only, backwards and forwards."""
    path = tmp_path / "t.db"
    async with running(path) as (loop, store, clock):
        await a_month(loop, store, clock)
        await retain(loop, store, clock)
        begin = column(store, 'SELECT min("first") FROM segments WHERE thinned IS NULL')[0]
        reader = Reader(path)
        try:
            back = [told[0] for page in History(reader.reading).back(store.restore().position) for told in page]
            assert min(back) >= begin
            assert min(row[0] for row in rows_since(reader.reading, 0)) == begin
        finally:
            reader.close()


async def test_too_many_bytes_go_before_their_time(tmp_path: Path) -> None:
    """The oldest first, no more than must."""
    async with running(tmp_path / "t.db") as (loop, store, clock):
        await a_month(loop, store, clock)
        held = column(store, "SELECT sum(bytes) FROM segments")[0]
        await retain(loop, store, clock, Keep(10_000 * DAY, held - 1, 10_000 * DAY))
        assert whole(store)[0] == 2
        assert column(store, "SELECT sum(bytes) FROM segments")[0] < held


async def test_an_incident_goes_with_all_that_is_its_own(tmp_path: Path) -> None:
    """Message, attempts, evidence; an open one never goes."""
    path = tmp_path / "t.db"
    async with running(path) as (loop, store, clock):
        await a_month(loop, store, clock)
        await loop.submit_events([event(400, site="open")])
        await retain(loop, store, clock, Keep(30 * DAY, 10**9, 30 * DAY))
        assert column(store, "SELECT id FROM incidents") == [2]
        for table in ("outbox", "activations", "evidence"):
            assert set(column(store, f"SELECT incident FROM {table}")) == {2}
        assert column(store, "SELECT count(*) FROM segment_parts WHERE segment <= 3") == [0]
        assert verify(path).ok
        await clock.advance(100 * DAY)
        await retain(loop, store, clock, Keep(30 * DAY, 10**9, 30 * DAY))
        assert column(store, "SELECT id FROM incidents") == [2]


@pytest.mark.parametrize("change", [
    "UPDATE segments SET thinned = x'00' WHERE number = 1", "UPDATE segments SET thinned = NULL WHERE number = 1",
    "DELETE FROM segment_parts WHERE segment = 2", "UPDATE segments SET thinned = x'00' WHERE number = "
    "(SELECT max(number) FROM segments)"])
async def test_what_is_kept_cannot_be_changed_unnoticed(tmp_path: Path, change: str) -> None:
    """Nor can a segment be declared thinned by hand."""
    path = tmp_path / "t.db"
    async with running(path) as (loop, store, clock):
        await a_month(loop, store, clock)
        await retain(loop, store, clock)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute(change).rowcount
        connection.commit()
    assert verify(path).findings


async def test_a_run_broken_off_is_finished_by_the_next(tmp_path: Path) -> None:
    """After every work item the store is whole."""
    path = tmp_path / "t.db"

    class BrokenOffError(Exception):
        pass

    async with running(path) as (loop, store, clock):
        await a_month(loop, store, clock)
        for most in range(6):
            done = 0

            async def some(work: Any, most: int = most) -> Any:
                nonlocal done
                if done == most:
                    raise BrokenOffError
                done += 1
                return await loop.run_work(work)

            with suppress(BrokenOffError):
                await Retention(store, some, clock, Keep(30 * DAY, 10**9, 30 * DAY)).run()
            verdict = verify(path)
            assert verdict.ok, verdict.findings
        await retain(loop, store, clock)
        assert whole(store)
