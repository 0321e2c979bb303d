"""What the words share that make one number of a key's samples and hold it against a comparison."""

from bisect import bisect_left, bisect_right
from decimal import Decimal
from fractions import Fraction
from typing import Any, ClassVar

from msgspec.structs import replace

from tocsin.book.rule import Rule
from tocsin.domain.event import Event, lookup
from tocsin.rules.compare import Comparison, Limits
from tocsin.rules.held import Held
from tocsin.rules.numbers import sample_of, shown
from tocsin.rules.operators.window import FEW, NORMAL, WindowState, WindowWord
from tocsin.rules.signal import Verdict

Sample = int | float
Tested = int | float | Decimal | Fraction


class SampledState(WindowState, omit_defaults=True, kw_only=True, tag_field="word", tag="samples"):
    """``times`` in order, ``samples`` beside them. Where window and limits come from fields, ``width``, ``limits`` and
    ``clears`` (None when its field was empty) are those of the newest sample.
    """

    times: tuple[int, ...] = ()
    samples: tuple[Sample, ...] = ()
    width: int = 0
    limits: tuple[bool | int | float | str, ...] = ()
    clears: tuple[bool | int | float | str, ...] | None = None

    def is_small(self) -> bool:
        return len(self.times) <= FEW


class SampledWord(WindowWord):
    """Judged at the newest sample, again when a late one comes. ``measure`` says which number is tested."""

    kept: ClassVar[type[WindowState]] = SampledState
    needs: ClassVar[int] = 1
    """How many samples it takes to judge, unless the rule says so."""
    inclusive: ClassVar[bool] = False
    """Whether a sample exactly at the far end of the window is inside."""
    timed: bool = False
    """Whether it is over by a timer after it last held."""
    falls_short: bool = True
    """Whether it is over when the comparison does not hold any more."""

    def __init__(self, rule: Rule, names: tuple[str, ...]) -> None:
        super().__init__(rule, names)
        when = rule.when
        self.duration = when.within if self.inclusive else when.over
        self.least = when.samples or self.needs
        self.compare = Comparison(when.compare)
        self.clears = Comparison(rule.clear.compare) if rule.clear.compare else None

    def measure(self, samples: tuple[Sample, ...]) -> Tested:
        """The exact number of the samples in the window, the newest last; there is at least one."""
        raise NotImplementedError

    def nearly(self, samples: tuple[Sample, ...]) -> tuple[float, float] | None:
        """The same cheaply, with a bound of its error; None where exactness is cheap."""
        return None

    def take(self, state: Any, event: Event, slots: frozenset[str], key: dict[str, str], now: int,
             verdict: Verdict) -> None:
        value = sample_of(lookup(event, self.rule.when.of))
        limits = self.compare.limits(event)
        if value is None or limits is None:
            self.left_out(event, f"has no number in {self.rule.when.of}" if value is None else "has no limit to reach",
                          "not_a_number", verdict)
            return
        width = self.width(self.duration, state, event, verdict)
        if width is None:
            return
        keep = (self.duration if isinstance(self.duration, int) else state.span) + self.late
        if self.too_late(event, keep, now, verdict):
            return
        late = self._put(state, event.time, value, now - keep, verdict)
        if not late:
            self._set_limits(state, width, limits, event)
        self._judge(state, event, late, key, now, verdict)
        self.heard(state, event, now, verdict)

    def _put(self, state: Any, time: int, value: Sample, horizon: int, verdict: Verdict) -> bool:
        """Take a sample in; whether there is a newer one."""
        times, samples = state.times, state.samples
        gone, at = bisect_left(times, horizon), bisect_right(times, time)
        gone += self.bounded(state, len(times) + 1 - gone, verdict)
        late, at = at < len(times), max(at, gone)
        state.times = (*times[gone:at], time, *times[at:])
        state.samples = (*samples[gone:at], value, *samples[at:])
        return late

    def _set_limits(self, state: Any, width: int, limits: Limits, event: Event) -> None:
        if not isinstance(self.duration, int):
            state.width = width
        if self.compare.varies:
            state.limits = limits
        if self.clears is not None and self.clears.varies:
            state.clears = self.clears.limits(event)

    def _judge(self, state: Any, event: Event, late: bool, key: dict[str, str], now: int, verdict: Verdict) -> None:
        newest = state.times[-1]
        width = self.duration if isinstance(self.duration, int) else state.width
        end = bisect_left if self.inclusive else bisect_right
        start = end(state.times, newest - width)
        outside = late and (event.time < newest - width or (event.time == newest - width and not self.inclusive))
        samples = state.samples[start:]
        if outside or len(samples) < self.least:
            self.stir(state, now, verdict)
            return
        limits = state.limits if self.compare.varies else self.compare.limits(event)
        tested = self._tested(samples, limits or (), self._clear_limits(state, event) or ())
        if limits is not None and self.compare.holds(tested, limits):
            self._true(state, event, tested, newest, width, key, now, verdict)
        else:
            self._false(state, event, tested, newest, late, key, now, verdict)

    def _clear_limits(self, state: Any, event: Event) -> Limits | None:
        if self.clears is None:
            return None
        return state.clears if self.clears.varies else self.clears.limits(event)

    def _tested(self, samples: tuple[Sample, ...], limits: Limits, clears: Limits) -> Tested:
        """The number tested, exact wherever it lies near to a limit."""
        near = self.nearly(samples)
        if near is None or self.compare.in_doubt(*near, (*limits, *clears)):
            return self.measure(samples)
        return near[0]

    def _true(self, state: Any, event: Event, tested: Tested, newest: int, width: int, key: dict[str, str], now: int,
              verdict: Verdict) -> None:
        before = state.values if event.time < newest else {}
        told = self.report(state, event, key, happened=newest, value=shown(tested))
        if before and (state.active or state.pending):
            told = replace(told, values={**told.values, **before, **(
                {"value": shown(tested)} if "value" in self.names else {})})
        if self.timed:
            ends = newest + width
            if ends < now and self.own_way:
                if not state.closed:
                    self.fire_late(state, told, ends, key, "", now, verdict)
                return
            state.ends = max(state.ends, ends)
        self.true(state, told, key, now, verdict)

    def _false(self, state: Any, event: Event, tested: Tested, newest: int, late: bool, key: dict[str, str], now: int,
               verdict: Verdict) -> None:
        if self.clears is None:
            normal = self.own_way and self.falls_short
        else:
            limits = self._clear_limits(state, event)
            normal = limits is not None and self.clears.holds(tested, limits)
        how = "late report" if late else NORMAL
        if state.pending:
            self.lapsed(state, newest, how, normal, key, now, verdict)
        elif normal:
            self.ended(state, newest, how, key, now, verdict)
        else:
            self.stir(state, now, verdict)

    def held(self, window: Any, about: int) -> list[Held]:
        """The samples that the newest is judged with."""
        state = self.state(window)
        if not state.times:
            return []
        width = self.duration if isinstance(self.duration, int) else state.width
        start = (bisect_left if self.inclusive else bisect_right)(state.times, state.times[-1] - width)
        return [Held(time, str(value)) for time, value in zip(state.times[start:], state.samples[start:], strict=True)]

    def useful_until(self, state: Any) -> int:
        keep = (self.duration if isinstance(self.duration, int) else state.span) + self.late
        return int(state.times[-1]) + keep if state.times else 0
