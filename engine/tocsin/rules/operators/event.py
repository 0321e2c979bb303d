"""``event``: fires on each matching event; members that report a status keep it active until all resolved."""

from typing import Any

import msgspec
from msgspec import Struct

from tocsin.book.rule import Rule
from tocsin.domain.event import FIRING, Event, lookup
from tocsin.rules.held import Held
from tocsin.rules.operators.condition import QUIET, Condition, ConditionState, Told, read_window
from tocsin.rules.signal import Cleared, Verdict
from tocsin.rules.text import key_text

_MOST_MEMBERS = 10_000
"""Members remembered per key; beyond it the oldest that has resolved is forgotten."""


class Member(Struct, omit_defaults=True, frozen=True):
    """One thing that fires and resolves; ``until`` is its ``clear: {at}``."""

    firing: bool
    time: int
    until: int | None = None


class EventState(ConditionState, omit_defaults=True, kw_only=True, tag_field="word", tag="event"):
    """``momentary`` is true while a firing without status counts, ``until`` its ``clear: {at}``.

    ``over`` is the newest event time at which ``clear: {when}`` matched. ``closed`` are the members that were
    firing when a person closed the incident: their repetitions do not open another one.
    """

    members: dict[str, Member] = {}
    momentary: bool = False
    until: int | None = None
    over: int | None = None
    closed: tuple[str, ...] = ()


_decode = msgspec.json.Decoder(EventState).decode


