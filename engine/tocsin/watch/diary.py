"""The watchdog's own small log: one JSON object a line, appended beside the database, and a sentence to the log."""

import logging
from collections.abc import Callable
from pathlib import Path

import msgspec

from tocsin.domain.time import format_instant
from tocsin.ports import Clock

LARGEST = 2**20
"""At this size (bytes) the file is put aside as ``….1`` and begun anew."""

_log = logging.getLogger("tocsin.watchdog")
_encode = msgspec.json.Encoder(order="sorted").encode


class Diary:
    """Keeps what happened and why; a full disk or a missing folder never stops the watchdog. ``also`` hears each entry.
    """

    def __init__(self, path: Path, clock: Clock, also: Callable[[dict[str, str | int]], None] | None = None) -> None:
        self.path, self._clock, self._also = path, clock, also

    def write(self, what: str, **facts: str | int) -> None:
        """Append an entry: ``what`` is a word (started, stands, told, failed, …), the rest its facts."""
        _log.warning("%s %s", what, " ".join(f"{name}={value}" for name, value in facts.items()))
        told = {name: value if isinstance(value, int) else str(value) for name, value in facts.items()}
        entry = {"at": format_instant(self._clock.now()), "what": what, **told}
        if self._also is not None:
            self._also(entry)
        line = _encode(entry) + b"\n"
        try:
            if self.path.exists() and self.path.stat().st_size > LARGEST:
                self.path.replace(self.path.with_name(self.path.name + ".1"))
            with self.path.open("ab") as file:
                file.write(line)
        except OSError as error:
            _log.error("the watchdog's log %s cannot be written (%s)", self.path, error.strerror)
