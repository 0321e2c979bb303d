"""Preparing: a row becomes what is to be sent, or the reason why it cannot be."""

from collections.abc import Sequence
from hashlib import sha256

from msgspec.structs import replace

from tocsin.book.contacts import Person
from tocsin.book.groups import addressee, is_group
from tocsin.delivery.bundle import BundleRenderer, Item
from tocsin.delivery.claim import Sending
from tocsin.delivery.copies import attempts_so_far, copies_of, incident_at, members_of
from tocsin.delivery.outbox import Outbox, Row
from tocsin.delivery.render import Message, Renderer, Site
from tocsin.delivery.replying import holder_of
from tocsin.delivery.shelf import Shelf
from tocsin.delivery.statement import Reading
from tocsin.delivery.verdict import Verdict, impossible, over
from tocsin.domain.incident import CLOSED, RANK
from tocsin.domain.notification import WANTS_ANSWER, Address, Notification
from tocsin.ports import Channel, Outgoing, Rendered

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
        self._bundles = BundleRenderer(site, renderer)
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
        message = self._message(notification, person, now, repeat=row.unknowns > 0)
        return Sending(row, (Outgoing(
            notification.id, row.tries + 1, address, self._renderer.render(message), thread=self._thread(notification),
            message_id=f"n{notification.id}.{self._mark}", urgent=row.rank >= RANK["high"]),))

    def together(self, found: Sequence[Row], known: Address | None, now: int) -> Sending | Verdict:
        """One message of several rows to one person, or why there will be none for the first of them."""
        rows = [row for row in found if row.notification.expires is None or row.notification.expires > now]
        alone = self.row(rows[0] if rows else found[0], known, now)
        if len(rows) < 2 or isinstance(alone, Verdict):
            return alone
        lead, person = rows[0], addressee(rows[0].notification.person, self._shelf.content)
        if person is None:
            return alone
        items = [Item(self._message(row.notification, person, now, repeat=row.unknowns > 0)) for row in rows]
        message = alone.messages[0]
        return Sending(lead, (replace(message, message=self._bundles.render(items), thread="", bundle=lead.id,
                                      urgent=any(row.rank >= RANK["high"] for row in rows)),), tuple(rows[1:]))

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
            if copy.bundle:
                edits.append(Outgoing(row.id, number, copy.address, self._list_now(copy.bundle, person, now),
                                      edits=copy.provider_id, bundle=copy.bundle))
                continue
            # Buttons of the copy answer the copy's own notification; the words are those of ``taken``.
            message = self._message(replace(row.notification, content=copy.notification.content), person, now)
            rendered = self._renderer.taken(message, copy.text, answers=copy.notification.id,
                                            taker=values.get("who") == person.id, group=is_group(person.id),
                                            over=values.get("word") in OVER)
            edits.append(Outgoing(row.id, number, copy.address, rendered, edits=copy.provider_id,
                                  thread=self._thread(row.notification)))
        return Sending(row, tuple(edits))

    def _list_now(self, bundle: int, person: Person, now: int) -> Rendered:
        """A list as it is to look now: who has which of its incidents."""
        with self._reading() as connection:
            members = members_of(connection, bundle)
            found = {number: incident_at(connection, number) for number in {one.incident for one in members}}
        items = []
        for one in members:
            incident = found[one.incident]
            holder = holder_of(incident) if incident is not None else None
            over = incident is None or incident.response == CLOSED
            taker = holder.person if holder is not None else incident.closed_by if incident is not None else ""
            items.append(Item(self._message(one, person, one.created), taken=over or holder is not None, taker=taker,
                              over=over))
        return self._bundles.render(items)

    def _message(self, notification: Notification, person: Person, now: int, *, repeat: bool = False) -> Message:
        codes = notification.channel == "sms" and notification.kind in WANTS_ANSWER
        return Message(notification=notification, content=self._shelf.content, person=person, now=now, repeat=repeat,
                       rule=self._shelf.rule(notification.book, notification.rule),
                       earlier=self._outbox.open_before(notification) if codes else ())

    def _thread(self, notification: Notification) -> str:
        return f"incident-{notification.incident}.{self._mark}" if notification.incident else ""
