"""``together``: all named matches, in any order inside a stretch of event time, each by another event."""

from bisect import bisect_left, bisect_right
from typing import Any, ClassVar

from msgspec import Struct
from msgspec.structs import replace

from tocsin.book.rule import Rule
from tocsin.domain.event import Event
from tocsin.rules.held import Held
from tocsin.rules.names import values_of
from tocsin.rules.operators.condition import Told
from tocsin.rules.operators.window import FEW, MOST, WindowState, WindowWord
from tocsin.rules.signal import Verdict


class Part(Struct, frozen=True, omit_defaults=True, array_like=True):
    """An event that fits a name; ``number`` is its place in the order of arrival.

    ``told`` is what it tells as the newest of several; ``values`` are the names ``a.x`` of its own name ``a``.
    """

    number: int
    time: int
    told: Told
    values: dict[str, Any] = {}


Group = dict[str, Part]


class TogetherState(WindowState, omit_defaults=True, kw_only=True, tag_field="word", tag="together"):
    """``parts`` are the events by the name that they fit, in order of time; ``heard`` counts them.

    ``carried`` are the events of this activation's firings.
    """

    parts: dict[str, tuple[Part, ...]] = {}
    heard: int = 0
    carried: tuple[int, ...] = ()

    def is_small(self) -> bool:
        return sum(map(len, self.parts.values())) < FEW


class TogetherWord(WindowWord):
    """The word ``together``: one firing for each event that makes the names complete."""

    kept: ClassVar[type[WindowState]] = TogetherState
    momentary: ClassVar[bool] = True

    def __init__(self, rule: Rule, names: tuple[str, ...]) -> None:
        super().__init__(rule, names)
        self.names_of = {name: slot_of(name) for name in rule.when.named}
        self._texts = {name: tuple(text for text in names if text.startswith(f"{name}.")) for name in self.names_of}
        self._plain = tuple(text for text in names if text.partition(".")[0] not in self.names_of)

    def hear(self, window: Any, event: Event, slots: frozenset[str], key: dict[str, str], now: int) -> Verdict:
        """An event that fits names, or matches ``clear: {when}``."""
        state = self.state(window)
        verdict = Verdict(state)
        fitting = [name for name, slot in self.names_of.items() if slot in slots]
        fired = bool(fitting) and self._take(state, event, fitting, key, now, verdict)
        if "clear" in slots and not fired and state.active and event.time >= state.newest:
            self.over(state, event.time, "cleared by an event", key, now, verdict)
        self._remember(state, now, verdict)
        return verdict

    def _take(self, state: Any, event: Event, fitting: list[str], key: dict[str, str], now: int,
              verdict: Verdict) -> bool:
        """Remember the event under its names, and fire when it makes them complete."""
        width = self.width(self.rule.when.within, state, event, verdict)
        if width is None or self.too_late(event, self._keep(state), now, verdict):
            return False
        state.heard += 1
        told = self.told(event, key, {})
        told = replace(told, values={name: told.values[name] for name in self._plain if name in told.values})
        for name in fitting:
            values = values_of(tuple(text[len(name) + 1:] for text in self._texts[name]), event, {}, {})
            self._put(state, name, Part(state.heard, event.time, told, {
                f"{name}.{text}": value for text, value in values.items()}), now, verdict)
        group = complete(state.parts, tuple(self.names_of), state.heard, event.time, width)
        if group is None:
            self.stir(state, now, verdict)
            return False
        self._fire(state, group, event, key, now, verdict)
        return True

    def _put(self, state: Any, name: str, part: Part, now: int, verdict: Verdict) -> None:
        horizon = now - self._keep(state)
        kept = {known: parts[bisect_left(parts, horizon, key=_time):] for known, parts in state.parts.items()}
        parts = kept.get(name, ())
        at = bisect_right(parts, part.time, key=_time)
        kept[name] = (*parts[:at], part, *parts[at:])
        most = MOST // len(self.names_of)
        if self.bounded(state, max(map(len, kept.values())), verdict, most):
            kept = {known: parts[-most:] for known, parts in kept.items()}
        state.parts = {known: parts for known, parts in kept.items() if parts}

    def _fire(self, state: Any, group: Group, event: Event, key: dict[str, str], now: int, verdict: Verdict) -> None:
        inside = sorted(group.values(), key=lambda part: (part.time, part.number))
        newest, oldest = inside[-1], inside[0]
        values = dict(newest.told.values)
        first = state.values if state.active or state.pending else oldest.told.values
        for name in self._plain:
            if name.startswith("first."):
                values.pop(name, None)
                if name in first:
                    values[name] = first[name]
        for part in group.values():
            values.update(part.values)
        numbers = tuple(sorted({part.number for part in inside}.difference(state.carried)))
        told = replace(newest.told, settled=self.settled(event), values=values, events=len(numbers))
        self.true(state, told, key, now, verdict)
        state.carried = (*state.carried, *numbers)[-MOST:]

    def held(self, window: Any, about: int) -> list[Held]:
        """The events that this activation's firings rest on, with the names that they fit."""
        state = self.state(window)
        found = [Held(part.time, name) for name, parts in state.parts.items() for part in parts
                 if part.number in state.carried]
        return sorted(found, key=lambda held: held.time)

    def rest(self, state: Any, now: int, verdict: Verdict) -> None:
        super().rest(state, now, verdict)
        state.carried = ()

    def _keep(self, state: Any) -> int:
        within = self.rule.when.within
        return (within if isinstance(within, int) else int(state.span)) + self.late

    def useful_until(self, state: Any) -> int:
        return int(max((parts[-1].time for parts in state.parts.values()), default=0)) + self._keep(state)


