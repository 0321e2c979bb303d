"""The second opinion beside the index: every event is offered to it, a disagreement becomes an ordinary event."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from tocsin.book.book import Book
from tocsin.domain.event import Event
from tocsin.domain.input import Hit
from tocsin.matching.second_opinion import SecondOpinion
from tocsin.ports import Clock, Matcher
from tocsin.watch.observe import SOURCE, disagreement

_log = structlog.get_logger("tocsin.app")

Tell = Callable[[Event], Awaitable[None]]
"""Submits one event of the engine's own."""


class Beside:
    """A matcher whose hits are those of ``index``; each judgement is offered to the second opinion too."""

    def __init__(self, index: Matcher, offer: Callable[[Event, tuple[Hit, ...]], object]) -> None:
        self._index, self._offer = index, offer

    def match(self, event: Event) -> tuple[Hit, ...]:
        hits = self._index.match(event)
        if event.source != SOURCE:
            self._offer(event, hits)
        return hits


class SecondOpinions:
    """One second opinion per book; ``tell`` gets the events about disagreements, on the event loop."""

    def __init__(self, clock: Clock, tell: Tell) -> None:
        self._clock, self._tell = clock, tell
        self._current: SecondOpinion | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._telling: set[asyncio.Task[None]] = set()

    def beside(self, index: Matcher) -> Matcher:
        """The index, its judgements offered to whatever second opinion there is at the time."""
        return Beside(index, self._offer)

    def judge_by(self, book: Book) -> None:
        """Judge by this book from now on; call on the event loop. Never waits for durable-rules."""
        self._loop = asyncio.get_running_loop()
        before, self._current = self._current, SecondOpinion(book.content.rules, self._clock, self._differ)
        self._current.start()
        if not self._current.available().ok:
            _log.info("second_opinion", standing=self._current.available().reason)
        if before is not None:
            self._loop.run_in_executor(None, before.stop)

    @property
    def asked(self) -> bool:
        """Whether there is to be one."""
        return self._current is not None

    def standing(self) -> str:
        """Why there is no second opinion at present, "" when there is one."""
        return "it was not asked for" if self._current is None else self._current.available().reason

    async def stop(self) -> None:
        """End the judging."""
        if self._current is not None:
            await asyncio.to_thread(self._current.stop)
        await asyncio.gather(*self._telling, return_exceptions=True)

    def _offer(self, event: Event, hits: tuple[Hit, ...]) -> None:
        if self._current is not None:
            self._current.offer(event, hits)

    def _differ(self, event: Event, rule: str, slot: str, index: bool, second: bool) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._spread, disagreement(rule, event, index, second, self._clock.now()))

    def _spread(self, event: Event) -> None:
        task = asyncio.ensure_future(self._tell(event))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)
