"""A bell that any thread may ring and that coroutines of any loop may wait for."""

import asyncio
import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Bell:
    """Wakes every waiter when something has changed; waiters look for themselves what it was."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Future[None]]] = []

    def ring(self) -> None:
        """Wake everybody who waits now; safe from any thread."""
        with self._lock:
            waiting, self._waiting = self._waiting, []
        for loop, future in waiting:
            if not loop.is_closed():
                loop.call_soon_threadsafe(_finish, future)

    async def wait_for(self, look: Callable[[], T], seconds: float | None = None) -> T:
        """Look now and after each ring until ``look`` returns something true, and return that.

        After ``seconds`` (None: never) the last, untrue result is returned.
        """
        deadline = None if seconds is None else time.monotonic() + seconds
        loop = asyncio.get_running_loop()
        while True:
            future: asyncio.Future[None] = loop.create_future()
            with self._lock:
                self._waiting.append((loop, future))
            try:
                if found := look():
                    return found
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    return found
                await asyncio.wait([future], timeout=left)
            finally:
                future.cancel()
                with self._lock:
                    self._waiting = [entry for entry in self._waiting if entry[1] is not future]


def _finish(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
