"""The journal: sealing its hot rows into segments, piece by piece beside the commits, and reading it back."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from sqlalchemy import Connection

import tocsin
from tocsin.domain.codec import decode_input
from tocsin.domain.input import BookLoaded
from tocsin.domain.time import DAY, MINUTE
from tocsin.ports import Clock, Work
from tocsin.store import tables
from tocsin.store.history import body_of as body_of
from tocsin.store.segment import START, Row, Segment, seal
from tocsin.store.statements import fetch, insert, run
from tocsin.store.store import Store

ROWS = 10_000
AGE = MINUTE
DELETED = 500
"""Hot rows deleted in one commit."""

_HOT = ('SELECT position, "at", kind, body, effect, reason, identity FROM journal WHERE position > ? AND position <= ? '
        "ORDER BY position")
_SEGMENT = ("number", "first", "last", "since", "until", "previous", "root", "engine", "books", "format", "bytes")

RunWork = Callable[[Work], Awaitable[Any]]


class Sealer:
    """Seals each minute or ROWS inputs. Compression is off the event loop; every write is a work item of a few ms.

    A segment counts when its row is there; what a crash left half done is cleared or finished by the next run.
    """

    def __init__(self, store: Store, run_work: RunWork, clock: Clock, version: str = tocsin.__version__) -> None:
        self._store, self._run_work, self._clock, self._version = store, run_work, clock, version

    async def run(self) -> None:
        """Seal what is due, until cancelled."""
        await self.clear()
        while True:
            if not await self.seal_due():
                await self._clock.sleep(1)

    async def clear(self) -> None:
        """Remove parts of a segment that was never finished, and hot rows that are sealed already."""
        number, last, _, _ = _newest(self._store)
        await self._run_work(lambda connection: _drop_unfinished(connection, number))
        await self._delete_hot(last)

    async def seal_due(self, *, now: int | None = None) -> bool:
        """Seal one segment if one is due; ``now`` makes everything older than a minute before it due."""
        instant = self._clock.now() if now is None else now
        segment = await asyncio.to_thread(self._next, instant)
        if segment is None:
            return False
        for index, body in enumerate(segment.parts()):
            await self._run_work(_part_writer(segment.head.number, index, body))
        await self._run_work(lambda connection: _finish(connection, segment))
        await self._delete_hot(segment.head.last)
        await self._run_work(lambda connection: _expire_identities(connection, instant))
        return True

    def _next(self, now: int) -> Segment | None:
        number, last, root, books = _newest(self._store)
        with self._store.reading() as connection:
            rows: list[Row] = list(fetch(connection, _HOT, (last, last + ROWS)))
        if not rows or (len(rows) < ROWS and rows[0][1] > now - AGE):
            return None
        return seal(number + 1, root, rows, self._version, _books_of(books, rows))

    async def _delete_hot(self, last: int) -> None:
        while await self._run_work(lambda connection: _delete_some(connection, last)):
            pass


def _newest(store: Store) -> tuple[int, int, bytes, str]:
    """Number, last position, root and books of the newest segment."""
    with store.reading() as connection:
        for row in fetch(connection, 'SELECT number, "last", root, books FROM segments ORDER BY number DESC LIMIT 1'):
            return row[0], row[1], row[2], row[3]
    return 0, 0, START, ""


def _books_of(before: str, rows: list[Row]) -> str:
    """The numbers in force during the rows: the last one before, and every one loaded within; "" is the first."""
    numbers = [before.rpartition(" ")[2]]
    for row in rows:
        if row[2] == "book" and not row[5]:
            loaded = decode_input(row[3])
            assert isinstance(loaded, BookLoaded), row
            numbers.append(str(loaded.number))
    return " ".join(number for number in numbers if number)


def _part_writer(segment: int, index: int, body: bytes) -> Work:
    def write(connection: Connection) -> None:
        insert(connection, tables.segment_parts, ("segment", "part", "body"), [(segment, index, body)], replace=True)
    return write


def _finish(connection: Connection, segment: Segment) -> None:
    head = segment.head
    insert(connection, tables.segments, _SEGMENT, [(
        head.number, head.first, head.last, head.since, head.until, segment.previous, segment.root, head.engine,
        head.books, head.format, len(segment.body))])
    if segment.identities:
        insert(connection, tables.identities, ("segment", "body"), [(head.number, segment.identities)])


def _drop_unfinished(connection: Connection, number: int) -> None:
    for table in ("segment_parts", "identities"):
        run(connection, f"DELETE FROM {table} WHERE segment > ?", (number,))  # noqa: S608 - own names


def _delete_some(connection: Connection, last: int) -> bool:
    """Delete the oldest sealed hot rows; whether more are left."""
    first = run(connection, "SELECT min(position) FROM journal").scalar()
    if first is None or first > last:
        return False
    end = min(first + DELETED - 1, last)
    run(connection, "DELETE FROM journal WHERE position <= ?", (end,))
    return bool(end < last)


def _expire_identities(connection: Connection, now: int) -> None:
    """Forget identities that are too old to be recognised."""
    run(connection, "DELETE FROM identities WHERE segment IN (SELECT number FROM segments WHERE until < ?)",
        (now - DAY,))


def hot_rows(connection: Connection, after: int, limit: int = 5_000) -> Iterator[Row]:
    """The hot rows behind a position."""
    yield from fetch(connection, _HOT, (after, after + limit))
