"""The desk for what people send: who it is, what they mean, committed, and a reply at once."""

from functools import partial

from msgspec.structs import replace

from tocsin.book.contacts import Person
from tocsin.book.groups import is_group, may_answer_in
from tocsin.core.standing import holders
from tocsin.delivery import codes
from tocsin.delivery.enrolment import Enrolment
from tocsin.delivery.lockout import LOOK_BACK, Lockout
from tocsin.delivery.receipts import news_in, receipt_of, record_receipt
from tocsin.delivery.records import Records
from tocsin.delivery.render import FOLLOW_UPS
from tocsin.delivery.replying import Replies
from tocsin.delivery.sender import RunWork, Submit
from tocsin.delivery.shelf import Shelf
from tocsin.delivery.spoken import READ as ONE
from tocsin.delivery.spoken import START, STOP, Spoken, understand
from tocsin.delivery.statement import Reading
from tocsin.domain.incident import CLOSED
from tocsin.domain.input import CODE_FITS, LOCKED_OUT, NOT_APPLIED, WRONG_CODE, Answer, OperatorAction
from tocsin.domain.notification import READ, Notification
from tocsin.ports import Clock, Inbound, Reply

SLASH_STOP = "/stop"
"""Who has said so hears nothing until they say /start."""
REMEMBERED = 2000
"""Items whose repetition is answered with the same reply; answers are recognised by the journal for longer."""


