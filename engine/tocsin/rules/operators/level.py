"""``level``: the newest sample of the key is so: above a limit, on one of several levels, or as a match says."""

from typing import Any, ClassVar

from msgspec import Struct
from msgspec.structs import replace

from tocsin.book.rule import Rule
from tocsin.domain.event import Event, lookup
from tocsin.domain.incident import RANK
from tocsin.domain.time import DAY, MINUTE
from tocsin.rules.calendar import EVER
from tocsin.rules.compare import Comparison
from tocsin.rules.held import Held
from tocsin.rules.operators.condition import Told
from tocsin.rules.operators.window import NORMAL, WindowState, WindowWord
from tocsin.rules.signal import Cleared, Fired, Verdict

REMEMBERED = DAY
"""How long a key at rest knows its newest sample, so that older ones that come later are ignored."""
AGAIN = 5 * MINUTE
"""A level entered again after it was left for so long counts as a rise."""


class Mark(Struct, omit_defaults=True, frozen=True):
    """One level of an active or waiting key; instants are event time, ``due`` is on the engine's clock.

    ``since``: in it from then on, None when it is not. ``due``: waits for ``for`` until then. ``left``: when it was
    left after it had fired. ``again``: entered again long enough after that.
    """

    since: int | None = None
    due: int | None = None
    left: int | None = None
    again: bool = False
    severity: str = ""


class LevelState(WindowState, omit_defaults=True, kw_only=True, tag_field="word", tag="level"):
    """``sampled`` is the time of the newest sample; ``marks`` has one for each level unless the key is at rest."""

    sampled: int | None = None
    marks: tuple[Mark, ...] = ()

    def is_small(self) -> bool:
        return True


class Judged(Struct, frozen=True):
    """What a sample says: the levels that it reaches, whether it is back to normal, and the value tested."""

    inside: tuple[int, ...]
    normal: bool
    value: Any


