"""``count``: fires when so many matching events, or different values, lie within a stretch of event time."""

from bisect import bisect_left, bisect_right
from collections import Counter
from hashlib import blake2b
from typing import Any, ClassVar

from msgspec import Struct

from tocsin.book.rule import Rule
from tocsin.domain.event import Event, lookup
from tocsin.rules.held import Held
from tocsin.rules.operators.window import FEW, WindowState, WindowWord
from tocsin.rules.signal import Verdict
from tocsin.rules.text import key_text

_LONGEST = 64
_MOST_VALUES = 100
"""Values of one event that ``distinct`` counts."""
_BETWEEN = "\x1f"


class CountState(WindowState, omit_defaults=True, kw_only=True, tag_field="word", tag="count"):
    """``times`` are the events' times in order, ``marks`` beside them the values that ``distinct`` counts."""

    times: tuple[int, ...] = ()
    marks: tuple[str, ...] = ()

    def is_small(self) -> bool:
        return len(self.times) <= FEW


class Reach(Struct, frozen=True):
    """The windows that hold enough and contain one event: when the first and the last of them end, and the number
    of events in the fullest.
    """

    first: int
    last: int
    most: int


class CountWord(WindowWord):
    """The word ``count``. It is over when its time has passed since it last held."""

    kept: ClassVar[type[WindowState]] = CountState

    def __init__(self, rule: Rule, names: tuple[str, ...]) -> None:
        super().__init__(rule, names)
        self.least, self.within, self.distinct = rule.when.at_least, rule.when.within, rule.when.distinct

    def take(self, state: Any, event: Event, slots: frozenset[str], key: dict[str, str], now: int,
             verdict: Verdict) -> None:
        width = self.width(self.within, state, event, verdict)
        least = self._least(event)
        values = _marks(lookup(event, self.distinct)) if self.distinct else ""
        if width is None or least is None or (self.distinct and not values):
            if width is not None:
                self.left_out(event, f"has no {self.distinct}" if least is not None else "has no number to reach",
                              "field_missing", verdict)
            return
        keep = self._keep(state)
        if self.too_late(event, keep, now, verdict):
            return
        self._put(state, event.time, values, now - keep, verdict)
        reach = self._reach(state, event.time, width, least)
        if reach is None:
            self.stir(state, now, verdict)
            return
        going_on = state.active or state.pending
        told = self.report(state, event, key, happened=reach.first, events=1 if going_on else reach.most)
        ends = reach.last + width
        if ends < now and self.own_way:
            if not state.closed:
                self.fire_late(state, told, ends, key, "", now, verdict)
            return
        state.ends = max(state.ends, ends)
        self.true(state, told, key, now, verdict)

    def _least(self, event: Event) -> int | None:
        if isinstance(self.least, int):
            return self.least
        found = lookup(event, self.least.field)
        return found if type(found) is int and found > 0 else None

    def _keep(self, state: Any) -> int:
        return (self.within if isinstance(self.within, int) else state.span) + self.late

    def _put(self, state: Any, time: int, values: str, horizon: int, verdict: Verdict) -> None:
        times, marks = state.times, state.marks
        gone, at = bisect_left(times, horizon), bisect_right(times, time)
        gone += self.bounded(state, len(times) + 1 - gone, verdict)
        at = max(at, gone)
        state.times = (*times[gone:at], time, *times[at:])
        if self.distinct:
            state.marks = (*marks[gone:at], values, *marks[at:])

    def _reach(self, state: Any, time: int, width: int, least: int) -> Reach | None:
        """Any window that contains an event fits into one that ends at an event no earlier than it."""
        times = state.times
        ends = range(bisect_left(times, time), bisect_right(times, time + width))
        first = last = None
        most = 0
        low = bisect_left(times, time - width)
        values = _Values(state.marks, low, many=len(ends) > 1) if self.distinct else None
        for at in ends:
            end = times[at]
            if at + 1 < len(times) and times[at + 1] == end:
                continue
            low = bisect_left(times, end - width, low)
            if (at + 1 - low if values is None else values.different(low, at + 1)) >= least:
                first, last, most = end if first is None else first, end, max(most, at + 1 - low)
        return None if first is None or last is None else Reach(first, last, most)

    def held(self, window: Any, about: int) -> list[Held]:
        """The events of every window that contains ``about``, with the values that ``distinct`` counts."""
        state = self.state(window)
        width = self.within if isinstance(self.within, int) else state.span
        inside = range(bisect_left(state.times, about - width), bisect_right(state.times, about + width))
        return [Held(state.times[at], state.marks[at].replace(_BETWEEN, ", ") if state.marks else "") for at in inside]

    def useful_until(self, state: Any) -> int:
        return (state.times[-1] if state.times else 0) + self._keep(state)


class _Values:
    """The different values of a window that slides over the events, both ends never backwards."""

    def __init__(self, marks: tuple[str, ...], start: int, *, many: bool) -> None:
        self._marks, self._low, self._high = marks, start, start
        self._counted: Counter[str] | None = Counter() if many else None

    def different(self, low: int, high: int) -> int:
        """How many the events ``low`` to ``high`` (exclusive) have; asked once, nothing needs to be remembered."""
        if self._counted is None:
            return len(set(_BETWEEN.join(self._marks[low:high]).split(_BETWEEN)))
        for mark in self._marks[self._high:high]:
            self._counted.update(mark.split(_BETWEEN))
        for mark in self._marks[self._low:low]:
            for value in mark.split(_BETWEEN):
                self._counted[value] -= 1
                if not self._counted[value]:
                    del self._counted[value]
        self._low, self._high = low, high
        return len(self._counted)


def _marks(value: Any) -> str:
    """The values of a field as one short text, "" for none: a list gives each of its first elements."""
    return _BETWEEN.join(_mark(text) for text in key_text(value)[:_MOST_VALUES])


def _mark(text: str) -> str:
    if len(text) > _LONGEST or _BETWEEN in text:
        return "#" + blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    return text
