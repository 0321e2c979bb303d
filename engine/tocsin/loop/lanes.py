"""What waits to be stepped: answers before receipts before events, the events of the sources in turn."""

import asyncio
import threading
from collections import deque
from typing import Any

from msgspec import Struct

from tocsin.domain.errors import StoreBusyError, TocsinError
from tocsin.domain.input import Arrival, Input, Receipt
from tocsin.ports import Work


class Prepared(Struct, frozen=True, gc=False):
    """An input with what was computed before its turn: encoded body, identity (b"" when nothing repeats it).

    ``fault`` is "" or why it cannot be stepped. ``before``, ``named`` are what Recent.screen said when its ``archived``
    was this number.
    """

    item: Input
    kind: str
    body: bytes
    identity: bytes = b""
    fault: str = ""
    before: int = 0
    named: bool = False
    archived: int = -1


class Ticket:
    """What one caller waits for: ``items`` in order, a result each; ``next`` is the first not yet taken."""

    __slots__ = ("future", "items", "left", "next", "results")

    def __init__(self, items: list[Prepared], future: "asyncio.Future[Any]") -> None:
        self.items, self.future = items, future
        self.results: list[Any] = [None] * len(items)
        self.next, self.left = 0, len(items)

    def received_by(self, instant: int, last: int) -> int:
        """The end, at most ``last``, of the run of events that starts at ``next`` and was received by then."""
        for index in range(self.next, last):
            item = self.items[index].item
            if isinstance(item, Arrival) and item.event.received > instant:
                return index
        return last


class Lanes:
    """Filled by any thread, emptied by the loop's. ``wake`` ends ``wait``.

    Until ``open`` is set, answers and events wait: what came before the start is still being read.
    """

    def __init__(self, events: int, others: int) -> None:
        self._most_events, self._most_others = events, others
        self._condition = threading.Condition()
        self._woken = False
        self.answers: deque[Ticket] = deque()
        self.receipts: deque[Ticket] = deque()
        self._sources: dict[str, deque[Ticket]] = {}
        self._ring: deque[str] = deque()
        self.works: deque[tuple[Work, asyncio.Future[Any]]] = deque()
        self._events = 0
        self.open = False

    def put(self, ticket: Ticket) -> None:
        """Queue a ticket; StoreBusyError when too much waits already."""
        first = ticket.items[0].item
        size = len(ticket.items)
        with self._condition:
            if isinstance(first, Arrival):
                if self._events + size > self._most_events:
                    raise StoreBusyError(f"{self._events} events are waiting to be committed: try again in a moment.")
                self._events += size
                queue = self._sources.get(first.event.source)
                if queue is None:
                    queue = self._sources[first.event.source] = deque()
                    self._ring.append(first.event.source)
                queue.append(ticket)
            else:
                queue = self.receipts if isinstance(first, Receipt) else self.answers
                if len(queue) >= self._most_others:
                    raise StoreBusyError(f"{len(queue)} answers are waiting to be committed: try again in a moment.")
                queue.append(ticket)
            self._signal()

    def put_work(self, work: Work, future: "asyncio.Future[Any]") -> None:
        """Queue a work item."""
        with self._condition:
            if len(self.works) >= self._most_others:
                raise StoreBusyError(f"{len(self.works)} changes are waiting to be committed: try again in a moment.")
            self.works.append((work, future))
            self._signal()

    def head(self, until: int | None = None) -> Ticket | None:
        """The ticket whose events are next, of those received by ``until`` when that is given."""
        with self._condition:
            for source in self._ring if self.open else ():
                ticket = self._sources[source][0]
                item = ticket.items[ticket.next].item
                if until is None or (isinstance(item, Arrival) and item.event.received <= until):
                    return ticket
        return None

    def took(self, ticket: Ticket, count: int) -> None:
        """``count`` events of the ticket were taken: the next source has its turn."""
        with self._condition:
            self._events -= count
            source = _source(ticket)
            self._ring.remove(source)
            queue = self._sources[source]
            if ticket.next == len(ticket.items):
                queue.popleft()
            if queue:
                self._ring.append(source)
            else:
                del self._sources[source]

    def drain(self, error: TocsinError) -> list[tuple["asyncio.Future[Any]", TocsinError]]:
        """Give up everything that waits, with the error for those who wait."""
        with self._condition:
            tickets = [*self.answers, *self.receipts, *(one for queue in self._sources.values() for one in queue)]
            futures = [ticket.future for ticket in tickets] + [future for _, future in self.works]
            for queue in (self.answers, self.receipts, self._ring, self.works):
                queue.clear()
            self._sources.clear()
            self._events = 0
        return [(future, error) for future in futures]

    @property
    def empty(self) -> bool:
        return not (self.receipts or self.works or (self.open and (self.answers or self._ring)))

    @property
    def urgent(self) -> deque[Ticket] | None:
        """The lane whose turn it is before all events; None when both are empty."""
        return self.answers if self.answers and self.open else self.receipts or None

    @property
    def events(self) -> int:
        """Events that wait."""
        return self._events

    def wake(self) -> None:
        with self._condition:
            self._signal()

    def wait(self, seconds: float | None) -> None:
        """Return when something was put or ``wake`` was called, at the latest after ``seconds``."""
        with self._condition:
            if not self._woken and self.empty:
                self._condition.wait(seconds)
            self._woken = False

    def _signal(self) -> None:
        self._woken = True
        self._condition.notify()


def _source(ticket: Ticket) -> str:
    item = ticket.items[0].item
    assert isinstance(item, Arrival)
    return item.event.source
