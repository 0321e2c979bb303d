"""SQLite as the store's database: one writer, read-only readers, checkpoints off the commit path."""

import fcntl
import os
import sqlite3
import threading
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import QueuePool, StaticPool

from tocsin.domain.errors import StoreBusyError, StoreError

APPLICATION_ID = 0x544F4353
"""Marks the file as a Tocsin store ("TOCS")."""
PATIENCE_MS = 5_000
SOFT_WAL = 32 * 2**20
"""A write-ahead log larger than this (bytes) is finished off between two commits, so that it can start again."""
HARD_WAL = 128 * 2**20
"""A log larger than this is finished off even if much is left."""
LITTLE = 2**20
_PASSES = 6
KEPT_WAL = 64 * 2**20
BETWEEN_S = 1.0


def writer(path: Path) -> Engine:
    """The engine of the one connection that writes; a transaction begins IMMEDIATE."""
    engine = create_engine("sqlite://", creator=lambda: _connect(path, "rwc"), poolclass=StaticPool)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def readers(path: Path, size: int = 4) -> Engine:
    """The engine of read-only connections; a transaction is one snapshot: keep it short, read in pages."""
    engine = create_engine("sqlite://", creator=lambda: _connect(path, "ro"), poolclass=QueuePool, pool_size=size,
                           max_overflow=8)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return engine


def _connect(path: Path, mode: str) -> DBAPIConnection:
    connection = sqlite3.connect(f"file:{quote(str(path))}?mode={mode}", uri=True, isolation_level=None,
                                 timeout=PATIENCE_MS / 1000, check_same_thread=False, cached_statements=1024)
    connection.execute(f"PRAGMA busy_timeout = {PATIENCE_MS}")
    connection.execute("PRAGMA foreign_keys = ON")
    if mode != "ro":
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute(f"PRAGMA journal_size_limit = {KEPT_WAL}")
        connection.execute("PRAGMA cache_size = -65536")
    else:
        connection.execute("PRAGMA query_only = ON")
    return connection  # type: ignore[return-value]  # sqlite3.Connection fits the protocol but for its own overloads


class Occupied:
    """The claim of one engine on a store, held until it ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._file, 20).decode("ascii", "replace").strip() or "unknown"
            os.close(self._file)
            raise StoreBusyError(f"The store {path} is in use by another engine (process {holder}): only one may "
                                 "write. Stop that one first.") from None
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Give the claim up; a second time does nothing."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def wal_bytes(path: Path) -> int:
    """Bytes of the write-ahead log; it shrinks to KEPT_WAL when it starts again."""
    try:
        return path.with_name(path.name + "-wal").stat().st_size
    except FileNotFoundError:
        return 0


class Checkpoints:
    """A thread that carries the write-ahead log over into the file, PASSIVE, beside the commits.

    Under an unbroken stream of commits a passive checkpoint never sees the end of the log. Above SOFT_WAL it goes on,
    each pass carrying over what was written during the one before, until little is left; for that it takes ``gate``,
    which every transaction holds, so that the log can start again.
    """

    def __init__(self, path: Path, gate: threading.Lock) -> None:
        self._path, self._gate = path, gate
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tocsin-checkpoints", daemon=True)
        self.failed = ""

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        connection = _connect(self._path, "rw")
        try:
            while not self._ended.wait(BETWEEN_S):
                try:
                    self._checkpoint(connection)
                    self.failed = ""
                except sqlite3.Error as error:
                    self.failed = str(error)  # the commits meet the same trouble and say it to people
        finally:
            with suppress(sqlite3.Error):
                connection.close()

    def _checkpoint(self, connection: DBAPIConnection) -> None:
        passive = "PRAGMA wal_checkpoint(PASSIVE)"
        page = connection.execute("PRAGMA page_size").fetchone()[0]
        before = 0
        for _ in range(_PASSES):
            _, frames, done = connection.execute(passive).fetchone()
            if frames * page <= SOFT_WAL:
                return
            if (frames - before) * page <= LITTLE:
                break
            before = done
        else:
            if frames * page <= HARD_WAL:
                return
        with self._gate:
            connection.execute(passive)


def fits(path: Path) -> None:
    """Refuse a place that cannot hold a store, in a sentence."""
    if not path.parent.is_dir():
        raise StoreError(f"The folder {path.parent} for the store does not exist: create it, or change storage.url in "
                         "config.yaml.")
    if path.exists() and not os.access(path, os.W_OK):
        raise StoreError(f"The store {path} cannot be written: give the engine's user write permission to the file and "
                         "to its folder.")
