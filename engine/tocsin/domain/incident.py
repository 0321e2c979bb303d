"""An incident: what people respond to, with its activations, escalations and answers."""

from typing import Any

from msgspec import Struct

SEVERITIES = ("info", "low", "medium", "high", "critical")
RANK = {name: rank for rank, name in enumerate(SEVERITIES)}

ACTIVE, CLEARED = "active", "cleared"
UNANSWERED, ACKNOWLEDGED, CLOSED = "unanswered", "acknowledged", "closed"


class Activation(Struct, frozen=True, omit_defaults=True):
    """One period of active condition; ``at`` and ``cleared`` on the engine's clock.

    ``happened`` is the event time of the first firing, ``how`` the reason of clearing ("resolved", "quiet",
    "late report", "closed by a person", …).
    """

    number: int
    at: int
    happened: int
    events: int
    cleared: int | None = None
    how: str = ""


class Answered(Struct, frozen=True, omit_defaults=True):
    """An answer as recorded on the incident; ``notification`` 0 when it answered none (console, API).

    ``by`` is the operator who entered it, "" when the person did. The word ``handed_over`` is nobody's answer: the
    person of ``note`` has taken the incident over from this one.
    """

    person: str
    word: str
    channel: str
    at: int
    eta: int | None = None
    note: str = ""
    late: bool = False
    notification: int = 0
    by: str = ""


class Ask(Struct, frozen=True, omit_defaults=True):
    """A person being asked in the running step.

    ``waiting`` are the channel groups not yet tried, ``open`` the notifications that have not failed; those from
    number ``group`` on are the group in flight. ``over`` says why nothing more is tried: accepted, declined,
    unreachable, or "" while it goes on. ``services`` are those that restrict what may be said to the person here.
    """

    person: str
    waiting: tuple[tuple[str, ...], ...] = ()
    open: tuple[int, ...] = ()
    over: str = ""
    group: int = 0
    services: tuple[str, ...] = ()


WANTED = ("running", "muted")
"""The states of an escalation that still wants an answer."""


class Escalation(Struct, frozen=True, omit_defaults=True):
    """One policy at work on an incident.

    ``policy`` is the name and ``snapshot`` the content hash of the policy as it was when this began. ``step``
    counts from 1, 0 is the last resort; ``round`` counts from 1. ``state`` is running, muted (nobody is asked while
    a silence lasts), answered or over (nobody needs to answer any more). ``asked`` are all people whom it has notified
    so far; the first ``heard`` answers of the incident were given before it began and count for nothing here.
    ``widened`` says that this round of the last resort has turned to everybody, since its own people were not reached.
    ``added`` is one that an operator has added; ``relieves`` is the person who hands the incident over by it.
    """

    policy: str
    snapshot: str
    state: str = "running"
    round: int = 1
    step: int = 1
    started: int = 0
    kind: str = "page"
    asks: tuple[Ask, ...] = ()
    asked: tuple[str, ...] = ()
    heard: int = 0
    widened: bool = False
    added: bool = False
    relieves: str = ""


class Incident(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One incident of (rule, key); instants in microseconds on the engine's clock.

    ``board`` is False for a state (a rule without escalate_to). ``values`` are the names that texts may use.
    ``told`` maps everybody notified to the channel by which news goes to them. ``held`` says that a person
    accepted or arrived, so that only a person's close ends it. ``relieved`` are those who were last told that it is
    over: cleared, or closed. ``reopens`` is the instant at which a closed one is
    looked at again, None when it is not. ``told_for`` maps those of ``told`` to the services that restrict what may be
    said to them; who is not in it hears everything.
    """

    id: int
    rule: str
    key: dict[str, str]
    book: int
    severity: str
    opened: int
    activation: Activation
    board: bool = True
    condition: str = ACTIVE
    response: str = UNANSWERED
    held: bool = False
    closed: int | None = None
    closed_by: str = ""
    reopens: int | None = None
    values: dict[str, Any] = {}
    escalations: tuple[Escalation, ...] = ()
    answers: tuple[Answered, ...] = ()
    told: dict[str, str] = {}
    told_for: dict[str, tuple[str, ...]] = {}
    relieved: tuple[str, ...] = ()
    joined_told: int | None = None
    unreached: bool = False
    quiet: bool = False
