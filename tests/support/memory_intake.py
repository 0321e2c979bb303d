"""An intake that keeps what it is given: for tests of what stands before the engine."""

import asyncio
from collections.abc import Sequence

from tocsin.domain.errors import StoreError
from tocsin.domain.event import Event
from tocsin.domain.identity import identity
from tocsin.domain.input import Input
from tocsin.ports import Accepted


class MemoryIntake:
    """Commits by appending. ``refusals`` of the next submissions raise StoreError, a cleared ``gate`` delays the
    commit; ``seen`` is set when something was submitted, ``duplicates`` counts what was applied before.
    """

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.duplicates = 0
        self.refusals = 0
        self.seen = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()
        self._changed = asyncio.Event()
        self._known: dict[bytes, int] = {}

    async def submit_events(self, events: Sequence[Event]) -> list[Accepted]:
        self.seen.set()
        await self.gate.wait()
        if self.refusals:
            self.refusals -= 1
            raise StoreError("the disk is full")
        return [self._keep(event) for event in events]

    async def submit(self, item: Input) -> int:
        raise NotImplementedError("sources submit events only")

    async def holds(self, events: int) -> None:
        """Return when so many events are committed."""
        async with asyncio.timeout(30):
            while len(self.events) < events:
                self._changed.clear()
                await self._changed.wait()

    def _keep(self, event: Event) -> Accepted:
        self._changed.set()
        key = identity(event)
        if key in self._known:
            self.duplicates += 1
            return Accepted(self._known[key], duplicate=True)
        self.events.append(event)
        self._known[key] = len(self.events)
        return Accepted(len(self.events))
