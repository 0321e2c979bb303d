"""What came lately: recognises a repetition within its time, and an id that comes again with other content."""

from collections import deque
from collections.abc import Iterable, Sequence

from tocsin.domain.time import DAY, MINUTE

UNTIMED = b"\x01"
"""Last byte of the identity of an event without a time of its own: its repetition counts for 5 minutes only."""
SHORT, LONG = 5 * MINUTE, DAY


class Recent:
    """Identities are 25 bytes: 16 that say "the same", 8 of the name alone, and one that is UNTIMED or zero.

    ``seen`` gives the position of the first input with an identity, ``names`` when a name came last. Both are read
    by the batch directly; only the methods change them.
    """

    def __init__(self, limit: int = 1_000_000) -> None:
        self._limit = limit
        self.forgotten = 0
        """How many had to be forgotten before their time."""
        self.seen: dict[bytes, int] = {}
        self.names: dict[bytes, int] = {}
        self._long: deque[tuple[int, bytes]] = deque()
        self._short: deque[tuple[int, bytes]] = deque()

    def __len__(self) -> int:
        return len(self.seen)

    def add(self, identity: bytes, position: int, at: int) -> None:
        """Remember an input, taken at ``at``."""
        self.seen[identity] = position
        self.names[identity[16:24]] = at
        (self._short if identity[24:] == UNTIMED else self._long).append((at, identity))

    def undo(self, position: int) -> None:
        """What was added behind a position did not happen."""
        for queue in (self._short, self._long):
            while queue and self.seen[queue[-1][1]] > position:
                self._drop(*queue.pop())

    def expire(self, now: int) -> None:
        """Forget what is older than its time."""
        for queue, kept in ((self._short, SHORT), (self._long, LONG)):
            while queue and queue[0][0] + kept <= now:
                self._drop(*queue.popleft())
        while len(self.seen) > self._limit:
            self._drop(*(self._long or self._short).popleft())
            self.forgotten += 1

    def _drop(self, at: int, identity: bytes) -> None:
        del self.seen[identity]
        name = identity[16:24]
        if self.names.get(name) == at:
            del self.names[name]

    def load(self, pages: Iterable[Sequence[tuple[int, int, bytes]]], now: int) -> None:
        """Remember (position, at, identity) rows in ascending order."""
        for page in pages:
            for position, at, identity in page:
                if at + (SHORT if identity[24:] == UNTIMED else LONG) > now and identity not in self.seen:
                    self.add(identity, position, at)
