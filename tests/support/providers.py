"""Providers of the stories: each keeps what it was given to deliver, and hands back what people send."""

import asyncio
from itertools import count

from tocsin.domain.errors import DeliveryError
from tocsin.ports import Handed, Handler, Inbound, Limits, Outgoing, Reply
from tocsin_channels.telegram import plain


class Message:
    """A message as it lies with a person: ``text`` (as read; ``raw`` as sent) and ``buttons`` change when it is edited.

    ``at`` is when it came.
    """

    def __init__(self, provider: "Provider", outgoing: Outgoing, id_: str, at: int) -> None:
        self.provider, self.outgoing, self.id, self.at = provider, outgoing, id_, at
        self.read = False
        self.shows(outgoing)

    def shows(self, outgoing: Outgoing) -> None:
        """It is (or becomes) this."""
        rendered = outgoing.message
        self.subject, self.raw, self.html = rendered.subject, rendered.text, rendered.html
        self.text = plain(self.raw) if self.provider.edits else self.raw
        self.link, self.code = rendered.link, rendered.code
        self.buttons = {label: token for label, _, token in rendered.buttons}


class Provider:
    """Implements ports.Channel. What people send while the engine is down waits here, as it does at Telegram."""

    limits = Limits()
    concurrency = 4

    def __init__(self, name: str, now: object) -> None:
        self.name, self._now = name, now
        self.receipts, self.edits = name == "sms", name == "telegram"
        self.messages: list[Message] = []
        self.tries: list[str] = []
        self.handler: Handler | None = None
        self.reachable = True
        self._faults: list[tuple[str, Exception | asyncio.Event | Handed, bool]] = []
        self._waiting: list[Inbound] = []
        self._caught_up = asyncio.Event()
        self._ids = count(1)

    # -- what the engine sees

    async def send(self, outgoing: Outgoing) -> Handed:
        self.tries.append(outgoing.address)
        fault, arrives = self._fault(outgoing.address)
        if isinstance(fault, asyncio.Event):
            await fault.wait()
        elif isinstance(fault, Exception) and not arrives:
            raise fault
        handed = self._deliver(outgoing, fault if isinstance(fault, Handed) else None)
        if isinstance(fault, Exception):
            raise fault
        return handed

    async def listen(self, handler: Handler) -> None:
        self.handler = handler
        while self._waiting:
            await handler(self._waiting[0])
            del self._waiting[0]
        if self.reachable:
            self._caught_up.set()
        await asyncio.Event().wait()

    async def caught_up(self) -> None:
        if self.name == "telegram":
            await self._caught_up.wait()

    async def close(self) -> None:
        self.handler = None
        self._caught_up = asyncio.Event()

    # -- what a story arranges

    def fails(self, fault: DeliveryError | asyncio.Event | Handed, *, to: str, times: int = 1,
              arrives: bool = False) -> None:
        """The next sends to an address raise, hang until the event, or answer so; ``arrives``: it is delivered too."""
        self._faults += [(to, fault, arrives)] * times

    async def sends(self, item: Inbound) -> str:
        """A person (or the provider itself) sends something; the reply at once, "" when there is none."""
        if self.handler is None:
            self._waiting.append(item)
            return ""
        reply: Reply = await self.handler(item)
        return reply.text

    def reference(self) -> str:
        """The provider's next id."""
        return f"{self.name}-{next(self._ids)}"

    def to(self, address: str) -> list[Message]:
        return [message for message in self.messages if message.outgoing.address == address]

    def _fault(self, address: str) -> tuple[Exception | asyncio.Event | Handed | None, bool]:
        for index, (to, fault, arrives) in enumerate(self._faults):
            if to == address:
                del self._faults[index]
                return fault, arrives
        return None, True

    def _deliver(self, outgoing: Outgoing, handed: Handed | None) -> Handed:
        if outgoing.edits:
            next(message for message in self.messages if message.id == outgoing.edits).shows(outgoing)
            return Handed(outgoing.edits)
        id_ = handed.provider_id if handed is not None else self.reference()
        self.messages.append(Message(self, outgoing, id_, self._now()))  # type: ignore[operator]  # a clock's now
        return handed or Handed(id_, receipts=self.receipts)