class LevelWord(WindowWord):
    """The word ``level``. Each level waits for itself; the highest that has fired decides the severity."""

    kept: ClassVar[type[WindowState]] = LevelState
    takes_unknown: ClassVar[bool] = True

    def __init__(self, rule: Rule, names: tuple[str, ...]) -> None:
        super().__init__(rule, names)
        when = rule.when
        levels = [(level.compare, level.severity) for level in when.levels] or [(when.compare, "")]
        self.levels = [(Comparison(compare), severity) for compare, severity in levels]
        self.clears = Comparison(rule.clear.compare) if rule.clear.compare else None

    def take(self, state: Any, event: Event, slots: frozenset[str], key: dict[str, str], now: int,
             verdict: Verdict) -> None:
        judged = self._judged(event, slots)
        if judged is None:
            self.left_out(event, f"has no value in {self.rule.when.of} that can be compared", "not_comparable", verdict)
            return
        if state.sampled is not None and event.time < state.sampled and not self._forgotten(state, now):
            return
        state.sampled = event.time
        told = self.report(state, event, key, value=judged.value)
        if not judged.inside and not (state.active or state.closed):
            if state.pending:
                self.lapsed(state, event.time, NORMAL, judged.normal, key, now, verdict)
                self.heard(state, event, now, verdict)
            return
        state.wait = told.wait or 0
        held = self._mark(state, judged.inside, event, told, key)
        if held:
            self._reached(state, held, key, now, verdict)
        if judged.inside:
            self._inside(state, judged.inside, told, key, now, verdict)
        elif judged.normal:
            self.ended(state, event.time, NORMAL, key, now, verdict)
        else:
            self.stir(state, now, verdict)
        self._await(state, verdict)
        self.heard(state, event, now, verdict)

    def held(self, window: Any, about: int) -> list[Held]:
        """Since when each level has been reached, and the newest sample."""
        state = self.state(window)
        since = [Held(mark.since, f"in the level {mark.severity}") for mark in state.marks if mark.since is not None]
        newest = [] if state.sampled is None else [Held(state.sampled, "newest sample")]
        return sorted(since, key=lambda held: held.time) + newest

    def _judged(self, event: Event, slots: frozenset[str]) -> Judged | None:
        if self.rule.when.holds is not None:
            return Judged((0,), False, None) if "holds" in slots else Judged((), self.own_way, None)
        value = lookup(event, self.rule.when.of)
        inside, comparable = [], False
        for index, (comparison, _) in enumerate(self.levels):
            limits = comparison.limits(event)
            if limits is not None and comparison.comparable(value, limits):
                comparable = True
                if comparison.holds(value, limits):
                    inside.append(index)
        if not comparable:
            return None
        if self.clears is None:
            return Judged(tuple(inside), self.own_way, value)
        limits = self.clears.limits(event)
        return Judged(tuple(inside), limits is not None and self.clears.holds(value, limits), value)

    def _mark(self, state: Any, inside: tuple[int, ...], event: Event, told: Told, key: dict[str, str]) -> list[Mark]:
        """Enter and leave levels; the marks of those left that had held for as long as ``for`` asks."""
        held: list[Mark] = []
        marks = list(state.marks) or [Mark() for _ in self.levels]
        for index, mark in enumerate(marks):
            severity = self.levels[index][1] or told.severity
            if index in inside and mark.since is None:
                due = None if told.wait is None else max(
                    self.ripe(event.time, told.wait, key, told.values, state.turns), self.settled(event))
                again = mark.left is not None and event.time - mark.left >= AGAIN
                marks[index] = Mark(event.time, due, mark.left, again, severity)
            elif index in inside:
                highest = max(severity, mark.severity, key=RANK.__getitem__)
                marks[index] = replace(mark, severity=highest) if mark.due is not None else mark
            elif mark.since is not None:
                fired = mark.due is None
                if not fired and event.time > self._ripe(state, mark, key):
                    held.append(mark)
                    fired = True
                marks[index] = Mark(left=event.time if fired else mark.left)
        state.marks = tuple(marks)
        return held

    def _inside(self, state: Any, inside: tuple[int, ...], told: Told, key: dict[str, str], now: int,
                verdict: Verdict) -> None:
        ready = [state.marks[index] for index in inside if state.marks[index].due is None]
        if not ready and not state.active:
            if not state.closed:
                state.pending, state.events = True, state.events + 1
            self._newest(state, told)
            return
        severity = self._highest([self.levels[index][1] or told.severity for index in inside
                                  if state.marks[index].due is None] or [state.severity])
        rises = any(mark.again for mark in ready)
        if rises:
            state.marks = tuple(replace(mark, again=False) if mark.due is None else mark for mark in state.marks)
        said = len(verdict.signals)
        self.true(state, replace(told, severity=severity, wait=None), key, now, verdict)
        if rises and len(verdict.signals) > said:
            last = verdict.signals[-1]
            assert isinstance(last, Fired)
            verdict.signals = (*verdict.signals[:-1], replace(last, rises=True))

    def _reached(self, state: Any, marks: list[Mark], key: dict[str, str], now: int, verdict: Verdict) -> None:
        """Levels whose time of ``for`` is over: they fire."""
        severity = self._highest([mark.severity for mark in marks])
        happened = min(mark.since for mark in marks if mark.since is not None)
        rises = any(mark.again for mark in marks)
        higher = not state.severity or RANK[severity] > RANK[state.severity]
        if (state.closed and not higher) or (state.active and not (higher or rises)):
            return
        events = 0 if state.active else 1 if state.closed else state.events
        begins = not state.active
        state.active, state.pending, state.closed, state.events = True, False, False, 0
        state.since = happened if begins else state.since
        state.severity = severity if higher else state.severity
        wait = state.wait if self.during is None else max(self._ripe(state, mark, key) for mark in marks) - happened
        verdict.signals += (Fired(self.rule.id, key, happened, severity, events, "", state.values, wait, rises),)
        if begins:
            self.watch(state, now, verdict)

    def ended(self, state: Any, happened: int, how: str, key: dict[str, str], now: int, verdict: Verdict) -> None:
        """While levels wait: those that had held for long enough by then are told as over."""
        if not state.pending:
            super().ended(state, happened, how, key, now, verdict)
            return
        held = [mark for mark in state.marks if mark.since is not None and happened > self._ripe(state, mark, key)]
        if held:
            self._reached(state, held, key, now, verdict)
            verdict.signals += (Cleared(self.rule.id, key, how, happened, self.rule.clear.closes),)
        state.active = state.pending = False
        self.rest(state, now, verdict)

    def waited(self, state: Any, happened: int, key: dict[str, str], now: int, verdict: Verdict) -> bool:
        held = [mark for mark in state.marks if mark.since is not None and happened > self._ripe(state, mark, key)]
        if held:
            state.marks = tuple(Mark(left=happened) if mark in held else Mark() for mark in state.marks)
            self._reached(state, held, key, now, verdict)
            self._await(state, verdict)
        return bool(held)

    def due(self, state: Any, kind: str, key: dict[str, str], now: int, verdict: Verdict) -> None:
        if kind != "for":
            super().due(state, kind, key, now, verdict)
            return
        due = [mark for mark in state.marks if mark.due is not None and mark.due <= now]
        state.marks = tuple(replace(mark, due=None, again=False) if mark in due else mark for mark in state.marks)
        if due:
            self._reached(state, due, key, now, verdict)
        self._await(state, verdict)

    def _await(self, state: Any, verdict: Verdict) -> None:
        verdict.timers["for"] = self._soonest(state)

    def _soonest(self, state: Any) -> int | None:
        return min((mark.due for mark in state.marks if mark.due is not None and mark.due < EVER), default=None)

    def _ripe(self, state: Any, mark: Mark, key: dict[str, str]) -> int:
        """When a level has held for as long as ``for`` asks."""
        assert mark.since is not None
        return self.ripe(mark.since, state.wait, key, state.values, state.turns)

    def paced(self, state: Any, key: dict[str, str], soonest: int) -> dict[str, int | None]:
        state.marks = tuple(mark if mark.due is None else replace(mark, due=max(self._ripe(state, mark, key), soonest))
                            for mark in state.marks)
        return {"for": self._soonest(state)}

    def _newest(self, state: Any, told: Told) -> None:
        state.newest, state.values = told.happened, told.values
        state.after, state.hold, state.until = told.after, told.hold, told.until

    def _highest(self, severities: list[str]) -> str:
        return max(severities, key=RANK.__getitem__)

    def _forgotten(self, state: Any, now: int) -> bool:
        return not (state.active or state.pending or state.closed) and state.sampled < now - REMEMBERED

    def useful_until(self, state: Any) -> int:
        return (state.sampled or 0) + REMEMBERED

    def forget_truth(self, state: Any) -> None:
        super().forget_truth(state)
        state.marks = ()

    def rest(self, state: Any, now: int, verdict: Verdict) -> None:
        super().rest(state, now, verdict)
        state.marks = ()
        verdict.timers["for"] = None