def slot_of(name: str) -> str:
    """The name of the slot of a named match."""
    return f"match {name}"


def complete(parts: dict[str, tuple[Part, ...]], names: tuple[str, ...], number: int, time: int,
             width: int) -> Group | None:
    """The events by name that event ``number`` makes complete within ``width``; None when something is missing.

    Of several stretches the one that ends first; in it each name, in the order written, has the newest event that
    leaves another one to every other name.
    """
    if any(name not in parts for name in names):
        return None
    ends = sorted({part.time for name in names for part in _between(parts[name], time, time + width)} | {time})
    for end in ends:
        choices = {name: list(reversed(_between(parts[name], end - width, end))) for name in names}
        if not all(choices.values()):
            continue
        own = [name for name in names if any(part.number == number for part in choices[name])]
        found = [group for name in own if (group := _matched(choices, name, number)) is not None]
        if found:
            return max(found, key=lambda group: [(group[name].time, group[name].number) for name in names])
    return None


def _matched(choices: dict[str, list[Part]], own: str, number: int) -> Group | None:
    """A different event for each name, event ``number`` for ``own``, the newest ones first."""
    taken = next(part for part in choices[own] if part.number == number)
    # With as many choices as there are names an event is always left over, so that no more need be looked at.
    few = {name: [part for part in parts if part.number != number][:len(choices)] for name, parts in choices.items()}
    few[own] = [taken]
    for name in few:
        for part in few[name]:
            if _assigned({**few, name: [part]}) is None:
                continue
            few[name] = [part]
            break
        else:
            return None
    return {name: parts[0] for name, parts in few.items()}


def _assigned(choices: dict[str, list[Part]]) -> dict[int, str] | None:
    """Events by number with the name that each counts for, every name once; None when that cannot be."""
    holder: dict[int, str] = {}

    def place(name: str, seen: set[int]) -> bool:
        for part in choices[name]:
            if part.number in seen:
                continue
            seen.add(part.number)
            if part.number not in holder or place(holder[part.number], seen):
                holder[part.number] = name
                return True
        return False

    return holder if all(place(name, set()) for name in choices) else None


def _between(parts: tuple[Part, ...], low: int, high: int) -> tuple[Part, ...]:
    return parts[bisect_left(parts, low, key=_time):bisect_right(parts, high, key=_time)]


def _time(part: Part) -> int:
    return part.time
