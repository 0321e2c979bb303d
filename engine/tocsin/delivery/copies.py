"""Copies: the messages already sent that have to show who took the incident."""

from msgspec import Struct
from sqlalchemy import Connection

from tocsin.delivery.outbox import Row
from tocsin.delivery.statement import rows, value
from tocsin.domain.codec import decode_incident, decode_notification
from tocsin.domain.incident import Incident
from tocsin.domain.notification import FAILED_PERMANENT, SENT, TAKEN, WANTS_ANSWER, Notification

_ASKING = ", ".join(f"'{kind}'" for kind in sorted(WANTS_ANSWER))


class Copy(Struct, frozen=True):
    """One message as it was sent: where it lies, and its text then; ``bundle`` names the list that it is."""

    notification: Notification
    address: str
    provider_id: str
    text: str
    bundle: int = 0


_ARRIVED = "state NOT IN ('failed_temporary', 'failed_permanent')"
"""Attempts of which the person may have seen something."""


def members_of(connection: Connection, bundle: int) -> list[Notification]:
    """What stood in the list that begins with this notification, as the person saw it; [] when it was none."""
    text = (f"SELECT body FROM outbox WHERE kind <> ? AND id IN (SELECT notification FROM attempts WHERE bundle = ? "  # noqa: S608 - own words
            f"AND bundle > 0 AND {_ARRIVED}) ORDER BY id")
    return [decode_notification(body) for body, in rows(connection, text, (TAKEN, bundle))]


def list_of(connection: Connection, notification: int) -> int:
    """The newest list in which a notification stood before the person; 0 when it stood alone."""
    text = f"SELECT bundle FROM attempts WHERE notification = ? AND {_ARRIVED} ORDER BY id DESC LIMIT 1"  # noqa: S608 - own words
    return int(value(connection, text, (notification,)) or 0)


def incident_at(connection: Connection, number: int) -> Incident | None:
    """An incident as committed."""
    body = value(connection, "SELECT body FROM incidents WHERE id = ?", (number,))
    return decode_incident(body) if body is not None else None


def copies_of(connection: Connection, taken: Row, channel: str) -> list[Copy]:
    """Every copy of the activation's pages that lies with somebody and neither shows this nor refused to."""
    done = {provider_id for provider_id, in rows(
        connection, "SELECT provider_id FROM attempts WHERE notification = ? AND state IN (?, ?)",
        (taken.id, SENT, FAILED_PERMANENT))}
    found = rows(connection,
                 "SELECT o.body, o.provider_id, a.address, a.text, a.bundle FROM outbox o "  # noqa: S608 - own words
                 "JOIN attempts a ON a.notification = o.id AND a.provider_id = o.provider_id "
                 "WHERE o.incident = ? AND o.activation = ? AND o.channel = ? "
                 f"AND o.id < ? AND o.kind IN ({_ASKING}) AND a.state = ? ORDER BY o.id",
                 (taken.notification.incident, taken.notification.activation, channel, taken.id, SENT))
    return [Copy(decode_notification(body), str(address), str(provider_id), str(text), int(bundle))
            for body, provider_id, address, text, bundle in found
            if provider_id not in done and not (bundle and _shown(connection, taken, bundle, provider_id))]


def _shown(connection: Connection, taken: Row, bundle: int, provider_id: str) -> bool:
    """Whether the list was written anew since: then it shows this as well."""
    text = ("SELECT 1 FROM attempts a JOIN outbox o ON o.id = a.notification WHERE a.bundle = ? AND a.provider_id = ? "
            "AND a.started > ? AND a.state = ? AND o.kind = ? LIMIT 1")
    return bool(rows(connection, text, (bundle, provider_id, taken.notification.created, SENT, TAKEN)))


def attempts_so_far(connection: Connection, notification: int) -> int:
    """The highest number of an attempt of this notification."""
    text = "SELECT max(number) FROM attempts WHERE notification = ?"
    return int(value(connection, text, (notification,)) or 0)
