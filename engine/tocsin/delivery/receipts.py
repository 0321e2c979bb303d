"""Receipts from providers: unordered, repeated, sometimes about an older try; a state never goes back."""

from sqlalchemy import Connection

from tocsin.delivery.outbox import NEVER
from tocsin.delivery.statement import run
from tocsin.domain.input import Receipt
from tocsin.domain.notification import (
    DELIVERED,
    FAILED_PERMANENT,
    FAILED_TEMPORARY,
    QUEUED,
    READ,
    SENT,
    STARTED,
    UNKNOWN,
    Notification,
)
from tocsin.ports import Inbound

_RANK = {QUEUED: 0, STARTED: 0, UNKNOWN: 0, FAILED_TEMPORARY: 0, SENT: 1, DELIVERED: 2, READ: 3}


def news_in(item: Inbound, state: str, provider_id: str) -> bool:
    """Whether a receipt changes what is known of a notification in ``state``."""
    if item.state == FAILED_PERMANENT:
        other_try = bool(provider_id) and bool(item.provider_id) and provider_id != item.provider_id
        return _RANK.get(state, 9) <= _RANK[SENT] and not other_try
    return item.state in _RANK and state in _RANK and _RANK[item.state] > _RANK[state]


def receipt_of(item: Inbound, notification: Notification) -> Receipt | None:
    """The input that it makes; None where it can change neither person nor channel."""
    if item.state not in (DELIVERED, READ, FAILED_PERMANENT):
        return None
    return Receipt(notification=notification.id, state=item.state, incident=notification.incident,
                   person=notification.person, channel=notification.channel, detail=item.detail,
                   address_dead=item.state == FAILED_PERMANENT and item.text == "dead")


def record_receipt(connection: Connection, number: int, item: Inbound, before: str, at: int) -> bool:
    """Put the new state in place of ``before``; False when the state changed while the receipt was looked at.

    A try that is in flight has left, as the receipt of ``at`` shows: it is settled with it, since its own outcome may
    never be recorded.
    """
    reason = item.detail if item.state == FAILED_PERMANENT else None
    done = run(connection, "UPDATE outbox SET state = ?, reason = ?, due = ?, provider_id = coalesce(provider_id, ?) "
                           "WHERE id = ? AND state = ?",
               (item.state, reason, NEVER, item.provider_id or None, number, before))
    if done != 1:
        return False
    run(connection, "UPDATE attempts SET state = ?, detail = ? WHERE notification = ? AND provider_id = ?",
        (item.state, item.detail or None, number, item.provider_id))
    run(connection, "UPDATE attempts SET state = ?, detail = ?, ended = ?, "
                    "provider_id = coalesce(provider_id, ?) WHERE notification = ? AND state = ?",
        (item.state, item.detail or None, at, item.provider_id or None, number, STARTED))
    return True
