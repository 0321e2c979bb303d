"""The deadlines in due order: two heaps over the board's timers, cleaned when they are looked at."""

import heapq

from tocsin.core.board import Board
from tocsin.domain.change import Timer

ESCALATION = "escalation"


class Deadlines:
    """Heaps by lane. An entry counts while the board still holds exactly that deadline."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self.escalations = [(timer.due, timer.id) for timer in board.timers.values() if timer.lane == ESCALATION]
        self.windows = [(timer.due, timer.id) for timer in board.timers.values() if timer.lane != ESCALATION]
        heapq.heapify(self.escalations)
        heapq.heapify(self.windows)

    def add(self, timer: Timer) -> None:
        """A deadline was set."""
        heapq.heappush(self.escalations if timer.lane == ESCALATION else self.windows, (timer.due, timer.id))

    def first(self, heap: list[tuple[int, str]]) -> int | None:
        """The earliest due instant that still counts; None when there is none."""
        while heap:
            due, name = heap[0]
            timer = self._board.timers.get(name)
            if timer is not None and timer.due == due:
                return due
            heapq.heappop(heap)
        return None
