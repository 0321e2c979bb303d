"""``sequence``: events of one key that take its steps one after the other, or do not come in time."""

from bisect import bisect_left, bisect_right
from typing import Any, ClassVar

from msgspec import Struct
from msgspec.structs import replace

from tocsin.book.match import FieldRef
from tocsin.book.rule import Rule, SequenceStep
from tocsin.domain.event import Event
from tocsin.rules.calendar import EVER
from tocsin.rules.duration import duration_of
from tocsin.rules.held import Held
from tocsin.rules.operators.chains import Chain, Chains, Remembered
from tocsin.rules.operators.window import FEW, MOST, WindowState, WindowWord
from tocsin.rules.signal import Verdict

_MOST_SILENCES = 100
"""Silences that firings of one activation rest on; with more of them no late report contradicts all."""


class Open(Struct, frozen=True, array_like=True):
    """A chain is complete but for a ``not`` whose time runs: the event that completed it, when it was heard, and the
    instant to look again.
    """

    number: int
    time: int
    heard: int
    due: int


class Silence(Struct, frozen=True, array_like=True):
    """What must not have come for a firing: for each ``not`` its slot, the number and time of the event before it, and
    its last instant.
    """

    spans: tuple[tuple[str, int, int, int], ...]


class SequenceState(WindowState, omit_defaults=True, kw_only=True, tag_field="word", tag="sequence"):
    """``tracks`` are the events by the step that they can take, in order of time; ``heard`` counts them.

    ``carried`` are the events of this activation's firings, ``silences`` what those with a ``not`` rest on; ``firm``:
    some firing rests on none that could still be contradicted.
    """

    tracks: dict[str, tuple[Remembered, ...]] = {}
    heard: int = 0
    open: tuple[Open, ...] = ()
    carried: tuple[int, ...] = ()
    silences: tuple[Silence, ...] = ()
    firm: bool = False

    def is_small(self) -> bool:
        return sum(map(len, self.tracks.values())) < FEW and not self.open


class Stage(Struct, frozen=True):
    """A step taken by an event: its slot, its ``within``, and the ``not`` steps (slot, within) that follow it."""

    slot: str
    within: int | FieldRef
    nots: tuple[tuple[str, int | FieldRef], ...]


