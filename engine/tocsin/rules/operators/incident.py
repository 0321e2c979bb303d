"""``incident``: another rule's incident is active; composition."""

from typing import Any

import msgspec

from tocsin.book.rule import Rule
from tocsin.domain.event import Event
from tocsin.rules.duration import instant_of
from tocsin.rules.operators.condition import SETTLE, Condition, ConditionState, Told, read_window, severity_from
from tocsin.rules.signal import Cleared, Fired, Verdict
from tocsin.rules.text import key_text


class IncidentState(ConditionState, omit_defaults=True, kw_only=True, tag_field="word", tag="incident"):
    """``others`` are the key texts of the other rule's incidents that are active; ``closed`` as a person closed it.

    ``until`` is the newest ``clear: {at}``.
    """

    others: dict[str, int] = {}
    closed: bool = False
    until: int | None = None


_decode = msgspec.json.Decoder(IncidentState).decode


class IncidentWord(Condition):
    """The word ``incident``."""

    def __init__(self, rule: Rule, names: tuple[str, ...]) -> None:
        super().__init__(rule, names)
        self.of = rule.when.of

    def state(self, window: Any) -> IncidentState:
        """A fresh copy of a key's state; what another word has left behind counts for nothing."""
        if isinstance(window, IncidentState):
            copy: IncidentState = msgspec.structs.replace(window, others=dict(window.others))
            return copy
        known: IncidentState | None = read_window(window, _decode)
        return IncidentState() if known is None else known

    def key(self, signal: Fired | Cleared, values: dict[str, Any]) -> dict[str, str] | None:
        """This rule's key for the other's incident; None when a ``per`` field is missing there."""
        key: dict[str, str] = {}
        for field in self.rule.per:
            text = (signal.key.get(field.name),) if field.name in signal.key else key_text(values.get(field.name))
            if not text or text[0] is None:
                return None
            key[field.name] = text[0]
        return key

    def follow(self, window: Any, signal: Fired | Cleared, other: str, key: dict[str, str], now: int) -> Verdict:
        """The other rule fired or cleared for the key text ``other``."""
        state = self.state(window)
        verdict = Verdict(state)
        if isinstance(signal, Fired):
            state.others.setdefault(other, signal.happened + signal.wait)
            if not state.closed:
                told = self._told(signal, key, now)
                state.until = told.until
                self.fire(state, told, key, other, now, verdict)
            return verdict
        state.others.pop(other, None)
        if not state.others:
            if state.closed:
                state.closed = False
                verdict.signals = (Cleared(self.rule.id, key, signal.how, signal.happened),)
                self.rest(state, now, verdict)
            elif self.own_way:
                self.untrue(state, signal.happened, signal.how, key, now, verdict)
        return verdict

    def _told(self, signal: Fired, key: dict[str, str], now: int) -> Told:
        values = {name: key.get(name, signal.values.get(name)) for name in self.names}
        clear = self.rule.clear
        return Told(signal.happened + signal.wait, now + SETTLE, severity_from(self.rule.severity, signal.values),
                    {name: value for name, value in values.items() if value is not None},
                    self.rule.when.for_ if isinstance(self.rule.when.for_, int | None) else 0,
                    clear.after if isinstance(clear.after, int) else None,
                    instant_of(signal.values.get(clear.at)) if clear.at else None,
                    clear.hold if isinstance(clear.hold, int) else None)

    def hear(self, window: Any, event: Event, slots: frozenset[str], key: dict[str, str], now: int) -> Verdict:
        """An event that matches ``clear: {when}``."""
        state = self.state(window)
        verdict = Verdict(state)
        if "clear" in slots and (state.active or state.closed) and event.time >= state.newest:
            self.over(state, event.time, "cleared by an event", key, now, verdict)
        return verdict

    def forget_truth(self, state: Any) -> None:
        state.closed = False

    def watch(self, state: Any, now: int, verdict: Verdict) -> None:
        super().watch(state, now, verdict)
        verdict.timers["at"] = None if state.until is None else max(now, state.until)

    def close(self, window: Any, key: dict[str, str], now: int) -> Verdict:
        """A person closed the incident while the other's condition may still be active."""
        state = self.state(window)
        verdict = Verdict(state)
        state.active, state.pending, state.holding = False, False, ""
        state.closed = bool(state.others)
        for kind in ("hold", "for"):
            verdict.timers[kind] = None
        if not state.closed:
            verdict.signals = (Cleared(self.rule.id, key, "closed by a person", now),)
            self.rest(state, now, verdict)
        return verdict

    def reopen(self, window: Any, key: dict[str, str], now: int) -> Verdict:
        """The time of ``reopen`` is over: fires again when the other's condition is active still."""
        state = self.state(window)
        verdict = Verdict(state)
        if state.closed and state.others:
            state.closed, state.active = False, True
            verdict.signals = (Fired(self.rule.id, key, state.since, severity_from(self.rule.severity, state.values),
                                     1, "", state.values),)
        return verdict
