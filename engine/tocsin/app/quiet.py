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
QUIET_STEPS, ALONE_STEPS = 4, 20
"""Files are still for a second; for five where we cannot see whether somebody has one open."""
MOST_STEPS = 240
Result = TypeVar("Result")
Signature = tuple[tuple[str, int, int, int], ...]


async def when_quiet(home: Path, parts: Iterable[str], read: Callable[[], Result],
                     sleep: Callable[[float], Awaitable[None]]) -> Result | Finding:
    """What ``read`` makes of files that were still before it and are the same after it.

    After a minute of changes a finding that names one of them.
    """
    before, still = signature(home, parts), 0
    for _ in range(MOST_STEPS):
        await sleep(STEP_S)
        now = signature(home, parts)
        written, seen = being_written(home, now)
        still = still + 1 if now == before and not written else 0
        before = now
        if still >= (QUIET_STEPS if seen else ALONE_STEPS):
            result = read()
            if signature(home, parts) == now and not being_written(home, now)[0]:
                return result
            still = 0
    written, _ = being_written(home, before)
    place = written or max(before, key=lambda file: file[1], default=("", 0, 0, 0))[0]
    return Finding(Location(place), "this file has been written to for a minute without an end: close it, or save it "
                                    "again when it is whole")


def signature(home: Path, parts: Iterable[str]) -> Signature:
    """Every file of the parts, also behind linked folders: its place, when it was changed, its size, what it is on the
    disk.
    """
    found = []
    seen: set[tuple[int, int]] = set()
    for part in parts:
        for folder, folders, names in os.walk(home / part, followlinks=True):
            try:
                itself = os.stat(folder)
                if (itself.st_dev, itself.st_ino) in seen:
                    folders.clear()
                    continue
                seen.add((itself.st_dev, itself.st_ino))
            except OSError:
                continue
            for name in names:
                path = Path(folder, name)
                try:
                    stat = path.stat()
                except OSError:
                    continue
                found.append((path.relative_to(home).as_posix(), stat.st_mtime_ns, stat.st_size, stat.st_ino))
    return tuple(sorted(found))


def calendars(home: Path) -> Signature:
    """The calendar files of the contacts."""
    return tuple(one for one in signature(home, ("contacts",)) if one[0].endswith(".ics"))


def being_written(home: Path, files: Signature) -> tuple[str, bool]:
    """The place of a file that somebody has open for writing, "" when there is none; and whether we could see that.

    The system lets us hold a lease on a file for a moment exactly when nobody does. It does not for another owner's
    files and on some network disks.
    """
    seen = True
    for place, *_ in files:
        try:
            handle = os.open(home / place, os.O_RDONLY | os.O_NONBLOCK)
        except OSError:
            continue
        try:
            fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_RDLCK)
            fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        except BlockingIOError:
            return place, True
        except OSError:
            seen = False
        finally:
            os.close(handle)
    return "", seen
