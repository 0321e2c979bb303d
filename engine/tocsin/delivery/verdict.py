"""Verdicts: what the outcome of one attempt means for its row and for the incident."""

from collections.abc import Sequence
from hashlib import blake2b

from msgspec import Struct

from tocsin.delivery.outbox import NEVER, Row
from tocsin.domain.errors import DeliveryError, PermanentDeliveryError, TemporaryDeliveryError
from tocsin.domain.input import Receipt
from tocsin.domain.notification import (
    AWAY,
    EXPIRED,
    FAILED_PERMANENT,
    FAILED_TEMPORARY,
    SENT,
    UNKNOWN,
    WITHDRAWN,
)
from tocsin.domain.time import SECOND
from tocsin.ports import Handed

LONGEST_BACKOFF = 30 * SECOND
MOST_EDITS = 10


class Verdict(Struct, frozen=True):
    """The row's new state with its recorded reason; ``receipt`` where person or channel may have to change.

    ``due`` is when to try again. ``tried`` is the state of the attempt itself, "" when none was made.
    """

    state: str
    reason: str = ""
    due: int = NEVER
    receipt: Receipt | None = None
    provider_id: str = ""
    tried: str = ""


def edited(row: Row, verdicts: Sequence[Verdict], now: int) -> Verdict:
    """What the edits of a ``taken`` row mean for it: an edit may safely be made twice, so unclear ones are repeated."""
    unclear = [verdict for verdict in verdicts if verdict.state in (FAILED_TEMPORARY, UNKNOWN, EXPIRED)]
    if not unclear:
        return Verdict(SENT, "; ".join(dict.fromkeys(verdict.reason for verdict in verdicts if verdict.reason)))
    if row.tries + 1 >= MOST_EDITS:
        return Verdict(FAILED_PERMANENT, f"Given up after {MOST_EDITS} tries: {unclear[0].reason}")
    return Verdict(FAILED_TEMPORARY, unclear[0].reason, due=now + backoff(row.id, row.tries + 1))


def handed_over(row: Row, channel: str, handed: Handed) -> Verdict:
    receipt = None
    if handed.moved_to:
        receipt = _receipt(row, channel, SENT, "the address has moved", moved_to=handed.moved_to)
    return Verdict(SENT, receipt=receipt, provider_id=handed.provider_id, tried=SENT)


def failed(row: Row, channel: str, error: DeliveryError, now: int) -> Verdict:
    """What a failed attempt means; nothing is retried beyond the time of the message."""
    reason, notification = str(error), row.notification
    if isinstance(error, PermanentDeliveryError):
        receipt = _receipt(row, channel, FAILED_PERMANENT, reason, dead=error.address_dead, moved_to=error.moved_to)
        return Verdict(FAILED_PERMANENT, reason, receipt=receipt, tried=FAILED_PERMANENT)
    if isinstance(error, TemporaryDeliveryError):
        due = now + max(error.retry_after or 0, backoff(notification.id, row.tries + 1))
        if notification.expires is not None and due >= notification.expires:
            return expired(row, channel, f"Given up, its time would be over before the next try: {reason}",
                           tried=FAILED_TEMPORARY)
        return Verdict(FAILED_TEMPORARY, reason, due=due, tried=FAILED_TEMPORARY)
    if row.unknowns == 0:
        return Verdict(UNKNOWN, reason, due=now + backoff(notification.id, 1), tried=UNKNOWN)
    return Verdict(UNKNOWN, f"Twice without a clear outcome, not sent again: {reason}", tried=UNKNOWN,
                   receipt=_receipt(row, channel, FAILED_PERMANENT, f"twice without a clear outcome: {reason}"))


def over(row: Row, channel: str) -> Verdict:
    """The message's time ended before it left, or before it was known to have arrived."""
    last = f" {row.reason}" if row.reason else ""
    return expired(row, channel, f"Its time was over after {row.tries} tries.{last}")


def expired(row: Row, channel: str, reason: str, *, tried: str = "") -> Verdict:
    """It is not sent any more, which counts as failed."""
    return Verdict(EXPIRED, reason, receipt=_receipt(row, channel, EXPIRED, reason), tried=tried)


def impossible(row: Row, channel: str, reason: str) -> Verdict:
    """There is no way to this person by this channel: permanent at once, without an attempt."""
    return Verdict(FAILED_PERMANENT, reason, receipt=_receipt(row, channel, FAILED_PERMANENT, reason))


def waiting(row: Row, channel: str, why: str) -> Verdict:
    """It waits for a provider that does not answer."""
    return Verdict(FAILED_TEMPORARY, why, receipt=_receipt(row, channel, AWAY, why))


def left_out(reason: str) -> Verdict:
    """Not to be said to this person at all."""
    return Verdict(WITHDRAWN, reason)


def backoff(notification: int, tries: int) -> int:
    """1, 2, 4, 8 … 30 s with a spread of ±20 % that depends on the notification and try alone."""
    plain = min(LONGEST_BACKOFF, SECOND << min(max(tries, 1) - 1, 10))
    spread = blake2b(f"{notification}/{tries}".encode(), digest_size=2).digest()
    return plain * (80 + int.from_bytes(spread, "big") % 41) // 100


def _receipt(row: Row, channel: str, state: str, detail: str, *, dead: bool = False,
             moved_to: str = "") -> Receipt | None:
    if row.is_taken:
        return None
    return Receipt(notification=row.id, state=state, incident=row.notification.incident,
                   person=row.notification.person, channel=channel, detail=detail, address_dead=dead,
                   moved_to=moved_to)
