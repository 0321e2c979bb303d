"""Copies: the messages already sent that have to show who took the incident."""

from msgspec import Struct
from sqlalchemy import Connection

from tocsin.delivery.outbox import Row
from tocsin.delivery.statement import rows, value
from tocsin.domain.codec import decode_notification
from tocsin.domain.notification import FAILED_PERMANENT, SENT, WANTS_ANSWER, Notification

_ASKING = ", ".join(f"'{kind}'" for kind in sorted(WANTS_ANSWER))


class Copy(Struct, frozen=True):
    """One message as it was sent: where it lies, and its text then."""

    notification: Notification
    address: str
    provider_id: str
    text: str


def copies_of(connection: Connection, taken: Row, channel: str) -> list[Copy]:
    """Every copy of the activation's pages that lies with somebody and neither shows this nor refused to."""
    done = {provider_id for provider_id, in rows(
        connection, "SELECT provider_id FROM attempts WHERE notification = ? AND state IN (?, ?)",
        (taken.id, SENT, FAILED_PERMANENT))}
    found = rows(connection,
                 "SELECT o.body, o.provider_id, a.address, a.text FROM outbox o "  # noqa: S608 - own words
                 "JOIN attempts a ON a.notification = o.id AND a.provider_id = o.provider_id "
                 "WHERE o.incident = ? AND o.activation = ? AND o.channel = ? "
                 f"AND o.id < ? AND o.kind IN ({_ASKING}) AND a.state = ? ORDER BY o.id",
                 (taken.notification.incident, taken.notification.activation, channel, taken.id, SENT))
    return [Copy(decode_notification(body), str(address), str(provider_id), str(text))
            for body, provider_id, address, text in found if provider_id not in done]


def attempts_so_far(connection: Connection, notification: int) -> int:
    """The highest number of an attempt of this notification."""
    text = "SELECT max(number) FROM attempts WHERE notification = ?"
    return int(value(connection, text, (notification,)) or 0)
