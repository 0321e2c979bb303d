"""What the words over several events share: a window of event time, closing by a person, forgetting what is over."""

from copy import copy
from typing import Any, ClassVar, Self

import msgspec
from msgspec.structs import replace

from tocsin.book.book import Content
from tocsin.book.match import FieldRef
from tocsin.book.rule import Rule
from tocsin.domain.event import Event
from tocsin.domain.incident import RANK
from tocsin.domain.time import HOUR, format_duration
from tocsin.rules.duration import duration_of
from tocsin.rules.listening import ALWAYS, Listening
from tocsin.rules.operators.condition import LATE, QUIET, Condition, ConditionState, Told, read_window
from tocsin.rules.signal import Cleared, Fired, Verdict

FEW = 4
"""Events or values with which a state still counts as small."""
MOST = 10_000
"""Events (or values) that a key remembers; the oldest are dropped beyond, and it is reported."""

RESTS = "rests"
"""The kind of the deadline at which a key is looked at, to forget it."""

NORMAL = "back to normal"
"""How a condition ended that a comparison decides."""


class WindowState(ConditionState, omit_defaults=True, kw_only=True):
    """What every word over several events remembers of a key.

    ``until`` is the newest ``clear: {at}``. ``closed``: a person closed the incident while the condition lasted.
    ``ends`` is the instant by which the condition is over without further events, 0 for never. ``span`` is the longest
    window seen where it comes from a field. ``forget`` is when to look whether anything is worth remembering.
    """

    until: int | None = None
    closed: bool = False
    ends: int = 0
    span: int = 0
    full: bool = False
    forget: int = 0

    def is_small(self) -> bool:
        """Whether writing and reading it as JSON costs less than the room it saves at rest."""
        return False


def packed(state: Any) -> Any:
    """What is kept of a key: its state, as JSON while it is small and nothing goes on: most keys are at rest."""
    if isinstance(state, WindowState) and not (state.active or state.pending or state.closed) and state.is_small():
        return msgspec.Raw(msgspec.json.encode(state))
    return state


