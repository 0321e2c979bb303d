"""The loop's front on the event loop: sources, channels and workers come here; returning means committed."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import tocsin
from tocsin.book.book import Book
from tocsin.core.board import apply
from tocsin.core.step import step
from tocsin.domain.change import Change
from tocsin.domain.errors import StoreBusyError, StoreError
from tocsin.domain.event import Event
from tocsin.domain.input import BookLoaded, Input
from tocsin.loop.batch import Apply, Step
from tocsin.loop.cycle import Cycle, LoopClock
from tocsin.loop.lanes import Prepared, Ticket
from tocsin.loop.limits import Limits
from tocsin.loop.prepare import Force, prepare, prepare_events
from tocsin.loop.rebuilding import Loading, rebuild, taken_over
from tocsin.loop.stats import Stats
from tocsin.loop.store import Store
from tocsin.ports import Accepted, Matcher, Work
from tocsin.rules.catalogue import Catalogue
from tocsin.rules.changed import changed_rules
from tocsin.rules.meaning import Meaning

SOURCE = "tocsin"
"""The engine's own events, which say what is wrong, are taken always."""
_SLICE = 32
"""Events prepared between two looks at what else the event loop has to do."""


_ROUNDS, _FEW = 5, 200
"""Before its turn a book hears what came meanwhile, at most so often, until fewer than so many inputs are left."""

_LIMITS = Limits()


