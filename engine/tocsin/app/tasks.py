"""Tasks that go on: one that fails is reported and started again."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from tocsin.ports import Clock

_log = structlog.get_logger("tocsin.app")
PAUSE_S = 1.0


class Tasks:
    """Background tasks of one engine."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def keep(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Run it until ``stop``, again after a pause should it fail."""
        self._tasks[name] = asyncio.create_task(self._run(name, run), name=name)

    def alive(self) -> tuple[str, ...]:
        """Names of the tasks that run."""
        return tuple(name for name, task in self._tasks.items() if not task.done())

    async def stop(self, *names: str) -> None:
        """End these tasks, or all."""
        chosen = [self._tasks.pop(name) for name in (names or tuple(self._tasks)) if name in self._tasks]
        for task in chosen:
            task.cancel()
        await asyncio.gather(*chosen, return_exceptions=True)

    async def _run(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await run()
                return
            except Exception as error:  # noqa: BLE001 - supervised: what fails is told and begins again
                _log.error("task.failed", task=name, error=f"{type(error).__name__}: {error}")
                await self._clock.sleep(PAUSE_S)
