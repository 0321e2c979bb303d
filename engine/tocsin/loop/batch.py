"""One batch: inputs taken in lane order, stepped, applied to the board; not yet committed."""

from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Any

from tocsin.core.board import Board
from tocsin.core.rejected import rejection
from tocsin.domain.change import Change, TimerSet
from tocsin.domain.codec import encode
from tocsin.domain.entry import Entry
from tocsin.domain.input import Arrival, BookLoaded, Input, TimerDue
from tocsin.loop.deadlines import Deadlines
from tocsin.loop.lanes import Prepared, Ticket
from tocsin.loop.poison import described
from tocsin.loop.prepare import Force, matched
from tocsin.loop.recent import Recent
from tocsin.loop.stats import Stats
from tocsin.ports import Accepted

Step = Callable[[Board, Any, Input, int], list[Change]]
Apply = Callable[[Board, Iterable[Change]], None]
Taken = tuple[Ticket | None, int, Prepared]


def digest(changes: list[Change]) -> bytes | None:
    """What the journal keeps of the changes: 16 bytes of their SHA-256, None when there are none."""
    return sha256(encode(changes)).digest()[:16] if changes else None


class Batch:
    """Steps inputs one after the other. ``taken`` and the entries tell what to do again should the commit fail."""

    def __init__(self, board: Board, deadlines: Deadlines, recent: Recent, force: Force, position: int, stats: Stats,
                 step: Step, apply: Apply, books: dict[str, Force]) -> None:
        self.board, self.deadlines, self.recent, self.force = board, deadlines, recent, force
        self.position = position
        self._stats, self._step, self._apply, self._books = stats, step, apply, books
        self.entries: list[Entry] = []
        self.taken: list[Taken] = []
        self.results: list[tuple[Ticket, int, Any]] = []
        self.poisons: list[str] = []
        self.loaded: Force | None = None

    def take(self, ticket: Ticket | None, index: int, prepared: Prepared, now: int, refused: str = "") -> None:
        """Step one input; ``refused`` is why the store refused it before, then it is journaled as rejected."""
        self.taken.append((ticket, index, prepared))
        item = prepared.item
        if prepared.identity:
            before = self.recent.find(prepared.identity)
            if before:
                self._stats.duplicates += 1
                self._answer(ticket, index, item, before, duplicate=True)
                return
            if isinstance(item, Arrival):
                prepared = self._current(item, prepared)
                item = prepared.item
            self.recent.add(prepared.identity, self.position + 1, now)
        self.position += 1
        changes, reason = self._stepped(prepared, item, now, refused)
        self.entries.append(Entry(self.position, now, prepared.kind, prepared.body, digest(changes), changes, reason,
                                  prepared.identity))
        if changes:
            self._apply(self.board, changes)
            for change in changes:
                if type(change) is TimerSet:
                    self.deadlines.add(change.timer)
        self._answer(ticket, index, item, self.position, duplicate=False)

    def _current(self, item: Arrival, prepared: Prepared) -> Prepared:
        """The event as the book in force sees it, with the mark of a conflicting id."""
        conflict = self.recent.named(prepared.identity)
        if conflict:
            self._stats.conflicts += 1
        elif item.book == self.force.book.number:
            return prepared
        if item.book != self.force.book.number:
            self._stats.rematched += 1
        return matched(item.event, self.force, prepared.identity, conflict=conflict)

    def _stepped(self, prepared: Prepared, item: Input, now: int, refused: str) -> tuple[list[Change], str]:
        reason = refused or prepared.fault
        if not reason:
            try:
                force = self._books[item.hash] if isinstance(item, BookLoaded) else self.force
                changes = self._step(self.board, force.meaning, item, now)
            except Exception as error:  # noqa: BLE001 - whatever one input breaks must not stop the others
                reason = described(error)
            else:
                if force is not self.force:
                    self.force = self.loaded = force
                return changes, ""
        self._stats.rejected += 1
        self.poisons.append(reason)
        return rejection(self.board, item, now, reason), reason

    def _answer(self, ticket: Ticket | None, index: int, item: Input, position: int, *, duplicate: bool) -> None:
        if ticket is not None:
            result = Accepted(position, duplicate) if isinstance(item, Arrival) else position
            self.results.append((ticket, index, result))

    def timer(self, name: str, now: int) -> None:
        """Step a deadline that came due."""
        timer = self.board.timers[name]
        self._stats.lateness.add((now - timer.due) / 1e6)
        item = TimerDue(name)
        self.take(None, 0, Prepared(item, "timer", encode(item)), now)