class Loop:
    """Implements ports.Intake. ``book`` is the one in force (Store.book()), or the first one of an empty store.

    ``step``, ``apply`` and ``meaning`` are the core's; tests pass others. After ``fatal`` is set nothing is taken any
    more: the process has to exit and start again from the store.
    """

    def __init__(self, store: Store, clock: LoopClock, book: Book, matcher: Matcher, *, limits: Limits = _LIMITS,
                 version: str = tocsin.__version__, step: Step = step, apply: Apply = apply,
                 meaning: Callable[[Book], Any] = Meaning) -> None:
        self._store, self._clock, self._limits = store, clock, limits
        self._meaning = meaning
        self._version = version
        self._cycle = Cycle(store, clock, Force(book, meaning(book), matcher, Catalogue(book.content).convert),
                            limits, step, apply)
        self._lanes = self._cycle.lanes
        self._wal_asked, self._wal_long = -1.0, False
        self._loading = asyncio.Lock()
        clock.join(self)

    @property
    def stats(self) -> Stats:
        return self._cycle.stats

    @property
    def fatal(self) -> StoreError | None:
        """Why the loop has ended by itself; None while it runs."""
        return self._cycle.fatal

    @property
    def book(self) -> Book:
        """The rule book in force."""
        return self._cycle.force.book

    @property
    def waiting(self) -> int:
        """Events that wait to be stepped."""
        return self._lanes.events

    async def start(self) -> None:
        """Restore the state, journal Started, and begin; StoreError when the store cannot be read."""
        await self._cycle.start(self._version)

    async def stop(self) -> None:
        """Step what waits, commit, and end."""
        await self._cycle.stop()

    async def submit_events(self, events: Sequence[Event]) -> list[Accepted]:
        """Commit events; a duplicate is answered with the position of the first, once that is committed.

        Raises StoreBusyError when too much waits (nothing of these was taken) and StoreError when the engine cannot
        commit (the sender keeps them).
        """
        if not events:
            return []
        self._check()
        if self._lanes.events + len(events) > self._limits.events:
            raise StoreBusyError(f"{self._lanes.events} events are waiting to be committed: try again in a moment.")
        if self._store.short and any(event.source != SOURCE for event in events):
            raise StoreBusyError("The disk is full, what room is left is for answers: free space there; events are "
                                 "taken again when there is room.")
        if self._wal_too_long():
            raise StoreBusyError("The disk does not keep up with what is written: try again in a moment.")
        prepared: list[Prepared] = []
        for start in range(0, len(events), _SLICE):
            if start:
                await self._clock.sleep(0)
            force = self._cycle.force
            prepared += prepare_events(events[start:start + _SLICE], force, self._cycle.recent, self._clock.now())
        results: list[Accepted] = await self._queue(prepared)
        return results

    async def submit(self, item: Input) -> int:
        """Commit any other input; its position, or that of the first for an answer that comes again."""
        self._check()
        return int((await self._queue([prepare(item)]))[0])

    async def load_book(self, book: Book, matcher: Matcher, *, made: BookLoaded | None = None,
                        again: Matcher | None = None) -> int:
        """Let a rule book (checked, numbered after the last) hold from here on; the position at which it does.

        ``again`` matches what came before, for rules that changed; ``made`` is what these remember, where it was made
        elsewhere. StoreError when the book could not be put in force: the old one holds.
        """
        async with self._loading:
            self._check()
            loading = await asyncio.to_thread(self._load, book, matcher, made, again or matcher)
            for _ in range(_ROUNDS):
                if await asyncio.to_thread(loading.approach) < _FEW:
                    break
            self._check()
            books = self._cycle.books
            books[book.hash] = loading
            future = self._queue([prepare(BookLoaded(book.number, book.hash))])
            future.add_done_callback(lambda _: books.pop(book.hash, None))
            position = int((await future)[0])
            if self._cycle.force is not loading.force:
                raise StoreError(f"The rule book {book.number} could not be put in force; the old one holds: see the "
                                 "rejected inputs.")
            return position

    def _load(self, book: Book, matcher: Matcher, made: BookLoaded | None, again: Matcher) -> Loading:
        """What changes with a book, as the journal of this moment has it; in a thread."""
        meaning, history = self._meaning(book), self._store.history()
        changed = changed_rules(self.book.content, book.content)
        if made is None or made.changed != changed:
            rebuilt = rebuild(history, meaning, changed, again, self._clock.now()) if changed else None
        else:
            rebuilt = taken_over(made, meaning)
        convert = Catalogue(book.content).convert
        return Loading(Force(book, meaning, matcher, convert), changed, rebuilt, history, again)

    def run_work(self, work: Work) -> Awaitable[Any]:
        """Run ``work(connection)`` (at most 5 ms) in the commit thread inside the next transaction; its result.

        What it raises is raised here, and only its own writes are undone.
        """
        self._check()
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._lanes.put_work(work, future)
        return future

    def inbound_polled(self) -> None:
        """The inbound channels were polled once since the start: overdue escalations need not wait longer."""
        self._cycle.polled()

    def on_outbox(self, callback: Callable[[Sequence[Change]], None]) -> None:
        """Call back on the event loop after each commit that added outbox rows or changed addresses, with these."""
        self._cycle.tidings.on_outbox.append(callback)

    def on_poison(self, callback: Callable[[str], None]) -> None:
        """Call back with the reason of a rejected input, at most once in ten minutes for one place of errors."""
        self._cycle.tidings.on_poison.append(callback)

    def on_rule_error(self, callback: Callable[[str, str], None]) -> None:
        """Call back with a rule that failed on an input and how, at most once in ten minutes for the two."""
        self._cycle.tidings.on_rule_error.append(callback)

    def on_implausible(self, callback: Callable[[str], None]) -> None:
        """Call back with a value that cannot be, at most once in ten minutes for one field of one sender."""
        self._cycle.tidings.on_implausible.append(callback)

    def on_fatal(self, callback: Callable[[StoreError], None]) -> None:
        """Call back when the loop has ended by itself."""
        self._cycle.tidings.on_fatal.append(callback)

    def next_due(self) -> int | None:
        """The earliest deadline when the loop last settled; None when there was none."""
        return self._cycle.due

    async def settle(self) -> None:
        """Return when nothing waits and nothing is due at the present instant."""
        await self._cycle.settle()

    def _wal_too_long(self) -> bool:
        """Asked of the file system ten times a second at most: it takes as long as stepping five events."""
        now = self._clock.monotonic()
        if now - self._wal_asked >= 0.1:
            self._wal_asked, self._wal_long = now, self._store.wal_bytes() > self._limits.wal
        return self._wal_long

    def _queue(self, prepared: list[Prepared]) -> "asyncio.Future[Any]":
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._lanes.put(Ticket(prepared, future))
        return future

    def _check(self) -> None:
        if self._cycle.fatal is not None:
            raise self._cycle.fatal
        if not self._cycle.taking:
            raise StoreBusyError("The engine is starting or stopping: try again in a moment.")
