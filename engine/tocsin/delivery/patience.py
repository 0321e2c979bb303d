"""Patience: sends that do not come back are given up, by one sleeper for all of them."""

import asyncio
from collections.abc import Awaitable

from tocsin.domain.errors import UnknownDeliveryError
from tocsin.ports import Clock, Handed


class Patience:
    """Ends a send after ``seconds``: a channel has limits of its own, this is the last."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self._until: dict[asyncio.Task[object], float] = {}
        self._given_up: set[asyncio.Task[object]] = set()
        self._watch: asyncio.Task[None] | None = None

    async def within(self, send: Awaitable[Handed]) -> Handed:
        """What the send gives; raises UnknownDeliveryError when it does not come back."""
        task = asyncio.current_task()
        assert task is not None
        self._until[task] = self._clock.monotonic() + self._seconds
        if self._watch is None:
            self._watch = asyncio.create_task(self._look(), name="patience")
        try:
            return await send
        except asyncio.CancelledError:
            if task not in self._given_up:
                raise
            task.uncancel()
        finally:
            del self._until[task]
            self._given_up.discard(task)
        raise UnknownDeliveryError("The channel did not come back; it may have been sent.", code="hang", away=True)

    async def _look(self) -> None:
        while self._until:
            first = next(iter(self._until.values()))  # the oldest: all have the same time
            now = self._clock.monotonic()
            if first > now:
                await self._clock.sleep(first - now)
                continue
            for task, until in tuple(self._until.items()):
                if until <= now and task not in self._given_up:
                    self._given_up.add(task)
                    task.cancel()
            await self._clock.sleep(1.0)
        self._watch = None

    def close(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
