"""Outcomes: what became of an attempt, committed after it; nothing is swallowed."""

from sqlalchemy import Connection

from tocsin.delivery.copies import copies_of
from tocsin.delivery.outbox import TO_SEND, Row
from tocsin.delivery.statement import rows, run
from tocsin.delivery.verdict import Verdict
from tocsin.domain.notification import (
    FAILED_TEMPORARY,
    QUEUED,
    SENT,
    STARTED,
    TAKEN,
    UNKNOWN,
    WANTS_ANSWER,
    WITHDRAWN,
)


def record_attempt(connection: Connection, row: Row, number: int, verdict: Verdict, now: int) -> None:
    """What became of one try."""
    run(connection, "UPDATE attempts SET ended = ?, state = ?, provider_id = coalesce(?, provider_id), detail = ? "
                    "WHERE notification = ? AND number = ?",
        (now, verdict.tried or verdict.state, verdict.provider_id or None, verdict.reason or None, row.id, number))


def record(connection: Connection, row: Row, verdict: Verdict, now: int, *, editable: bool = False) -> None:
    """The row's new state, unless a receipt was faster; what was withdrawn in flight is not tried again."""
    (state, withdrawn), = rows(connection, "SELECT state, reason FROM outbox WHERE id = ?", (row.id,))
    if verdict.provider_id:
        run(connection, "UPDATE outbox SET provider_id = ? WHERE id = ?", (verdict.provider_id, row.id))
    if state != STARTED:
        return
    if withdrawn and verdict.state in (FAILED_TEMPORARY, UNKNOWN):
        run(connection, "UPDATE outbox SET state = ? WHERE id = ?", (WITHDRAWN, row.id))
        return
    if row.is_taken and verdict.state == SENT and copies_of(connection, row, row.notification.channel):
        verdict = Verdict(QUEUED, due=now)  # a copy arrived meanwhile that does not show it yet
    run(connection, "UPDATE outbox SET state = ?, reason = ?, due = ? WHERE id = ?",
        (verdict.state, verdict.reason or None, verdict.due, row.id))
    if editable and verdict.state == SENT and row.notification.kind in WANTS_ANSWER:
        _show_taken(connection, row, now)


def record_unsent(connection: Connection, row: Row, verdict: Verdict) -> None:
    """A row that never leaves, with its reason."""
    run(connection, f"UPDATE outbox SET state = ?, reason = ? WHERE id = ? AND {TO_SEND}",  # noqa: S608 - own words
        (verdict.state, verdict.reason, row.id))


def _show_taken(connection: Connection, row: Row, now: int) -> None:
    """A copy that was in flight while somebody took the incident has to show it too."""
    run(connection, "UPDATE outbox SET state = ?, due = ?, reason = NULL WHERE incident = ? AND activation = ? "
                    "AND kind = ? AND state = ? AND id > ?",
        (QUEUED, now, row.notification.incident, row.notification.activation, TAKEN, SENT, row.id))
