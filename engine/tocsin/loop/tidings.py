"""Tidings: what one commit has to tell, carried from the loop's thread to the event loop."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from tocsin.domain.change import Change, Noted
from tocsin.domain.errors import StoreError
from tocsin.loop.stats import Stats
from tocsin.ports import Clock

Outcome = tuple["asyncio.Future[Any]", Any]
"""Who waits, and the result or the exception for them."""


class Tidings:
    """The listeners are called on the event loop, in the order of the commits."""

    def __init__(self, stats: Stats, clock: Clock) -> None:
        self._stats, self._clock = stats, clock
        self._asyncio: asyncio.AbstractEventLoop
        self.on_outbox: list[Callable[[Sequence[Change]], None]] = []
        self.on_poison: list[Callable[[str], None]] = []
        self.on_rule_error: list[Callable[[str, str], None]] = []
        self.on_implausible: list[Callable[[str], None]] = []
        self.on_fatal: list[Callable[[StoreError], None]] = []

    def go_to(self, loop: asyncio.AbstractEventLoop) -> None:
        """Call before anything is posted."""
        self._asyncio = loop

    def post(self, outcomes: list[Outcome], poisons: Sequence[str] = (), news: Sequence[Change] = (),
             noted: Sequence[Noted] = (), *, fatal: StoreError | None = None) -> None:
        """From any thread: let the event loop hear of it."""
        with suppress(RuntimeError):  # the event loop is closed: nobody waits any more
            self._asyncio.call_soon_threadsafe(self._deliver, outcomes, poisons, news, noted, fatal,
                                               self._clock.monotonic())

    def _deliver(self, outcomes: list[Outcome], poisons: Sequence[str], news: Sequence[Change],
                 noted: Sequence[Noted], fatal: StoreError | None, posted: float) -> None:
        """On the event loop: everything that one commit has to tell."""
        self._stats.lag.add(self._clock.monotonic() - posted)
        for future, result in outcomes:
            if future.done():
                continue
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)
        if news:
            for wake in self.on_outbox:
                wake(news)
        for reason in poisons:
            for tell in self.on_poison:
                tell(reason)
        for one in noted:
            if one.what == "rule_error":
                for hear in self.on_rule_error:
                    hear(one.rule, one.detail)
            else:
                for wonder in self.on_implausible:
                    wonder(one.detail)
        if fatal is not None:
            for end in self.on_fatal:
                end(fatal)
