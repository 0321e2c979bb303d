"""Enrolment: somebody opens the link that was made for them, and the bot learns which account is theirs."""

from tocsin.book.contacts import Person
from tocsin.delivery import codes
from tocsin.delivery.records import Records
from tocsin.delivery.replying import Replies
from tocsin.delivery.sender import Submit
from tocsin.delivery.shelf import Shelf
from tocsin.domain.input import OperatorAction
from tocsin.ports import Clock, Inbound, Reply


class Enrolment:
    """The desk for ``/start CODE``."""

    def __init__(self, clock: Clock, records: Records, replies: Replies, submit: Submit, shelf: Shelf,
                 secret: bytes) -> None:
        self._clock, self._records, self._replies = clock, records, replies
        self._submit, self._shelf, self._secret = submit, shelf, secret

    async def starts(self, item: Inbound) -> Reply | None:
        """What a /start with a code has come to; None when it is no link, or one that the person has used already."""
        people = self._shelf.content.people
        meant = codes.read_start(self._secret, item.text, people) if item.text else None
        if meant is None:
            return None
        person, issued = people[meant[0]], meant[1]
        holder = self._records.person_at(item.channel, item.sender)
        if holder is not None:
            return None if holder.id == person.id else Reply(self._replies.word(holder, "reply.enrol_other"))
        if person.addresses.get(item.channel):
            return Reply(self._replies.word(person, "reply.enrol_file"))
        if self._clock.now() - issued < codes.START_VALID:
            await self._submit(OperatorAction(person.id, "enrol", {
                "person": person.id, "channel": item.channel, "address": item.sender, "issued": issued}))
        return Reply(self._now(person, item))

    def _now(self, person: Person, item: Inbound) -> str:
        """By what is committed."""
        known = self._records.address(person.id, item.channel)
        if known is not None and known.instead_of("") == item.sender:
            return self._replies.word(person, "reply.started", name=person.name)
        return self._replies.word(person, "reply.enrol_over")
