"""One batch: inputs taken in lane order, stepped, applied to the board; not yet committed."""

from collections.abc import Callable, Collection, Iterable
from hashlib import blake2b
from typing import Any

from tocsin.core.board import Board
from tocsin.core.rejected import rejection
from tocsin.domain.change import Change, Noted, TimerSet
from tocsin.domain.codec import encode
from tocsin.domain.entry import Entry
from tocsin.domain.input import Arrival, BookLoaded, Input, TimerDue
from tocsin.domain.time import SECOND
from tocsin.loop.deadlines import Calendar, Deadlines
from tocsin.loop.lanes import Prepared, Ticket
from tocsin.loop.poison import described
from tocsin.loop.prepare import Force, matched
from tocsin.loop.rebuilding import Loading
from tocsin.loop.recent import Recent
from tocsin.loop.stats import Stats
from tocsin.ports import Accepted

TOLD = frozenset({"rule_error", "implausible"})
Step = Callable[[Board, Any, Input, int], list[Change]]
Apply = Callable[[Board, Iterable[Change]], None]
Taken = tuple[Ticket | None, int, Prepared]


def digest(changes: list[Change]) -> bytes | None:
    """What the journal keeps of the changes: 16 bytes of BLAKE2b, None when there are none."""
    return blake2b(encode(changes), digest_size=16).digest() if changes else None


class Batch:
    """Steps inputs one after the other. ``taken`` tells what to do again should the commit fail.

    Results go into the tickets at once; ``touched`` lists the tickets, once for each result, to be told after the
    commit.
    """

    def __init__(self, board: Board, deadlines: Deadlines, recent: Recent, force: Force, position: int, stats: Stats,
                 step: Step, apply: Apply, books: dict[str, Loading]) -> None:
        self.board, self.deadlines, self.recent, self.force = board, deadlines, recent, force
        self.position = position
        self._stats, self._step, self._apply, self._books = stats, step, apply, books
        self.entries: list[Entry] = []
        self.taken: list[Taken] = []
        self.touched: list[Ticket] = []
        self.poisons: list[str] = []
        self.noted: list[Noted] = []
        """What people are told of beside incidents: rules that failed, values that cannot be."""
        self.loaded: Force | None = None
        self.book_at = 0
        """The instant from which the book holds: that of its input, or of the first one."""

    def take(self, ticket: Ticket | None, index: int, prepared: Prepared, now: int, refused: str = "") -> None:
        """Step one input; ``refused`` is why the store refused it before, then it is journaled as rejected."""
        self.taken.append((ticket, index, prepared))
        item, identity = prepared.item, prepared.identity
        if identity:
            before, named = self.recent.look(identity, prepared.before, prepared.named, prepared.archived, now)
            if before:
                self._stats.duplicates += 1
                if ticket is not None:
                    ticket.results[index] = Accepted(before, True) if type(item) is Arrival else before
                    self.touched.append(ticket)
                return
            if type(item) is Arrival and (named or item.book != self.force.book.number):
                prepared = self._again(item, identity, named)
                item = prepared.item
            self.recent.add(identity, self.position + 1, now)
        self.position = position = self.position + 1
        reason = refused or prepared.fault
        self.book_at = self.book_at or now
        changes: list[Change] = []
        if not reason:
            try:
                force = self.force
                if type(item) is BookLoaded:
                    loading = self._books[item.hash]
                    prepared = loading.arrived(prepared, self.entries, position - 1, now)
                    item, force = prepared.item, loading.force
                rules, costs = self._hearing(item), self._stats.costs
                began = costs.monotonic() if rules else 0.0
                changes = self._step(self.board, force.meaning, item, now)
                if rules:
                    costs.add(rules, costs.monotonic() - began)
                if force is not self.force:
                    self.force, self.loaded, self.book_at = force, force, now
            except Exception as error:  # noqa: BLE001 - whatever one input breaks must not stop the others
                reason = described(error)
        if reason:
            self._stats.rejected += 1
            self.poisons.append(reason)
            changes = rejection(self.board, item, now, reason)
        effect = None
        if changes:
            effect = digest(changes)
            self._apply(self.board, changes)
            for change in changes:
                if type(change) is TimerSet:
                    self.deadlines.add(change.timer)
                elif type(change) is Noted and change.what in TOLD:
                    self.noted.append(change)
        self.entries.append(Entry(position, now, prepared.kind, prepared.body, effect, changes, reason, identity))
        if ticket is not None:
            ticket.results[index] = Accepted(position) if type(item) is Arrival else position
            self.touched.append(ticket)

    def _hearing(self, item: Input) -> Collection[str]:
        """The rules that an input is heard by or that set the deadline; none for what people do."""
        if type(item) is Arrival:
            return dict.fromkeys(hit.rule for hit in item.hits)
        timer = self.board.timers.get(item.id) if type(item) is TimerDue else None
        return (timer.rule,) if timer is not None and timer.rule else ()

    def _again(self, item: Arrival, identity: bytes, conflict: bool) -> Prepared:
        """The event as the book in force sees it, with the mark of a conflicting id."""
        self._stats.conflicts += conflict
        self._stats.rematched += item.book != self.force.book.number
        return matched(item.event, self.force, identity, conflict=conflict)

    def timers(self, calendar: Calendar, now: int, room: int) -> int:
        """Step at most ``room`` deadlines that have come due; how many were."""
        late = self._stats.lateness
        for count in range(room):
            timer = calendar.pop(now)
            if timer is None:
                return count
            late.add((now - timer.due) / SECOND)
            item = TimerDue(timer.id)
            self.take(None, 0, Prepared(item, "timer", encode(item)), now)
        return room