class SequenceWord(WindowWord):
    """The word ``sequence``: one firing for each event that completes a chain."""

    kept: ClassVar[type[WindowState]] = SequenceState
    momentary: ClassVar[bool] = True

    def __init__(self, rule: Rule, names: tuple[str, ...]) -> None:
        super().__init__(rule, names)
        self.stages = stages_of(rule.when.steps)
        self.listens = any(stage.nots for stage in self.stages)
        self._settles = max((index + 1 for index, stage in enumerate(self.stages) if stage.nots), default=0)
        """So many steps from the first are under ``settle``: those before the last ``not``."""
        self._firsts = tuple(name for name in names if name.startswith("first."))
        self._by_field = any(isinstance(width, FieldRef) for stage in self.stages for width in _widths(stage))
        self._forbidden = {slot for stage in self.stages for slot, _ in stage.nots}
        self._slots = {stage.slot for stage in self.stages} | self._forbidden
        widths = [*(stage.within for stage in self.stages), *(width for _, width in self.stages[-1].nots)]
        self._longest = sum(width for width in widths if isinstance(width, int))

    # -- what comes in

    def hear(self, window: Any, event: Event, slots: frozenset[str], key: dict[str, str], now: int) -> Verdict:
        """An event that can take steps, that a ``not`` forbids, or that matches ``clear: {when}``."""
        state = self.state(window)
        verdict = Verdict(state)
        fired = False
        if slots & self._slots and not self.too_late(event, self._keep(state), now, verdict):
            fired = self._take(state, event, slots, key, now, verdict)
        if "clear" in slots and not fired and state.active and event.time >= state.newest:
            self.over(state, event.time, "cleared by an event", key, now, verdict)
        self._remember(state, now, verdict)
        return verdict

    def _take(self, state: Any, event: Event, slots: frozenset[str], key: dict[str, str], now: int,
              verdict: Verdict) -> bool:
        """Remember the event where it fits, and say what it completes; whether it has fired."""
        state.heard += 1
        one = Remembered(state.heard, event.time, self.settled(event))
        self._forget_old(state, now)
        for slot in sorted(slots & self._slots):
            stage = next((stage for stage in self.stages if stage.slot == slot), None)
            whole = one if stage is None else self._remembered(one, stage, state, event, key, verdict)
            if whole is not None:
                self._put(state, slot, whole, verdict)
        self._contradict(state, one, slots, key, now, verdict)
        if self._turns and state.open and slots & self._forbidden:
            state.open = tuple(replace(known, due=min(known.due, now)) for known in state.open)
            self._await(state, verdict)
        roles = self._roles(state, one.number, one.time)
        if not roles:
            return False
        chains = self._chains(state, key)
        chain = chains.best(roles, self._allowed(state, one.number, now, now - 1, key))
        if chain is not None:
            self._fire(state, chain, one, key, now, verdict)
            return True
        self.stir(state, now, verdict)
        if self.listens:
            self._pend(state, chains, roles, now, now, key)
            self._await(state, verdict)
        return False

    def _remembered(self, one: Remembered, stage: Stage, state: Any, event: Event, key: dict[str, str],
                    verdict: Verdict) -> Remembered | None:
        """The event as it takes a step; None, reported, when it holds no duration where it should."""
        if self._by_field:
            widths = [duration_of(width, event) for width in _widths(stage)]
            if any(width is None for width in widths):
                self.left_out(event, "has no readable duration for a step", "no_window", verdict)
                return None
            found = tuple(width for width in widths if width is not None)
            state.span = max(state.span, *found)
            one = replace(one, widths=found)
        last, first = stage is self.stages[-1], stage is self.stages[0] and bool(self._firsts)
        if last or first or (stage.nots and self.during is not None):
            told = self.told(event, key, {})
            if first:
                one = replace(one, first={name: told.values[name] for name in self._firsts if name in told.values})
            if last or stage.nots:
                one = replace(one, told=told)
        return one

    def _put(self, state: Any, slot: str, one: Remembered, verdict: Verdict) -> None:
        track = state.tracks.get(slot, ())
        at = bisect_right(track, one.time, key=lambda known: known.time)
        state.tracks = {**state.tracks, slot: (*track[:at], one, *track[at:])}
        most = MOST // len(self._slots)
        if self.bounded(state, max(map(len, state.tracks.values())), verdict, most):
            state.tracks = {name: known[-most:] for name, known in state.tracks.items()}

    def _forget_old(self, state: Any, now: int) -> None:
        horizon = min([now - self.settle, *(one.time for one in state.open)]) - self._keep(state)
        if any(track[0].time < horizon for track in state.tracks.values()):
            kept = {slot: track[bisect_left(track, horizon, key=lambda one: one.time):]
                    for slot, track in state.tracks.items()}
            state.tracks = {slot: track for slot, track in kept.items() if track}

    def _roles(self, state: Any, number: int, time: int) -> list[tuple[int, Remembered]]:
        """The steps that an event can take, each with the event as it takes it."""
        return [(index, found) for index, stage in enumerate(self.stages)
                if (found := _find(state.tracks.get(stage.slot, ()), number, time)) is not None]

    # -- chains

    def _chains(self, state: Any, key: dict[str, str]) -> Chains:
        def over_of(index: int) -> Any:
            return lambda one: self._over(state, index, one, key)

        return Chains([state.tracks.get(stage.slot, ()) for stage in self.stages],
                      [self._width(stage.within, state) for stage in self.stages],
                      lambda index, one: one.widths[0] if one.widths else _whole(self.stages[index].within),
                      [over_of(index) if stage.nots else None for index, stage in enumerate(self.stages)])

    def _nots(self, state: Any, index: int, one: Remembered, key: dict[str, str]) -> list[tuple[str, int]]:
        """The ``not`` steps after an event: the slot and the last instant of each."""
        hours = None
        if self.during is not None:
            hours = self.during.turned(key, one.told.values if one.told is not None else {}, state.turns)
        widths = one.widths[1:] or [_whole(width) for _, width in self.stages[index].nots]
        return [(slot, self.listening.over(one.time, width, hours))
                for (slot, _), width in zip(self.stages[index].nots, widths, strict=True)]

    def _over(self, state: Any, index: int, one: Remembered, key: dict[str, str]) -> int:
        return max(end for _, end in self._nots(state, index, one, key))

    def _allowed(self, state: Any, number: int, heard: int, limit: int, key: dict[str, str]) -> Any:
        """Which events a chain may hold that was completed by event ``number`` and whose silences are over by
        ``limit``.
        """
        oldest = heard - self._keep(state)

        def allowed(index: int, one: Remembered) -> bool:
            return (one.number <= number and one.time >= oldest and self._ready(state, index, one, key) <= limit
                    and not self._broken(state, index, one, key))
        return allowed

    def _ready(self, state: Any, index: int, one: Remembered, key: dict[str, str]) -> int:
        """When what must not follow this event is known not to have come, as far as this event tells."""
        if index >= self._settles:
            return 0
        return max(one.settled, self._over(state, index, one, key)) if self.stages[index].nots else one.settled

    def _broken(self, state: Any, index: int, one: Remembered, key: dict[str, str]) -> bool:
        if not self.stages[index].nots:
            return False
        return any(contradicted(state.tracks.get(slot, ()), one.time, one.number, end)
                   for slot, end in self._nots(state, index, one, key))

    def _pend(self, state: Any, chains: Chains, roles: list[tuple[int, Remembered]], heard: int, now: int,
              key: dict[str, str]) -> None:
        """Note that a chain waits for the end of a ``not``; the earliest end of those that the event completes."""
        entry = roles[0][1]
        anything = self._allowed(state, entry.number, heard, EVER if self._turns else EVER - 1, key)
        sets = [found for role, one in roles if (found := chains.around(role, one, anything)) is not None]
        ends = sorted({ready for found in sets for index, events in enumerate(found) for one in events
                       if (ready := self._ready(state, index, one, key)) >= now})
        low, high = 0, len(ends)
        while low < high:
            middle = (low + high) // 2
            if chains.best(roles, self._allowed(state, entry.number, heard, ends[middle], key)) is None:
                low = middle + 1
            else:
                high = middle
        if low < len(ends):
            state.open = (*state.open, Open(entry.number, entry.time, heard, ends[low]))[-MOST // len(self._slots):]

    def _await(self, state: Any, verdict: Verdict) -> None:
        verdict.timers["not"] = self._soonest(state)

    def _soonest(self, state: Any) -> int | None:
        return min((one.due for one in state.open if one.due < EVER), default=None)

    @property
    def _turns(self) -> bool:
        """Whether a ``not`` may wait for another rule's incident, nobody knows until when."""
        return self.during is not None and bool(self.during.others)

    def waiting(self, state: Any) -> bool:
        return bool(state.pending or state.open)

    def waits_with(self, state: Any) -> dict[str, Any]:
        for one in reversed(state.open):
            for _, event in self._roles(state, one.number, one.time):
                if event.told is not None:
                    return event.told.values
        return super().waits_with(state)

    def paced(self, state: Any, key: dict[str, str], soonest: int) -> dict[str, int | None]:
        if len(state.turns) % 2:
            state.open = tuple(replace(one, due=min(one.due, soonest)) for one in state.open)
        ripe = super().paced(state, key, soonest) if state.pending else {}
        return {**ripe, "not": self._soonest(state)}

    # -- firing

    def _fire(self, state: Any, chain: Chain, entry: Remembered, key: dict[str, str], now: int,
              verdict: Verdict) -> None:
        told = chain[-1].told
        assert told is not None
        idle = not (state.active or state.pending)
        firsts = chain[0].first if idle else {name: state.values[name] for name in self._firsts if name in state.values}
        values = {name: value for name, value in told.values.items() if name not in self._firsts} | firsts
        happened = chain[-1].time
        spans: list[tuple[str, int, int, int]] = []
        for index, one in enumerate(chain):
            if self.stages[index].nots:
                ends = self._nots(state, index, one, key)
                spans += [(slot, one.number, one.time, end) for slot, end in ends]
                happened = max(happened, *(end for _, end in ends))
        numbers = tuple(sorted({one.number for one in chain}.difference(state.carried)))
        self.true(state, replace(told, happened=happened, settled=entry.settled, values=values, events=len(numbers)),
                  key, now, verdict)
        state.carried = (*state.carried, *numbers)[-MOST:]
        if spans:
            state.firm = state.firm or len(state.silences) >= _MOST_SILENCES
            state.silences = () if state.firm else (*state.silences, Silence(tuple(spans)))

    def _contradict(self, state: Any, one: Remembered, slots: frozenset[str], key: dict[str, str], now: int,
                    verdict: Verdict) -> None:
        """An event that comes after a firing that rests on its silence ends the condition: a late report."""
        if not state.silences or state.firm:
            return
        kept = tuple(silence for silence in state.silences if not any(
            slot in slots and contradicted((one,), after, number, to) for slot, number, after, to in silence.spans))
        if kept or not self.own_way:
            state.silences = kept or state.silences
        else:
            state.silences = ()
            self.ended(state, one.time, "late report", key, now, verdict)

    def due(self, state: Any, kind: str, key: dict[str, str], now: int, verdict: Verdict) -> None:
        if kind != "not":
            super().due(state, kind, key, now, verdict)
            return
        chains = self._chains(state, key)
        due = sorted((one for one in state.open if one.due <= now), key=lambda one: one.number)
        state.open = tuple(one for one in state.open if one.due > now)
        for one in due:
            roles = self._roles(state, one.number, one.time)
            if not roles:
                continue
            chain = chains.best(roles, self._allowed(state, one.number, one.heard, now, key))
            if chain is not None:
                self._fire(state, chain, roles[0][1], key, now, verdict)
            else:
                self._pend(state, chains, roles, one.heard, now + 1, key)
        self._await(state, verdict)
        self._remember(state, now, verdict)

    def held(self, window: Any, about: int) -> list[Held]:
        """The events that this activation's firings rest on, with the steps that they can take."""
        state = self.state(window)
        found = [Held(one.time, slot) for slot, track in state.tracks.items() for one in track
                 if one.number in state.carried]
        return sorted(found, key=lambda held: (held.time, held.what))

    def rest(self, state: Any, now: int, verdict: Verdict) -> None:
        turns = state.turns if state.open else ()
        super().rest(state, now, verdict)
        state.carried, state.silences, state.firm, state.turns = (), (), False, turns

    # -- memory

    def _width(self, width: int | FieldRef, state: Any) -> int:
        return width if isinstance(width, int) else state.span

    def _keep(self, state: Any) -> int:
        by_field = sum(isinstance(width, FieldRef) for stage in self.stages for width in _widths(stage))
        return self._longest + by_field * int(state.span) + self.late

    def useful_until(self, state: Any) -> int:
        newest = max((track[-1].time for track in state.tracks.values()), default=0)
        due = max((one.due for one in state.open if one.due < EVER), default=0)
        return int(max(newest + self._keep(state), due))


def stages_of(steps: tuple[SequenceStep, ...]) -> tuple[Stage, ...]:
    """The steps that are events, each with the ``not`` steps behind it."""
    stages: list[Stage] = []
    for number, step in enumerate(steps, 1):
        width = step.within if step.within is not None else 0
        if step.negated:
            stages[-1] = replace(stages[-1], nots=(*stages[-1].nots, (slot_of(number), width)))
        else:
            stages.append(Stage(slot_of(number), width, ()))
    return tuple(stages)


def slot_of(number: int) -> str:
    """The name of the slot of a step, counted from 1."""
    return f"step{number}"


def contradicted(track: tuple[Remembered, ...], after: int, number: int, to: int) -> bool:
    """Whether an event lies between the instant ``after`` of event ``number`` and ``to``, both inside; one at ``after``
    itself does when it arrived later.
    """
    at = bisect_left(track, after, key=lambda one: one.time)
    while at < len(track) and track[at].time <= to:
        if track[at].time > after or track[at].number > number:
            return True
        at += 1
    return False


def _find(track: tuple[Remembered, ...], number: int, time: int) -> Remembered | None:
    at = bisect_left(track, (time, number), key=lambda one: (one.time, one.number))
    return track[at] if at < len(track) and track[at].number == number else None


def _widths(stage: Stage) -> tuple[int | FieldRef, ...]:
    return (stage.within, *(width for _, width in stage.nots))


def _whole(width: int | FieldRef) -> int:
    assert isinstance(width, int)
    return width
