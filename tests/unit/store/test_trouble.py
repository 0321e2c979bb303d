"""Trouble with the store: a sentence for the one who can act, and nothing confirmed that is not there."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from tests.support.small_site import column, event, running

from tocsin.domain.errors import StoreBusyError, StoreError
from tocsin.store import open_store, sqlite
from tocsin.store.tables import metadata
from tocsin.store.verify import verify


def test_the_migrations_make_the_tables_that_the_program_knows(tmp_path: Path) -> None:
    """tables.py and the newest revision say the same."""
    store = open_store(tmp_path / "t.db")
    with store.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    store.close()


def test_every_commit_is_on_the_disk_before_it_is_confirmed(tmp_path: Path) -> None:
    """The write-ahead log is synced at each commit, and never carried over on the way of one."""
    store = open_store(tmp_path / "t.db")
    ask = store._connection.exec_driver_sql
    assert [ask(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous", "wal_autocheckpoint")] == [
        "wal", 2, 0]
    store._connection.rollback()
    store.close()


def test_a_store_belongs_to_one_mode(tmp_path: Path) -> None:
    """Practice never touches the live store, nor the other way round."""
    open_store(tmp_path / "t.db", "practice").close()
    with pytest.raises(StoreError, match=r"belongs to practice mode and this is live mode.*storage.url"):
        open_store(tmp_path / "t.db", "live")


def test_only_one_engine_may_hold_a_store(tmp_path: Path) -> None:
    """The second one is told which process is the first."""
    store = open_store(tmp_path / "t.db")
    with pytest.raises(StoreBusyError, match=r"in use by another engine \(process \d+\)"):
        open_store(tmp_path / "t.db")
    store.close()
    open_store(tmp_path / "t.db").close()


def test_a_store_of_a_newer_version_is_not_opened(tmp_path: Path) -> None:
    """Its tables may mean something else."""
    path = tmp_path / "t.db"
    open_store(path).close()
    change(path, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="newer version of Tocsin"):
        open_store(path)


@pytest.mark.parametrize("change", ["DROP TABLE gated", "DROP TABLE segments"])
def test_who_reads_a_store_with_other_tables_is_told_so(tmp_path: Path, change: str) -> None:
    """One of an older version that no engine has opened yet, or a database of another program."""
    path = tmp_path / "t.db"
    open_store(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(change)
    with pytest.raises(StoreError, match="does not have the tables of this version"):
        verify(path)


def test_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    """Another program's database, or no database at all."""
    other = tmp_path / "other.db"
    change(other, "CREATE TABLE t (x)")
    with pytest.raises(StoreError, match="database of another program"):
        open_store(other)
    (tmp_path / "text.db").write_text("not a database, and long enough to be looked at as one " * 40)
    with pytest.raises(StoreError, match="not a Tocsin store"):
        open_store(tmp_path / "text.db")
    with pytest.raises(StoreError, match=r"folder .* does not exist"):
        open_store(tmp_path / "nowhere" / "t.db")


def test_an_empty_file_becomes_a_store(tmp_path: Path) -> None:
    """As an administrator may have prepared it."""
    (tmp_path / "t.db").touch()
    open_store(tmp_path / "t.db").close()


async def test_a_locked_store_is_said_and_nothing_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Senders are refused while another program holds it; afterwards everything goes on."""
    monkeypatch.setattr(sqlite, "PATIENCE_MS", 20)
    path = tmp_path / "t.db"
    async with running(path) as (loop, _, _):
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusyError, match="locked by another program"):
            await loop.submit_events([event(1)])
        with pytest.raises(StoreBusyError, match="locked by another program"):
            await loop.run_work(lambda connection: None)
        other.execute("ROLLBACK")
        other.close()
        assert (await loop.submit_events([event(1)]))[0].position == 2
        assert loop.fatal is None
    assert verify(path).ok


async def test_a_full_disk_ends_the_loop_and_the_store_is_whole(tmp_path: Path) -> None:
    """Everyone who waits is told; started again with space, it goes on from what is committed."""
    path = tmp_path / "t.db"
    ended: list[StoreError] = []
    async with running(path) as (loop, store, _):
        loop.on_fatal(ended.append)
        await loop.submit_events([event(1)])
        pages = column(store, "PRAGMA page_count")[0]
        store._connection.connection.execute(f"PRAGMA max_page_count = {pages + 2}")  # type: ignore[attr-defined]
        with pytest.raises(StoreError, match="is full: free space there"):
            await loop.submit_events([event(n, text="x" * 2000) for n in range(2, 200)])
        with pytest.raises(StoreError, match="is full"):
            await loop.submit_events([event(900)])
        assert isinstance(loop.fatal, StoreError)
        assert ended == [loop.fatal]
    async with running(path) as (loop, store, _):
        assert (await loop.submit_events([event(1)]))[0].duplicate
        assert not (await loop.submit_events([event(2, text="x" * 2000)]))[0].duplicate
    assert verify(path).ok


async def test_a_store_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """As a disk mounted read-only answers."""
    async with running(tmp_path / "t.db") as (loop, store, _):
        store._connection.connection.execute("PRAGMA query_only = ON")  # type: ignore[attr-defined]
        with pytest.raises(StoreError, match="cannot be written: give"):
            await loop.submit_events([event(1)])


async def test_a_damaged_store_is_said(tmp_path: Path) -> None:
    """At the start, by verify, and not as an error of the program."""
    path = tmp_path / "t.db"
    async with running(path) as (loop, _, _):
        await loop.submit_events([event(n, site=f"s{n}", text="x" * 500) for n in range(300)])
    size = path.stat().st_size
    with path.open("r+b") as file:
        for start in range(4096 * 4, size - 4096, 4096):
            file.seek(start)
            file.write(b"\xff" * 2000)
    with pytest.raises(StoreError, match="is damaged: stop the engine"):
        verify(path)
    with pytest.raises(StoreError, match="is damaged: stop the engine"):
        async with running(path):
            pass


def change(path: Path, text: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(text)
    connection.commit()
    connection.close()
