"""Verify: derive everything again from the journal and name the first row that is not what it should be.

The chain of the segments is checked always. Rows are stepped with the stored books from an empty board; each must
have the effect that the journal says. At the end the tables must be what was derived. A journal whose beginning is not
kept any more, or was written by another version whose steps differ, can only be checked as a chain from there on.

The store may be in use: the journal is read in pages, each in a snapshot of its own, and only what is new since then
is read in one snapshot together with the tables.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine

import tocsin
from tocsin.book.book import Book
from tocsin.core.step import step
from tocsin.domain.change import Change
from tocsin.domain.codec import FORMAT
from tocsin.domain.errors import StoreError
from tocsin.rules.meaning import Meaning
from tocsin.store import sqlite
from tocsin.store.derive import Derivation, FoundError, Verdict
from tocsin.store.errors import told
from tocsin.store.journal import body_of, hot_rows
from tocsin.store.segment import START, Head, leaves, root_of, row_of, unseal
from tocsin.store.statements import fetch

_SEGMENT = ('SELECT number, "first", "last", since, until, engine, books, format, previous, root FROM segments '
            "WHERE number > ? ORDER BY number LIMIT 1")


def verify(path: Path, *, version: str = tocsin.__version__, step: Callable[..., list[Change]] = step,
           meaning: Callable[[Book], Any] = Meaning) -> Verdict:
    """Verify the store at ``path``; it may be in use. StoreError when it cannot be read at all."""
    if not path.exists():
        raise StoreError(f"There is no store at {path}: check storage.url in config.yaml.")
    verdict = Verdict()
    engine = sqlite.readers(path, size=1)
    try:
        with _snapshot(engine, path) as connection:
            books: dict[int, bytes] = dict(fetch(connection, "SELECT number, body FROM books"))
        walk = _Walk(verdict, Derivation(books, verdict, version, step, meaning))
        while True:
            with _snapshot(engine, path) as connection:
                if not walk.on(connection):
                    walk.derivation.compare(connection)
                    return verdict
    except FoundError as found:
        verdict.findings.append(str(found))
        return verdict
    finally:
        engine.dispose()


@contextmanager
def _snapshot(engine: Engine, path: Path) -> Iterator[Connection]:
    with told(str(path), content=False), engine.connect() as connection, connection.begin():
        yield connection


class _Walk:
    """Goes through segments and hot rows in order; ``last`` is the last position seen, ``sealed`` the last sealed."""

    def __init__(self, verdict: Verdict, derivation: Derivation) -> None:
        self._verdict, self.derivation = verdict, derivation
        self._number, self._root, self._sealed, self._last = 0, START, 0, 0

    def on(self, connection: Connection) -> bool:
        """Check the next piece; False when there was none: the snapshot is the end of the journal."""
        for *head, previous, root in fetch(connection, _SEGMENT, (self._number,)):
            self._segment(connection, Head(*head), previous, root)
            return True
        rows = list(hot_rows(connection, self._last))
        for row in rows:
            if row[0] != self._last + 1:
                raise FoundError(f"Position {self._last + 1} is missing from the journal.")
            self._last = row[0]
            self._verdict.rows += 1
            self.derivation.take(row, "")
        return bool(rows)

    def _segment(self, connection: Connection, head: Head, previous: bytes, root: bytes) -> None:
        place = f"Segment {head.number} (positions {head.first} to {head.last})"
        if previous != self._root or head.number != self._number + 1:
            raise FoundError(f"{place} is not chained to the segment before it: a segment was removed or replaced.")
        if head.first != self._sealed + 1:
            raise FoundError(f"{place} does not follow position {self._sealed}: rows are missing between them.")
        self._number, self._root, self._sealed = head.number, root, head.last
        self._verdict.segments += 1
        body = body_of(connection, head.number)
        if body:
            self._rows(place, head, previous, root, body)
        else:
            self.derivation.stop(f"{place} is not kept any more: only the chain of what follows could be checked.")
        self._last = max(self._last, head.last)

    def _rows(self, place: str, head: Head, previous: bytes, root: bytes, body: bytes) -> None:
        try:
            pairs = unseal(body)
        except StoreError as error:
            raise FoundError(f"{place}: {error}.") from error
        changed = root_of(head, previous, leaves(pairs)) != root
        finding = f"{place} does not have its root: it was changed after it was sealed"
        for index, pair in enumerate(pairs):
            try:
                row = row_of(pair)
                if row is None:
                    self.derivation.stop(f"{place} holds rows that were erased: only the chain of what follows could "
                                         "be checked.")
                elif row[0] > self._last:
                    self._verdict.rows += 1
                    self.derivation.take(row, head.engine if head.format == FORMAT else f"of format {head.format}")
            except msgspec.DecodeError as error:
                raise FoundError(f"{finding}; position {head.first + index} is damaged ({error}).") from error
            except FoundError as error:
                if changed:
                    raise FoundError(f"{finding}; {error}") from error
                raise
        if changed:
            raise FoundError(f"{finding}, in a way that changes no effect.")


__all__ = ["Verdict", "verify"]