class EventWord(Condition):
    """The word ``event``."""

    def __init__(self, rule: Rule, names: tuple[str, ...]) -> None:
        super().__init__(rule, names)
        self.is_state = not rule.escalate_to

    def state(self, window: Any) -> EventState:
        """A fresh copy of a key's state; what another word has left behind counts for nothing."""
        if isinstance(window, EventState):
            copy: EventState = msgspec.structs.replace(window, members=dict(window.members))
            return copy
        known: EventState | None = read_window(window, _decode)
        return EventState() if known is None else known

    def fleeting(self, state: Any) -> bool:
        return not any(member.firing for member in state.members.values())

    def member(self, event: Event) -> str:
        """Who speaks: the type and the ``member`` fields, else the device, else the id, else nobody in particular.

        An id that the engine made is no name: the ``resolved`` of a source that gives none could never find its firing.
        """
        fields = self.rule.when.member
        if fields:
            return "|".join([event.type, *(" ".join(key_text(lookup(event, field))) for field in fields)])
        name = event.device if event.device is not None else "" if event.unnamed else event.id
        return f"{event.type}|{name}"

    def held(self, window: Any, about: int) -> list[Held]:
        """The members that are firing; of what has no status the newest."""
        state = self.state(window)
        firing = [Held(member.time, name) for name, member in state.members.items() if member.firing]
        return sorted(firing, key=lambda held: held.time) or ([Held(state.newest)] if state.momentary else [])

    def hear(self, window: Any, event: Event, slots: frozenset[str], key: dict[str, str], now: int) -> Verdict:
        """An event with hits for this rule and key."""
        state = self.state(window)
        verdict = Verdict(state)
        if "event" in slots:
            self._firing(state, event, key, now, verdict)
        elif "clear" in slots:
            self._clear_when(state, event, key, now, verdict)
        if "resolved" in slots and self.own_way:
            self._resolved(state, event, key, now, verdict, silent=len(slots) > 1)
        return verdict

    def _firing(self, state: EventState, event: Event, key: dict[str, str], now: int, verdict: Verdict) -> None:
        member = self.member(event)
        if not (state.active or state.pending):
            state.values = {}
        told = self.told(event, key, state.values)
        known = state.members.get(member)
        if state.over is not None and event.time < state.over:
            self.fire_late(state, told, state.over, key, member, now, verdict)
            return
        if event.status == FIRING:
            if known is not None and not known.firing and known.time > event.time:
                self.fire_late(state, told, known.time, key, member, now, verdict)
                return
            if known is None or known.time <= event.time:
                state.members[member] = Member(True, event.time, told.until)
                self._bound(state)
            if member in state.closed:
                self.watch(state, now, verdict)
                verdict.notes += (("repeat_of_closed", f"{member} fired again after a person had closed the incident"),)
                return
        else:
            state.momentary, state.until = True, told.until
        self.fire(state, told, key, member, now, verdict)

    def _resolved(self, state: EventState, event: Event, key: dict[str, str], now: int, verdict: Verdict, *,
                  silent: bool) -> None:
        member = self.member(event)
        known = state.members.get(member)
        old = known is not None and known.firing and known.time > event.time
        nothing = old or known is None or not known.firing
        if nothing and not silent:
            verdict.notes += (("resolves_nothing", f"{member} was resolved but had not fired" if not old else
                               f"{member} was resolved before it fired last"),)
        if old:
            return
        state.members[member] = Member(False, max(event.time, known.time if known else event.time))
        if nothing:
            self._bound(state)
            if not self._true(state) and not (state.active or state.pending):
                self.rest(state, now, verdict)
            return
        was_closed = bool(state.closed)
        state.closed = tuple(other for other in state.closed if other != member)
        if self._true(state):
            if state.active or state.closed:
                verdict.timers["at"] = self._ends(state, now)
            return
        if was_closed and not (state.active or state.pending):
            verdict.signals += (Cleared(self.rule.id, key, "resolved", event.time),)
            self.rest(state, now, verdict)
        self.untrue(state, event.time, "resolved", key, now, verdict)

    def _clear_when(self, state: EventState, event: Event, key: dict[str, str], now: int, verdict: Verdict) -> None:
        if state.pending or (event.time < state.newest and (state.active or state.closed)):
            return
        state.over = event.time if state.over is None else max(state.over, event.time)
        self.over(state, event.time, "cleared by an event", key, now, verdict)

    def _true(self, state: EventState) -> bool:
        return state.momentary or any(member.firing for member in state.members.values())

    def _ends(self, state: EventState, now: int) -> int | None:
        """When the last that is true ends by ``clear: {at}``; None when something has no such time."""
        ends = [member.until for member in state.members.values() if member.firing]
        if state.momentary:
            ends.append(state.until)
        known = [end for end in ends if end is not None]
        return max(now, *known) if ends and len(known) == len(ends) else None

    def watch(self, state: Any, now: int, verdict: Verdict) -> None:
        super().watch(state, now, verdict)
        verdict.timers["at"] = self._ends(state, now)
        own = (state.momentary and self.own_way and state.after is None and state.until is None
               and not (self.is_state and self.rule.clear.when is not None))
        verdict.timers["quiet"] = now + QUIET if own else None

    def due(self, state: Any, kind: str, key: dict[str, str], now: int, verdict: Verdict) -> None:
        if kind == "quiet":
            state.momentary = False
            if self._true(state):
                verdict.timers["at"] = self._ends(state, now)
            elif state.active and not state.holding:
                self.end(state, now, "quiet", key, now, verdict)
        else:
            super().due(state, kind, key, now, verdict)

    def forget_truth(self, state: Any) -> None:
        state.members = {name: member for name, member in state.members.items() if not member.firing}
        state.momentary, state.until, state.closed = False, None, ()

    def close(self, window: Any, key: dict[str, str], now: int) -> Verdict:
        """A person closed the incident: what is momentary ends; members still firing are remembered."""
        state = self.state(window)
        verdict = Verdict(state)
        firing = tuple(sorted(name for name, member in state.members.items() if member.firing))
        state.active, state.pending, state.momentary, state.until = False, False, False, None
        state.closed, state.holding = firing, ""
        for kind in ("quiet", "hold", "for"):
            verdict.timers[kind] = None
        verdict.timers["at"] = self._ends(state, now)
        if not firing:
            verdict.signals = (Cleared(self.rule.id, key, "closed by a person", now),)
            self.rest(state, now, verdict)
        return verdict

    def reopen(self, window: Any, key: dict[str, str], now: int) -> Verdict:
        """The time of ``reopen`` is over: fires again when members are firing still."""
        state = self.state(window)
        verdict = Verdict(state)
        if state.closed and not state.active:
            state.closed, state.active = (), True
            severity = state.severity or _severity(self.rule)
            verdict.signals = (self._fired(key, state.since, severity, 1, "", state.values, state.wait),)
        return verdict

    def _bound(self, state: EventState) -> None:
        if len(state.members) > _MOST_MEMBERS:
            gone = next((name for name, member in state.members.items() if not member.firing), None)
            del state.members[gone if gone is not None else next(iter(state.members))]


def _severity(rule: Rule) -> str:
    return rule.severity if isinstance(rule.severity, str) else "medium"


__all__ = ["EventState", "EventWord", "Member", "Told"]
