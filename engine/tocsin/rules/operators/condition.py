"""What every word shares: a condition that is true or not, waits for ``for``, fires, holds and clears."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import msgspec
from msgspec import Struct, field

from tocsin.book.book import Patience
from tocsin.book.match import FieldRef
from tocsin.book.rule import Rule, SeverityBy
from tocsin.domain.event import Event, lookup
from tocsin.domain.incident import RANK
from tocsin.domain.time import HOUR, MINUTE, SECOND
from tocsin.rules.calendar import EVER
from tocsin.rules.duration import duration_of, instant_of, severity_of
from tocsin.rules.gates import Gates
from tocsin.rules.held import Held
from tocsin.rules.names import values_of
from tocsin.rules.signal import Cleared, Fired, Signal, Verdict

QUIET = 15 * MINUTE
"""A momentary condition clears this long after its last firing."""
SETTLE = 5 * SECOND
"""A deadline is never sooner than this after the receipt of the event that set it, unless its source says otherwise."""
LATE = HOUR
"""How long a key remembers what is over, for reports that arrive late, unless a source may be later."""

TIMER_RANK = {"quiet": 0, "stale": 0, "after": 0, "at": 0, "hold": 0, "shuts": 0, "for": 1, "not": 1, "absence": 1,
              "opens": 1, "free": 1,
              "forget": 2, "rests": 2, "listed": 2}
"""At one instant clearings come before firings."""


class Told(Struct, frozen=True):
    """What a firing brings along: when it happened, its severity, names and durations.

    ``settled`` is the instant before which no deadline that it sets is due. ``events`` is how many events it rests on
    that no firing of this activation has carried yet.
    """

    happened: int
    settled: int = field(name="received")
    severity: str
    values: dict[str, Any]
    wait: int | None
    after: int | None
    until: int | None
    hold: int | None
    events: int = 1


class ConditionState(Struct, omit_defaults=True, kw_only=True):
    """The part of a key's state that every word has.

    ``pending`` waits for ``for`` until ``due``; ``since`` is the event time from which it has been true.
    ``holding`` is the reason of an ending that ``clear: {hold}`` keeps back. ``turns`` are the instants at which other
    rules' incidents opened and shut the ``during`` of a condition that waits, in turn.
    """

    active: bool = False
    pending: bool = False
    since: int = 0
    wait: int = 0
    due: int = 0
    newest: int = 0
    events: int = 0
    severity: str = ""
    values: dict[str, Any] = {}
    holding: str = ""
    after: int | None = None
    hold: int | None = None
    turns: tuple[int, ...] = ()


class Condition:
    """Firing and clearing for one rule; the words decide only when their truth changes.

    ``during`` are the rule's gates: ``for`` counts only while they are open.
    """

    momentary: ClassVar[bool] = False
    """Whether what the word finds is over as soon as it happened."""
    during: Gates | None = None

    def __init__(self, rule: Rule, names: tuple[str, ...]) -> None:
        self.rule = rule
        self.names = names
        self.own_way = not rule.clear.only
        self._patience: Mapping[str, Patience] = {}
        self.late, self.settle = LATE, SETTLE

    def wait_for(self, patience: Mapping[str, Patience]) -> None:
        """Take over which sources have a patience of their own; ``late`` and ``settle`` are the longest of all."""
        self._patience = patience
        self.late = max([LATE, *(one.late for one in patience.values())])
        self.settle = max([SETTLE, *(one.settle for one in patience.values())])

    def late_of(self, event: Event) -> int:
        """How late this event may come and still count."""
        own = self._patience.get(event.source)
        return LATE if own is None else own.late

    def settled(self, event: Event) -> int:
        """The instant before which no deadline that this event sets is due."""
        own = self._patience.get(event.source)
        return event.received + (SETTLE if own is None else own.settle)

    def told(self, event: Event, key: dict[str, str], first: dict[str, Any]) -> Told:
        """Read from an event all that firing on it needs."""
        clear, wait = self.rule.clear, self.rule.when.for_
        return Told(event.time, self.settled(event), severity_of(self.rule.severity, event),
                    values_of(self.names, event, key, first), self._wait(wait, event),
                    duration_of(clear.after, event),
                    instant_of(lookup(event, clear.at)) if clear.at else None, duration_of(clear.hold, event))

    def held(self, window: Any, about: int) -> list[Held]:
        """What the window of a key holds around the event time ``about``, in order: what a firing then rests on."""
        return []

    def _wait(self, wait: int | FieldRef | None, event: Event) -> int | None:
        return None if wait is None else duration_of(wait, event) or 0

    def fire(self, state: Any, told: Told, key: dict[str, str], member: str, now: int, verdict: Verdict) -> None:
        """The condition is true (again) by this report: fire, join, or go on waiting for ``for``."""
        fresh = not (state.active or state.pending)
        state.since = told.happened if fresh else min(state.since, told.happened)
        if fresh or told.happened >= state.newest:
            state.newest, state.values = told.happened, told.values
            state.after, state.hold = told.after, told.hold
        verdict.timers["forget"] = None
        if state.holding:
            state.holding = ""
            verdict.timers["hold"] = None
        if state.active:
            verdict.signals += (self._firing_of(state, told, key, member),)
            self.watch(state, now, verdict)
        elif told.wait is not None:
            self._wait_for(state, told, key, verdict)
        else:
            state.active = True
            verdict.signals += (self._firing_of(state, told, key, member),)
            self.watch(state, now, verdict)

    def fleeting(self, state: Any) -> bool:
        """Whether what is true of the key was over as soon as it happened."""
        return self.momentary

    def lasting(self, window: Any) -> bool:
        """Whether the key's condition is active, and by more than a moment."""
        state = self.state(window)
        return bool(state.active) and not self.fleeting(state)

    def state(self, window: Any) -> Any:
        """A fresh copy of a key's state, to be changed freely."""
        raise NotImplementedError

    def ripe(self, since: int, wait: int, key: dict[str, str], values: dict[str, Any],
             turns: tuple[int, ...] = ()) -> int:
        """When what is true since ``since`` has held for ``wait``; EVER when nobody knows it yet."""
        if self.during is None:
            return since + wait
        ripe = self.during.after(since, wait, key, values, turns)
        return EVER if ripe is None else ripe

    def ripens(self, state: Any, key: dict[str, str]) -> int:
        """When the waiting condition has held for its ``for``."""
        return self.ripe(state.since, state.wait, key, state.values, state.turns)

    def waiting(self, state: Any) -> bool:
        """Whether time runs for the key that counts only while ``during`` is open."""
        return bool(state.pending)

    def waits_with(self, state: Any) -> dict[str, Any]:
        """The values by which a waiting key is the same as another rule's incident."""
        values: dict[str, Any] = state.values
        return values

    def paced(self, state: Any, key: dict[str, str], soonest: int) -> dict[str, int | None]:
        """Set the deadlines of a waiting key anew: its gate has opened or shut. By kind, None for none yet."""
        state.due = max(self.ripens(state, key), soonest)
        return {"for": state.due if state.due < EVER else None}

    def _wait_for(self, state: Any, told: Told, key: dict[str, str], verdict: Verdict) -> None:
        state.wait = told.wait or 0
        due = max(self.ripens(state, key), told.settled)
        if not state.pending:
            state.pending, state.events, state.severity, state.due = True, told.events, told.severity, due
        else:
            state.events += told.events
            state.severity = max(state.severity, told.severity, key=RANK.__getitem__)
            if due >= state.due:
                return
            state.due = due
        verdict.timers["for"] = due if due < EVER else None

    def fire_late(self, state: Any, told: Told, over: int, key: dict[str, str], member: str, now: int,
                  verdict: Verdict) -> None:
        """A report of something that was already over at event time ``over``: told, and cleared at once."""
        if state.active:
            verdict.signals += (self._firing_of(state, told, key, member),)
            self.watch(state, now, verdict)
        elif not state.pending and (told.wait is None or over > self.ripe(told.happened, told.wait, key, told.values)):
            verdict.signals += (self._fired(key, told.happened, told.severity, told.events, member, told.values,
                                            told.wait or 0),
                                Cleared(self.rule.id, key, "late report", over, self.rule.clear.closes))

    def untrue(self, state: Any, happened: int, how: str, key: dict[str, str], now: int, verdict: Verdict) -> None:
        """The truth has ended at event time ``happened``: stop waiting, or clear (after ``hold``)."""
        if state.pending:
            state.pending = False
            verdict.timers["for"] = None
            if happened > self.ripens(state, key):
                verdict.signals += (self._waited(state, key),
                                    Cleared(self.rule.id, key, how, happened, self.rule.clear.closes))
            self.rest(state, now, verdict)
        elif state.active and not state.holding:
            self.end(state, happened, how, key, now, verdict)

    def end(self, state: Any, happened: int, how: str, key: dict[str, str], now: int, verdict: Verdict) -> None:
        """Clear, or keep it active for ``clear: {hold}`` first."""
        if state.hold:
            state.holding = how
            verdict.timers["hold"] = now + state.hold
        else:
            self.clear(state, happened, how, key, now, verdict)

    def clear(self, state: Any, happened: int, how: str, key: dict[str, str], now: int, verdict: Verdict) -> None:
        """The condition is over."""
        state.active, state.holding = False, ""
        verdict.signals += (Cleared(self.rule.id, key, how, happened, self.rule.clear.closes),)
        self.rest(state, now, verdict)

    def rest(self, state: Any, now: int, verdict: Verdict) -> None:
        """Nothing runs for this key: forget it once late reports can no longer concern it."""
        state.values, state.turns = {}, ()
        for kind in ("quiet", "after", "at", "hold"):
            verdict.timers[kind] = None
        verdict.timers["forget"] = now + self.late

    def watch(self, state: Any, now: int, verdict: Verdict) -> None:
        """Set the timers by which an active condition ends on its own; words with more ways add theirs."""
        verdict.timers["after"] = now + state.after if state.after is not None else None

    def due(self, state: Any, kind: str, key: dict[str, str], now: int, verdict: Verdict) -> None:
        """A timer of this key came due."""
        if kind == "for" and state.pending and self.during is not None and self.fleeting(state) \
                and self.ripens(state, key) > state.newest + QUIET:
            state.pending = False
            self.forget_truth(state)
            self.rest(state, now, verdict)
        elif kind == "for" and state.pending:
            state.pending, state.active = False, True
            verdict.signals += (self._waited(state, key),)
            self.watch(state, now, verdict)
        elif kind == "hold" and state.holding:
            self.clear(state, now, state.holding, key, now, verdict)
        elif kind == "forget" and not (state.active or state.pending):
            verdict.window = None
        elif kind in ("after", "at") and (state.active or state.closed):
            self.over(state, now, "quiet" if kind == "after" else "time over", key, now, verdict)

    def over(self, state: Any, happened: int, how: str, key: dict[str, str], now: int, verdict: Verdict) -> None:
        """The rule's own ``clear`` says that it is over, be its incident open or closed by a person."""
        closed = bool(state.closed)
        self.forget_truth(state)
        if state.active:
            if not state.holding:
                self.end(state, happened, how, key, now, verdict)
            return
        if closed:
            verdict.signals += (Cleared(self.rule.id, key, how, happened),)
        self.rest(state, now, verdict)

    def forget_truth(self, state: Any) -> None:
        """Drop whatever made the condition true: it ended by the rule's own ``clear``."""

    def _waited(self, state: Any, key: dict[str, str]) -> Signal:
        """The firing of all that came while ``for`` ran."""
        wait = state.wait if self.during is None else self.ripens(state, key) - state.since
        return self._fired(key, state.since, state.severity, state.events, "", state.values, wait)

    def _firing_of(self, state: Any, told: Told, key: dict[str, str], member: str) -> Signal:
        """The firing that one report makes."""
        return self._fired(key, told.happened, told.severity, told.events, member, state.values, state.wait)

    def _fired(self, key: dict[str, str], happened: int, severity: str, events: int, member: str,
               values: dict[str, Any], wait: int) -> Signal:
        return Fired(self.rule.id, key, happened, severity, events, member, values, wait)


def read_window(window: Any, decode: Callable[[bytes], Any]) -> Any:
    """A window that is no value of the word's own: JSON as restored is read; None for what another word left behind."""
    if isinstance(window, bytes | msgspec.Raw):
        try:
            return decode(window)
        except msgspec.ValidationError:
            return None
    return None


def severity_from(severity: str | SeverityBy, values: dict[str, Any]) -> str:
    """The severity where only names are known, not an event; unmapped or absent is medium."""
    if isinstance(severity, str):
        return severity
    return severity.mapping.get(str(values.get(severity.field)), "medium")
