"""The deadlines in due order, by lane. An entry counts while the board still holds exactly that deadline.

A lane is a calendar of seconds, not one heap: with 100,000 pending, taking the first out of a heap that large costs as
much as stepping it.
"""

from heapq import heapify, heappop, heappush

from tocsin.core.board import Board
from tocsin.domain.change import Timer
from tocsin.domain.time import SECOND

ESCALATION = "escalation"

Entry = tuple[int, str]


class Calendar:
    """Deadlines of one lane: those of the seconds that have begun in a heap, the others in a list for each second."""

    def __init__(self, timers: dict[str, Timer]) -> None:
        self._timers = timers
        self._begun: list[Entry] = []
        self._seconds: dict[int, list[Entry]] = {}
        self._order: list[int] = []
        self._horizon = 0
        self._ahead: tuple[int, Entry] = (0, (0, ""))
        """A second that has not begun, and its earliest deadline."""

    def add(self, due: int, name: str) -> None:
        """A deadline was set."""
        second = due // SECOND
        if second <= self._horizon:
            heappush(self._begun, (due, name))
        elif (entries := self._seconds.get(second)) is not None:
            entries.append((due, name))
            if self._ahead[0] == second:
                self._ahead = (second, min(self._ahead[1], (due, name)))
        else:
            self._seconds[second] = [(due, name)]
            heappush(self._order, second)
            if self._ahead[0] == second:
                self._ahead = (second, (due, name))

    def pop(self, now: int) -> Timer | None:
        """Take the first deadline that is due at ``now``; None when there is none."""
        first = self._first_begun(now)
        if first is None or first.due > now:
            return None
        heappop(self._begun)
        return first

    def first(self, now: int) -> int | None:
        """The earliest due instant that still counts; None when there is none."""
        begun = self._first_begun(now)
        if begun is not None:
            return begun.due
        while self._order:
            second = self._order[0]
            if self._ahead[0] == second and self._counts(*self._ahead[1]):
                return self._ahead[1][0]
            earliest = min((entry for entry in self._seconds[second] if self._counts(*entry)), default=None)
            if earliest is not None:
                self._ahead = (second, earliest)
                return earliest[0]
            del self._seconds[heappop(self._order)]
        return None

    def _first_begun(self, now: int) -> Timer | None:
        begun, timers = self._begun, self._timers
        while self._order and self._order[0] * SECOND <= now:
            self._horizon = heappop(self._order)
            begun += self._seconds.pop(self._horizon)
            heapify(begun)
        while begun:
            due, name = begun[0]
            timer = timers.get(name)
            if timer is not None and timer.due == due:
                return timer
            heappop(begun)
        return None

    def _counts(self, due: int, name: str) -> bool:
        timer = self._timers.get(name)
        return timer is not None and timer.due == due


class Deadlines:
    """The calendars over the board's timers."""

    def __init__(self, board: Board) -> None:
        self.escalations, self.windows = Calendar(board.timers), Calendar(board.timers)
        for timer in board.timers.values():
            self.add(timer)

    def add(self, timer: Timer) -> None:
        """A deadline was set."""
        (self.escalations if timer.lane == ESCALATION else self.windows).add(timer.due, timer.id)
