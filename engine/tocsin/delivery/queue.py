"""The queue: the rows of one channel that leave next, at hand, so that not every send asks the store."""

from bisect import insort
from collections.abc import Collection, Iterator
from itertools import islice

from tocsin.delivery.outbox import Outbox, Row
from tocsin.domain.notification import QUEUED, Notification
from tocsin.domain.time import SECOND

AHEAD = 512
"""Rows read at a time. A claim takes none that was withdrawn meanwhile, so they may be old."""
MOST = 8 * AHEAD
TRUSTED = SECOND // 4
"""So long; then everything is read anew, whoever changed it."""


class Queue:
    """Rows at hand, in order. ``next_due`` and ``next_expiry`` are those of the last reading and of what came since.

    ``more`` is due than what is at hand, and leaves after it. ``changed`` is to be called when more may be due than
    that: then everything is read anew.
    """

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._rows: list[Row] = []
        self._newest = self._read_at = 0
        self._known, self.more = False, True
        self.next_due: int | None = None
        self.next_expiry: int | None = None

    def changed(self) -> None:
        self._known = False

    def offer(self, notification: Notification) -> None:
        """A row that was just committed."""
        if notification.id <= self._newest:
            return
        self._newest = notification.id
        if (hold := notification.hold) is not None:
            self.next_due = min(hold, self.next_due or hold)
            return
        row = Row(notification, notification.rank, QUEUED, 0)
        if self.more and (not self._rows or row.order > self._rows[-1].order):
            return  # its turn is among those that are not at hand
        insort(self._rows, row, key=_order)
        if (expires := notification.expires) is not None:
            self.next_expiry = min(expires, self.next_expiry or expires)
        if len(self._rows) > MOST:
            del self._rows[AHEAD:]
            self.more = True

    def look(self, now: int) -> None:
        """Have what is due at hand."""
        old = bool(self._rows) and not 0 <= now - self._read_at < TRUSTED
        due = self.next_due is not None and self.next_due <= now
        if not self._known or old or due or (self.more and not self._rows):
            self.read(now)

    def read(self, now: int, without: Collection[str] = ()) -> None:
        """Read anew; ``without`` are people of whom more is due than can be held, and none of it can leave."""
        page = self._outbox.waiting(now, without, AHEAD)
        self._rows, self._newest, self._read_at = page.rows, max(self._newest, page.newest), now
        self._known, self.more = not without, not page.whole
        self.next_due, self.next_expiry = page.next_due, page.next_expiry

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    def together_with(self, row: Row, most: int) -> list[Row]:
        """The row and, where it is gathered, what is told together with it: at most so many, in the order of their
        decision.
        """
        if row.notification.hold is None:
            return [row]
        mine = row.notification.together
        others = (other for other in self._rows if other.id != row.id and other.notification.hold is not None
                  and other.notification.together == mine)
        return sorted([row, *islice(others, most - 1)], key=lambda one: one.id)

    def take(self, gone: Collection[int]) -> None:
        """The rows with these ids are being sent or settled."""
        if gone:
            self._rows = [row for row in self._rows if row.id not in gone]


def _order(row: Row) -> tuple[int, bool, int, int, int]:
    return row.order
