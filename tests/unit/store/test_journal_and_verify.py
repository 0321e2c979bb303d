"""The journal proves and explains: sealing, the chain, and what verify finds."""

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.support.small_site import NOON, PANIC, column, content, event, running

from tocsin.book.book import number_book
from tocsin.book.rule import PerKey
from tocsin.clock import VirtualClock
from tocsin.domain.input import Answer, OperatorAction
from tocsin.domain.time import DAY, MINUTE, SECOND
from tocsin.loop import Loop
from tocsin.store import Store, journal
from tocsin.store.journal import Sealer
from tocsin.store.reader import rows_since
from tocsin.store.verify import verify


@asynccontextmanager
async def lived(path: Path, **options: Any) -> AsyncIterator[tuple[Loop, Store, VirtualClock]]:
    """A store that has seen an alarm, an answer, deadlines and other events."""
    async with running(path, **options) as (loop, store, clock):
        await loop.submit_events([event(n, site=f"site-{n % 7}") for n in range(1, 30)])
        await clock.advance(70 * SECOND)
        await loop.submit(Answer("olena", 1, "acknowledge", "telegram", notification=1))
        await loop.submit_events([event(100), event(101, type="other")])
        await clock.advance(20 * MINUTE)
        yield loop, store, clock


def tampered(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    for text in statements:
        assert connection.execute(text).rowcount
    connection.commit()
    connection.close()


async def seal_all(loop: Loop, store: Store, clock: VirtualClock) -> int:
    sealer = Sealer(store, loop.run_work, clock)
    count = 0
    while await sealer.seal_due(now=clock.now() + 2 * MINUTE):
        count += 1
    return count


async def test_a_whole_store_is_verified_hot_and_sealed(tmp_path: Path) -> None:
    """Everything is derived again, also while the engine runs and after a restart."""
    path = tmp_path / "t.db"
    async with lived(path) as (loop, store, clock):
        hot = verify(path)
        assert hot.ok, hot.findings
        assert hot.rows == hot.derived == store.restore().position
        assert await seal_all(loop, store, clock) == 1
        assert column(store, "SELECT count(*) FROM journal") == [0]
        await loop.submit_events([event(200, site="late")])
        sealed = verify(path)
        assert sealed.ok, sealed.findings
        assert (sealed.segments, sealed.rows, sealed.remarks) == (1, hot.rows + 1, [])
    async with running(path, VirtualClock(NOON + DAY)) as (loop, store, clock):
        await loop.submit_events([event(300)])
    again = verify(path)
    assert again.ok, again.findings
    assert again.derived == again.rows > sealed.rows


async def test_positions_go_on_after_everything_was_sealed(tmp_path: Path) -> None:
    """A restart on an empty hot journal goes on behind the last segment, and still recognises a repetition."""
    path = tmp_path / "t.db"
    async with lived(path) as (loop, store, clock):
        await seal_all(loop, store, clock)
        last = store.restore().position
    async with running(path, VirtualClock(clock.now())) as (loop, store, clock):
        assert (await loop.submit_events([event(100)]))[0].duplicate
        assert (await loop.submit_events([event(500)]))[0].position == last + 2


async def test_segments_are_chained_and_say_what_wrote_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten rows a segment here; each root rests on the one before; books are named."""
    monkeypatch.setattr(journal, "ROWS", 10)
    path = tmp_path / "t.db"
    async with lived(path) as (loop, store, clock):
        second = number_book(2, content(PANIC))
        await loop.load_book(second, loop._cycle.force.matcher)
        count = await seal_all(loop, store, clock)
        assert count > 3
        with store.reading() as connection:
            rows = list(connection.exec_driver_sql(
                'SELECT previous, root, "first", "last", books FROM segments ORDER BY number'))
        assert [row[0] for row in rows[1:]] == [row[1] for row in rows[:-1]]
        assert [row[2] for row in rows[1:]] == [row[3] + 1 for row in rows[:-1]]
        assert rows[-1][4] == "2"
    assert verify(path).ok


async def test_nothing_is_sealed_before_its_time(tmp_path: Path) -> None:
    """Rows stay hot for a minute."""
    async with running(tmp_path / "t.db") as (loop, store, clock):
        await loop.submit_events([event(1)])
        sealer = Sealer(store, loop.run_work, clock)
        assert not await sealer.seal_due()
        await clock.advance(61 * SECOND)
        assert await sealer.seal_due()


@pytest.mark.parametrize("stage", range(1, 4))
async def test_a_seal_broken_off_is_finished_by_the_next_run(
        tmp_path: Path, stage: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the parts, after the segment's row, in the midst of deleting."""
    monkeypatch.setattr(journal, "DELETED", 5)
    path = tmp_path / "t.db"

    class BrokenOffError(Exception):
        pass

    async with lived(path) as (loop, store, clock):
        done = 0

        async def some(work: Any) -> Any:
            nonlocal done
            if done == stage:
                raise BrokenOffError
            done += 1
            return await loop.run_work(work)

        with pytest.raises(BrokenOffError):
            await Sealer(store, some, clock).seal_due()
        assert verify(path).ok
    async with running(path, VirtualClock(clock.now())) as (loop, store, clock):
        await loop.submit_events([event(700, site="after")])
        sealer = Sealer(store, loop.run_work, clock)
        await sealer.clear()
        sealed = "(SELECT count(*) FROM segments)"
        assert column(store, f"SELECT count(*) FROM segment_parts WHERE segment > {sealed}") == [0]
        await seal_all(loop, store, clock)
        verdict = verify(path)
        assert verdict.ok, verdict.findings
        assert verdict.rows == store.restore().position


CHANGES: list[tuple[str, Callable[[int], str], str]] = [
    ("an effect", lambda n: f"UPDATE journal SET effect = x'00' WHERE position = {n}", "does not have the effect"),
    ("a body", lambda n: "UPDATE journal SET body = CAST(replace(body, 'site-3', 'site-9') AS BLOB) WHERE position = 4",
     "Position 4 (arrival"),
    ("a row gone", lambda n: f"DELETE FROM journal WHERE position = {n}", "is missing from the journal"),
    ("a row for good", lambda n: "UPDATE journal SET reason = 'x' WHERE position = 4", "Position 4 (arrival"),
    ("an incident",
     lambda n: "UPDATE incidents SET body = CAST(replace(body, 'critical', 'high') AS BLOB) WHERE id = 2",
     "incidents, id 2: body is"),
    ("an incident gone", lambda n: "DELETE FROM incidents WHERE id = 2", "incidents, id 2: this row is missing"),
    ("a timer gone", lambda n: "DELETE FROM timers WHERE id = (SELECT min(id) FROM timers)",
     "is missing from its table"),
    ("a window", lambda n: "DELETE FROM windows", "windows, rule panic"),
    ("a message gone", lambda n: "DELETE FROM outbox WHERE id = 1", "outbox, id 1: this row is missing"),
    ("a message more", lambda n: "INSERT INTO outbox SELECT 999, incident, activation, kind, policy, person, channel, "
     "rank, created, expires, due, state, tries, reason, provider_id, body, turn FROM outbox WHERE id = 1",
     "outbox, id 999: this row stands in its table"),
]


@pytest.mark.parametrize("change, sentence", [one[1:] for one in CHANGES], ids=[one[0] for one in CHANGES])
async def test_verify_names_what_was_changed(tmp_path: Path, change: Callable[[int], str], sentence: str) -> None:
    """The first wrong row, or the first wrong line of a table."""
    path = tmp_path / "t.db"
    async with lived(path) as (_, store, _):
        number = column(store, "SELECT min(position) FROM journal WHERE kind = 'timer'")[0]
    tampered(path, change(number))
    verdict = verify(path)
    assert not verdict.ok
    assert sentence in verdict.findings[0]


@pytest.mark.parametrize("change, sentence", [
    ("UPDATE segments SET root = x'00' WHERE number = 2", "Segment 2"),
    ("DELETE FROM segments WHERE number = 2", "not chained"),
    ("UPDATE segments SET engine = '9' WHERE number = 1", "Segment 1 (positions 1 to 10) does not have its root"),
    ("UPDATE segment_parts SET body = x'0102' WHERE segment = 1", "damaged"),
])
async def test_verify_finds_a_changed_segment(
        tmp_path: Path, change: str, sentence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sealed means that no change stays hidden."""
    monkeypatch.setattr(journal, "ROWS", 10)
    path = tmp_path / "t.db"
    async with lived(path) as (loop, store, clock):
        await seal_all(loop, store, clock)
    tampered(path, change)
    assert sentence in verify(path).findings[0]


async def test_rows_taken_away_before_their_time_are_no_retention(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what was thinned may be gone."""
    monkeypatch.setattr(journal, "ROWS", 10)
    path = tmp_path / "t.db"
    async with lived(path) as (loop, store, clock):
        await seal_all(loop, store, clock)
    tampered(path, "DELETE FROM segment_parts WHERE segment = 1")
    assert "were taken away" in verify(path).findings[0]


async def test_verify_allows_another_version_to_step_differently(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The steps of an older version may differ: its chain holds, and the verdict says what was not derived."""
    path = tmp_path / "t.db"
    async with lived(path) as (loop, store, clock):
        await seal_all(loop, store, clock)

    def other(board: Any, meaning: Any, item: Any, now: int) -> list[Any]:
        return []

    same = verify(path, step=other)
    assert "does not have the effect" in same.findings[0]
    newer = verify(path, version="99", step=other)
    assert newer.ok
    assert "whose steps may differ" in newer.remarks[0]


async def test_a_rejected_input_is_derived_as_rejected(tmp_path: Path) -> None:
    """Whatever the core does with it today."""
    class Broken:
        def match(self, event: Any) -> tuple[()]:
            raise RuntimeError("no match")

    path = tmp_path / "t.db"
    async with running(path, matcher=Broken()) as (loop, _, _):
        await loop.submit_events([event(1)])
        await loop.submit(OperatorAction("ivan", "nonsense"))
    done: list[int] = []
    verdict = verify(path, progress=done.append)
    assert verdict.ok, verdict.findings
    assert done[-1] == verdict.rows


async def test_keys_of_two_fields_are_derived_as_they_were(tmp_path: Path) -> None:
    """Windows and incidents read back after a restart lead to the same effects as those in memory."""
    from msgspec.structs import replace
    book = number_book(1, content(replace(PANIC, per=(PerKey("site"), PerKey("device")))))
    path = tmp_path / "t.db"
    clock = VirtualClock(NOON)
    for turn in range(3):
        async with running(path, clock, book=book) as (loop, _, clock):
            await loop.submit_events([event(10 * turn + n, device=f"b{n % 2}") for n in range(6)])
            await clock.advance(16 * MINUTE)
    verdict = verify(path)
    assert verdict.ok, verdict.findings


async def test_the_journal_is_read_in_order_whether_sealed_or_hot(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From any position, while it is being sealed."""
    monkeypatch.setattr(journal, "ROWS", 10)
    async with lived(tmp_path / "t.db") as (loop, store, clock):
        last = store.restore().position
        rows = rows_since(store.reading, 4)
        assert [next(rows)[0] for _ in range(3)] == [5, 6, 7]
        assert await seal_all(loop, store, clock) > 3
        await loop.submit_events([event(900)])
        assert [row[0] for row in rows] == list(range(8, last + 2))
        assert [row[0] for row in rows_since(store.reading, 17)] == list(range(18, last + 2))
