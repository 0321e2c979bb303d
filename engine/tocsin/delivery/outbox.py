"""The outbox as one channel's worker reads it: committed rows, a page at a time, never all of them."""

from collections.abc import Collection, Iterable
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection

from tocsin.delivery.statement import Reading, marks, rows, run
from tocsin.domain.codec import decode_notification
from tocsin.domain.incident import SEVERITIES
from tocsin.domain.notification import TAKEN, UNKNOWN, Address, Notification

TO_SEND = "state IN ('queued', 'failed_temporary', 'unknown')"
"""Rows that still have to leave, in the words of the store's partial indices."""

NEVER = 2**62
"""``due`` of a row that is not tried again by itself."""

MOST_BLOCKED = 500
_COLUMNS = "body, rank, state, tries, reason"
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


class Outbox:
    """What one channel has to send."""

    def __init__(self, reading: Reading, channel: str) -> None:
        self._reading = reading
        self._channel = channel

    def waiting(self, now: int, blocked: Collection[str], size: int) -> list[Row]:
        """Up to ``size`` rows due now in the order of sending, without those of the people in ``blocked``.

        The order is severity, then the last resort, then age; the rows of kind ``taken`` belong to "".
        """
        left_out = list(blocked)[:MOST_BLOCKED]
        but = f" AND person NOT IN ({marks(len(left_out))})" if left_out else ""
        found: list[Row] = []
        with self._reading() as connection:
            for rank in range(len(SEVERITIES) - 1, -1, -1):
                text = (f"SELECT {_COLUMNS} FROM outbox WHERE {TO_SEND} AND channel = ? AND rank = ? "  # noqa: S608 - own words
                        f"AND +due <= ?{but} ORDER BY created, id LIMIT ?")  # "+": walk the rows in order, not by due
                page = rows(connection, text, (self._channel, rank, now, *left_out, size - len(found)))
                found += sorted((_row(connection, values) for values in page), key=lambda row: not row.is_last_resort)
                if len(found) >= size:
                    break
        return found

    def expired(self, now: int, size: int) -> list[Row]:
        """Rows whose time is over before they could leave."""
        text = (f"SELECT {_COLUMNS} FROM outbox WHERE {TO_SEND} AND channel = ? AND expires <= ? "  # noqa: S608 - own words
                "ORDER BY expires LIMIT ?")
        with self._reading() as connection:
            return [_row(connection, values) for values in rows(connection, text, (self._channel, now, size))]

    def next_due(self, now: int) -> int | None:
        """When the next row becomes due after ``now``; None when none does."""
        text = f"SELECT min(due) FROM outbox WHERE {TO_SEND} AND channel = ? AND due > ? AND due < ?"  # noqa: S608 - own words
        with self._reading() as connection:
            found = run(connection, text, (self._channel, now, NEVER)).scalar()
        return None if found is None else int(found)

    def next_expiry(self) -> int | None:
        """When the next row that waits expires; None when none does."""
        text = f"SELECT min(expires) FROM outbox WHERE {TO_SEND} AND channel = ?"  # noqa: S608 - own words
        with self._reading() as connection:
            found = run(connection, text, (self._channel,)).scalar()
        return None if found is None else int(found)

    def sent_since(self, instant: int) -> list[tuple[str, int]]:
        """(address, instant) of this channel's attempts since then, oldest first: what pacing is rebuilt from."""
        text = ("SELECT a.address, coalesce(a.ended, a.started) FROM attempts a JOIN outbox o ON o.id = a.notification "
                "WHERE a.started > ? AND o.channel = ? ORDER BY a.started")
        with self._reading() as connection:
            return [(str(address or ""), int(at))
                    for address, at in rows(connection, text, (instant, self._channel))]

    def addresses(self, people: Iterable[str]) -> dict[str, Address]:
        """What is known of these people's addresses on this channel beyond the contacts file."""
        wanted = list(dict.fromkeys(people))
        if not wanted:
            return {}
        text = f"SELECT body FROM addresses WHERE channel = ? AND person IN ({marks(len(wanted))})"  # noqa: S608 - own words
        with self._reading() as connection:
            known = [_decode_address(body) for body, in rows(connection, text, (self._channel, *wanted))]
        return {address.person: address for address in known}

    def open_before(self, notification: Notification) -> tuple[int, ...]:
        """The person's earlier SMS whose incidents are still open: their codes are taken."""
        with self._reading() as connection:
            return tuple(number for number in open_sms(connection, notification.person) if number < notification.id)


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
        unknowns = int(run(connection, text, (notification.id, UNKNOWN)).scalar() or 0)
    return Row(notification, rank, state, tries, reason or "", unknowns)
