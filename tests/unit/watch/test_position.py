"""Reading the engine's mark from outside, whatever lies at the path."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.support.small_site import event, running

from tocsin.clock import VirtualClock
from tocsin.domain.time import SECOND
from tocsin.store import open_store
from tocsin.watch import position
from tocsin.watch.position import DAMAGED, HANGS, LOCKED, MISSING, STILL, UNREADABLE, Looks, Seen, look


async def test_an_idle_engine_moves_by_its_heartbeat(tmp_path: Path) -> None:
    """Two looks 6 s apart differ although no event came; an event moves it too."""
    path = tmp_path / "tocsin.db"
    async with running(path) as (loop, _, clock):
        first = look(path)
        await clock.advance(6 * SECOND)
        second = look(path)
        await loop.submit_events([event(1)])
        third = look(path)
    assert (first.why, first.mode) == (STILL, "live")
    assert len({first.mark, second.mark, third.mark}) == 3
    assert None not in (first.mark, second.mark, third.mark)


def test_what_cannot_be_read_has_no_mark_and_a_reason(tmp_path: Path) -> None:
    """Missing, a folder, no database, another program's database."""
    assert look(tmp_path / "none.db").why == MISSING
    assert look(tmp_path).why == MISSING
    garbage = tmp_path / "garbage.db"
    garbage.write_bytes(b"not a database at all" * 100)
    assert look(garbage).why == DAMAGED
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE meta (x)")
    assert look(other).why == UNREADABLE
    assert look(other).mark is None


def test_a_deleted_store_is_missing_although_the_engine_holds_it_open(tmp_path: Path) -> None:
    """No connection is kept between looks."""
    path = tmp_path / "tocsin.db"
    open_store(path).close()
    with closing(sqlite3.connect(path)) as held:
        assert held.execute("SELECT count(*) FROM meta").fetchone()[0] > 0
        assert look(path).mark is not None
        path.unlink()
        assert look(path).why == MISSING


def test_a_locked_store_counts_as_standing_still(tmp_path: Path) -> None:
    """Another program has taken it for itself."""
    path = tmp_path / "tocsin.db"
    open_store(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("UPDATE meta SET value = 'x' WHERE key = 'none'")
        assert look(path).why == LOCKED


def test_a_disk_that_hangs_is_no_mark_after_five_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The look never comes back; whoever asks is answered at once."""
    clock = VirtualClock()
    looks = Looks(tmp_path / "tocsin.db", clock)
    monkeypatch.setattr(looks, "_latest", (clock.monotonic(), Seen(None, STILL)))
    assert looks().why == STILL
    monkeypatch.setattr(clock, "_now", clock.now() + 6 * SECOND)
    assert looks().why == HANGS
    assert position.STALE_S < 30
