"""What came lately: recognises a repetition within its time, and an id that comes again with other content."""

from collections import deque
from collections.abc import Iterable, Sequence

from tocsin.domain.time import DAY, MINUTE

UNTIMED = b"\x01"
"""Last byte of the identity of an event without a time of its own: its repetition counts for 5 minutes only."""


class Recent:
    """Identities are 25 bytes: 16 that say "the same", 8 of the name alone, and one that is UNTIMED or zero."""

    def __init__(self) -> None:
        self._seen: dict[bytes, int] = {}
        self._names: dict[bytes, int] = {}
        self._day: deque[tuple[int, bytes, bytes]] = deque()
        self._minutes: deque[tuple[int, bytes, bytes]] = deque()
        self._fresh: list[tuple[bytes, bytes]] = []

    def __len__(self) -> int:
        return len(self._seen)

    def find(self, identity: bytes) -> int:
        """The position of the first input with this identity, 0 when none is known."""
        return self._seen.get(identity[:16], 0)

    def named(self, identity: bytes) -> bool:
        """Whether the name came before, whatever its content was."""
        return identity[16:24] in self._names

    def add(self, identity: bytes, position: int, at: int) -> None:
        """Remember an input, taken at ``at``."""
        same, name = identity[:16], identity[16:24]
        self._seen[same] = position
        self._names[name] = self._names.get(name, 0) + 1
        if identity[24:] == UNTIMED:
            self._minutes.append((at + 5 * MINUTE, same, name))
        else:
            self._day.append((at + DAY, same, name))
        self._fresh.append((same, name))

    def kept(self) -> None:
        """What was added since is committed."""
        self._fresh.clear()

    def undo(self) -> None:
        """What was added since the last ``kept`` did not happen."""
        for same, name in reversed(self._fresh):
            self._drop(same, name)
            for queue in (self._minutes, self._day):
                if queue and queue[-1][1] == same:
                    queue.pop()
                    break
        self._fresh.clear()

    def expire(self, now: int) -> None:
        """Forget what is older than its time."""
        for queue in (self._minutes, self._day):
            while queue and queue[0][0] <= now:
                _, same, name = queue.popleft()
                self._drop(same, name)

    def _drop(self, same: bytes, name: bytes) -> None:
        self._seen.pop(same, None)
        left = self._names.get(name, 0) - 1
        if left > 0:
            self._names[name] = left
        else:
            self._names.pop(name, None)

    def load(self, pages: Iterable[Sequence[tuple[int, int, bytes]]], now: int) -> None:
        """Remember (position, at, identity) rows in ascending order."""
        for page in pages:
            for position, at, identity in page:
                if at + (5 * MINUTE if identity[24:] == UNTIMED else DAY) > now and not self.find(identity):
                    self.add(identity, position, at)
        self.kept()
