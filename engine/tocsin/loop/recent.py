"""What came lately: recognises a repetition within its time, and an id that comes again with other content.

The newest inputs are in dictionaries, the others of the day in an archive of sorted arrays. The loop's thread looks
into the dictionaries as it steps; the archive was asked before, for many at a time (``screen``). What leaves the
dictionaries for the archive stays in ``old`` for another turn, so that nothing falls between the two.
"""

import threading
from collections import deque
from collections.abc import Iterable, Sequence

import numpy as np

from tocsin.domain.time import DAY, MINUTE
from tocsin.loop.archive import RECORD, Archive, Records, records_of

UNTIMED = b"\x01"
"""Last byte of the identity of an event without a time of its own: its repetition counts for 5 minutes only."""
SHORT, LONG = 5 * MINUTE, DAY
YOUNG = 65_536

_Queue = deque[tuple[int, bytes]]


class Recent:
    """Identities are 25 bytes: 16 that say "the same", 8 of the name alone, and one that is UNTIMED or zero.

    ``young``, ``old`` and ``untimed`` give the position of the first input with an identity; the names beside them the
    position at which a name came last. ``moved`` counts the moves to the archive begun, ``archived`` those that are
    done: what was screened at ``archived`` holds while ``archived >= moved - 1``. Loading the past counts as the first
    two.
    """

    def __init__(self, *, young: int = YOUNG, untimed: int = 1_000_000) -> None:
        self._limit, self._most_untimed = young, untimed
        self.young: dict[bytes, int] = {}
        self.old: dict[bytes, int] = {}
        self.untimed: dict[bytes, int] = {}
        self._names: dict[bytes, int] = {}
        self._untimed_names: dict[bytes, int] = {}
        self.moved, self.archived = 2, 0
        self.forgotten = 0
        """Untimed ones that had to be forgotten before their time."""
        self.archive = Archive()
        self._past: list[tuple[int, int, bytes]] = []
        self._long: _Queue = deque()
        self._short: _Queue = deque()
        self._moving: threading.Thread | None = None

    def __len__(self) -> int:
        return len(self.young) + len(self.untimed) + len(self.archive)

    def screen(self, identities: Sequence[bytes], now: int) -> list[tuple[int, bool]]:
        """Ask the archive: for each the position of the first (0 for none) and whether its name came; [] for none."""
        return self.archive.find(identities, now)

    def look(self, identity: bytes, before: int, named: bool, archived: int, now: int) -> tuple[int, bool]:
        """The position of the first input with this identity (0 for none), and whether its name came before.

        ``before`` and ``named`` are what ``screen`` said when ``self.archived`` was ``archived``.
        """
        if archived < self.moved - 1:
            before, named = (self.archive.find([identity], now) or [(0, False)])[0]
        return (self.young.get(identity) or self.old.get(identity) or self.untimed.get(identity) or before,
                named or (name := identity[16:24]) in self._names or name in self._untimed_names)

    def add(self, identity: bytes, position: int, at: int) -> None:
        """Remember an input, taken at ``at``."""
        if identity[24:] == UNTIMED:
            self.untimed[identity] = position
            self._untimed_names[identity[16:24]] = position
            self._short.append((at, identity))
        else:
            self.young[identity] = position
            self._names[identity[16:24]] = position
            self._long.append((at, identity))

    def undo(self, position: int) -> None:
        """What was added behind a position did not happen."""
        for queue in (self._short, self._long):
            while queue and self._position(queue[-1][1]) > position:
                self._drop(queue.pop()[1])
        self._names = {identity[16:24]: self._position(identity) for _, identity in self._long}
        self._untimed_names = {identity[16:24]: self._position(identity) for _, identity in self._short}

    def expire(self, now: int) -> None:
        """Forget what is older than its time; move on to the archive what is too much for the dictionaries."""
        for queue, kept in ((self._short, SHORT), (self._long, LONG)):
            while queue and queue[0][0] + kept <= now:
                self._drop(queue.popleft()[1])
        while len(self.untimed) > self._most_untimed:
            self._drop(self._short.popleft()[1])
            self.forgotten += 1
        if len(self.young) >= self._limit and self.archived:
            self._move(now)

    def _position(self, identity: bytes) -> int:
        return self.young.get(identity) or self.old.get(identity) or self.untimed.get(identity) or 0

    def _drop(self, identity: bytes) -> None:
        position = self._position(identity)
        for known in (self.young, self.old, self.untimed):
            known.pop(identity, None)
        name, names = identity[16:24], self._untimed_names if identity[24:] == UNTIMED else self._names
        if names.get(name) == position:
            del names[name]

    def _move(self, now: int) -> None:
        if self._moving is not None:
            self._moving.join()
        while len(self._long) > len(self.young):
            self._drop(self._long.popleft()[1])
        self.old, self.young = self.young, {}
        self.moved += 1
        self._moving = threading.Thread(target=self._archive, args=(self.old, list(self._long), now),
                                        name="tocsin-archive", daemon=True)
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
