"""The loop's thread: wait, gather a batch, step it, commit it, answer. Nothing else writes."""

import asyncio
import threading
from collections import Counter, deque
from contextlib import suppress
from typing import Any, Protocol

from msgspec.structs import replace

from tocsin.core.board import Board
from tocsin.domain.change import AddressSet, NotificationSet
from tocsin.domain.errors import StoreBusyError, StoreError, StoreRefusedError, TocsinError
from tocsin.domain.input import Started
from tocsin.domain.time import DAY, SECOND
from tocsin.loop.batch import Apply, Batch, Step, Taken
from tocsin.loop.deadlines import Deadlines
from tocsin.loop.lanes import Lanes
from tocsin.loop.limits import Limits
from tocsin.loop.poison import Told, described
from tocsin.loop.prepare import Force, prepare
from tocsin.loop.rebuilding import Loading
from tocsin.loop.recent import Recent
from tocsin.loop.stats import Stats
from tocsin.loop.store import Store
from tocsin.loop.tidings import Outcome, Tidings
from tocsin.ports import Clock

_RUN = 32
"""Deadlines stepped between two looks at the clock and at the answers; urgent inputs before events that waited."""

_NEWS = frozenset({NotificationSet, AddressSet})
"""What those who send messages hear of."""


class LoopClock(Clock, Protocol):
    """A clock by which a thread can wait (``tocsin.clock``)."""

    def not_before(self, instant: int) -> None: ...
    def seconds_until(self, due: int) -> float | None: ...
    def join(self, participant: Any) -> None: ...


