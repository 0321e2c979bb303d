"""The ledger: outcomes that end together are committed together."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from tocsin.delivery.outcome import Outcome, record_all
from tocsin.ports import Work

AT_ONCE = 128
"""Outcomes in one work item, which may take 5 ms."""


class Ledger:
    """Gathers outcomes while the last ones are being committed."""

    def __init__(self, commit: Callable[[Work], Awaitable[Any]], *, editable: bool) -> None:
        self._commit = commit
        self._editable = editable
        self._waiting: list[tuple[Outcome, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def put(self, outcome: Outcome) -> None:
        """Return when the outcome is committed."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((outcome, future))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write(), name="outcomes")
        await future

    async def _write(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
                await self._write_batch(batch)
        finally:
            self._writing = None

    async def _write_batch(self, batch: list[tuple[Outcome, asyncio.Future[None]]]) -> None:
        try:
            await self._commit(partial(record_all, outcomes=[outcome for outcome, _ in batch],
                                       editable=self._editable))
        except Exception as error:  # noqa: BLE001  # one outcome that cannot be put down must not take others with it
            if len(batch) > 1:
                for one in batch:
                    await self._write_batch([one])
            elif not batch[0][1].done():
                batch[0][1].set_exception(error)
            return
        for _, future in batch:
            if not future.done():
                future.set_result(None)

    async def close(self) -> None:
        """Give up what is not committed yet."""
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)
