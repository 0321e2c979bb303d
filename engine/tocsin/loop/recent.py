"""What came lately: recognises a repetition within its time, and an id that comes again with other content.

The newest inputs are in dictionaries, the others of the day in an archive of sorted arrays. The loop's thread looks
into the dictionaries as it steps; the archive was asked before, for many at a time (``screen``). What leaves the
dictionaries for the archive stays in ``old`` for another turn, so that nothing falls between the two.
"""

import threading
from collections import deque
from collections.abc import Iterable, Sequence

import numpy as np

from tocsin.domain.identity import UNTIMED as UNTIMED
from tocsin.domain.time import DAY, MINUTE
from tocsin.loop.archive import RECORD, Archive, Records, records_of

SHORT, LONG = 5 * MINUTE, DAY
YOUNG = 32_768


class Newest:
    """A run of inputs in dictionaries: ``positions`` by identity, ``names`` with the position where each came last."""

    __slots__ = ("names", "positions", "queue")

    def __init__(self) -> None:
        self.positions: dict[bytes, int] = {}
        self.names: dict[bytes, int] = {}
        self.queue: deque[tuple[int, bytes]] = deque()

    def add(self, identity: bytes, position: int, at: int) -> None:
        self.positions[identity] = self.names[identity[16:24]] = position
        self.queue.append((at, identity))

    def expire(self, until: int) -> None:
        """Forget what was taken at or before ``until``."""
        queue = self.queue
        while queue and queue[0][0] <= until:
            self.drop_first()

    def drop_first(self) -> None:
        identity = self.queue.popleft()[1]
        position = self.positions.pop(identity)
        if self.names[identity[16:24]] == position:
            del self.names[identity[16:24]]

    def undo(self, position: int) -> None:
        """Forget what was added behind a position."""
        while self.queue and self.positions[self.queue[-1][1]] > position:
            del self.positions[self.queue.pop()[1]]
        self.names = {identity[16:24]: self.positions[identity] for _, identity in self.queue}


class Recent:
    """Identities are 25 bytes: 16 that say "the same", 8 of the name alone, and one that is UNTIMED or zero.

    ``moved`` counts the moves to the archive begun, ``archived`` those that are done: what was screened at ``archived``
    holds while ``archived >= moved - 1``. Loading the past counts as the first two.
    """

    def __init__(self, *, young: int = YOUNG, untimed: int = 1_000_000) -> None:
        self._limit, self._most_untimed = young, untimed
        self.young, self.old, self.untimed = Newest(), Newest(), Newest()
        self.moved, self.archived = 2, 0
        self.forgotten = 0
        """Untimed ones that had to be forgotten before their time."""
        self.archive = Archive()
        self._past: list[tuple[int, int, bytes]] = []
        self._moving: threading.Thread | None = None

    def __len__(self) -> int:
        return len(self.young.positions) + len(self.untimed.positions) + len(self.archive)

    def screen(self, identities: Sequence[bytes], now: int) -> list[tuple[int, bool]]:
        """Ask the archive: for each the position of the first (0 for none) and whether its name came; [] for none."""
        return self.archive.find(identities, now)

    def look(self, identity: bytes, before: int, named: bool, archived: int, now: int) -> tuple[int, bool]:
        """The position of the first input with this identity (0 for none), and whether its name came before.

        ``before`` and ``named`` are what ``screen`` said when ``self.archived`` was ``archived``.
        """
        if archived < self.moved - 1:
            before, named = (self.archive.find([identity], now) or [(0, False)])[0]
        young, old, untimed, name = self.young, self.old, self.untimed, identity[16:24]
        first = young.positions.get(identity) or old.positions.get(identity) or untimed.positions.get(identity)
        return (first or before,
                named or name in young.names or name in old.names or name in untimed.names)

    def add(self, identity: bytes, position: int, at: int) -> None:
        """Remember an input, taken at ``at``."""
        (self.untimed if identity[24:] == UNTIMED else self.young).add(identity, position, at)

    def undo(self, position: int) -> None:
        """What was added behind a position since the last ``expire`` did not happen."""
        self.young.undo(position)
        self.untimed.undo(position)

    def expire(self, now: int) -> None:
        """Forget what is older than its time; move on to the archive what is too much for the dictionaries."""
        self.untimed.expire(now - SHORT)
        self.old.expire(now - LONG)
        self.young.expire(now - LONG)
        while len(self.untimed.positions) > self._most_untimed:
            self.untimed.drop_first()
            self.forgotten += 1
        if len(self.young.positions) >= self._limit and self.archived:
            self._move(now)

    def _move(self, now: int) -> None:
        if self._moving is not None:
            self._moving.join()
        self.old, self.young = self.young, Newest()
        self.moved += 1
        self._moving = threading.Thread(target=self._archive, name="tocsin-archive", daemon=True,
                                        args=(self.old.positions, list(self.old.queue), now))
        self._moving.start()

    def _archive(self, positions: dict[bytes, int], queue: list[tuple[int, bytes]], now: int) -> None:
        self.archive.add(records_of((positions.get(identity, 0), at, identity) for at, identity in queue), now)
        self.archived += 1

    def load(self, pages: Iterable[bytes], now: int) -> None:
        """Read the past, packed records of 41 bytes, oldest first; on a thread beside the loop's."""
        records: Records = np.frombuffer(b"".join(pages), RECORD)
        untimed = records["flag"] == UNTIMED[0]
        timed = records[~untimed & (records["at"] + LONG > now)]
        if len(timed):
            self.archive.add(timed, now)
        self._past = [(int(record["position"]), int(record["at"]), record.tobytes()[16:])
                      for record in records[untimed & (records["at"] + SHORT > now)]]
        self.archived = 2

    def settle(self) -> bool:
        """Take over what was loaded; False while it is not there. Before that nothing may be added."""
        if not self.archived:
            return False
        for position, at, identity in self._past:
            self.add(identity, position, at)
        self._past = []
        return True
