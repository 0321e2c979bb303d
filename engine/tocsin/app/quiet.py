"""Files are taken when nobody writes them: editors write twice, copies take time, and half of a file may be valid.

Only for a process of its own that ignores SIGIO: whoever opens a file for writing while it is looked at sends it.
"""

import fcntl
import os
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import TypeVar

from tocsin.domain.errors import Finding, Location

STEP_S = 0.25
QUIET_STEPS = 4
MOST_STEPS = 240
Result = TypeVar("Result")
Signature = tuple[tuple[str, int, int, int], ...]


async def when_quiet(home: Path, parts: Iterable[str], read: Callable[[], Result],
                     sleep: Callable[[float], Awaitable[None]]) -> Result | Finding:
    """What ``read`` makes of files that were still for a second before it and are the same after it.

    After a minute of changes a finding that names one of them.
    """
    before, still = signature(home, parts), 0
    for _ in range(MOST_STEPS):
        await sleep(STEP_S)
        now = signature(home, parts)
        still = still + 1 if now == before and not being_written(home, now) else 0
        before = now
        if still >= QUIET_STEPS:
            result = read()
            if signature(home, parts) == now and not being_written(home, now):
                return result
            still = 0
    written = being_written(home, before)
    place = written or max(before, key=lambda file: file[1], default=("", 0, 0, 0))[0]
    return Finding(Location(place), "this file has been written to for a minute without an end: close it, or save it "
                                    "again when it is whole")


def signature(home: Path, parts: Iterable[str]) -> Signature:
    """Every file of the parts: its place, when it was changed, its size and what it is on the disk."""
    found = []
    for part in parts:
        for folder, _, names in os.walk(home / part):
            for name in names:
                path = Path(folder, name)
                try:
                    stat = path.stat()
                except OSError:
                    continue
                found.append((path.relative_to(home).as_posix(), stat.st_mtime_ns, stat.st_size, stat.st_ino))
    return tuple(sorted(found))


def being_written(home: Path, files: Signature) -> str:
    """The place of a file that somebody has open for writing, "" when there is none that we can see.

    The system lets us hold a lease on a file for a moment exactly when nobody does. Where it does not know leases
    (another owner's files, some network disks) stillness alone must do.
    """
    for place, *_ in files:
        try:
            handle = os.open(home / place, os.O_RDONLY | os.O_NONBLOCK)
        except OSError:
            continue
        try:
            fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_RDLCK)
            fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        except BlockingIOError:
            return place
        except OSError:
            pass
        finally:
            os.close(handle)
    return ""
