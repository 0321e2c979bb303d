"""What the engine asks of the world: Clock, Store, Source, Channel, Matcher."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

from msgspec import Struct

from tocsin.domain.event import Event
from tocsin.domain.input import Answer, Hit, Input


class Clock(Protocol):
    """Time, injected: the one thing that tells instants and waits."""

    def now(self) -> int:
        """The present instant, microseconds UTC; never goes back."""

    def monotonic(self) -> float:
        """Seconds that only grow, for measuring."""

    async def sleep(self, seconds: float) -> None:
        """Wait; returns early only when cancelled."""


class Matcher(Protocol):
    """Which rules' single-event conditions, and which of their slots, does an event satisfy?"""

    def match(self, event: Event) -> tuple[Hit, ...]: ...


class Accepted(Struct, frozen=True):
    """The fate of one submitted event: its journal position, or ``duplicate`` of an earlier one."""

    position: int
    duplicate: bool = False


class Intake(Protocol):
    """Where sources and channels put inputs; returning means committed.

    Raises StoreError when the engine cannot commit now (the sender keeps it and tries again).
    """

    async def submit_events(self, events: Sequence[Event]) -> list[Accepted]:
        """Commit events (deduplicated, matched, stepped); answers in the order given."""

    async def submit(self, item: Input) -> int:
        """Commit one answer, receipt or operator action; its journal position."""


class Source(Protocol):
    """A way in that is not an HTTP route: runs until cancelled, confirms only after ``submit_events``."""

    async def run(self, intake: Intake) -> None: ...


class Rendered(Struct, frozen=True, omit_defaults=True):
    """A message ready for one channel: plain ``text`` (HTML where the channel says so) and its answer controls.

    ``buttons`` are (label, word, token) triples: the words of the answers this message may be answered with and the
    opaque token for each. ``code`` is the SMS answer code, ``link`` the e-mail answer page's address.
    """

    text: str
    subject: str = ""
    html: str = ""
    buttons: tuple[tuple[str, str, str], ...] = ()
    code: str = ""
    link: str = ""


class Outgoing(Struct, frozen=True, omit_defaults=True):
    """One attempt to be made: address, rendered message and what the channel needs for identity and threading.

    ``edits`` is the provider's id of the message to change, "" to send a new one. ``thread`` groups the
    messages of one incident; ``message_id`` is stable for the notification, whatever the attempt. ``bundle`` is the
    first notification of the list that it is, 0 when it is none.
    """

    notification: int
    attempt: int
    address: str
    message: Rendered
    edits: str = ""
    thread: str = ""
    message_id: str = ""
    urgent: bool = False
    bundle: int = 0


class Handed(Struct, frozen=True, omit_defaults=True):
    """The provider took the message: its id for it, and ``moved_to`` when the address changed on the way.

    ``receipts`` says whether a delivery receipt is to be awaited.
    """

    provider_id: str
    moved_to: str = ""
    receipts: bool = False


class Inbound(Struct, frozen=True, omit_defaults=True):
    """Something a person sent through a channel, before it is understood.

    ``kind`` is press, text, start, stop or receipt; of a group's chat also moved, to the number in ``text``.
    ``sender`` is the proven sender (Telegram from.id, the webhook's From), of a group's start, stop and moved its chat.
    ``token`` is the callback data or code, ``reference`` the provider's id of this inbound item, ``provider_id`` the
    message it refers to, ``state`` a receipt state.
    """

    channel: str
    kind: str
    sender: str
    reference: str
    text: str = ""
    token: str = ""
    provider_id: str = ""
    state: str = ""
    detail: str = ""


class Reply(Struct, frozen=True, omit_defaults=True):
    """What to say back at once to the person behind an Inbound; "" says nothing."""

    text: str = ""


Handler = Callable[[Inbound], Awaitable[Reply]]
"""Commits what an Inbound means and gives the reply; raises StoreError when it could not be committed."""


class Limits(Struct, frozen=True, omit_defaults=True):
    """How fast a provider lets us send: (at most n, in any d microseconds) pairs, all of which hold.

    ``per_group`` replaces ``per_address`` for addresses that begin with "-" (Telegram groups). ``together`` says that
    messages about different incidents may be on their way to one address at once: nobody reads them in order there.
    """

    per_address: tuple[tuple[int, int], ...] = ()
    per_group: tuple[tuple[int, int], ...] = ()
    overall: tuple[tuple[int, int], ...] = ()
    together: bool = False


class Channel(Protocol):
    """A way out. Every provider exception becomes a DeliveryError of one of its three kinds.

    At most ``concurrency`` sends run at once. ``receipts`` says that delivery receipts come, ``edits`` that a
    message already sent can be changed.
    """

    name: str
    concurrency: int
    receipts: bool
    edits: bool
    limits: Limits

    async def send(self, outgoing: Outgoing) -> Handed:
        """Hand one message over, or change an earlier one; raises DeliveryError."""

    async def listen(self, handler: Handler) -> None:
        """Receive until cancelled, confirming each item only after ``handler`` returned; may return at once."""

    async def caught_up(self) -> None:
        """Return when ``listen`` has handed over all that waited at the provider; at once where nothing waits there."""

    async def close(self) -> None: ...


class Work(Protocol):
    """A work item of at most 5 ms that runs in the commit thread inside the next transaction."""

    def __call__(self, connection: Any) -> Any: ...


Names = Mapping[str, Any]
"""Names that a template may use."""

__all__ = ["Accepted", "Answer", "Channel", "Clock", "Handed", "Handler", "Inbound", "Intake", "Limits", "Matcher",
           "Names", "Outgoing", "Rendered", "Reply", "Source", "Work"]
