"""Identities of a day in sorted arrays: 36 bytes each, where a dictionary takes 400.

Two levels: ``middle`` takes up what leaves the dictionaries, ``big`` takes up the middle when that has grown. Levels
are immutable, so any thread may look up while another merges.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from tocsin.domain.time import DAY, SECOND

_IDENTITY = [("high", ">u8"), ("low", ">u8"), ("name", ">u8"), ("flag", "u1")]
_KEYS = np.dtype(_IDENTITY)
RECORD = np.dtype([("position", ">i8"), ("at", ">i8"), *_IDENTITY])
"""The packed form in the store: position, instant and the 25 bytes of an identity."""
_MIDDLE = 262_144

Records = NDArray[np.void]


class Level(Struct, frozen=True, eq=False):
    """Sorted by ``high``; ``names`` sorted by itself. ``at`` in whole seconds."""

    high: NDArray[np.uint64]
    low: NDArray[np.uint64]
    position: NDArray[np.int64]
    at: NDArray[np.uint32]
    names: NDArray[np.uint64]

    def __len__(self) -> int:
        return len(self.high)


def _level(high: NDArray[np.uint64], low: NDArray[np.uint64], position: NDArray[np.int64], at: NDArray[np.uint32],
           names: NDArray[np.uint64]) -> Level:
    order = np.argsort(high, kind="stable")
    return Level(high[order], low[order], position[order], at[order], np.sort(names, kind="stable"))


def level_of(records: Records) -> Level:
    """A level of packed records."""
    return _level(records["high"].astype(np.uint64), records["low"].astype(np.uint64),
                  records["position"].astype(np.int64), (records["at"] // SECOND).astype(np.uint32),
                  records["name"].astype(np.uint64))


def merge(one: Level, other: Level, since: int) -> Level:
    """Both levels, without what is older than ``since`` (microseconds); names are forgotten by the level only."""
    kept = [level.at >= since // SECOND for level in (one, other)]
    high, low, position, at = (
        np.concatenate([getattr(one, field)[kept[0]], getattr(other, field)[kept[1]]])
        for field in ("high", "low", "position", "at"))
    names = [level.names for level, some in zip((one, other), kept, strict=True) if some.any()]
    return _level(high, low, position, at, np.concatenate(names) if names else one.names[:0])


_EMPTY = level_of(np.empty(0, RECORD))


class Archive:
    """``add`` belongs to one thread at a time; ``find`` to any."""

    def __init__(self) -> None:
        self._levels: tuple[Level, Level] = (_EMPTY, _EMPTY)

    def __len__(self) -> int:
        return sum(len(level) for level in self._levels)

    def add(self, records: Records, now: int) -> None:
        """Take packed records up."""
        big, middle = self._levels
        middle = merge(middle, level_of(records), now - DAY)
        if len(middle) > _MIDDLE:
            big, middle = merge(big, middle, now - DAY), _EMPTY
        self._levels = (big, middle)

    def find(self, identities: Sequence[bytes], now: int) -> list[tuple[int, bool]]:
        """For each identity the position of the first input that has it (0 for none), and whether its name came."""
        levels = [level for level in self._levels if len(level)]
        if not levels:
            return []
        keys = np.frombuffer(b"".join(identities), _KEYS)
        high, names = keys["high"].astype(np.uint64), keys["name"].astype(np.uint64)
        before, named = np.zeros(len(high), np.int64), np.zeros(len(high), np.bool_)
        for level in levels:
            named |= _contains(level.names, names)
            for index in np.flatnonzero(_contains(level.high, high)):
                before[index] = _position(level, int(high[index]), int(keys["low"][index]), now) or before[index]
        return list(zip(before.tolist(), named.tolist(), strict=True))


def _contains(ordered: NDArray[np.uint64], wanted: NDArray[np.uint64]) -> NDArray[np.bool_]:
    places = np.searchsorted(ordered, wanted)
    found: NDArray[np.bool_] = ordered[np.minimum(places, len(ordered) - 1)] == wanted
    return found


def _position(level: Level, high: int, low: int, now: int) -> int:
    place = int(np.searchsorted(level.high, np.uint64(high)))
    while place < len(level) and level.high[place] == high:
        if level.low[place] == low and (int(level.at[place]) + 1) * SECOND + DAY > now:
            return int(level.position[place])
        place += 1
    return 0


def records_of(rows: Iterable[tuple[int, int, bytes]]) -> Records:
    """(position, instant, identity) rows in packed form."""
    return np.frombuffer(b"".join([position.to_bytes(8, "big") + at.to_bytes(8, "big") + identity
                                   for position, at, identity in rows]), RECORD)
