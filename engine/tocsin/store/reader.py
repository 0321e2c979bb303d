"""Reading a store from another process, or beside the engine: committed rows only, nothing written."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from sqlalchemy import Connection

from tocsin.book.book import Book, read_book
from tocsin.domain.errors import StoreError
from tocsin.store import sqlite
from tocsin.store.errors import told
from tocsin.store.history import body_of, whole_body_of
from tocsin.store.journal import hot_rows
from tocsin.store.segment import Row, row_of, unseal
from tocsin.store.statements import fetch, run


class Reader:
    """The store at ``path``, which an engine may have in use; StoreError when there is none."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise StoreError(f"There is no store at {path}: check storage.url in config.yaml; the engine makes it when "
                             "it first runs.")
        self._place = str(path)
        self._engine = sqlite.readers(path, size=1)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A read-only connection in one snapshot."""
        with told(self._place, content=False), self._engine.connect() as connection, connection.begin():
            yield connection

    def book(self, number: int = 0) -> Book | None:
        """A kept book; 0 means the one in force. None when there is none."""
        with self.reading() as connection:
            return book_at(connection, number)

    def secret(self) -> bytes:
        """The site secret, from which links and codes are derived."""
        with self.reading() as connection:
            return bytes.fromhex(str(run(connection, "SELECT value FROM meta WHERE key = 'secret'").scalar()))

    def close(self) -> None:
        self._engine.dispose()


def book_at(connection: Connection, number: int = 0) -> Book | None:
    """A kept book; 0 means the one in force. None when there is none."""
    if not number:
        number = int(run(connection, "SELECT value FROM meta WHERE key = 'book'").scalar() or 0)
    body = run(connection, "SELECT body FROM books WHERE number = ?", (number,)).scalar()
    return None if body is None else read_book(number, body)


def rows_at(connection: Connection, positions: Sequence[int]) -> dict[int, Row]:
    """The journal's rows at these positions, hot or sealed; what is not kept any more, or was erased, is left out."""
    found: dict[int, Row] = {}
    for position in positions:
        for row in fetch(connection, 'SELECT position, "at", kind, body, effect, reason, identity FROM journal '
                                     "WHERE position = ?", (position,)):
            found[position] = row
    left = {position for position in positions if position not in found}
    while left:
        position = min(left)
        number = run(connection, 'SELECT number FROM segments WHERE "first" <= ? AND "last" >= ?',
                     (position, position)).scalar()
        body = body_of(connection, number) if number is not None else b""
        for pair in unseal(body) if body else ():
            sealed = row_of(pair)
            if sealed is not None and sealed[0] in left:
                found[sealed[0]] = sealed
                left.discard(sealed[0])
        left.discard(position)
    return found


def rows_since(reading: Callable[[], AbstractContextManager[Connection]], after: int) -> Iterator[Row]:
    """The journal's rows behind a position in order, hot or sealed, as far as they are kept; each page is a snapshot of
    its own, so that the engine may go on sealing meanwhile.
    """
    while True:
        with reading() as connection:
            segment = fetch(connection, 'SELECT number, "last" FROM segments WHERE "last" > ? ORDER BY number LIMIT 1',
                            (after,))
            number, last = next(segment, (0, 0))
            body = whole_body_of(connection, number) if number else b""
            rows = [] if number else list(hot_rows(connection, after))
        if number:
            found = [row_of(pair) for pair in (unseal(body) if body else ())]
            rows = [row for row in found if row is not None and row[0] > after]
        elif not rows:
            return
        yield from rows
        after = last if number else rows[-1][0]
