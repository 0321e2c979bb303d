"""Pacing: how soon an address may be sent to, so that the provider never has to say "too many"."""

from bisect import bisect_left, insort

from tocsin.domain.time import MINUTE
from tocsin.ports import Limits

REMEMBERED = MINUTE
MOST_ADDRESSES = 20_000

Windows = tuple[tuple[int, int], ...]


class Pace:
    """Sends of the last minute per address and overall; instants are microseconds on the engine's clock.

    The provider counts when a message reaches it, which is somewhere between the start and the end of a send: the
    end counts, and the start while there is none. No more moments are kept than the limits ask for.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._kept_all = _most(limits.overall)
        self._kept_each = _most((*limits.per_address, *limits.per_group))
        self._all: list[int] = []
        self._each: dict[str, list[int]] = {}
        self._held: dict[str, int] = {}

    @property
    def per_address(self) -> bool:
        """Whether what was sent to an address says anything about the next time."""
        return bool(self._kept_each)

    def earliest(self, address: str, now: int) -> int:
        """The first instant at or after ``now`` at which this address may be sent to."""
        windows = self._limits.per_group if address.startswith("-") else self._limits.per_address
        return max(now, self._held.get(address, 0), _free(self._each.get(address), windows, now), self.overall(now))

    def overall(self, now: int) -> int:
        """The same for the whole channel."""
        return max(now, _free(self._all, self._limits.overall, now))

    def took(self, address: str, at: int) -> None:
        """A send to this address starts at ``at``."""
        if self._kept_all:
            _add(self._all, at, self._kept_all)
        if self._kept_each:
            _add(self._each.setdefault(address, []), at, self._kept_each)
            if len(self._each) > MOST_ADDRESSES:
                self._forget(at)

    def ended(self, address: str, started: int, at: int) -> None:
        """The send that started then has ended."""
        if self._kept_all:
            _move(self._all, started, at, self._kept_all)
        if self._kept_each:
            _move(self._each.setdefault(address, []), started, at, self._kept_each)

    def hold(self, address: str, until: int) -> None:
        """The provider named an instant for this address alone."""
        self._held[address] = max(until, self._held.get(address, 0))

    def _forget(self, now: int) -> None:
        self._each = {address: moments for address, moments in self._each.items() if moments[-1] > now - REMEMBERED}
        self._held = {address: until for address, until in self._held.items() if until > now}


def _most(windows: Windows) -> int:
    return max((most for most, _ in windows), default=0)


def _add(moments: list[int], at: int, most: int) -> None:
    insort(moments, at)
    del moments[:-most]


def _move(moments: list[int], started: int, at: int, most: int) -> None:
    place = bisect_left(moments, started)
    if place < len(moments) and moments[place] == started:
        del moments[place]
    _add(moments, at, most)


def _free(moments: list[int] | None, windows: Windows, now: int) -> int:
    if not moments:
        return now
    return max((moments[-most] + span for most, span in windows if len(moments) >= most), default=now)
