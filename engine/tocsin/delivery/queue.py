"""The queue: the rows of one channel that leave next, read ahead, so that not every send asks the store."""

from bisect import insort
from collections.abc import Collection, Iterator

from tocsin.delivery.outbox import Outbox, Page, Row
from tocsin.domain.time import SECOND

AHEAD = 512
"""Rows read ahead. A claim takes none that was withdrawn meanwhile, so they may be old."""
TRUSTED = SECOND // 4
"""So long; then everything is read anew, whoever changed it."""
_NOTHING = Page([], True, 0, None, None)


class Queue:
    """Rows at hand, in order. ``next_due`` and ``next_expiry`` are those of the last reading and of what came since.

    ``changed`` is to be called when a row may have become due, or have changed its place, in another way than by being
    new: then nothing at hand does not mean that there is nothing.
    """

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._page = _NOTHING
        self._rows: list[Row] = []
        self._newest = self._read_at = 0
        self._known = False
        self.next_due: int | None = None
        self.next_expiry: int | None = None

    @property
    def more(self) -> bool:
        """Whether more is due than what is at hand."""
        return not self._page.whole

    @property
    def known(self) -> bool:
        """Whether there is nothing due but what is at hand and what ``more`` says."""
        return self._known

    def changed(self) -> None:
        self._known = False

    def look(self, now: int, *, added: bool) -> None:
        """Have what is due at hand; ``added`` says that there may be new rows."""
        old = bool(self._rows) and not 0 <= now - self._read_at < TRUSTED
        due = self.next_due is not None and self.next_due <= now
        if old or due or (self.more and not self._rows):
            self.read(now)
        elif added:
            # What was not read leaves after the last row at hand: of the new ones only the more severe come before it.
            above = -1 if self._page.whole or not self._rows else self._rows[-1].rank
            found, self._newest = self._outbox.added(self._newest, now, above)
            for row in found:
                insort(self._rows, row, key=_order)
                if (expires := row.notification.expires) is not None:
                    self.next_expiry = min(expires, self.next_expiry or expires)

    def read(self, now: int, without: Collection[str] = ()) -> None:
        """Read anew; ``without`` are people of whom more is due than can be held, and none of it can leave."""
        self._page = page = self._outbox.waiting(now, without, AHEAD)
        self._rows, self._newest = page.rows, page.newest
        self.next_due, self.next_expiry = page.next_due, page.next_expiry
        self._known, self._read_at = not without, now

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    def take(self, gone: Collection[int]) -> None:
        """The rows with these ids are being sent or settled."""
        if gone:
            self._rows = [row for row in self._rows if row.id not in gone]


def _order(row: Row) -> tuple[int, bool, int, int]:
    return row.order
