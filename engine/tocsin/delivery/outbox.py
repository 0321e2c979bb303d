"""The outbox as one channel's worker reads it: committed rows, a page at a time, never all of them."""

from collections.abc import Collection
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection

from tocsin.delivery.statement import Reading, listed, rows, value
from tocsin.domain.codec import decode_notification
from tocsin.domain.incident import SEVERITIES
from tocsin.domain.notification import TAKEN, UNKNOWN, Address, Notification

TO_SEND = "state IN ('queued', 'failed_temporary', 'unknown')"
"""Rows that still have to leave, in the words of the store's partial indices."""

NEVER = 2**62
"""``due`` of a row that is not tried again by itself."""

MOST_BLOCKED = 512
_COLUMNS = "body, rank, state, tries, reason"
_RANKS = range(len(SEVERITIES) - 1, -1, -1)
_AHEAD = (f"SELECT (SELECT max(id) FROM outbox), (SELECT min(due) FROM outbox WHERE {TO_SEND} AND channel = ? "  # noqa: S608 - own words
          f"AND due > ? AND due < ?), (SELECT min(expires) FROM outbox WHERE {TO_SEND} AND channel = ?)")
_decode_address = msgspec.json.Decoder(Address).decode


class Row(Struct, frozen=True):
    """One outbox row to send: ``unknowns`` of its attempts may have arrived; ``reason`` is why the last one failed."""

    notification: Notification
    rank: int
    state: str
    tries: int
    reason: str = ""
    unknowns: int = 0

    @property
    def id(self) -> int:
        return self.notification.id

    @property
    def is_taken(self) -> bool:
        return self.notification.kind == TAKEN

    @property
    def is_last_resort(self) -> bool:
        return bool(self.notification.policy) and self.notification.step == 0

    @property
    def order(self) -> tuple[int, bool, int, int, int]:
        """Smaller leaves earlier: severity, then the last resort, then whoever got less of late, then age."""
        one = self.notification
        return -self.rank, not self.is_last_resort, one.turn, one.created, one.id


class Page(Struct, frozen=True):
    """The rows that leave next, in order; ``whole`` when they are all that is due. ``newest`` is the highest id of any
    row, ``next_due`` when the next row becomes due, ``next_expiry`` when the next one that waits expires.
    """

    rows: list[Row]
    whole: bool
    newest: int
    next_due: int | None
    next_expiry: int | None


class Outbox:
    """What one channel has to send."""

    def __init__(self, reading: Reading, channel: str) -> None:
        self._reading = reading
        self._channel = channel

    def waiting(self, now: int, blocked: Collection[str], size: int) -> Page:
        """Up to ``size`` rows due now in the order of sending, without those of the people in ``blocked``.

        The rows of kind ``taken`` belong to "".
        """
        channel, found = self._channel, list[Row]()
        but, left_out = "", ()
        if blocked:
            marks, left_out = listed(list(blocked)[:MOST_BLOCKED])
            but = f" AND person NOT IN ({marks})"
        text = (f"SELECT {_COLUMNS} FROM outbox WHERE {TO_SEND} AND channel = ? AND rank = ? "  # noqa: S608 - own words
                f"AND +due <= ?{but} ORDER BY turn, created, id LIMIT ?")  # "+": walk the rows in order, not by due
        with self._reading() as connection:
            newest, due, expiry = rows(connection, _AHEAD, (channel, now, NEVER, channel))[0]
            for rank in _RANKS:
                page = rows(connection, text, (channel, rank, now, *left_out, size - len(found)))
                found += sorted((_row(connection, values) for values in page), key=_order)
                if len(found) >= size:
                    break
        return Page(found, len(found) < size, newest or 0, due, expiry)

    def expired(self, now: int, size: int) -> list[Row]:
        """Rows whose time is over before they could leave."""
        text = (f"SELECT {_COLUMNS} FROM outbox WHERE {TO_SEND} AND channel = ? AND expires <= ? "  # noqa: S608 - own words
                "ORDER BY expires LIMIT ?")
        with self._reading() as connection:
            return [_row(connection, values) for values in rows(connection, text, (self._channel, now, size))]

    def asking(self, after: int, now: int, size: int) -> list[Row]:
        """Rows above number ``after`` that want an answer of somebody and have not left, in the order of numbers."""
        text = (f"SELECT {_COLUMNS} FROM outbox WHERE {TO_SEND} AND channel = ? AND id > ? AND policy <> '' "  # noqa: S608 - own words
                "AND (expires IS NULL OR expires > ?) ORDER BY id LIMIT ?")
        with self._reading() as connection:
            return [_row(connection, values) for values in rows(connection, text, (self._channel, after, now, size))]

    def sent_since(self, instant: int) -> list[tuple[str, int]]:
        """(address, instant) of this channel's attempts since then, oldest first: what pacing is rebuilt from."""
        text = ("SELECT a.address, coalesce(a.ended, a.started) FROM attempts a JOIN outbox o ON o.id = a.notification "
                "WHERE a.started > ? AND o.channel = ? ORDER BY a.started")
        with self._reading() as connection:
            return [(str(address or ""), int(at))
                    for address, at in rows(connection, text, (instant, self._channel))]

    def addresses(self) -> dict[str, Address]:
        """What is known of people's addresses on this channel beyond the contacts file."""
        with self._reading() as connection:
            found = rows(connection, "SELECT body FROM addresses WHERE channel = ?", (self._channel,))
        return {address.person: address for address in (_decode_address(body) for body, in found)}

    def open_before(self, notification: Notification) -> tuple[int, ...]:
        """The person's earlier SMS whose incidents are still open: their codes are taken."""
        with self._reading() as connection:
            return tuple(number for number in open_sms(connection, notification.person) if number < notification.id)


def _order(row: Row) -> tuple[int, bool, int, int, int]:
    return row.order


def open_sms(connection: Connection, person: str) -> list[int]:
    """Every SMS notification to this person whose incident is still open."""
    text = ("SELECT o.id FROM outbox o JOIN incidents i ON i.id = o.incident WHERE o.channel = 'sms' AND o.person = ? "
            "AND i.response <> 'closed' ORDER BY o.id")
    return [int(number) for number, in rows(connection, text, (person,))]


def _row(connection: Connection, values: tuple[Any, ...]) -> Row:
    body, rank, state, tries, reason = values
    notification = decode_notification(body)
    unknowns = 0
    if tries:
        text = "SELECT count(*) FROM attempts WHERE notification = ? AND state = ?"
        unknowns = int(value(connection, text, (notification.id, UNKNOWN)) or 0)
    return Row(notification, rank, state, tries, reason or "", unknowns)
