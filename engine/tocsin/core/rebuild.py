"""What changed rules would remember had they always been as they are now: the journal heard again, nothing told."""

import heapq
from collections import deque
from collections.abc import Iterable
from copy import copy
from typing import Any

from msgspec import Raw, Struct
from msgspec.structs import replace

from tocsin.core import correlate, listening
from tocsin.core.board import BESIDE, Board, apply, key_of
from tocsin.core.draft import Draft
from tocsin.core.kept import Kept
from tocsin.core.nearby import Nearby
from tocsin.core.overflow import OVERFLOW_KEY
from tocsin.core.resting import forget_of
from tocsin.core.windows import timer_of
from tocsin.domain.change import Timer, TimerDropped, TimerSet
from tocsin.domain.codec import encode
from tocsin.domain.incident import RANK
from tocsin.domain.input import Arrival, Firing, Rebuilt, Started
from tocsin.rules.held import Held
from tocsin.rules.meaning import Meaning
from tocsin.rules.operators.incident import IncidentWord
from tocsin.rules.operators.window import RESTS
from tocsin.rules.signal import Cleared, Signal

Place = tuple[str, str]


class Heard(Struct, frozen=True):
    """One input of the journal; an arrival with its hits under the new book."""

    position: int
    at: int
    item: Arrival | Started


class Closing(Struct, frozen=True):
    """A person closed the incident of (rule, key) at this instant."""

    at: int
    rule: str
    key: dict[str, str]


