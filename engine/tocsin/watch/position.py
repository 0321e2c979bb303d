"""How far the engine has come, read from outside: a connection of our own, made anew each time, read-only."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from msgspec import Struct

from tocsin.ports import Clock
from tocsin.watch.standstill import Mark

EVERY_S = 1.0
STALE_S = 5.0
PATIENCE_S = 1.0

STILL, MISSING, LOCKED, DAMAGED, UNREADABLE, HANGS = "still", "missing", "locked", "damaged", "unreadable", "hangs"
RESTARTS = "restarts"
"""Why nothing is seen to move."""

_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_QUESTION = """SELECT (SELECT value FROM meta WHERE key = 'alive'), (SELECT value FROM meta WHERE key = 'mode'),
    coalesce((SELECT max(position) FROM journal), (SELECT max("last") FROM segments), 0),
    (SELECT value FROM meta WHERE key = 'starts')"""


class Seen(Struct, frozen=True):
    """``mark`` None when nothing could be read, and then ``why``; ``mode`` is live or practice, "" when unknown."""

    mark: Mark | None
    why: str = STILL
    mode: str = ""
    detail: str = ""


def look(path: Path) -> Seen:
    """Read the mark of the store at ``path``; never raises, whatever lies there.

    A deleted file must not be read through a connection that still holds it: hence a new one each time.
    """
    try:
        if not path.is_file():
            return Seen(None, MISSING)
        address = f"file:{quote(str(path))}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=PATIENCE_S, isolation_level=None)) as connection:
            alive, mode, position, starts = connection.execute(_QUESTION).fetchone()
        return Seen(Mark(int(position), int(alive or 0), int(starts or 0)), STILL, str(mode or ""))
    except sqlite3.Error as error:
        code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
        why = LOCKED if code in _LOCKED else DAMAGED if code in _DAMAGED else UNREADABLE
        return Seen(None, why, detail=str(error))
    except (OSError, ValueError, TypeError) as error:
        return Seen(None, UNREADABLE, detail=str(error))


class Looks:
    """Looks once a second in a thread of its own, so that a disk that hangs holds up nobody; calling gives the newest.

    A look that has not come back for 5 s counts as none.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path, self._clock = path, clock
        self._ended = threading.Event()
        self._latest = (clock.monotonic(), Seen(None, UNREADABLE))
        self._thread = threading.Thread(target=self._run, name="tocsin-looks", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()

    def __call__(self) -> Seen:
        at, seen = self._latest
        return seen if self._clock.monotonic() - at < STALE_S else Seen(None, HANGS)

    def _run(self) -> None:
        while not self._ended.is_set():
            seen = look(self._path)
            self._latest = (self._clock.monotonic(), seen)
            self._ended.wait(EVERY_S)
