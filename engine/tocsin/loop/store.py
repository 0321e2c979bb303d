"""What the loop asks of a store."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from tocsin.book.book import Book
from tocsin.core.board import Board
from tocsin.domain.entry import Entry
from tocsin.loop.rebuilding import History


class Restored(Protocol):
    """``position`` and ``at`` of the newest entry, the last instant known to be ``alive``, the ``book`` in force."""

    board: Board
    position: int
    at: int
    alive: int
    book: int


class Store(Protocol):
    """One transaction at a time; only the loop's thread calls these, but ``history`` is for everybody."""

    @property
    def short(self) -> bool:
        """Whether the room kept for answers and deadlines is being used: no events may be taken."""

    def release(self) -> None:
        """Give up the room that is kept, for the next start."""

    def begin(self) -> None: ...
    def write(self, entries: Sequence[Entry]) -> bool: ...
    def run(self, work: Callable[[Any], Any]) -> Any: ...
    def put_meta(self, key: str, value: str) -> None: ...
    def put_book(self, book: Book, at: int) -> None: ...
    def commit(self) -> None: ...
    def rollback(self) -> None: ...
    def restore(self) -> Restored: ...
    def identities(self, since: int) -> Iterable[bytes]: ...
    def wal_bytes(self) -> int: ...
    def history(self) -> History: ...