class Rebuild:
    """Hears for some rules what the journal holds, on a board of its own; their signals go nowhere.

    ``position`` is the last one heard, ``at`` its instant, ``since`` the instant from which it has listened.
    ``incident`` rules are left out: what they remember follows from the incidents that stand. A rule that errors on an
    event goes on as if it had not come.
    """

    def __init__(self, meaning: Meaning, rules: Iterable[str], since: int = 0, position: int = 0) -> None:
        self.rules = tuple(rules)
        self._meaning = copy(meaning)
        self.convert = meaning.catalogue.convert
        self._meaning.words = {rule: word for rule in self.rules if (word := meaning.words.get(rule)) is not None
                               and not isinstance(word, IncidentWord)}
        self.since, self.position, self.at = since, position, since
        self._board = Board()
        self._due: list[tuple[int, str]] = []
        self._firing: dict[Place, Firing] = {}
        self.failed = 0

    @property
    def hears(self) -> tuple[str, ...]:
        """The rules that are made from events."""
        return tuple(self._meaning.words)

    def begin(self, at: int) -> None:
        """The rules listen from this instant on."""
        self.since = self.at = at
        draft = Draft(self._board)
        listening.begins(draft, self._meaning, at)
        self._apply(draft)

    def follow(self, heard: Iterable[Heard], closings: Iterable[Closing] = ()) -> None:
        """Hear inputs in their order, with what people closed in between; at one instant the inputs come first."""
        left = deque(sorted(closings, key=lambda closing: closing.at))
        for one in heard:
            while left and left[0].at < one.at:
                self.close(left.popleft())
            self.hear(one)
        for closing in left:
            self.close(closing)

    def load(self, rebuilt: Iterable[Rebuilt]) -> None:
        """Go on from what another has made, ``since`` and ``position`` with it."""
        for one in rebuilt:
            self._board.restore_window(one.rule, one.key, one.body)
            for kind, due in one.timers.items():
                timer = timer_of(one.rule, one.key, kind, due)
                self._board.timers[timer.id] = timer
                heapq.heappush(self._due, (due, timer.id))
            if one.firing is not None:
                self._firing[one.rule, one.key] = one.firing

    def hear(self, heard: Heard) -> None:
        """One input; deadlines due before it come first."""
        item, at = heard.item, heard.at
        self.until(at)
        self.position = heard.position
        if isinstance(item, Started):
            draft = Draft(self._board)
            listening.paused(draft, self._meaning, item.gap, at)
            self._apply(draft)
            return
        slots: dict[str, set[str]] = {}
        for hit in item.hits:
            if hit.rule in self._meaning.words:
                slots.setdefault(hit.rule, set()).add(hit.slot)
        for rule, found in slots.items():
            self._run(rule, correlate.hear, rule, frozenset(found), item, at)

    def close(self, closing: Closing) -> None:
        """A person closed an incident of one of the rules."""
        self.until(closing.at)
        self._run(closing.rule, _closed, closing.rule, closing.key, closing.at)

    def until(self, at: int) -> None:
        """Run the deadlines due before an instant."""
        timers = self._board.timers
        while self._due and self._due[0][0] < at:
            due, name = heapq.heappop(self._due)
            timer = timers.get(name)
            if timer is not None and timer.due == due:
                apply(self._board, [TimerDropped(name)])
                self._run(timer.rule, _due, timer, max(due, self.at))
        self.at = max(self.at, at)

    def held(self, rule: str, key: str, about: int) -> list[Held]:
        """What the window of a key holds now, around an event time."""
        word, window = self._meaning.words.get(rule), self._board.windows.get((rule, key))
        return [] if word is None or window is None else word.held(window, about)

    def result(self) -> tuple[Rebuilt, ...]:
        """Every key as it is now, in order."""
        timers: dict[Place, dict[str, int]] = {}
        for timer in sorted(self._board.timers.values(), key=lambda timer: timer.id):
            timers.setdefault((timer.rule, timer.key), {})[timer.kind] = timer.due
        for place, body in self._board.windows.items():
            if not place[1].startswith(BESIDE) and (forget := forget_of(body)):
                timers.setdefault(place, {})[RESTS] = forget
        return tuple(
            Rebuilt(rule, key, Raw(encode(body)), timers.get((rule, key), {}), self._firing.get((rule, key)))
            for (rule, key), body in sorted(self._board.windows.items(), key=_place))

    def fork(self) -> "Rebuild":
        """Another that goes on from here and leaves this one as it is."""
        twin = copy(self)
        twin._due, twin._firing, twin._board = list(self._due), dict(self._firing), copy(self._board)
        board = twin._board
        board.windows, board.keys, board.timers = board.windows.copy(), dict(board.keys), dict(board.timers)
        board.resting = board.resting.copy()
        board.kept, board.nearby = Kept(), Nearby()
        for which, gated in self._board.kept.all.items():
            board.kept.put(which, gated)
        return twin

    def _run(self, rule: str, do: Any, *arguments: Any) -> None:
        if rule not in self._meaning.words:
            return
        draft = Draft(self._board)
        try:
            groups = do(draft, self._meaning, *arguments)
        except Exception:  # noqa: BLE001 - whatever one rule raises must not keep the others from being rebuilt
            self.failed += 1
            return
        self._apply(draft)
        for signals in groups:
            for signal in signals:
                self._note(signal)

    def _apply(self, draft: Draft) -> None:
        apply(self._board, draft.changes)
        for change in draft.changes:
            if isinstance(change, TimerSet):
                heapq.heappush(self._due, (change.timer.due, change.timer.id))

    def _note(self, signal: Signal) -> None:
        place = (signal.rule, key_of(signal.key))
        known = self._firing.get(place)
        if isinstance(signal, Cleared):
            self._firing.pop(place, None)
        elif signal.key == OVERFLOW_KEY:
            return
        elif known is None:
            self._firing[place] = Firing(signal.happened, signal.severity, signal.events, signal.values, signal.wait)
        else:
            self._firing[place] = replace(
                known, happened=min(known.happened, signal.happened), events=known.events + signal.events,
                severity=max(known.severity, signal.severity, key=RANK.__getitem__),
                values=signal.values or known.values)


def _due(draft: Draft, meaning: Meaning, timer: Timer, at: int) -> list[tuple[Signal, ...]]:
    return [correlate.due(draft, meaning, timer, at)]


def _closed(draft: Draft, meaning: Meaning, rule: str, key: dict[str, str], at: int) -> list[tuple[Signal, ...]]:
    return [correlate.closed(draft, meaning, rule, key, at)]


def _place(item: tuple[Place, Any]) -> Place:
    return item[0]
