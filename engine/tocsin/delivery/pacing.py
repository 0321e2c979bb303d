"""Pacing: how soon an address may be sent to, so that the provider never has to say "too many"."""

from bisect import insort

from tocsin.domain.time import MINUTE
from tocsin.ports import Limits

REMEMBERED = MINUTE
MOST_ADDRESSES = 20_000

Windows = tuple[tuple[int, int], ...]


class Pace:
    """Sends of the last minute per address and overall; instants are microseconds on the engine's clock.

    The provider counts when a message reaches it, which is somewhere between the start and the end of a send: the
    end counts, and the start while there is none.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._all: list[int] = []
        self._each: dict[str, list[int]] = {}
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
        for moments in (self._all, self._each.setdefault(address, [])):
            insort(moments, at)
            if moments[0] <= at - 2 * REMEMBERED:
                moments[:] = [moment for moment in moments if moment > at - REMEMBERED]
        if len(self._each) > MOST_ADDRESSES:
            self._forget(at)

    def ended(self, address: str, started: int, at: int) -> None:
        """The send that started then has ended."""
        for moments in (self._all, self._each.get(address, [])):
            if started in moments:
                moments.remove(started)
                insort(moments, at)

    def hold(self, address: str, until: int) -> None:
        """The provider named an instant for this address alone."""
        self._held[address] = max(until, self._held.get(address, 0))

    def _forget(self, now: int) -> None:
        self._each = {address: moments for address, moments in self._each.items() if moments[-1] > now - REMEMBERED}
        self._held = {address: until for address, until in self._held.items() if until > now}


def _free(moments: list[int] | None, windows: Windows, now: int) -> int:
    if not moments:
        return now
    return max((moments[-most] + span for most, span in windows if len(moments) >= most), default=now)
