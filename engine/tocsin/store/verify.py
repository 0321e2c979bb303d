"""Verify: derive everything again from the journal and name the first row that is not what it should be.

The chain of the segments is checked always. Rows are stepped with the stored books from an empty board; each must
have the effect that the journal says. At the end the tables must be what was derived. A journal whose beginning is not
kept any more, or was written by another version whose steps differ, can only be checked as a chain from there on.

The store may be in use: the journal is read in pages, each in a snapshot of its own, and only what is new since then
is read in one snapshot together with the tables.
"""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
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
from tocsin.store.delivered import delivered
from tocsin.store.derive import Derivation, FoundError, StoredBook, Verdict
from tocsin.store.errors import told
from tocsin.store.journal import body_of, hot_rows
from tocsin.store.migrations import HEAD
from tocsin.store.retention import seal_of
from tocsin.store.segment import START, Head, leaves, pack_identities, root_of, row_of, unseal
from tocsin.store.statements import fetch, run

_SEGMENT = ('SELECT number, "first", "last", since, until, engine, books, format, previous, root FROM segments '
            "WHERE number > ? ORDER BY number LIMIT 1")
_STATES = "SELECT position, state, reason FROM journal WHERE position BETWEEN ? AND ?"


def verify(path: Path, *, version: str = tocsin.__version__, step: Callable[..., list[Change]] = step,
           meaning: Callable[[Book], Any] = Meaning, progress: Callable[[int], None] = lambda rows: None) -> Verdict:
    """Verify the store at ``path``; it may be in use. StoreError when it cannot be read at all.

    ``progress`` hears again and again how many inputs are done.
    """
    if not path.exists():
        raise StoreError(f"There is no store at {path}: check storage.url in config.yaml.")
    verdict = Verdict()
    engine = sqlite.readers(path, size=1)
    try:
        with closing(Derivation(partial(_book, engine, path), verdict, version, step, meaning)) as derivation:
            walk = _Walk(verdict, derivation)
            while True:
                with _snapshot(engine, path) as connection:
                    if not walk.on(connection):
                        walk.end(connection)
                        return verdict
                progress(verdict.rows)
    except FoundError as found:
        verdict.findings.append(str(found))
        return verdict
    finally:
        engine.dispose()


def _book(engine: Engine, path: Path, number: int) -> StoredBook | None:
    where = "WHERE number = ?" if number else "WHERE ? = 0 ORDER BY number LIMIT 1"
    with _snapshot(engine, path) as connection:
        for row in fetch(connection, f"SELECT number, hash, body, loaded FROM books {where}", (number,)):  # noqa: S608 - own words
            return StoredBook(*row)
    return None


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
        for position, state, reason in fetch(connection, _STATES, (rows[0][0], self._last)) if rows else ():
            must = "rejected" if reason else "ok"
            if state != must:
                raise FoundError(f"Position {position}: state is {state}, its reason gives {must}.")
        return bool(rows)

    def end(self, connection: Connection) -> None:
        """The journal ends here: does everything else agree with it?"""
        meta: dict[str, str] = dict(fetch(connection, "SELECT key, value FROM meta"))
        must = {"position": str(self._last), "tables": HEAD}
        if self.derivation.in_force:
            must["book"] = str(self.derivation.in_force)
        for key, value in must.items():
            if key not in meta:
                raise FoundError(f"meta, key {key}: this row is missing; it must be {value}.")
            if meta[key] != value and key == "position":
                raise FoundError(f"meta, key position: value is {meta[key]}, the journal ends with {value}: its last "
                                 "rows were taken away, or rows were added.")
            if meta[key] != value:
                raise FoundError(f"meta, key {key}: value is {meta[key]}, it must be {value}.")
        if meta.get("mode") not in ("live", "practice") or not meta.get("secret"):
            raise FoundError("meta, keys mode and secret: one of them is missing or no longer what it can be.")
        for table, first in (("identities", self._number + 1), ("segment_parts", self._number + 2)):
            text = f"SELECT segment FROM {table} WHERE segment >= ? LIMIT 1"  # noqa: S608 - own names
            for number, in fetch(connection, text, (first,)):
                raise FoundError(f"{table}, segment {number}: there is no such segment.")
        self.derivation.compare(connection)
        for finding in delivered(connection, None if self.derivation.stopped else self.derivation):
            raise FoundError(finding)

    def _segment(self, connection: Connection, head: Head, previous: bytes, root: bytes) -> None:
        place = f"Segment {head.number} (positions {head.first} to {head.last})"
        if previous != self._root or head.number != self._number + 1:
            raise FoundError(f"{place} is not chained to the segment before it: a segment was removed or replaced.")
        if head.first != self._sealed + 1:
            raise FoundError(f"{place} does not follow position {self._sealed}: rows are missing between them.")
        self._number, self._root, self._sealed = head.number, root, head.last
        self._verdict.segments += 1
        body = body_of(connection, head.number)
        thinned = run(connection, "SELECT thinned FROM segments WHERE number = ?", (head.number,)).scalar()
        if thinned is not None:
            self._thinned(place, root, body, thinned)
            self._beside(connection, head.number, body, whole=False)
        elif body:
            self._rows(place, head, previous, root, body)
            self._beside(connection, head.number, body)
        else:
            raise FoundError(f"{place} has no rows, although its time was not over: they were taken away.")
        self._last = max(self._last, head.last)

    def _thinned(self, place: str, root: bytes, body: bytes, thinned: bytes) -> None:
        """What is kept of a segment whose time is over is what was kept then."""
        try:
            pairs = unseal(body) if body else []
        except StoreError as error:
            raise FoundError(f"{place}: {error}.") from error
        if seal_of(root, pairs) != thinned:
            raise FoundError(f"{place} was thinned, and what is kept of it was changed since.")
        self.derivation.stop(f"{place} is kept no longer, but for {len(pairs)} inputs on which incidents rest: from "
                             "there on only the chain could be checked.")

    def _beside(self, connection: Connection, number: int, body: bytes, *, whole: bool = True) -> None:
        """What stands beside a whole segment: its size, its parts, what repetitions are recognised by."""
        size = run(connection, "SELECT bytes FROM segments WHERE number = ?", (number,)).scalar()
        if size != len(body):
            raise FoundError(f"segments, number {number}: bytes is {size}, its body has {len(body)}.")
        parts = [part for part, in fetch(
            connection, "SELECT part FROM segment_parts WHERE segment = ? ORDER BY part", (number,))]
        if parts != list(range(len(parts))):
            raise FoundError(f"segment_parts, segment {number}: part is {parts[-1]}, it has {len(parts)} from 0 on.")
        kept = run(connection, "SELECT body FROM identities WHERE segment = ?", (number,)).scalar()
        rows = [row_of(pair) for pair in unseal(body)] if kept is not None and whole else []
        if kept is not None and whole and None not in rows and kept != pack_identities(
                (row[0], row[1], row[6]) for row in rows if row is not None):
            raise FoundError(f"identities, segment {number}: body is not what the rows of the segment give.")

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
