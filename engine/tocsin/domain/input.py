"""Inputs: everything that can change the state, in one total order."""

from typing import Any

from msgspec import Raw, Struct

from tocsin.domain.event import Event


class Hit(Struct, frozen=True, array_like=True):
    """One slot of one rule whose single-event condition the event satisfies.

    Slots: ``event`` (the word's match holds), ``clear`` (the match of ``clear: {when}`` holds). Of the word ``event``
    also ``resolved`` (a resolved event of the rule's type; the rest of the match was not asked), of ``level`` also
    ``holds``. A ``sequence`` has ``step1``, ``step2``, … instead of ``event``, a ``together`` ``match`` and its name.
    """

    rule: str
    slot: str


class Arrival(Struct, frozen=True, omit_defaults=True, tag="arrival"):
    """An event, with what was computed before the core: its hits under book number ``book``.

    ``conflict`` marks an id that came before with other content.
    """

    event: Event
    hits: tuple[Hit, ...] = ()
    book: int = 0
    conflict: bool = False


class Answer(Struct, frozen=True, omit_defaults=True, tag="answer"):
    """A person's word on an incident.

    ``word`` is acknowledge, accept, decline, arrived, resolve or false_alarm. ``notification`` is the one that
    was answered, 0 when none was (console, API). ``eta`` is microseconds from now. ``reference`` makes a
    redelivered answer (an update_id, a MessageSid) recognisable; "" never repeats. ``group`` is the group that was
    asked, where the person answered in it. ``others`` are the further (incident, notification) pairs that the same
    word answers: those of the list that the person had before them. ``by`` is the operator who entered it for the
    person, "" when nobody did.
    """

    person: str
    incident: int
    word: str
    channel: str
    notification: int = 0
    eta: int | None = None
    note: str = ""
    reference: str = ""
    group: str = ""
    others: tuple[tuple[int, int], ...] = ()
    by: str = ""


class Receipt(Struct, frozen=True, omit_defaults=True, tag="receipt"):
    """What became of a notification: a receipt state of the glossary, ``expired``, or ``away``.

    Only receipts that may change person or channel become inputs; ``away`` is of a message that waits for a provider
    that does not answer. ``address_dead`` says that no message will
    ever reach that address; ``moved_to`` is its new form.
    """

    notification: int
    state: str
    incident: int = 0
    person: str = ""
    channel: str = ""
    detail: str = ""
    address_dead: bool = False
    moved_to: str = ""


class TimerDue(Struct, frozen=True, omit_defaults=True, tag="timer"):
    """A deadline row came due; ``id`` names it."""

    id: str


WRONG_CODE, CODE_FITS, LOCKED_OUT, NOT_APPLIED = "wrong_code", "code_fits", "locked_out", "not_applied"
"""What is noted of texts and presses that answered nothing, and of the code that ends a row of wrong ones."""
OF_ANSWERS = (WRONG_CODE, CODE_FITS, LOCKED_OUT, NOT_APPLIED)


class OperatorAction(Struct, frozen=True, omit_defaults=True, tag="operator"):
    """What an operator or a person outside an incident did: ``action`` with its plain arguments."""

    actor: str
    action: str
    arguments: dict[str, Any] = {}


class Firing(Struct, frozen=True, omit_defaults=True):
    """What a rule has fired in the activation that lasts, all its firings taken together."""

    happened: int
    severity: str
    events: int = 1
    values: dict[str, Any] = {}
    wait: int = 0


class Rebuilt(Struct, frozen=True, omit_defaults=True):
    """One key of a changed rule as the journal makes it, nothing of it told.

    ``body`` is the window, ``timers`` are its deadlines by kind; ``firing`` is None unless the condition is active.
    """

    rule: str
    key: str
    body: Raw
    timers: dict[str, int] = {}
    firing: Firing | None = None


class BookLoaded(Struct, frozen=True, omit_defaults=True, tag="book"):
    """The rule book with this number and content hash holds from here on.

    ``changed`` are the rules that mean something else than before; ``rebuilt`` are their keys as the journal up to
    ``position`` makes them, read from the instant ``since`` on (0: nothing was read).
    """

    number: int
    hash: str
    changed: tuple[str, ...] = ()
    rebuilt: tuple[Rebuilt, ...] = ()
    since: int = 0
    position: int = 0


class Started(Struct, frozen=True, omit_defaults=True, tag="started"):
    """The engine runs (again): version, and microseconds during which it did not listen."""

    version: str
    gap: int = 0


Input = Arrival | Answer | Receipt | TimerDue | OperatorAction | BookLoaded | Started
