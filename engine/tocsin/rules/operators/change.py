"""``change``: a value rises or falls by so much within a time, or changes from one value to another."""

from decimal import Decimal
from hashlib import blake2b
from typing import Any, ClassVar

from msgspec import Struct

from tocsin.book.book import Content
from tocsin.book.catalogue import COUNTER, EventTypes, types_of
from tocsin.book.rule import Rule
from tocsin.domain.event import Event, lookup
from tocsin.domain.time import DAY
from tocsin.rules.held import Held
from tocsin.rules.numbers import difference, exact, highest, lowest, risen, sample_of
from tocsin.rules.operators.samples import Sample, SampledWord
from tocsin.rules.operators.window import NORMAL, WindowState, WindowWord
from tocsin.rules.signal import Verdict

REMEMBERED = 30 * DAY
"""How long a value is known as the one before: a door may stand shut for weeks."""
_LONGEST = 100
Value = bool | int | float | str


class SlopeWord(SampledWord):
    """``rises`` and ``falls``: the newest value minus the lowest within the time, or the highest minus the newest.

    Of a counter all that it has counted: when it is lower than before, it began again at zero.
    """

    needs: ClassVar[int] = 2
    inclusive: ClassVar[bool] = True
    counts: bool = False

    def read(self, content: Content) -> None:
        self.counts = EventTypes(content.events).kind(types_of(self.rule), self.rule.when.of) == COUNTER

    def measure(self, samples: tuple[Sample, ...]) -> Decimal:
        if self.counts:
            return risen(samples)
        if self.rule.when.moves == "rises":
            return difference(samples[-1], lowest(samples))
        return difference(highest(samples), samples[-1])


class Seen(Struct, frozen=True):
    """A value and when it was so."""

    time: int
    value: Value


class TurnState(WindowState, omit_defaults=True, kw_only=True, tag_field="word", tag="change"):
    """The newest two samples; ``turned`` when the newest has been told as a change already."""

    newest_seen: Seen | None = None
    before: Seen | None = None
    turned: bool = False

    def is_small(self) -> bool:
        return True


class TurnWord(WindowWord):
    """``from`` and ``to``: the newest sample differs from the one before it, and both are as asked."""

    kept: ClassVar[type[WindowState]] = TurnState
    momentary: ClassVar[bool] = True

    def take(self, state: Any, event: Event, slots: frozenset[str], key: dict[str, str], now: int,
             verdict: Verdict) -> None:
        value = _value(lookup(event, self.rule.when.of))
        if value is None:
            self.left_out(event, f"has no value in {self.rule.when.of}", "field_missing", verdict)
            return
        if state.newest_seen is not None and self._forgotten(state, now):
            state.newest_seen = state.before = None
        late = self._put(state, Seen(event.time, value))
        if late is None:
            self.stir(state, now, verdict)
        elif self._turns(state) and not state.turned:
            state.turned = True
            told = self.report(state, event, key, happened=state.newest_seen.time, value=state.newest_seen.value)
            self.true(state, told, key, now, verdict)
        elif state.pending and not _same(state.before.value, value):
            self.ended(state, event.time, NORMAL, key, now, verdict)
        else:
            self.stir(state, now, verdict)

    def held(self, window: Any, about: int) -> list[Held]:
        """The newest two values."""
        state = self.state(window)
        return [Held(seen.time, str(seen.value)) for seen in (state.before, state.newest_seen) if seen is not None]

    def _put(self, state: Any, seen: Seen) -> bool | None:
        """Whether the sample is late; None when it comes before the newest two."""
        if state.newest_seen is None or seen.time >= state.newest_seen.time:
            state.before, state.newest_seen, state.turned = state.newest_seen, seen, False
            return False
        if state.before is None or seen.time >= state.before.time:
            state.before = seen
            return True
        return None

    def _turns(self, state: Any) -> bool:
        old, new = state.before, state.newest_seen
        wanted = self.rule.when
        return (old is not None and not _same(old.value, new.value)
                and (wanted.changes_from is None or _same(old.value, _value(wanted.changes_from)))
                and (wanted.changes_to is None or _same(new.value, _value(wanted.changes_to))))

    def _forgotten(self, state: Any, now: int) -> bool:
        return not (state.active or state.pending) and self.useful_until(state) < now

    def useful_until(self, state: Any) -> int:
        return state.newest_seen.time + REMEMBERED if state.newest_seen is not None else 0


def change_word(rule: Rule, names: tuple[str, ...]) -> SlopeWord | TurnWord:
    """The word ``change`` of a rule."""
    return SlopeWord(rule, names) if rule.when.moves else TurnWord(rule, names)


def _value(value: Any) -> Value | None:
    """A value as it is kept: long text by its hash. None for nothing, lists and objects."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return value if len(value) <= _LONGEST else blake2b(value.encode("utf-8", "surrogatepass")).hexdigest()
    return sample_of(value)


def _same(one: Any, other: Any) -> bool:
    """Equal and of one kind; numbers by their decimal."""
    if isinstance(one, str | bool) or isinstance(other, str | bool):
        return type(one) is type(other) and bool(one == other)
    return exact(one) == exact(other)
