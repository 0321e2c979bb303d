"""Claims: ``started`` and the rendered text are committed before the first byte leaves."""

from collections.abc import Sequence

from msgspec import Struct
from sqlalchemy import Connection

from tocsin.delivery.outbox import TO_SEND, Row
from tocsin.delivery.statement import listed, marks, rows, run, run_many
from tocsin.domain.codec import decode_incident
from tocsin.domain.notification import CLEARED, CLOSED, JOINED, REASSIGNED, STARTED, UNKNOWN, WITHDRAWN
from tocsin.domain.time import SECOND
from tocsin.ports import Outgoing

NEWS = frozenset({CLEARED, CLOSED, JOINED, REASSIGNED})
"""Kinds that only make sense to somebody who heard of the incident before."""

LOOK_AGAIN = 2 * SECOND
INTERRUPTED = "The engine stopped while this was being sent; it may have arrived."
NEVER_TOLD = "Nothing about this incident ever reached this person."


class Sending(Struct, frozen=True):
    """A row about to be sent: one message, or for ``taken`` one edit per copy.

    ``others`` are the further rows that its one message tells, when it is a list.
    """

    row: Row
    messages: tuple[Outgoing, ...]
    others: tuple[Row, ...] = ()

    @property
    def rows(self) -> tuple[Row, ...]:
        return self.row, *self.others


def claim(connection: Connection, sendings: Sequence[Sending], now: int) -> list[Sending]:
    """Commit ``started`` for what may still be sent; those that somebody withdrew meanwhile are left out, and a list
    of which one line is withdrawn, which is written anew.
    """
    unclear = {row.id for sending in sendings for row in sending.rows
               if row.notification.kind in NEWS and not _was_told(connection, row, now)}
    wanted = [sending for sending in sendings if not any(row.id in unclear for row in sending.rows)]
    if any(sending.others for sending in wanted):
        marks, numbers = listed([row.id for sending in wanted for row in sending.rows])
        ready = {number for number, in rows(
            connection, f"SELECT id FROM outbox WHERE {TO_SEND} AND id IN ({marks})", numbers)}  # noqa: S608 - own words
        wanted = [sending for sending in wanted if all(row.id in ready for row in sending.rows)]
    if not wanted:
        return []
    marks, numbers = listed([row.id for sending in wanted for row in sending.rows])
    claimed = {number for number, in rows(
        connection, f"UPDATE outbox SET state = ?, tries = tries + 1, reason = NULL WHERE {TO_SEND} "  # noqa: S608 - own words
                    f"AND id IN ({marks}) RETURNING id", (STARTED, *numbers))}
    started = [sending for sending in wanted if sending.row.id in claimed]
    run_many(connection, "INSERT INTO attempts (notification, number, started, state, address, provider_id, repeat, "
                         "text, bundle) VALUES ...",
             [(row.id, message.attempt if row is sending.row else row.tries + 1, now, STARTED, message.address,
               message.edits or None, int(row.unknowns > 0 and not row.is_taken), message.message.text, message.bundle)
              for sending in started for message in sending.messages for row in sending.rows])
    return started


def _was_told(connection: Connection, row: Row, now: int) -> bool:
    """Whether the person got anything of the incident; suppresses the row if not, postpones it while unclear."""
    text = (f"SELECT DISTINCT state FROM outbox WHERE incident = ? AND person = ? AND id < ? "  # noqa: S608 - placeholders
            f"AND kind NOT IN ({marks(len(NEWS))})")
    states = {state for state, in rows(connection, text, (row.notification.incident, row.notification.person, row.id,
                                                          *sorted(NEWS)))}
    if states & {"sent", "delivered", "read", UNKNOWN}:
        return True
    if not states and _has_answered(connection, row):  # in a group, for which they were not asked themselves
        return True
    if states & {"queued", "failed_temporary", STARTED}:
        run(connection, f"UPDATE outbox SET due = ? WHERE id = ? AND {TO_SEND}", (now + LOOK_AGAIN, row.id))  # noqa: S608 - own words
    else:
        run(connection, f"UPDATE outbox SET state = ?, reason = ? WHERE id = ? AND {TO_SEND}",  # noqa: S608 - own words
            (WITHDRAWN, NEVER_TOLD, row.id))
    return False


def _has_answered(connection: Connection, row: Row) -> bool:
    found = rows(connection, "SELECT body FROM incidents WHERE id = ?", (row.notification.incident,))
    return any(given.person == row.notification.person for body, in found for given in decode_incident(body).answers)


def recover(connection: Connection, channel: str, now: int) -> int:
    """At start-up: every attempt that was in flight is unknown, and is sent again unless it was withdrawn."""
    found = rows(connection, "SELECT id, reason FROM outbox WHERE state = ? AND channel = ?", (STARTED, channel))
    for number, withdrawn in found:
        run(connection, "UPDATE attempts SET state = ?, ended = ?, detail = ? WHERE notification = ? AND state = ?",
            (UNKNOWN, now, INTERRUPTED, number, STARTED))
        if withdrawn:
            run(connection, "UPDATE outbox SET state = ? WHERE id = ?", (WITHDRAWN, number))
        else:
            run(connection, "UPDATE outbox SET state = ?, due = ?, reason = ? WHERE id = ?",
                (UNKNOWN, now, INTERRUPTED, number))
    return len(found)
