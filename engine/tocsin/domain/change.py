"""Changes: what the core decided, as new values, never increments."""

from typing import Any

from msgspec import Struct

from tocsin.domain.gated import Gated
from tocsin.domain.incident import Activation, Incident
from tocsin.domain.notification import Address, Notification
from tocsin.domain.silence import Silence


class Timer(Struct, frozen=True, omit_defaults=True):
    """A deadline row; ``due`` in microseconds on the engine's clock.

    ``lane`` is "escalation" or "window"; ``kind`` and the rest say what is due to whom. Setting a timer whose
    ``id`` exists replaces it. ``count`` is how often something has happened before it is due: a timer that only
    counts forgets by itself.
    """

    id: str
    due: int
    lane: str
    kind: str
    incident: int = 0
    policy: int = 0
    person: str = ""
    rule: str = ""
    key: str = ""
    count: int = 0


class TimerSet(Struct, frozen=True, tag="timer"):
    timer: Timer


class TimerDropped(Struct, frozen=True, tag="timer-"):
    id: str


class WindowSet(Struct, frozen=True, tag="window"):
    """The state of one rule's key: ``body`` is the operator's own Struct, or its JSON as Raw once restored.

    ``key`` is the canonical key text.
    """

    rule: str
    key: str
    body: Any


class WindowDropped(Struct, frozen=True, tag="window-"):
    rule: str
    key: str


class IncidentSet(Struct, frozen=True, tag="incident"):
    incident: Incident


class ActivationSet(Struct, frozen=True, tag="activation"):
    incident: int
    activation: Activation


class NotificationSet(Struct, frozen=True, tag="notification"):
    """A new notification: becomes an outbox row in the same transaction."""

    notification: Notification


class Withdrawn(Struct, frozen=True, omit_defaults=True, tag="withdrawn"):
    """Pages of an incident that need not leave any more, and the recorded reason (suppressed_by).

    Every outbox row of the incident still queued, of a kind that wants an answer, and of ``policy`` ("" for all
    policies) is withdrawn.
    """

    incident: int
    reason: str
    policy: str = ""


class Suppressed(Struct, frozen=True, omit_defaults=True, tag="suppressed"):
    """A firing or a message that was not told, and why; ``incident`` 0 when none was opened, ``silence`` the number of
    the silence that kept it back, 0 when none did.
    """

    at: int
    rule: str
    key: dict[str, str]
    reason: str
    severity: str
    incident: int = 0
    silence: int = 0


class GatedSet(Struct, frozen=True, tag="gated"):
    """What a gate remembers of one condition."""

    gated: Gated


class GatedDropped(Struct, frozen=True, tag="gated-"):
    """A gate has nothing more to remember of the condition with this canonical key text."""

    rule: str
    key: str
    gate: str


class SilenceSet(Struct, frozen=True, tag="silence"):
    """A silence begins, or has ended: an ended one is kept in its table only."""

    silence: Silence


class AddressSet(Struct, frozen=True, tag="address"):
    address: Address


class PolicyKept(Struct, frozen=True, tag="policy"):
    """The content of a policy that a running escalation rests on; ``body`` a Policy, or its JSON as Raw."""

    hash: str
    body: Any


class Noted(Struct, frozen=True, omit_defaults=True, tag="noted"):
    """A line for the timeline and the operators: ``what`` is a word, ``detail`` a sentence."""

    at: int
    what: str
    detail: str = ""
    incident: int = 0
    rule: str = ""
    person: str = ""


Change = (TimerSet | TimerDropped | WindowSet | WindowDropped | IncidentSet | ActivationSet | NotificationSet
          | Withdrawn | Suppressed | GatedSet | GatedDropped | SilenceSet | AddressSet | PolicyKept | Noted)
