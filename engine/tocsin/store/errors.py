"""What the database says, as sentences to the person who can act."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from tocsin.domain.errors import StoreBusyError, StoreError, StoreRefusedError

_CONTENT = (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.InterfaceError, sqlite3.ProgrammingError)
_CONTENT_CODES = {sqlite3.SQLITE_ERROR, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_RANGE,
                  sqlite3.SQLITE_CONSTRAINT}
_SENTENCES = {
    sqlite3.SQLITE_READONLY: "The store {place} cannot be written: give the engine's user write permission to the file "
                             "and to its folder, and check that the disk is not mounted read-only.",
    sqlite3.SQLITE_FULL: "The disk that holds the store {place} is full: free space there; started again, the engine "
                         "goes on from what is committed.",
    sqlite3.SQLITE_CORRUPT: "The store {place} is damaged: stop the engine, keep the file, and restore the newest "
                            "backup (tocsin backup); `tocsin verify` says how far the journal is whole.",
    sqlite3.SQLITE_NOTADB: "The file {place} is not a Tocsin store: check storage.url in config.yaml.",
    sqlite3.SQLITE_CANTOPEN: "The store {place} cannot be opened: check that the folder exists and that the engine's "
                             "user may read and write it.",
    sqlite3.SQLITE_PERM: "The store {place} cannot be opened: give the engine's user read and write permission.",
    sqlite3.SQLITE_IOERR: "The disk that holds the store {place} reports an error ({word}): check the disk; nothing "
                          "that was confirmed is lost.",
}
_LOCKED = ("The store {place} is locked by another program: end whatever else has it open for writing (a database "
           "tool, a copy in progress); senders are asked to try again.")

_OTHER_TABLES = ("The store {place} does not have the tables of this version of Tocsin ({cause}): check storage.url in "
                 "config.yaml; a store of an older version is brought up to date when the engine starts.")


def sentence(error: BaseException, place: str) -> StoreError:
    """The error of the store's own kind: busy, refused for its content, or beyond use (StoreError itself)."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    code = (getattr(cause, "sqlite_errorcode", None) or 0) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreBusyError(_LOCKED.format(place=place))
    if code in _SENTENCES:
        return StoreError(_SENTENCES[code].format(place=place, word=getattr(cause, "sqlite_errorname", "")),
                          full=code == sqlite3.SQLITE_FULL)
    if code == sqlite3.SQLITE_ERROR and str(cause).startswith(("no such table", "no such column")):
        return StoreError(_OTHER_TABLES.format(place=place, cause=cause))
    if code in _CONTENT_CODES or isinstance(cause, (*_CONTENT, OverflowError, UnicodeError, TypeError)):
        return StoreRefusedError(f"The store {place} refused what it was given: {cause}")
    return StoreError(f"The store {place} cannot be used: {cause}")


@contextmanager
def told(place: str, *, content: bool = True) -> Iterator[None]:
    """Database errors inside become StoreErrors with a sentence; with ``content`` also the driver's plain ones about
    values it cannot store.
    """
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        raise sentence(error, place) from error
    except (OverflowError, UnicodeError, TypeError) as error:
        if not content:
            raise
        raise sentence(error, place) from error
