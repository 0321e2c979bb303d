"""An intake that keeps what it is given: for tests of what stands before the engine."""

import asyncio
from collections.abc import Sequence

from tocsin.domain.errors import StoreError
from tocsin.domain.event import Event
from tocsin.domain.identity import identity
from tocsin.domain.input import Input
from tocsin.ports import Accepted


class MemoryIntake:
    """Commits by appending; ``refusals`` of the next submissions raise StoreError, ``gate`` delays the commit."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.seen = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()
        self.refusals = 0
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

    def _keep(self, event: Event) -> Accepted:
        key = identity(event)
        if key in self._known:
            return Accepted(self._known[key], duplicate=True)
        self.events.append(event)
        self._known[key] = len(self.events)
        return Accepted(len(self.events))
