"""Retention: what the journal need not keep any more goes, segment by segment, as work items of a few milliseconds.

A segment whose time is over is thinned: what incidents rest on stays, the other rows go, its root stays for ever.
``thinned`` is SHA-256(root ‖ leaves of what stays), so that what stays cannot be changed unnoticed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from hashlib import sha256
from typing import Any, Protocol

from msgspec import Struct
from sqlalchemy import Connection

from tocsin.ports import Clock, Work
from tocsin.store import tables
from tocsin.store.history import body_of
from tocsin.store.segment import PART, leaves, pack_pairs, row_of, unseal
from tocsin.store.statements import fetch, insert, run

AT_ONCE = 20
"""Incidents, or lines of none, deleted in one commit."""

_WHOLE = 'SELECT number, "first", "last", until, root FROM segments WHERE thinned IS NULL ORDER BY number LIMIT 1'
_HORIZON = """SELECT coalesce((SELECT since FROM segments WHERE thinned IS NULL ORDER BY number LIMIT 1),
    (SELECT "at" FROM journal ORDER BY position LIMIT 1), 0)"""
_OVER = "SELECT id FROM incidents WHERE live = 0 AND closed < ? ORDER BY id LIMIT ?"
_OF = (("attempts", "notification IN (SELECT id FROM outbox WHERE incident = ?)"), ("outbox", "incident = ?"),
       ("activations", "incident = ?"), ("suppressed", "incident = ?"), ("noted", "incident = ?"),
       ("evidence", "incident = ?"), ("incidents", "id = ?"))

RunWork = Callable[[Work], Awaitable[Any]]


class Readable(Protocol):
    """Whatever gives snapshots: the store."""

    def reading(self) -> AbstractContextManager[Connection]: ...


class Keep(Struct, frozen=True):
    """How long rows are kept (microseconds), how many bytes of segments, how long what incidents rest on is."""

    rows: int
    bytes: int
    incidents: int


class Retention:
    """``run`` does what is due now."""

    def __init__(self, store: Readable, run_work: RunWork, clock: Clock, keep: Keep) -> None:
        self._store, self._run_work, self._clock, self._keep = store, run_work, clock, keep

    async def run(self) -> None:
        """Thin every segment that is due, then let incidents go whose time is over."""
        now = self._clock.now()
        while (number := await asyncio.to_thread(self._due, now)) is not None:
            await self._thin(number)
        while over := await asyncio.to_thread(self._over, now):
            positions = await self._run_work(lambda connection, over=over: _let_go(connection, over))
            for segment in await asyncio.to_thread(self._thinned, positions):
                await self._thin(segment)
        horizon = min(now - self._keep.incidents, await asyncio.to_thread(self._horizon))
        for table in ("suppressed", "noted"):
            while await self._run_work(lambda connection, table=table: _lines_gone(connection, table, horizon)):
                pass

    def _due(self, now: int) -> int | None:
        with self._store.reading() as connection:
            for number, _, _, until, _ in fetch(connection, _WHOLE):
                held = run(connection, "SELECT sum(bytes) FROM segments").scalar() or 0
                return number if until < now - self._keep.rows or held > self._keep.bytes else None
        return None

    def _horizon(self) -> int:
        """Before this instant nothing can be derived any more."""
        with self._store.reading() as connection:
            return int(run(connection, _HORIZON).scalar() or 0)

    def _over(self, now: int) -> list[int]:
        before = min(now - self._keep.incidents, self._horizon())
        with self._store.reading() as connection:
            return [number for number, in fetch(connection, _OVER, (before, AT_ONCE))]

    def _thinned(self, positions: Iterable[int]) -> list[int]:
        """The thinned segments in which these positions lie."""
        with self._store.reading() as connection:
            found = {number for position in positions for number, in fetch(
                connection, 'SELECT number FROM segments WHERE "first" <= ? AND "last" >= ? AND thinned IS NOT NULL',
                (position, position))}
        return sorted(found)

    async def _thin(self, number: int) -> None:
        body, seal = await asyncio.to_thread(self._rest, number)
        await self._run_work(lambda connection: _put(connection, number, body, seal))

    def _rest(self, number: int) -> tuple[bytes, bytes]:
        """What stays of a segment, compressed, and its seal."""
        with self._store.reading() as connection:
            first, last, root = next(fetch(
                connection, 'SELECT "first", "last", root FROM segments WHERE number = ?', (number,)))
            kept = {position for position, in fetch(
                connection, "SELECT DISTINCT position FROM evidence WHERE position BETWEEN ? AND ?", (first, last))}
            body = body_of(connection, number)
        pairs = [pair for pair in (unseal(body) if body else ())
                 if (row := row_of(pair)) is not None and row[0] in kept]
        return pack_pairs(pairs) if pairs else b"", seal_of(root, pairs)


def seal_of(root: bytes, pairs: Iterable[tuple[bytes, bytes]]) -> bytes:
    """What proves the rest of a thinned segment."""
    return sha256(root + b"".join(leaves(pairs))).digest()


def _put(connection: Connection, number: int, body: bytes, seal: bytes) -> None:
    run(connection, "DELETE FROM segment_parts WHERE segment = ?", (number,))
    insert(connection, tables.segment_parts, ("segment", "part", "body"), [
        (number, index, body[start:start + PART]) for index, start in enumerate(range(0, len(body), PART))])
    run(connection, "UPDATE segments SET thinned = ?, bytes = ? WHERE number = ?", (seal, len(body), number))


def _let_go(connection: Connection, incidents: Sequence[int]) -> list[int]:
    """Delete incidents with everything that is theirs alone; the positions on which they rested."""
    positions: list[int] = []
    for number in incidents:
        positions += [position for position, in fetch(
            connection, "SELECT position FROM evidence WHERE incident = ?", (number,))]
        for table, where in _OF:
            run(connection, f"DELETE FROM {table} WHERE {where}", (number,))  # noqa: S608 - own words
    return positions


def _lines_gone(connection: Connection, table: str, before: int) -> bool:
    """Delete some old lines that belong to no incident; whether there were any."""
    done = run(connection, f'DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE "at" < ? AND incident = 0 '  # noqa: S608 - own words
                           "ORDER BY id LIMIT ?)", (before, AT_ONCE))
    return bool(done.rowcount)
