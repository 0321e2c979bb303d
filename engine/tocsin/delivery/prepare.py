"""Preparing: a row becomes what is to be sent, or the reason why it cannot be."""

from hashlib import sha256

from msgspec.structs import replace

from tocsin.book.contacts import Person
from tocsin.book.groups import addressee, is_group
from tocsin.delivery.claim import Sending
from tocsin.delivery.copies import attempts_so_far, copies_of
from tocsin.delivery.outbox import Outbox, Row
from tocsin.delivery.render import Message, Renderer, Site
from tocsin.delivery.shelf import Shelf
from tocsin.delivery.statement import Reading
from tocsin.delivery.verdict import Verdict, impossible, over
from tocsin.domain.incident import RANK
from tocsin.domain.notification import WANTS_ANSWER, Address, Notification
from tocsin.ports import Channel, Outgoing

OVER = frozenset({"resolve", "false_alarm"})


class Preparing:
    """Renders the rows of one channel."""

    def __init__(self, channel: Channel, reading: Reading, outbox: Outbox, shelf: Shelf, site: Site,
                 renderer: Renderer) -> None:
        self._channel = channel
        self._reading = reading
        self._outbox = outbox
        self._shelf = shelf
        self._renderer = renderer
        self._mark = sha256(b"message-id\0" + site.secret).hexdigest()[:8]

    def address(self, person: str, known: Address | None) -> str:
        """Where this person is reached by this channel now; "" when nowhere."""
        if known is not None and known.off:
            return ""
        contact = addressee(person, self._shelf.content)
        written = contact.addresses.get(self._channel.name, "") if contact is not None else ""
        return known.instead_of(written) if known is not None else written

    def row(self, row: Row, known: Address | None, now: int) -> Sending | Verdict:
        """The message of a row that is due, or why there will be none."""
        notification, channel = row.notification, self._channel.name
        if notification.expires is not None and notification.expires <= now:
            return over(row, channel)
        person = addressee(notification.person, self._shelf.content)
        if person is None:
            return impossible(row, channel, f"{notification.person} is not in the contacts any more.")
        if known is not None and known.off:
            return impossible(row, channel, f"{person.name}: {channel} is switched off: {known.off}")
        address = self.address(notification.person, known)
        if not address:
            return impossible(row, channel, f"{person.name} has no address for {channel}.")
        repeat = row.unknowns > 0
        message = self._message(notification, person, now, repeat=repeat)
        return Sending(row, (Outgoing(
            notification.id, row.tries + 1, address, self._renderer.render(message), thread=self._thread(notification),
            message_id=f"n{notification.id}.{self._mark}", urgent=row.rank >= RANK["high"]),), repeat)

    def taken(self, row: Row, now: int) -> Sending:
        """The edits that let every copy show who has it; none where every copy shows it already."""
        with self._reading() as connection:
            copies = copies_of(connection, row, self._channel.name)
            number = attempts_so_far(connection, row.id)
        values = row.notification.values
        edits = []
        for copy in copies:
            person = addressee(copy.notification.person, self._shelf.content)
            if person is None:
                continue
            number += 1
            # Buttons of the copy answer the copy's own notification; the words are those of ``taken``.
            message = self._message(replace(row.notification, content=copy.notification.content), person, now)
            rendered = self._renderer.taken(message, copy.text, answers=copy.notification.id,
                                            taker=values.get("who") == person.id, group=is_group(person.id),
                                            over=values.get("word") in OVER)
            edits.append(Outgoing(row.id, number, copy.address, rendered, edits=copy.provider_id,
                                  thread=self._thread(row.notification)))
        return Sending(row, tuple(edits))

    def _message(self, notification: Notification, person: Person, now: int, *, repeat: bool = False) -> Message:
        codes = notification.channel == "sms" and notification.kind in WANTS_ANSWER
        return Message(notification=notification, content=self._shelf.content, person=person, now=now, repeat=repeat,
                       rule=self._shelf.rule(notification.book, notification.rule),
                       earlier=self._outbox.open_before(notification) if codes else ())

    def _thread(self, notification: Notification) -> str:
        return f"incident-{notification.incident}.{self._mark}" if notification.incident else ""