class InboundDesk:
    """Implements ports.Handler: returning means that everything an Inbound changes is committed.

    The same item may come again (an update after a restart, a webhook's retry): nothing happens twice.
    """

    def __init__(self, *, clock: Clock, reading: Reading, run_work: RunWork, submit: Submit, shelf: Shelf,
                 secret: bytes) -> None:
        self._clock = clock
        self._run_work = run_work
        self._submit = submit
        self._shelf = shelf
        self._secret = secret
        self._records = Records(reading, shelf)
        self._replies = Replies(shelf)
        self._enrolment = Enrolment(clock, self._records, self._replies, submit, shelf, secret)
        self._lockout: Lockout | None = None
        self._recent: dict[tuple[str, str, str], Reply] = {}

    async def __call__(self, item: Inbound) -> Reply:
        if item.kind == "receipt":
            await self._receipt(item)
            return Reply()
        key = (item.channel, item.kind, item.reference)
        if key in self._recent:
            return self._recent[key]
        reply = await self._understood(item)
        self._recent[key] = reply
        if len(self._recent) > REMEMBERED:
            del self._recent[next(iter(self._recent))]
        return reply

    async def _understood(self, item: Inbound) -> Reply:
        if item.channel == "telegram" and item.sender.startswith("-"):
            return await self._group(item)
        if item.kind == "start" and (enrolled := await self._enrolment.starts(item)) is not None:
            return enrolled
        person = self._records.person_at(item.channel, item.sender)
        if person is None:
            return self._stranger(item)
        if item.kind == "press":
            return Reply(await self._press(item, person))
        word = item.text.strip().lower()
        if item.kind == "stop" or (item.channel == "sms" and word in STOP):
            return await self._stop(item, person)
        if word == SLASH_STOP:
            return await self._stop(replace(item, detail=SLASH_STOP), person)
        if item.kind == "start" or (item.channel == "sms" and word in START):
            return await self._start(item, person)
        if item.channel == "sms":
            return Reply(await self._sms(item, person))
        known = self._records.address(person.id, item.channel)
        if known is not None and known.off == SLASH_STOP:
            return Reply(self._replies.word(person, "reply.stopped"))
        await self._works_again(item, person)
        return Reply(self._replies.word(person, "reply.use_buttons"))

    async def answer(self, person: Person, notification: Notification, word: str, channel: str, *,
                     reference: str = "", eta: int | None = None) -> str:
        """Commit a proven person's answer; what to tell them."""
        group = notification.person if is_group(notification.person) else ""
        if group and not may_answer_in(group, person.id, self._shelf.content):
            group = ""
        if not group and not self._records.was_notified(notification.incident, person.id):
            await self._note(NOT_APPLIED, channel, person, f"{word} to what they were not asked", notification.incident)
            return self._replies.word(person, "reply.not_asked")
        await self._submit(Answer(person=person.id, incident=notification.incident, word=word, channel=channel,
                                  notification=notification.id, eta=eta, reference=reference, group=group))
        incident = self._records.incident(notification.incident)
        return self._replies.after(person, word, notification, incident, self._clock.now())

    async def _group(self, item: Inbound) -> Reply:
        """What Telegram says of a group that the bot is in, was put into or has left."""
        group = self._records.group_at(item.channel, item.sender)
        if group is None:
            return Reply(self._replies.word(None, "reply.group", number=item.sender) if item.kind == "start" else "")
        if item.kind == "moved":
            await self._submit(OperatorAction(group.id, "address_moved", {
                "person": group.id, "channel": item.channel, "to": item.text}))
        elif item.kind == "stop":
            await self._stop(item, group)
        elif item.kind == "start" and await self._works_again(item, group):
            return Reply(self._replies.word(group, "reply.started", name=group.name))
        return Reply()

    async def answer_all(self, person: Person, bundle: int, word: str, channel: str, *, reference: str = "",
                         eta: int | None = None) -> str:
        """Commit a proven person's one answer to everything that stood in a list before them, not to what came later;
        what comes after taking concerns what they have taken.
        """
        members = {one.incident: one for one in self._records.members(bundle)}
        asked = next(iter(members.values())).person if members else ""
        group = asked if is_group(asked) and may_answer_in(asked, person.id, self._shelf.content) else ""
        if asked != person.id and not group:
            await self._note(NOT_APPLIED, channel, person, f"{word} to a list that was not theirs")
            return self._replies.word(person, "reply.not_asked")
        found = {number: incident for number in members
                 if (incident := self._records.incident(number)) is not None and incident.response != CLOSED}
        concerned = list(found)
        if word in FOLLOW_UPS:
            concerned = [number for number in concerned if person.id in holders(found[number])] or concerned
        if len(concerned) < 2:
            one = members[concerned[0]] if concerned else next(iter(members.values()))
            return await self.answer(person, one, word, channel, reference=reference, eta=eta)
        first, *others = concerned
        await self._submit(Answer(
            person=person.id, incident=first, word=word, channel=channel, notification=members[first].id, eta=eta,
            reference=reference, group=group, others=tuple((number, members[number].id) for number in others)))
        return self._replies.word(person, "reply.all", word=self._replies.word(person, f"button.{word}"),
                                  count=len(concerned))

    def _stranger(self, item: Inbound) -> Reply:
        """Nobody we know: in a chat they learn their number for the administrator, by SMS nothing goes back."""
        if item.channel == "sms" or item.kind == "stop":
            return Reply()
        return Reply(self._replies.word(None, "reply.stranger", sender=item.sender))

    async def _press(self, item: Inbound, person: Person) -> str:
        whole = codes.read_button(self._secret, item.token, codes.ALL)
        if whole is not None:
            return await self.answer_all(person, *whole, item.channel, reference=item.reference)
        meant = codes.read_button(self._secret, item.token)
        found = self._records.notification(meant[0]) if meant is not None else None
        if meant is None or found is None:
            await self._note(NOT_APPLIED, item.channel, person, "a button that is not valid")
            return self._replies.word(person, "reply.forged")
        return await self.answer(person, found[0], meant[1], item.channel, reference=item.reference)

    async def _sms(self, item: Inbound, person: Person) -> str:
        """A text answers only by the code of a notification to this person: a caller's number can be forged."""
        now = self._clock.now()
        lockout = self._locks(now)
        if item.text.strip() == ONE:
            return await self._read(item, person)
        spoken = understand(item.text)
        number = codes.find_code(self._secret, spoken.code, self._records.open_sms(person.id)) if spoken.code else None
        found = self._records.notification(number) if number is not None else None
        if lockout.locked(person.id, now):
            return await self._locked_out(item, person, found[0] if found is not None else None)
        if not spoken.code:
            await self._note(NOT_APPLIED, item.channel, person, "a text without a code")
            return self._replies.word(person, "reply.unknown_code")
        if found is None:
            return await self._missed(item, person, lockout, now)
        if lockout.has_misses(person.id):
            await self._note(CODE_FITS, item.channel, person, "a right code after wrong ones", found[0].incident)
            lockout.forgive(person.id)
        return await self._said(item, person, found[0], spoken)

    def _locks(self, now: int) -> Lockout:
        """Who is locked out, as what was noted says: a restart changes nothing."""
        if self._lockout is None:
            self._lockout = Lockout.restored(self._records.noted((WRONG_CODE, CODE_FITS), now - LOOK_BACK))
        return self._lockout

    async def _note(self, what: str, channel: str, person: Person, reason: str, incident: int = 0) -> None:
        await self._submit(OperatorAction(person.id, what, {
            "person": person.id, "channel": channel, "reason": reason, "incident": incident}))

    async def _locked_out(self, item: Inbound, person: Person, meant: Notification | None) -> str:
        """Nothing is taken from a locked number, right or wrong, and the reply is the same; of a right code the shift
        head learns, who can call the person."""
        if meant is None:
            await self._note(LOCKED_OUT, item.channel, person, "a text while the number is locked")
        else:
            await self._note(LOCKED_OUT, item.channel, person, "the right code while the number is locked",
                             meant.incident)
            about = self._replies.say(meant, self._shelf.content.site.language)
            text = self._replies.word(None, "notice.right_code", name=person.name, say=about)
            await self._submit(OperatorAction(person.id, "notice", {"to": "shift_head", "text": text}))
        return self._replies.word(person, "reply.locked")

    async def _said(self, item: Inbound, person: Person, notification: Notification, spoken: Spoken) -> str:
        if spoken.word is None:
            await self._note(NOT_APPLIED, item.channel, person, "a right code with words that are not understood",
                             notification.incident)
            return self._replies.word(person, "reply.no_word")
        if spoken.all and (bundle := self._records.list_of(notification.id)):
            return await self.answer_all(person, bundle, spoken.word, item.channel, reference=item.reference,
                                         eta=spoken.eta)
        return await self.answer(person, notification, spoken.word, item.channel, reference=item.reference,
                                 eta=spoken.eta)

    async def _missed(self, item: Inbound, person: Person, lockout: Lockout, now: int) -> str:
        await self._note(WRONG_CODE, item.channel, person, "a wrong code")
        if not lockout.missed(person.id, now):
            return self._replies.word(person, "reply.unknown_code")
        text = self._replies.word(None, "notice.locked", name=person.name)
        await self._submit(OperatorAction(person.id, "notice", {"to": "shift_head", "text": text}))
        return self._replies.word(person, "reply.locked")

    async def _read(self, item: Inbound, person: Person) -> str:
        """A bare 1: the newest message counts as read, which stops nothing."""
        number = self._records.newest_sms(person.id)
        found = self._records.notification(number) if number is not None else None
        if found is not None:
            seen = Inbound(item.channel, "receipt", item.sender, item.reference, state=READ, provider_id=found[2],
                           detail="answered 1")
            await self._run_work(partial(record_receipt, number=found[0].id, item=seen, before=found[1],
                                         at=self._clock.now()))
        return self._replies.word(person, "reply.read")

    async def _stop(self, item: Inbound, person: Person) -> Reply:
        reason = item.detail or "STOP"
        await self._submit(OperatorAction(person.id, "address_off", {
            "person": person.id, "channel": item.channel, "reason": reason}))
        # A person who blocked the bot cannot be told; Twilio itself confirms a STOP.
        return Reply("" if item.kind == "stop" or item.channel == "sms" else
                     self._replies.word(person, "reply.stopped"))

    async def _start(self, item: Inbound, person: Person) -> Reply:
        await self._works_again(item, person)
        return Reply("" if item.channel == "sms" else self._replies.word(person, "reply.started", name=person.name))

    async def _works_again(self, item: Inbound, person: Person) -> bool:
        """Who writes from an address shows that it works: messages go there again; whether they did not before."""
        known = self._records.address(person.id, item.channel)
        if known is None or not known.off:
            return False
        await self._submit(OperatorAction(person.id, "address_on", {"person": person.id, "channel": item.channel}))
        return True

    async def _receipt(self, item: Inbound) -> None:
        """Receipts come unordered and repeated; the outcome of the send may be committed at the same time."""
        number = int(item.token) if item.token.isascii() and item.token.isdigit() else 0
        together = [one.id for one in self._records.members(number)] if number else []
        for each in together or (number,):
            await self._receipt_of(item, each)

    async def _receipt_of(self, item: Inbound, number: int) -> None:
        recorded = False
        while not recorded:
            found = self._records.notification(number) if number else None
            if found is None or found[0].channel != item.channel or not news_in(item, found[1], found[2]):
                return
            receipt = receipt_of(item, found[0])
            if receipt is not None:
                await self._submit(receipt)
            recorded = await self._run_work(partial(record_receipt, number=number, item=item, before=found[1],
                                                    at=self._clock.now()))