class Cycle:
    """Owns the board, the deadlines and the recent identities; all of it is touched by its thread only."""

    def __init__(self, store: Store, clock: LoopClock, force: Force, limits: Limits, step: Step, apply: Apply) -> None:
        self._store, self._clock, self._limits, self._step, self._apply = store, clock, limits, step, apply
        self.force = force
        self.books: dict[str, Loading] = {}
        self.lanes = Lanes(limits.events, limits.others)
        self.stats = Stats(clock.monotonic)
        self.fatal: StoreError | None = None
        self.taking = False
        self.due: int | None = None
        """The earliest deadline when the thread last had nothing to do."""
        self.tidings = Tidings(self.stats, clock)
        self._told = Told(limits.told)
        self.recent = Recent()
        self._board = Board()
        self._deadlines = Deadlines(self._board)
        self._position = self._at = self._alive = self._held_until = 0
        self._new_store = False
        self._stopping = False
        self._careful = 0
        self._hungry = False
        """Events waited for a batch of urgent inputs: in the next one they get their turn after some of those."""
        self._urgent = self._owed = False
        """Work waits for one commit so that urgent inputs have theirs sooner; it is then owed the next."""
        self._again: deque[tuple[Taken, str]] = deque()
        self._outcomes: list[Outcome] = []
        self._batch: Batch | None = None
        self._idle: list[asyncio.Future[Any]] = []
        self._thread: threading.Thread | None = None
        self.unremembered: StoreError | None = None

    async def start(self, version: str) -> None:
        self.tidings.go_to(asyncio.get_running_loop())
        ready = asyncio.get_running_loop().create_future()
        self._thread = threading.Thread(target=self._live, args=(version, ready), name="tocsin-loop", daemon=True)
        self._thread.start()
        await ready

    async def stop(self) -> None:
        self.taking, self._stopping = False, True
        self.lanes.wake()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)

    def polled(self) -> None:
        self._held_until = 0
        self.lanes.wake()

    async def settle(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            return
        future = asyncio.get_running_loop().create_future()
        self._idle.append(future)
        self.lanes.wake()
        await future

    def _next_due(self) -> int | None:
        """The earliest instant at which a deadline can be stepped."""
        dues, now = [], self._now()
        if (due := self._deadlines.escalations.first(now)) is not None:
            dues.append(max(due, self._held_until))
        if (due := self._deadlines.windows.first(now)) is not None:
            dues.append(due)
        return min(dues, default=None)

    def _live(self, version: str, ready: "asyncio.Future[Any]") -> None:
        try:
            self._restore()
            threading.Thread(target=self._remember, name="tocsin-recent", daemon=True).start()
            gap = max(0, self._now() - self._alive) if self._alive else 0
            self._again.append(((None, 0, prepare(Started(version, gap))), ""))
            self._held_until = self._now() + self._limits.polled
            while self._again:
                self._turn()
            self.taking = not self._stopping
            self.tidings.post([(ready, None)])
            while not (self._stopping and self.lanes.open and self.lanes.empty and not self._again):
                self._wait()
                self._turn_or_refuse()
            self._turn(last=True)
        except Exception as error:  # noqa: BLE001 - the thread must never end in silence: everybody who waits is told
            self._die(error if isinstance(error, StoreError) else StoreError(f"The engine broke: {described(error)}"),
                      ready)
        finally:
            self.taking, self.due = False, None
            self.tidings.post([(future, None) for future in self._idle])

    def _restore(self) -> None:
        """The board, deadlines and recent identities as committed."""
        restored = self._store.restore()
        self._board = restored.board
        self._deadlines = Deadlines(self._board)
        self._position, self._at = restored.position, max(self._at, restored.at)
        self._alive = max(self._alive, restored.alive)
        self._clock.not_before(self._alive)
        self._new_store = not restored.book

    def _remember(self) -> None:
        """Read what came in the last day, beside the loop; events and answers wait for it."""
        try:
            now = self._now()
            self.recent.load(self._store.identities(now - DAY), now)
        except StoreError as error:
            self.unremembered = error
        self.lanes.wake()

    def _now(self) -> int:
        """The engine's clock, never before the newest entry."""
        self._at = now = max(self._at, self._clock.now())
        return now

    def _wait(self) -> None:
        if not self.lanes.open:
            if self.unremembered is not None:
                raise self.unremembered
            self.lanes.open = self.recent.settle()
        if not self.lanes.empty or self._again:
            return
        due = self.due = self._next_due()
        alive = self._alive + self._limits.alive
        seconds = self._clock.seconds_until(alive if due is None else min(due, alive))
        if seconds == 0 or (self._stopping and self.lanes.open):
            return
        if self._idle and self.lanes.open:
            idle, self._idle = self._idle, []
            self.tidings.post([(future, None) for future in idle])
        self.lanes.wait(seconds)

    def _turn_or_refuse(self) -> None:
        """One turn; when another program locks the store, those who wait are asked to try again."""
        try:
            self._turn()
        except StoreBusyError as error:
            self.stats.refused += 1
            self.tidings.post(self.lanes.drain(error))

    def _turn(self, *, last: bool = False) -> None:
        """Gather, step, commit and answer one batch, with the work that waits."""
        self._store.begin()
        began = self._clock.monotonic()
        batch = self._batch = Batch(self._board, self._deadlines, self.recent, self.force, self._position, self.stats,
                                    self._step, self._apply, self.books)
        try:
            self._gather(batch)
            if batch.entries:
                self._store.write(batch.entries)
            if self._new_store or batch.loaded:
                self._store.put_book(batch.force.book, batch.book_at)
        except Exception as error:  # one input must not stop the others, whatever it broke
            if isinstance(error, StoreError) and not isinstance(error, StoreRefusedError):
                raise StoreError(str(error), full=error.full) from error
            self._store.rollback()
            self._one_by_one(batch, error)
            return
        stepped = self._clock.monotonic()
        self._owed = self._urgent and not self._owed
        if not self._owed:
            self._work()
        now = self._now()
        alive = last or now - self._alive >= (SECOND if batch.entries else self._limits.alive)
        if alive:
            self._store.put_meta("alive", str(now))
        if not (batch.entries or self._outcomes or alive):
            self._store.rollback()
        else:
            self._store.commit()
        if alive:
            self._alive = now
        if batch.entries:
            self.stats.batch.add(len(batch.entries))
            self.stats.step.add(stepped - began)
            self.stats.commit.add(self._clock.monotonic() - stepped)
        self._committed(batch)

    def _gather(self, batch: Batch) -> None:
        """Take inputs in the order of the lanes, until the batch is full or has taken its time."""
        if self._again:
            (ticket, index, prepared), refused = self._again.popleft()
            batch.take(ticket, index, prepared, self._now(), refused)
            return
        lanes, deadlines, limits, monotonic = self.lanes, self._deadlines, self._limits, self._clock.monotonic
        room, spare = (1, 0) if self._careful else (limits.batch, limits.urgent - limits.batch)
        self._careful = max(0, self._careful - 1)
        until = monotonic() + limits.gather / SECOND
        urgent, events = 0, False
        while room + spare > 0:
            now = self._now()
            over = self._hungry and urgent >= _RUN and not events and lanes.events
            if not over and (lane := lanes.urgent) is not None:
                ticket = lane.popleft()
                batch.take(ticket, 0, ticket.items[0], now)
                spare, urgent = spare - 1, urgent + 1
            elif not over and (due := deadlines.escalations.first(now)) is not None and max(
                    due, self._held_until) <= now:
                taken = batch.timers(deadlines.escalations, now, min(room + spare, _RUN))
                spare, urgent = spare - taken, urgent + taken
            elif room <= 0 or (urgent and not self._hungry):
                break
            else:
                taken = self._events(batch, room, now)
                if not taken:
                    break
                room, events = room - taken, True
            if monotonic() > (until if events else until + limits.gather / SECOND):
                break
        self._hungry = bool(urgent and not events and lanes.events)
        self._urgent = bool(urgent)

    def _events(self, batch: Batch, room: int, now: int) -> int:
        """Take some events of one source, or the window deadline that is due before them; how many were taken."""
        deadlines = self._deadlines
        due = deadlines.windows.first(now)
        if due is not None and due > now:
            due = None
        ticket = self.lanes.head(due)
        if ticket is None:
            if due is None:
                return 0
            return batch.timers(deadlines.windows, now, 1)
        first = ticket.next
        last = min(first + min(room, self._limits.turn), len(ticket.items))
        if due is not None:
            last = ticket.received_by(due, last)
        monotonic, until = self._clock.monotonic, self._clock.monotonic() + self._limits.gather / SECOND
        try:
            while ticket.next < last:
                index = ticket.next
                ticket.next = index + 1
                batch.take(ticket, index, ticket.items[index], now)
                if monotonic() > until:
                    break
        finally:
            self.lanes.took(ticket, ticket.next - first)
        return ticket.next - first

    def _work(self) -> None:
        """Run the work items that wait, for at most their share of the time."""
        until = self._clock.monotonic() + self._limits.work / SECOND
        works = self.lanes.works
        while works:
            work, future = works.popleft()
            self.stats.works += 1
            try:
                self._outcomes.append((future, self._store.run(work)))
            except TocsinError as error:
                self._outcomes.append((future, error))
                if type(error) is StoreError:
                    raise
            except Exception as error:  # noqa: BLE001 - goes to the one who asked; its writes are undone
                self._outcomes.append((future, error))
            if self._clock.monotonic() > until:
                return

    def _committed(self, batch: Batch) -> None:
        self.recent.expire(self._at)
        self._position, self.force = batch.position, batch.force
        self._new_store = False
        self._batch = None
        self.stats.position, self.stats.at, self.stats.forgotten = self._position, self._at, self.recent.forgotten
        for kind, count in Counter([entry.kind for entry in batch.entries]).items():
            self.stats.inputs[kind] = self.stats.inputs.get(kind, 0) + count
        outcomes, self._outcomes = self._outcomes, []
        for ticket, count in Counter(batch.touched).items():
            ticket.left -= count
            if not ticket.left:
                outcomes.append((ticket.future, ticket.results))
        poisons = [reason for reason in batch.poisons if self._told.due(reason.partition(": ")[0], self._at)]
        news = [change for entry in batch.entries for change in entry.changes if type(change) in _NEWS]
        noted = [one for one in batch.noted
                  if self._told.due(f"{one.rule} {one.detail.partition(': ')[0]}", self._at)]
        if outcomes or poisons or news or noted:
            self.tidings.post(outcomes, poisons, news, noted)

    def _one_by_one(self, batch: Batch, error: Exception) -> None:
        """The store refused a batch for what is in it: start from the committed state, take each input alone.

        An input refused alone is journaled as rejected; should even that be refused, without its body.
        """
        self.recent.undo(self._position)
        self._restore()
        self._batch = None
        if len(batch.taken) > 1:
            self._again.extendleft((one, "") for one in reversed(batch.taken) if one[0] is not None)
            self._careful = len(batch.taken)
            return
        if not batch.taken:
            raise error
        (ticket, index, prepared), reason = batch.taken[0], described(error)
        if batch.entries and batch.entries[0].reason:
            if prepared.body == b"null":
                raise error
            prepared = replace(prepared, body=b"null", identity=b"")
        self._again.appendleft(((ticket, index, prepared), reason))

    def _die(self, error: StoreError, ready: "asyncio.Future[Any]") -> None:
        self.fatal = error
        with suppress(Exception):  # the transaction may be gone already; the process restarts from the store anyhow
            self._store.rollback()
        if error.full:
            with suppress(OSError):
                self._store.release()
        futures = [future for future, _ in self._outcomes] + [ready]
        taken = [one for one, _ in self._again] + (self._batch.taken if self._batch else [])
        futures += [ticket.future for ticket, _, _ in taken if ticket is not None]
        self.tidings.post([(future, error) for future in futures] + self.lanes.drain(error), fatal=error)
