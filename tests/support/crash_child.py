"""A child that submits alarms and prints the ids confirmed to it, until it kills itself at a named step.

Run as ``python -m tests.support.crash_child PATH STEP COUNT FIRST``: at the COUNT-th batch that holds events it dies by
SIGKILL ``before-write``, ``after-write``, ``before-commit`` (after a while, so that a premature answer would get out),
``after-commit`` (before anybody was answered) or ``never``.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.support.small_site import BOOK, event, matcher

from tocsin.clock import SystemClock
from tocsin.domain.entry import Entry
from tocsin.loop import Limits, Loop
from tocsin.store import Store


class DyingStore(Store):
    """A store whose process ends, as if the machine's power went, at one step."""

    def __init__(self, path: Path, step: str, count: int) -> None:
        super().__init__(path, "live")
        self._step, self._left, self._now_holds_events = step, count, False

    def _die(self, step: str) -> None:
        if step == self._step and self._now_holds_events and self._left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def write(self, entries: Sequence[Entry]) -> bool:
        listed = list(entries)
        self._now_holds_events = any(entry.kind == "arrival" for entry in listed)
        self._left -= self._now_holds_events
        self._die("before-write")
        outbox = super().write(listed)
        self._die("after-write")
        return outbox

    def commit(self) -> None:
        if self._step == "before-commit" and self._now_holds_events and self._left <= 0:
            time.sleep(0.1)
            self._die("before-commit")
        super().commit()
        self._die("after-commit")
        self._now_holds_events = False


async def sender(loop: Loop, name: int, first: int) -> None:
    """Send alarms one after the other; print each id once it is confirmed."""
    for number in range(first, first + 100_000):
        one = event(f"{name}-{number}", site=f"site-{number % 5}", source=f"gateway-{name}")
        await loop.submit_events([one])
        sys.stdout.write(f"{one.id}\n")
        sys.stdout.flush()


async def main() -> None:
    path, step, count, first = sys.argv[1:]
    store = DyingStore(Path(path), step, int(count))
    loop = Loop(store, SystemClock(), store.book() or BOOK, matcher(), limits=Limits(batch=4))
    await loop.start()
    await asyncio.gather(*(sender(loop, name, int(first)) for name in range(6)))


if __name__ == "__main__":
    asyncio.run(main())