class WindowWord(Condition):
    """A word over several events of one key. A subclass says by ``take`` what an event does to it."""

    kept: ClassVar[type[WindowState]]
    takes_unknown: ClassVar[bool] = False
    """Whether an event without a ``per`` field counts under the key ``unknown``; else it is left out."""
    momentary: ClassVar[bool] = False
    listens: bool = False
    """Whether the word concludes something from silence, so that it must know when nothing could be heard."""
    listening: Listening = ALWAYS

    def __init__(self, rule: Rule, names: tuple[str, ...]) -> None:
        super().__init__(rule, names)
        self._fresh = msgspec.json.encode(self.kept())
        self._decode = msgspec.json.Decoder(self.kept).decode
        after_only = not rule.escalate_to and rule.clear.when is not None
        self.quiets = self.momentary and self.own_way and not after_only

    def read(self, content: Content) -> None:
        """Take from the book what the rule refers to."""

    def hearing(self, listening: Listening) -> Self:
        """The same word, which knows since when it listens and when it did not."""
        again = copy(self)
        again.listening = listening
        return again

    def take(self, state: Any, event: Event, slots: frozenset[str], key: dict[str, str], now: int,
             verdict: Verdict) -> None:
        """An event that the rule's match accepts."""
        raise NotImplementedError

    def useful_until(self, state: Any) -> int:
        """The last instant at which what an idle key remembers can matter."""
        raise NotImplementedError

    def state(self, window: Any) -> Any:
        """A fresh copy of a key's state; what another word has left behind counts for nothing."""
        if isinstance(window, self.kept):
            return replace(window)
        known = read_window(window, self._decode)
        return self.kept() if known is None else known

    def hear(self, window: Any, event: Event, slots: frozenset[str], key: dict[str, str], now: int) -> Verdict:
        """An event with hits for this rule and key."""
        state = self.state(window)
        verdict = Verdict(state)
        if "event" in slots:
            self.take(state, event, slots, key, now, verdict)
        elif "clear" in slots and (state.active or state.closed) and event.time >= state.newest:
            self.over(state, event.time, "cleared by an event", key, now, verdict)
        self._remember(state, now, verdict)
        return verdict

    # -- firing and clearing

    def report(self, state: Any, event: Event, key: dict[str, str], *, happened: int | None = None, events: int = 1,
               **names: Any) -> Told:
        """What this event tells; ``names`` are further names for texts (given only where a text uses them)."""
        if not (state.active or state.pending or state.closed):
            state.values = {}
        told = self.told(event, key, state.values)
        values = {**told.values, **{name: value for name, value in names.items() if name in self.names}}
        return replace(told, values=values, events=events, happened=told.happened if happened is None else happened)

    def true(self, state: Any, told: Told, key: dict[str, str], now: int, verdict: Verdict) -> None:
        """The condition is true (again). After a person's *close* only a higher severity says so anew."""
        if state.closed:
            if RANK[told.severity] <= RANK[state.severity]:
                self.watch(state, now, verdict)
                return
            state.closed = False
        fresh = not (state.active or state.pending)
        if fresh or told.happened >= state.newest:
            state.until = told.until
        highest = told.severity if fresh else max(state.severity, told.severity, key=RANK.__getitem__)
        self.fire(state, told, key, "", now, verdict)
        state.severity = highest
        if state.pending:
            verdict.timers["quiet"] = max(now, state.ends) if state.ends else None

    def ended(self, state: Any, happened: int, how: str, key: dict[str, str], now: int, verdict: Verdict) -> None:
        """The condition is true no more, whether it waits, is active, or was closed by a person."""
        if state.closed:
            state.closed = False
            verdict.signals += (Cleared(self.rule.id, key, how, happened),)
            self.rest(state, now, verdict)
        else:
            self.untrue(state, happened, how, key, now, verdict)

    def lapsed(self, state: Any, happened: int, how: str, normal: bool, key: dict[str, str], now: int,
               verdict: Verdict) -> None:
        """The comparison ended while ``for`` ran. If it had held for long enough and ``clear`` does not hold yet, the
        condition is active.
        """
        if normal or not self.waited(state, happened, key, now, verdict):
            self.ended(state, happened, how, key, now, verdict)

    def waited(self, state: Any, happened: int, key: dict[str, str], now: int, verdict: Verdict) -> bool:
        """Fire if the time of ``for`` was over by event time ``happened``."""
        if happened <= state.since + state.wait:
            return False
        verdict.timers["for"] = None
        super().due(state, "for", key, now, verdict)
        return True

    def watch(self, state: Any, now: int, verdict: Verdict) -> None:
        super().watch(state, now, verdict)
        verdict.timers["at"] = None if state.until is None else max(now, state.until)
        if state.ends and self.own_way:
            verdict.timers["quiet"] = max(now, state.ends)
        elif self.quiets and state.after is None and state.until is None:
            verdict.timers["quiet"] = now + QUIET
        else:
            verdict.timers["quiet"] = None

    def stir(self, state: Any, now: int, verdict: Verdict) -> None:
        """A matching event that changes nothing still puts ``clear: {after}`` off."""
        if (state.active or state.closed) and state.after is not None:
            verdict.timers["after"] = now + state.after

    def heard(self, state: Any, event: Event, now: int, verdict: Verdict) -> None:
        """A sample came: only silence after it can be ``stale_after``."""
        if self.rule.when.stale_after is not None and (state.active or state.pending or state.closed):
            stale = duration_of(self.rule.when.stale_after, event)
            if stale is not None:
                verdict.timers["stale"] = now + stale

    def due(self, state: Any, kind: str, key: dict[str, str], now: int, verdict: Verdict) -> None:
        if kind in (RESTS, "forget"):
            state.forget = 0
            if not (state.active or state.closed or self.waiting(state)) and self.useful_until(state) < now:
                verdict.window = None
                return
        elif kind == "quiet":
            self.ended(state, state.ends if state.pending else now, "quiet", key, now, verdict)
        elif kind == "stale":
            self.ended(state, now, "no data", key, now, verdict)
        else:
            super().due(state, kind, key, now, verdict)
        self._remember(state, now, verdict)

    def forget_truth(self, state: Any) -> None:
        state.closed, state.ends = False, 0

    def rest(self, state: Any, now: int, verdict: Verdict) -> None:
        super().rest(state, now, verdict)
        verdict.timers["stale"] = None
        state.since = state.wait = state.due = state.newest = state.events = state.ends = 0
        state.severity, state.after, state.hold, state.until = "", None, None, None

    def close(self, window: Any, key: dict[str, str], now: int) -> Verdict:
        """A person closed the incident while the condition may still be true."""
        state = self.state(window)
        verdict = Verdict(state)
        if state.active:
            state.active, state.closed, state.holding = False, not (self.momentary or state.holding), ""
            verdict.timers["hold"] = None
            if not state.closed:
                verdict.signals = (Cleared(self.rule.id, key, "closed by a person", now),)
                self.rest(state, now, verdict)
        self._remember(state, now, verdict)
        return verdict

    def reopen(self, window: Any, key: dict[str, str], now: int) -> Verdict:
        """The time of ``reopen`` is over: fires again when the condition is true still."""
        state = self.state(window)
        verdict = Verdict(state)
        if state.closed:
            state.closed, state.active = False, True
            verdict.signals = (Fired(self.rule.id, key, state.since, state.severity, 1, "", state.values, state.wait),)
        return verdict

    # -- memory

    def width(self, duration: int | FieldRef | None, state: Any, event: Event, verdict: Verdict) -> int | None:
        """The length of this event's window; None, reported, when it comes from a field that holds none."""
        width = duration_of(duration, event)
        if width is None:
            self.left_out(event, "has no readable duration for the window", "no_window", verdict)
        elif isinstance(duration, FieldRef):
            state.span = max(state.span, width)
        return width

    def too_late(self, event: Event, keep: int, now: int, verdict: Verdict) -> bool:
        """Whether an event lies before all that may count of its source; reported. ``keep`` is what is kept of any."""
        keep -= self.late - self.late_of(event)
        late = event.time < now - keep
        if late:
            self.left_out(event, f"came more than {format_duration(keep)} late", "too_late", verdict)
        return late

    def left_out(self, event: Event, why: str, what: str, verdict: Verdict) -> None:
        """Report an event that counts for nothing here."""
        verdict.notes += ((what, f"event {event.id} of {event.source} {why}: left out"),)

    def bounded(self, state: Any, size: int, verdict: Verdict, most: int = 0) -> int:
        """How many of ``size`` remembered things must go; said once until there is room again."""
        most = most or MOST
        over = max(0, size - most)
        if over and not state.full:
            verdict.notes += (("window_full", f"more than {most} in one window: the oldest are forgotten"),)
        state.full = bool(over) or (state.full and size > most // 2)
        return over

    def _remember(self, state: Any, now: int, verdict: Verdict) -> None:
        """Keep the window while it may matter; the timer for forgetting is moved only when it is due."""
        verdict.timers.pop("forget", None)
        if not state.forget:
            if msgspec.json.encode(state) == self._fresh:
                verdict.window = None
                return
            useful = self.useful_until(state)
            state.forget = (useful if useful >= now else now + HOUR) + 1
            verdict.timers[RESTS] = state.forget

    def forgotten(self, window: Any, now: int) -> bool:
        """Whether a key at rest counts as forgotten although nobody has looked at it yet."""
        state = self.state(window)
        return (state.forget > 0 and not (state.active or state.closed or self.waiting(state))
                and max(state.forget, self.useful_until(state) + 1) < now)


__all__ = ["LATE", "MOST", "RESTS", "WindowState", "WindowWord"]
