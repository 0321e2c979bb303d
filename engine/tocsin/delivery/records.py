"""Records: committed rows that say who was told what, and how the incident stands."""

from collections.abc import Iterable

import msgspec

from tocsin.book.contacts import Person
from tocsin.book.groups import addressee, group_of
from tocsin.delivery.copies import list_of, members_of
from tocsin.delivery.outbox import open_sms
from tocsin.delivery.shelf import Shelf
from tocsin.delivery.statement import Reading, marks, rows
from tocsin.domain.codec import decode_incident, decode_notification
from tocsin.domain.incident import Incident
from tocsin.domain.notification import Address, Notification

_decode_address = msgspec.json.Decoder(Address).decode


class Records:
    """Looks at committed rows; every look is short."""

    def __init__(self, reading: Reading, shelf: Shelf) -> None:
        self._reading = reading
        self._shelf = shelf

    def notification(self, number: int) -> tuple[Notification, str, str] | None:
        """(notification, state, provider's id) of an outbox row; None when there is none."""
        with self._reading() as connection:
            found = rows(connection, "SELECT body, state, provider_id FROM outbox WHERE id = ?", (number,))
        return (decode_notification(found[0][0]), str(found[0][1]), str(found[0][2] or "")) if found else None

    def incident(self, number: int) -> Incident | None:
        with self._reading() as connection:
            found = rows(connection, "SELECT body FROM incidents WHERE id = ?", (number,))
        return decode_incident(found[0][0]) if found else None

    def members(self, notification: int) -> list[Notification]:
        """What stood in the list that begins with this notification; [] when it was none."""
        with self._reading() as connection:
            return members_of(connection, notification)

    def list_of(self, notification: int) -> int:
        """The newest list in which it stood before the person; 0 when it stood alone."""
        with self._reading() as connection:
            return list_of(connection, notification)

    def was_notified(self, incident: int, person: str) -> bool:
        """Whether anything about the incident was ever meant for this person."""
        with self._reading() as connection:
            return bool(rows(connection, "SELECT 1 FROM outbox WHERE incident = ? AND person = ? LIMIT 1",
                             (incident, person)))

    def open_sms(self, person: str) -> list[int]:
        """The person's SMS whose incidents are open."""
        with self._reading() as connection:
            return open_sms(connection, person)

    def newest_sms(self, person: str) -> int | None:
        """The last SMS that left for this person."""
        text = ("SELECT id FROM outbox WHERE channel = 'sms' AND person = ? AND state IN ('sent', 'delivered') "
                "ORDER BY id DESC LIMIT 1")
        with self._reading() as connection:
            found = rows(connection, text, (person,))
        return int(found[0][0]) if found else None

    def address(self, person: str, channel: str) -> Address | None:
        """What is known of an address beyond the contacts file."""
        with self._reading() as connection:
            found = rows(connection, "SELECT body FROM addresses WHERE person = ? AND channel = ?", (person, channel))
        return _decode_address(found[0][0]) if found else None

    def noted(self, what: tuple[str, ...], since: int) -> list[tuple[int, str, str]]:
        """(instant, what, person) of what was noted since then under these words, oldest first."""
        text = f"SELECT at, what, person FROM noted WHERE at > ? AND what IN ({marks(len(what))}) ORDER BY id"  # noqa: S608 - own words
        with self._reading() as connection:
            return [(int(at), str(word), str(person)) for at, word, person in rows(connection, text, (since, *what))]

    def person_at(self, channel: str, address: str) -> Person | None:
        """Whose address this is: in the contacts, or moved to since."""
        return self._at(channel, address, self._shelf.content.people)

    def group_at(self, channel: str, address: str) -> Person | None:
        """The group whose chat this is, as one who can be told."""
        return self._at(channel, address, map(group_of, self._shelf.content.services.values()))

    def _at(self, channel: str, address: str, names: Iterable[str]) -> Person | None:
        wanted, content = address.casefold(), self._shelf.content
        with self._reading() as connection:
            found = rows(connection, "SELECT body FROM addresses WHERE channel = ?", (channel,))
        known = {moved.person: moved for body, in found if (moved := _decode_address(body)).moved_to}
        for name in names:
            one = addressee(name, content)
            written = one.addresses.get(channel, "") if one is not None else ""
            own = known[name].instead_of(written) if name in known else written
            if one is not None and own and own.casefold() == wanted:
                return one
        return None
