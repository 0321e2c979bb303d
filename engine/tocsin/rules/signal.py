"""What correlate says to respond: a rule has fired for a key, or its condition has cleared."""

from typing import Any

from msgspec import Struct


class Fired(Struct, frozen=True, omit_defaults=True):
    """A firing of (rule, key).

    ``happened`` is the event time of what made it true; the condition counts as active ``wait`` microseconds later,
    which is the rule's ``for``. ``events`` is how many events it rests on, ``member`` the member that fired ("" for
    none). ``values`` are the names that the rule's texts use. ``rises`` makes it count as a rise although its severity
    is no higher.
    """

    rule: str
    key: dict[str, str]
    happened: int
    severity: str
    events: int = 1
    member: str = ""
    values: dict[str, Any] = {}
    wait: int = 0
    rises: bool = False


class Cleared(Struct, frozen=True, omit_defaults=True):
    """The condition of (rule, key) is over; ``how`` is the reason shown to people.

    ``happened`` is the event time of what ended it, or the clock where a timer did. ``closes`` asks for the
    incident to be closed even unanswered.
    """

    rule: str
    key: dict[str, str]
    how: str
    happened: int
    closes: bool = False


Signal = Fired | Cleared


class Verdict(Struct):
    """What an operator decided for one key.

    ``window`` is the new state, None to forget the key. ``timers`` maps a timer kind to its due instant, None to
    drop it. ``notes`` are (word, sentence) pairs for the timeline.
    """

    window: Any
    timers: dict[str, int | None] = {}
    signals: tuple[Signal, ...] = ()
    notes: tuple[tuple[str, str], ...] = ()
