"""``absence``: a key that should speak has been silent for too long."""

from typing import Any, ClassVar

from msgspec import Struct
from msgspec.structs import replace

from tocsin.book.book import Content
from tocsin.book.expected import SEEN
from tocsin.book.match import FieldRef
from tocsin.book.rule import Rule
from tocsin.domain.event import Event
from tocsin.rules.calendar import EVER
from tocsin.rules.duration import duration_of, duration_text, instant_of
from tocsin.rules.expected import Expected, Row
from tocsin.rules.held import Held
from tocsin.rules.names import LONGEST
from tocsin.rules.operators.condition import Told, severity_from
from tocsin.rules.operators.window import WindowState, WindowWord
from tocsin.rules.signal import Cleared, Verdict


class Beat(Struct, frozen=True, omit_defaults=True, array_like=True):
    """When a key was last heard, or began to be expected. ``settled`` is the instant before which its silence is not
    due, ``width`` how long it may be silent.
    """

    time: int
    settled: int
    width: int
    told: Told


class AbsenceState(WindowState, omit_defaults=True, kw_only=True, tag_field="word", tag="absence"):
    """``last`` is what the silence counts from."""

    last: Beat | None = None


class AbsenceWord(WindowWord):
    """The word ``absence``. A key that is expected is remembered for as long as it is."""

    kept: ClassVar[type[WindowState]] = AbsenceState
    listens = True

    def __init__(self, rule: Rule, names: tuple[str, ...]) -> None:
        super().__init__(rule, names)
        self.expected: Expected | None = None

    def read(self, content: Content) -> None:
        if self.rule.when.expected != SEEN:
            self.expected = Expected(self.rule, content)

    def _wait(self, wait: int | FieldRef | None, event: Event) -> int | None:
        """``for`` is the word's own time."""
        return None

    def held(self, window: Any, about: int) -> list[Held]:
        """What the silence counts from."""
        last = self.state(window).last
        return [] if last is None else [Held(last.time, "last heard, or expected since")]

    # -- keys

    def start(self, row: Row, key: dict[str, str], now: int) -> Verdict:
        """The key is expected from now on."""
        state = self.state(None)
        verdict = Verdict(state)
        width = self.rule.when.for_
        if isinstance(width, FieldRef):
            width = duration_text(row.get(width.field, ""))
        if width is None:
            verdict.notes = (("no_window", "the list has no readable duration for this key: it is watched once heard"),)
            return replace(verdict, window=None)
        state.last = Beat(now, now, width, self._told_of(row, key, now))
        self._await(state, key, verdict)
        return verdict

    def gone(self, window: Any, key: dict[str, str], now: int) -> Verdict:
        """The key is expected no more."""
        state = self.state(window)
        over = bool(state.active or state.closed)
        signals = (Cleared(self.rule.id, key, "no longer expected", now, self.rule.clear.closes),) if over else ()
        return Verdict(None, dict.fromkeys(("absence", "after", "at", "hold", "quiet", "stale"), None), signals)

    def _told_of(self, row: Row, key: dict[str, str], now: int) -> Told:
        """What is known of a key that was never heard: its row."""
        clear = self.rule.clear
        values = {name: key.get(name, row.get(name, ""))[:LONGEST] for name in self.names if name in key or name in row}
        return Told(now, now, severity_from(self.rule.severity, row), values, None,
                    clear.after if not isinstance(clear.after, FieldRef) else None,
                    instant_of(row.get(clear.at)) if clear.at else None,
                    clear.hold if not isinstance(clear.hold, FieldRef) else None)

    # -- what comes in

    def take(self, state: Any, event: Event, slots: frozenset[str], key: dict[str, str], now: int,
             verdict: Verdict) -> None:
        row: Row | None = {}
        if self.expected is not None:
            row = self.expected.row(key, now)
            if row is None:
                verdict.window = None if state.last is None else state
                return
        width = duration_of(self.rule.when.for_, event)
        if width is None and state.last is not None:
            width = state.last.width
        if width is None:
            self.left_out(event, "has no readable duration to be silent", "no_window", verdict)
            return
        if state.last is not None and event.time < state.last.time:
            return
        told = self.told(event, key, {})
        told = replace(told, values={name: row[name] for name in self.names if row and name in row} | told.values)
        state.last = Beat(event.time, self.settled(event), width, told)
        while len(state.turns) > 1 and state.turns[1] <= event.time:
            state.turns = state.turns[2:]
        if self.own_way:
            self.ended(state, event.time, "heard again", key, now, verdict)
        else:
            self.stir(state, now, verdict)
        self._await(state, key, verdict)

    def waiting(self, state: Any) -> bool:
        return state.last is not None and not (state.active or state.closed)

    def waits_with(self, state: Any) -> dict[str, Any]:
        values: dict[str, Any] = state.last.told.values
        return values

    def paced(self, state: Any, key: dict[str, str], soonest: int) -> dict[str, int | None]:
        due = max(self._due(state, key), soonest)
        return {"absence": due if due < EVER else None}

    def _over(self, state: Any, key: dict[str, str]) -> int:
        """When the silence has lasted for so long while it could be heard and ``during`` was open."""
        last, during = state.last, self.during
        hours = during.turned(key, last.told.values, state.turns) if during is not None else None
        return self.listening.over(last.time, last.width, hours)

    def _due(self, state: Any, key: dict[str, str]) -> int:
        return max(self._over(state, key), int(state.last.settled))

    def _await(self, state: Any, key: dict[str, str], verdict: Verdict) -> None:
        due = self._due(state, key)
        verdict.timers["absence"] = due if due < EVER else None

    def due(self, state: Any, kind: str, key: dict[str, str], now: int, verdict: Verdict) -> None:
        if kind != "absence":
            super().due(state, kind, key, now, verdict)
        elif state.last is not None:
            if self._due(state, key) > now:
                self._await(state, key, verdict)
                return
            told = replace(state.last.told, happened=self._over(state, key), settled=now)
            self.true(state, told, key, now, verdict)

    # -- memory

    def useful_until(self, state: Any) -> int:
        return EVER

    def _remember(self, state: Any, now: int, verdict: Verdict) -> None:
        """A key that is expected is never forgotten; one that is not is not remembered."""
        verdict.timers.pop("forget", None)
        if verdict.window is not None and state.last is None:
            verdict.window = None
