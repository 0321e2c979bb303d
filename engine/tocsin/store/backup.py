"""Backup: a consistent copy of a store in use, in one file, verified before it gets its name."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

from msgspec import Struct

from tocsin.domain.errors import StoreError
from tocsin.store.derive import Verdict
from tocsin.store.errors import told
from tocsin.store.reader import Reader
from tocsin.store.verify import verify

PAGES = 4096
"""Pages copied between two tellings of the progress (16 MiB)."""

Progress = Callable[[int, int], None]
"""Pages copied so far, and how many there are."""


class Backup(Struct, frozen=True):
    """A finished copy: its size in bytes, the last position in it, and what ``verify`` says of it."""

    file: Path
    bytes: int
    position: int
    verdict: Verdict


def back_up(store: Path, file: Path, progress: Progress = lambda done, whole: None) -> Backup:
    """Copy the store, which an engine may have in use, to a new file; StoreError when that cannot be done.

    All of the copy is of one instant: what is committed meanwhile is not in it. Only the owner may read it.
    """
    Reader(store).close()
    if file.exists():
        raise StoreError(f"{file} exists already, and no backup is overwritten: give another name.")
    if not file.parent.is_dir():
        raise StoreError(f"The folder {file.parent} for the backup does not exist: create it, or give another place.")
    part = file.with_name(file.name + ".part")
    try:
        _copy(store, part, progress)
        verdict = verify(part)
        position = _position(part)
        part.replace(file)
        _sync(file.parent)
    except OSError as error:
        raise StoreError(f"The backup {file} cannot be written ({error.strerror}): check the place and its "
                         "room.") from error
    finally:
        for name in (part, *(part.with_name(part.name + end) for end in ("-wal", "-shm", "-journal"))):
            with suppress(OSError):
                name.unlink(missing_ok=True)
    return Backup(file, file.stat().st_size, position, verdict)


def _copy(store: Path, part: Path, progress: Progress) -> None:
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600))
    with (told(str(store)), closing(sqlite3.connect(f"file:{quote(str(store))}?mode=ro", uri=True, isolation_level=None,
                                                    timeout=5)) as source):
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM meta").fetchone()  # from here on one snapshot: commits do not restart it
        with told(str(part)), closing(sqlite3.connect(part, isolation_level=None)) as copy:
            source.backup(copy, pages=PAGES, progress=lambda _, left, whole: progress(whole - left, whole))
            copy.execute("PRAGMA journal_mode = DELETE")  # one file is the whole backup
            if (said := copy.execute("PRAGMA quick_check").fetchone()[0]) != "ok":
                raise StoreError(f"The copy of {store} is damaged ({said}): check the disks; the store itself was only "
                                 "read.")
    _sync(part)


def _position(path: Path) -> int:
    with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as connection:
        return int(connection.execute("SELECT value FROM meta WHERE key = 'position'").fetchone()[0])


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
