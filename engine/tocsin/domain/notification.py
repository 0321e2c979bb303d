"""A notification: the intent to tell one responder by one channel."""

from typing import Any

from msgspec import Struct

from tocsin.domain.drill import is_drill
from tocsin.domain.incident import RANK

PAGE, RAISED, JOINED, CLEARED, CLOSED, HANDOVER, REMIND = (
    "page", "raised", "joined", "cleared", "closed", "handover", "remind")
TAKEN = "taken"
"""One row an incident, without a person: every copy already sent that can be edited is to show who has it."""
REASSIGNED = "reassigned"
"""Whoever had the incident has it no more: somebody else does."""
NOTICE = "notice"
"""The engine speaks about itself to the duty office, a shift head or an administrator."""

KINDS = (PAGE, RAISED, JOINED, CLEARED, CLOSED, HANDOVER, REMIND, TAKEN, REASSIGNED, NOTICE)
"""Every kind of message."""

CHANNELS = ("telegram", "sms", "email", "webhook")
"""Every way to a person, in the order in which they are tried; the last one leads to another system."""

WANTS_ANSWER = frozenset({PAGE, RAISED, REMIND, HANDOVER})

ASK, REMINDER, NEWS = "ask", "reminder", "news"
FAMILIES = {PAGE: ASK, RAISED: ASK, HANDOVER: ASK, REMIND: REMINDER, JOINED: NEWS, CLEARED: NEWS, CLOSED: NEWS}
"""Messages that may be told together, by kind; the kinds left out always stand alone."""

QUEUED, STARTED, SENT, DELIVERED, READ = "queued", "started", "sent", "delivered", "read"
FAILED_TEMPORARY, FAILED_PERMANENT, UNKNOWN = "failed_temporary", "failed_permanent", "unknown"
EXPIRED, WITHDRAWN = "expired", "withdrawn"
AWAY = "away"
"""Of no message's own state: it waits for a provider that does not answer."""
FINAL = frozenset({SENT, DELIVERED, READ, FAILED_PERMANENT, EXPIRED, WITHDRAWN})


def family(kind: str, rule: str) -> str:
    """What a message may be told together with; "" with nothing. A drill is never told with what is real."""
    found = FAMILIES.get(kind, "")
    return f"drill-{found}" if found and is_drill(rule) else found


class Notification(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What ``respond`` decided to say; the worker decides when, in what bundle and how often it is tried.

    ``created`` and ``expires`` are microseconds on the engine's clock; ``expires`` None never expires.
    ``incident`` is 0 for a notice of the engine itself. ``values`` are the names that templates may use. ``step``
    counts from 1; 0 is the last resort, or no step at all. ``content`` is "reference" where the text may say no more
    than which incident it is about, "" where it says everything. ``turn`` is how many like it the person was to get by
    this channel in the same minute before it. It is gathered until ``hold`` and told in a list; None leaves at once.
    """

    id: int
    kind: str
    person: str
    channel: str
    created: int
    severity: str
    incident: int = 0
    activation: int = 0
    rule: str = ""
    policy: str = ""
    step: int = 0
    round: int = 0
    expires: int | None = None
    book: int = 0
    turn: int = 0
    hold: int | None = None
    values: dict[str, Any] = {}
    content: str = ""

    @property
    def together(self) -> tuple[str, str, str]:
        """Whose list it would stand in: messages that have this in common, and a ``hold``, are told as one."""
        return self.person, family(self.kind, self.rule), self.policy

    @property
    def rank(self) -> int:
        """Higher leaves earlier: the severity's rank; what belongs to a drill leaves after everything real."""
        return 0 if is_drill(self.rule) else RANK[self.severity]


class Address(Struct, frozen=True, omit_defaults=True):
    """What is known about one person's address on one channel, beyond the contacts file.

    ``off`` is the reason it is switched off, "" while it is used. ``moved_to`` stands for the address that the file has
    as long as that is ``moved_from``: "" where the file has none, and the person enrolled, at ``enrolled``.
    """

    person: str
    channel: str
    off: str = ""
    moved_to: str = ""
    since: int = 0
    moved_from: str = ""
    enrolled: int = 0

    def instead_of(self, written: str) -> str:
        """The address that holds where the file has ``written``, "" for none there."""
        return self.moved_to if self.moved_to and self.moved_from == written else written
