"""Clocks: the one place that asks the machine for the time and that waits."""

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable
from typing import Protocol

from tocsin.domain.time import MINUTE, SECOND

TOLERATED = SECOND
"""A wall clock that differs by less than this is not reported."""


class Participant(Protocol):
    """A thread with deadlines of its own that moves with a VirtualClock."""

    def next_due(self) -> int | None:
        """The earliest instant at which it has something to do; None when it waits for others."""

    async def settle(self) -> None:
        """Return when nothing is left to do at the present instant."""


class EngineClock(Protocol):
    """What a whole engine asks of its clock; ``on_skew`` is told of a wall clock that differs, ``skew`` by how much."""

    on_skew: Callable[[int], None] | None
    skew: int

    def now(self) -> int: ...
    def monotonic(self) -> float: ...
    async def sleep(self, seconds: float) -> None: ...
    def not_before(self, instant: int) -> None: ...
    def seconds_until(self, due: int) -> float | None: ...
    def join(self, participant: Participant) -> None: ...


class SystemClock:
    """The machine's clock made fit for deadlines: it never goes back.

    ``last`` is the last journaled instant. A wall clock ahead is followed; one behind never: time then runs on by
    the monotonic clock. ``on_skew`` hears, at most once a minute, by how many microseconds the wall clock differs
    (positive: it jumped ahead and was followed). Any thread may ask.
    """

    def __init__(self, last: int = 0, on_skew: Callable[[int], None] | None = None, *,
                 wall: Callable[[], int] = time.time_ns, steady: Callable[[], int] = time.monotonic_ns) -> None:
        self._wall, self._steady = wall, steady
        self._base = (max(wall() // 1000, last), steady() // 1000)
        self.on_skew = on_skew
        self._reported = 0
        self.skew = 0

    def now(self) -> int:
        instant, mark = self._base
        steady = self._steady() // 1000
        expected = instant + steady - mark
        wall = self._wall() // 1000
        self.skew = skew = wall - expected
        if skew > 0:
            self._base = (wall, steady)
        if abs(skew) > TOLERATED and (not self._reported or steady - self._reported > MINUTE):
            self._reported = steady
            if self.on_skew is not None:
                self.on_skew(skew)
        return max(wall, expected)

    def monotonic(self) -> float:
        return self._steady() / 1e9

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def not_before(self, instant: int) -> None:
        """Go on from ``instant`` when the clock is behind it."""
        if self.now() < instant:
            self._base = (instant, self._steady() // 1000)

    def seconds_until(self, due: int) -> float | None:
        """How long a thread may wait for ``due``; None when it will be told."""
        return max(0.0, (due - self.now()) / SECOND)

    def join(self, participant: Participant) -> None:
        """A real clock moves by itself: nothing to do."""


class QuickClock(SystemClock):
    """A clock that runs ``speed`` times as fast as the machine's, for demonstrations."""

    def __init__(self, speed: int, last: int = 0) -> None:
        began, mark = time.time_ns(), time.monotonic_ns()
        super().__init__(last, wall=lambda: began + (time.monotonic_ns() - mark) * speed,
                         steady=lambda: (time.monotonic_ns() - mark) * speed)
        self._speed = speed

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self._speed)

    def seconds_until(self, due: int) -> float | None:
        left = super().seconds_until(due)
        return None if left is None else left / self._speed


class VirtualClock:
    """A clock that only moves when told; sleepers and participants wake in the order of their deadlines."""

    def __init__(self, now: int = 1_795_000_000 * SECOND) -> None:
        self._now = now
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self._participants: list[Participant] = []
        self.on_skew: Callable[[int], None] | None = None
        self.skew = 0

    def now(self) -> int:
        return self._now

    def monotonic(self) -> float:
        return self._now / SECOND

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + round(seconds * SECOND), next(self._order), future))
        await future

    def not_before(self, instant: int) -> None:
        """Go on from ``instant`` when the clock is behind it."""
        self._now = max(self._now, instant)

    def seconds_until(self, due: int) -> float | None:
        """0 when ``due`` has come; None otherwise: ``advance`` wakes the participant."""
        return 0.0 if due <= self._now else None

    def join(self, participant: Participant) -> None:
        """Let ``advance`` stop at this participant's deadlines and wait for it to settle."""
        self._participants.append(participant)

    async def advance(self, micros: int) -> None:
        """Move on by ``micros``, stopping at every deadline on the way."""
        target = self._now + micros
        await self._settle()
        while (due := self._next()) is not None and due <= target:
            self._now = max(self._now, due)
            while self._sleepers and self._sleepers[0][0] <= self._now:
                future = heapq.heappop(self._sleepers)[2]
                if not future.done():
                    future.set_result(None)
                await self._settle()
            await self._settle()
        self._now = target
        await self._settle()

    def _next(self) -> int | None:
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        dues = self._deadlines()
        if self._sleepers:
            dues.append(self._sleepers[0][0])
        return min(dues, default=None)

    def _deadlines(self) -> list[int]:
        return [due for participant in self._participants if (due := participant.next_due()) is not None]

    async def _settle(self) -> None:
        for _ in range(3):
            await asyncio.sleep(0)
            for participant in self._participants:
                await participant.settle()
