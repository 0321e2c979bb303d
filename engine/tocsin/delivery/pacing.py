"""Pacing: how soon an address may be sent to, so that the provider never has to say "too many"."""

from collections import deque

from tocsin.domain.time import MINUTE
from tocsin.ports import Limits

REMEMBERED = MINUTE
MOST_ADDRESSES = 20_000

Windows = tuple[tuple[int, int], ...]


class Pace:
    """Starts of the last minute per address and overall; instants are microseconds on the engine's clock."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._all: deque[int] = deque()
        self._each: dict[str, deque[int]] = {}
        self._held: dict[str, int] = {}

    def earliest(self, address: str, now: int) -> int:
        """The first instant at or after ``now`` at which this address may be sent to."""
        windows = self._limits.per_group if address.startswith("-") else self._limits.per_address
        return max(now, self._held.get(address, 0), _free(self._each.get(address), windows, now), self.overall(now))

    def overall(self, now: int) -> int:
        """The same for the whole channel."""
        return max(now, _free(self._all, self._limits.overall, now))

    def took(self, address: str, at: int) -> None:
        """A send to this address starts at ``at``."""
        for starts in (self._all, self._each.setdefault(address, deque())):
            starts.append(at)
            while starts and starts[0] <= at - REMEMBERED:
                starts.popleft()
        if len(self._each) > MOST_ADDRESSES:
            self._forget(at)

    def hold(self, address: str, until: int) -> None:
        """The provider named an instant for this address alone."""
        self._held[address] = max(until, self._held.get(address, 0))

    def _forget(self, now: int) -> None:
        self._each = {address: starts for address, starts in self._each.items() if starts[-1] > now - REMEMBERED}
        self._held = {address: until for address, until in self._held.items() if until > now}


def _free(starts: deque[int] | None, windows: Windows, now: int) -> int:
    if not starts:
        return now
    return max((starts[-most] + span for most, span in windows if len(starts) >= most), default=now)
