"""The store: one transaction at a time for the loop, committed rows for everybody else."""

import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, inspect
from sqlalchemy.exc import DBAPIError

from tocsin.book.book import Book, encode_content, read_book
from tocsin.core.board import Board
from tocsin.domain.entry import Entry
from tocsin.domain.errors import StoreError
from tocsin.store import sqlite, tables
from tocsin.store.ballast import Ballast
from tocsin.store.errors import told
from tocsin.store.history import History
from tocsin.store.migrations import HEAD, migrate
from tocsin.store.restore import Restored, restore
from tocsin.store.rows import rows_of
from tocsin.store.segment import pack_identities
from tocsin.store.statements import execute, fetch, insert, run

Mode = Literal["live", "practice"]

_STARTS = ("INSERT INTO meta (key, value) VALUES ('starts', '1') ON CONFLICT (key) DO UPDATE "
           "SET value = CAST(CAST(meta.value AS INTEGER) + 1 AS TEXT)")
"""How often an engine has opened the store: from outside, starting again and again is no movement."""
_POSITION = "UPDATE meta SET value = ? WHERE key = 'position'"


class Store:
    """An open store. ``begin``, ``write``, ``run``, ``commit`` and ``rollback`` belong to the one thread that writes;
    ``reading`` is for everybody.
    """

    def __init__(self, path: Path, mode: Mode) -> None:
        sqlite.fits(path)
        self.path, self.mode = path, mode
        self.place = str(path)
        self.ballast: Ballast | None = None
        """Set by who knows its size; without it a full disk stops everything."""
        self._occupied = sqlite.Occupied(path)
        self._gate = threading.Lock()
        self._writer = sqlite.writer(path)
        try:
            with told(self.place):
                self._connection = self._writer.connect()
                self.secret = _prepare(self._connection, path, mode)
        except BaseException:
            self._writer.dispose()
            self._occupied.release()
            raise
        self._readers = sqlite.readers(path)
        self._checkpoints = sqlite.Checkpoints(path, self._gate)
        self._checkpoints.start()

    def begin(self) -> None:
        """Begin the one transaction; StoreBusyError when another program holds the store."""
        self._gate.acquire()
        try:
            with told(self.place):
                self._connection.begin()
        except BaseException:
            self._gate.release()
            raise

    def write(self, entries: Sequence[Entry]) -> bool:
        """Put entries and what they change into the transaction; whether the outbox got new rows.

        The newest position is kept beside the journal as well: its last rows cannot be taken away unnoticed.
        """
        rows = rows_of(entries)
        with told(self.place):
            rows.write(self._connection)
            if entries:
                execute(self._connection, _POSITION, (str(entries[-1].position),))
        return bool(rows.notifications)

    def run(self, work: Callable[[Connection], Any]) -> Any:
        """Run a work item in the transaction; when it raises, only what it did is undone."""
        connection = self._connection
        with told(self.place):
            execute(connection, "SAVEPOINT work")
        try:
            with told(self.place, content=False):
                result = work(connection)
        except Exception as error:
            if type(error) is StoreError:
                raise
            with told(self.place):
                execute(connection, "ROLLBACK TO work")
                execute(connection, "RELEASE work")
            raise
        with told(self.place):
            execute(connection, "RELEASE work")
        return result

    def put_meta(self, key: str, value: str) -> None:
        """Keep a fact about the store inside the transaction."""
        with told(self.place):
            insert(self._connection, tables.meta, ("key", "value"), [(key, value)], replace=True)

    def put_book(self, book: Book, at: int) -> None:
        """Keep a rule book inside the transaction, as the one in force."""
        with told(self.place):
            insert(self._connection, tables.books, ("number", "hash", "body", "loaded"),
                   [(book.number, book.hash, encode_content(book.content), at)], replace=True)
        self.put_meta("book", str(book.number))

    def commit(self) -> None:
        """Make the transaction durable. After any error the outcome is unknown."""
        try:
            with told(self.place):
                transaction = self._connection.get_transaction()
                if transaction is None or not self._in_transaction():
                    raise StoreError(f"The store {self.place} gave the transaction up by itself.")
                transaction.commit()
        finally:
            self._gate.release()

    def rollback(self) -> None:
        """Undo the transaction."""
        try:
            with told(self.place):
                transaction = self._connection.get_transaction()
                if transaction is not None:
                    transaction.rollback()
        finally:
            self._gate.release()

    def _in_transaction(self) -> bool:
        return bool(self._connection.connection.dbapi_connection.in_transaction)  # type: ignore[union-attr]  # sqlite3's

    def history(self) -> History:
        """What has been heard so far, for any thread."""
        return History(self.reading)

    def restore(self) -> Restored:
        """Everything the loop starts from."""
        with self.reading() as connection:
            return restore(connection)

    def board(self) -> Board:
        """The board as committed."""
        return self.restore().board

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A read-only connection in one snapshot; keep it short, read in pages."""
        with told(self.place, content=False), self._readers.connect() as connection, connection.begin():
            yield connection

    def book(self, number: int = 0) -> Book | None:
        """A kept book; 0 means the one in force. None when there is none."""
        with self.reading() as connection:
            if not number:
                number = int(run(connection, "SELECT value FROM meta WHERE key = 'book'").scalar() or 0)
            body = run(connection, "SELECT body FROM books WHERE number = ?", (number,)).scalar()
        return None if body is None else read_book(number, body)

    def last_book(self) -> int:
        """The highest book number ever given, 0 when none was."""
        with self.reading() as connection:
            return int(run(connection, "SELECT max(number) FROM books").scalar() or 0)

    def identities(self, since: int) -> Iterator[bytes]:
        """What can be recognised of the inputs since an instant, oldest first: records as ``pack_identities`` packs."""
        with self.reading() as connection:
            segments = list(fetch(connection, "SELECT number FROM segments WHERE until >= ? ORDER BY number", (since,)))
            after = run(connection, 'SELECT max("last") FROM segments').scalar() or 0
        for (number,) in segments:
            with self.reading() as connection:
                yield run(connection, "SELECT body FROM identities WHERE segment = ?", (number,)).scalar() or b""
        text = ('SELECT position, "at", identity FROM journal WHERE position > ? AND "at" >= ? '
                "AND identity IS NOT NULL ORDER BY position LIMIT 10000")
        while True:
            with self.reading() as connection:
                page = list(fetch(connection, text, (after, since)))
            if not page:
                return
            yield pack_identities(page)
            after = page[-1][0]

    @property
    def short(self) -> bool:
        """Whether the room kept for answers and deadlines is being used: no events may be taken."""
        return self.ballast is not None and self.ballast.short

    def release(self) -> None:
        """Give up the room that is kept, for the next start."""
        if self.ballast is not None:
            self.ballast.release()

    def wal_bytes(self) -> int:
        """Bytes written and not yet carried over into the database file."""
        return sqlite.wal_bytes(self.path)

    def close(self) -> None:
        """Close every connection; what was not committed is gone."""
        self._checkpoints.stop()
        self._readers.dispose()
        self._connection.close()
        self._writer.dispose()
        self._occupied.release()


def open_store(path: Path, mode: Mode = "live", now: int = 0) -> Store:
    """Open the store at ``path``, or make one stamped with ``mode``; StoreError says why it cannot be used."""
    store = Store(path, mode)
    if now:
        store.begin()
        store.put_meta("opened", str(now))
        store.commit()
    return store


def _prepare(connection: Connection, path: Path, mode: Mode) -> bytes:
    """Check what lies in the file, make or migrate the tables; the site secret."""
    with connection.begin():
        names = set(inspect(connection).get_table_names())
        if names and "alembic_version" not in names:
            raise StoreError(f"The file {path} is a database of another program: check storage.url in config.yaml.")
        version = _version(connection) if names else ""
        if version > HEAD:
            raise StoreError(f"The store {path} was written by a newer version of Tocsin (tables {version}, this one "
                             f"knows {HEAD}): install the newer version, or restore a backup made before it.")
        if version < HEAD:
            migrate(connection)
            run(connection, "UPDATE meta SET value = ? WHERE key = 'tables'", (HEAD,))
        if not names:
            connection.exec_driver_sql(f"PRAGMA application_id = {sqlite.APPLICATION_ID}")
            insert(connection, tables.meta, ("key", "value"),
                   [("mode", mode), ("secret", secrets.token_hex(32)), ("tables", HEAD)])
        meta: dict[str, str] = dict(fetch(connection, "SELECT key, value FROM meta"))
        if meta.get("mode") != mode:
            raise StoreError(f"The store {path} belongs to {meta.get('mode', 'no')} mode and this is {mode} mode: the "
                             "two never share one. Set another storage.url in config.yaml.")
        run(connection, _STARTS)
    return bytes.fromhex(meta["secret"])


def _version(connection: Connection) -> str:
    try:
        return str(run(connection, "SELECT version_num FROM alembic_version").scalar() or "")
    except DBAPIError:
        return ""
