"""Outcomes: what became of an attempt, committed after it; nothing is swallowed."""

from collections.abc import Sequence

from msgspec import Struct
from sqlalchemy import Connection

from tocsin.delivery.copies import copies_of
from tocsin.delivery.outbox import TO_SEND, Row
from tocsin.delivery.statement import listed, rows, run, run_many
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


class Outcome(Struct, frozen=True):
    """One try's end at ``ended``: ``verdict`` on the try, and on its row unless ``row_goes_on``."""

    row: Row
    number: int
    verdict: Verdict
    ended: int
    row_goes_on: bool = False


def record_all(connection: Connection, outcomes: Sequence[Outcome], *, editable: bool) -> None:
    """Put down what became of these tries and of their rows; ``editable`` channels can change what they have sent.

    What a receipt has said of a try meanwhile stands.
    """
    run_many(connection, "UPDATE attempts SET ended = coalesce(ended, v.column3), "  # noqa: S608 - own words
                         f"state = CASE state WHEN '{STARTED}' THEN v.column4 ELSE state END, "
                         f"detail = CASE state WHEN '{STARTED}' THEN v.column6 ELSE detail END, "
                         "provider_id = coalesce(v.column5, provider_id) FROM (VALUES ...) AS v "
                         "WHERE attempts.notification = v.column1 AND attempts.number = v.column2",
             [(one.row.id, one.number, one.ended, one.verdict.tried or one.verdict.state,
               one.verdict.provider_id or None, one.verdict.reason or None) for one in outcomes if one.number])
    whole = {one.row.id: one for one in outcomes if not one.row_goes_on}
    if not whole:
        return
    changed: list[tuple[object, ...]] = []
    known: list[tuple[object, ...]] = []
    marks, numbers = listed(tuple(whole))
    text = f"SELECT id, state, reason FROM outbox WHERE id IN ({marks})"  # noqa: S608 - own words
    for number, state, withdrawn in rows(connection, text, numbers):
        one = whole[number]
        if state == STARTED:
            verdict = _standing(connection, one, withdrawn)
            changed.append((number, verdict.state, verdict.reason or None, verdict.due, verdict.provider_id or None))
        elif one.verdict.provider_id:  # a receipt was faster
            known.append((number, one.verdict.provider_id))
    run_many(connection, "UPDATE outbox SET state = v.column2, reason = v.column3, due = v.column4, "
                         "provider_id = coalesce(v.column5, provider_id) FROM (VALUES ...) AS v WHERE id = v.column1",
             changed)
    run_many(connection, "UPDATE outbox SET provider_id = v.column2 FROM (VALUES ...) AS v WHERE id = v.column1", known)
    for one in whole.values() if editable else ():
        if one.verdict.state == SENT and one.row.notification.kind in WANTS_ANSWER:
            _show_taken(connection, one.row, one.ended)


def record_unsent(connection: Connection, row: Row, verdict: Verdict) -> None:
    """A row that never leaves, with its reason."""
    run(connection, f"UPDATE outbox SET state = ?, reason = ? WHERE id = ? AND {TO_SEND}",  # noqa: S608 - own words
        (verdict.state, verdict.reason, row.id))


def _standing(connection: Connection, one: Outcome, withdrawn: str | None) -> Verdict:
    """The verdict that holds: what was withdrawn in flight is not tried again, late copies are edited too."""
    if withdrawn and one.verdict.state in (FAILED_TEMPORARY, UNKNOWN):
        return Verdict(WITHDRAWN, withdrawn)
    if one.row.is_taken and one.verdict.state == SENT and copies_of(connection, one.row, one.row.notification.channel):
        return Verdict(QUEUED, due=one.ended)
    return one.verdict


def _show_taken(connection: Connection, row: Row, now: int) -> None:
    """A copy that was in flight while somebody took the incident has to show it too."""
    run(connection, "UPDATE outbox SET state = ?, due = ?, reason = NULL WHERE incident = ? AND activation = ? "
                    "AND kind = ? AND state = ? AND id > ?",
        (QUEUED, now, row.notification.incident, row.notification.activation, TAKEN, SENT, row.id))
