"""What the emulated Twilio knows: numbers, messages, who said STOP; and the life of each message."""

import asyncio
import re
import time
from collections.abc import Callable, Coroutine
from typing import Any

from tocsin.domain.errors import TocsinError
from tocsin.emulators.bell import Bell
from tocsin.emulators.faults import Faults
from tocsin.emulators.twilio_messages import REFUSALS, Sms
from tocsin.emulators.twilio_webhooks import Posted, Webhooks, incoming_form, status_form, twiml_replies

DEFAULT_ACCOUNT = "AC" + "0" * 31 + "1"
DEFAULT_AUTH_TOKEN = "emulated-auth-token-loopback-only"
DEFAULT_NUMBER = "+380440000112"
STOP = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
START = frozenset({"START", "YES", "UNSTOP"})
HELP = frozenset({"HELP", "INFO"})
_STOPPED = (
    "You have successfully been unsubscribed. You will not receive any more messages from this number. "
    "Reply START to resubscribe."
)
_STARTED = (
    "You have successfully been re-subscribed to messages from this number. Reply HELP for help. "
    "Reply STOP to unsubscribe. Msg&Data Rates May Apply."
)
_HELP = "Reply STOP to unsubscribe. Msg&Data Rates May Apply."
E164 = re.compile(r"\+[1-9][0-9]{6,14}")


class ReplyError(TocsinError):
    """Nobody could send this message."""


class TwilioState:
    """One account. Call it from the emulator's event loop (elsewhere: ``Emulators.call``).

    ``pace`` is the seconds between an SMS's statuses; ``incoming_url`` where replies are posted, empty for
    nowhere; ``now`` gives seconds of Unix time; ``per_second`` None means no rate limit.
    """

    def __init__(
        self,
        *,
        account_sid: str = DEFAULT_ACCOUNT,
        auth_token: str = DEFAULT_AUTH_TOKEN,
        numbers: tuple[str, ...] = (DEFAULT_NUMBER,),
        incoming_url: str = "",
        pace: float = 0.0,
        per_second: int | None = None,
        now: Callable[[], float] = time.time,
        faults: Faults | None = None,
    ) -> None:
        self.account_sid = account_sid
        self.auth_token = auth_token
        self.numbers = numbers
        self.incoming_url = incoming_url
        self.pace = pace
        self.per_second = per_second
        self.now = now
        self.faults = faults or Faults()
        self.webhooks = Webhooks(auth_token)
        self.messages: list[Sms] = []
        self.by_sid: dict[str, Sms] = {}
        self.landlines: set[str] = set()
        self.refused: dict[str, int] = {}
        self.stopped: set[tuple[str, str]] = set()
        self.changed = Bell()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def outbox(self) -> list[Sms]:
        """Everything the account has sent through the API, oldest first."""
        return [sms for sms in self.messages if sms.direction == "outbound-api"]

    def refuse(self, phone: str, code: int) -> None:
        """Every message to this phone is refused with a code of twilio_messages.REFUSALS."""
        if code not in REFUSALS:
            raise ReplyError(f"there is no refusal {code}; known are: {', '.join(map(str, REFUSALS))}.")
        self.refused[phone] = code

    def to(self, phone: str) -> list[Sms]:
        """Everything sent to this phone, automatic answers included, oldest first."""
        return [sms for sms in self.messages if sms.to == phone and sms.direction != "inbound"]

    # -- sending ---------------------------------------------------------------------------------

    def accept(self, sender: str, to: str, body: str, status_callback: str) -> Sms:
        """Take a message of the API and start its life."""
        sms = self._keep(sender, to, body, "outbound-api", "queued", status_callback)
        self._start(self._live(sms))
        return sms

    def _keep(self, sender: str, to: str, body: str, direction: str, status: str, status_callback: str = "") -> Sms:
        sms = Sms(self.account_sid, sender, to, body, direction, self.now(), status_callback)
        sms.statuses.append(status)
        self.messages.append(sms)
        self.by_sid[sms.sid] = sms
        self.changed.ring()
        return sms

    async def _live(self, sms: Sms) -> None:
        """queued → sent → delivered, or as an ``outcome`` fault says; each change is posted after it."""
        facts = {"To": sms.to, "From": sms.sender, "Body": sms.body}
        outcome = self.faults.take({**facts, "method": "outcome"})
        statuses = ["sent", "delivered"]
        if outcome is not None and outcome.kind == "outcome":
            statuses = ["failed"] if outcome.outcome == "failed" else ["sent", outcome.outcome]
            sms.error_code = outcome.code if outcome.outcome in ("failed", "undelivered") else None
        elif outcome is not None:
            if outcome.kind == "hang":
                await self.faults.hang(outcome)
            elif outcome.kind == "slow":
                await self.faults.sleep(outcome.seconds)
        disorder = self.faults.take({**facts, "method": "callback"})
        kind = disorder.kind if disorder is not None else ""
        later: list[str] = []
        for status in statuses:
            if self.pace:
                await self.faults.sleep(self.pace)
            sms.statuses.append(status)
            sms.updated = self.now()
            if status == "sent":
                sms.sent = sms.updated
            self.changed.ring()
            if kind == "shuffle":
                later.insert(0, status)
            else:
                await self._report(sms, status, kind)
        for status in later:
            await self._report(sms, status, kind)

    async def _report(self, sms: Sms, status: str, kind: str) -> None:
        if not sms.status_callback or kind == "lose":
            return
        for _ in range(2 if kind == "duplicate" else 1):
            await self.webhooks.post(sms.status_callback, status_form(sms, status))
            self.changed.ring()

    # -- receiving -------------------------------------------------------------------------------

    async def reply(self, from_phone: str, body: str, to: str | None = None) -> Posted | None:
        """A phone writes to the account's number: keywords are obeyed, then the webhook is called.

        Returns what the customer's server answered; None when there is no ``incoming_url`` or the message
        was lost by a fault. The TwiML answer's messages are sent to the phone.
        """
        if not E164.fullmatch(from_phone):
            raise ReplyError(f'"{from_phone}" is not a phone number such as +380671234567.')
        number = to or self.numbers[0]
        sms = self._keep(from_phone, number, body, "inbound", "received")
        self._obey(from_phone, number, body.strip().upper())
        fault = self.faults.take({"method": "incoming", "From": from_phone, "To": number, "Body": body})
        kind = fault.kind if fault is not None else ""
        if not self.incoming_url or kind == "lose":
            return None
        posted = await self.webhooks.post(self.incoming_url, incoming_form(sms))
        if kind == "duplicate":
            posted = await self.webhooks.post(self.incoming_url, incoming_form(sms))
        if 200 <= posted.status < 300:
            for text in twiml_replies(posted.text):
                if (from_phone, number) not in self.stopped:
                    self._keep(number, from_phone, text, "outbound-reply", "sent")
        return posted

    def _obey(self, phone: str, number: str, word: str) -> None:
        pair = (phone, number)
        answer = ""
        if word in STOP:
            answer = "" if pair in self.stopped else _STOPPED
            self.stopped.add(pair)
        elif word in START and pair in self.stopped:
            self.stopped.remove(pair)
            answer = _STARTED
        elif word in HELP:
            answer = _HELP
        if answer:
            self._keep(number, phone, answer, "outbound-reply", "sent")

    # -- life ------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Make ready to post webhooks."""
        await self.webhooks.open()

    async def close(self) -> None:
        """Stop every message's life where it is."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.webhooks.close()

    async def settled(self) -> None:
        """Wait until every accepted message has come to its end and every callback was posted."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
