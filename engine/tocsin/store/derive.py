"""Deriving the tables again from the journal's rows, one by one, with the stored books."""

from collections.abc import Callable
from hashlib import blake2b, sha256
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection

from tocsin.book.book import Book, read_book
from tocsin.core.board import Board, apply
from tocsin.core.rejected import rejection
from tocsin.domain.change import Change
from tocsin.domain.codec import decode_input, encode
from tocsin.domain.entry import Entry
from tocsin.domain.identity import recognised
from tocsin.domain.input import BookLoaded, Input, Receipt, TimerDue
from tocsin.domain.time import format_instant
from tocsin.store.segment import Row
from tocsin.store.shadow import Shadow
from tocsin.store.statements import fetch

NOTHING = b"null"
"""The body of an input that not even the store would take."""


class Verdict(Struct):
    """``findings`` are sentences, the first one first; ``remarks`` say what could not be checked and why.

    ``derived`` is how many of the ``rows`` were stepped again.
    """

    rows: int = 0
    segments: int = 0
    derived: int = 0
    findings: list[str] = []
    remarks: list[str] = []

    @property
    def ok(self) -> bool:
        return not self.findings


class FoundError(Exception):
    """A finding that ends the verification."""


class StoredBook(Struct, frozen=True):
    """A book as its table holds it."""

    number: int
    hash: str
    body: bytes
    loaded: int


class Derivation:
    """Steps the rows again; ``book`` finds a stored one (0: the first).

    The shadow and ``receipts`` (by notification) are what the tables must agree with.
    """

    def __init__(self, book: Callable[[int], StoredBook | None], verdict: Verdict, version: str,
                 step: Callable[..., list[Change]], meaning: Callable[[Book], Any]) -> None:
        self._book, self._verdict, self._version, self._step, self._make = book, verdict, version, step, meaning
        self._board = Board()
        self._meaning: Any = None
        self.stopped = False
        self.shadow = Shadow()
        self.receipts: dict[int, list[Receipt]] = {}
        self.in_force = 0
        self._at = 0

    def stop(self, remark: str) -> None:
        """Derive nothing more, for this reason."""
        if not self.stopped:
            self.stopped = True
            self._verdict.remarks.append(remark)

    def close(self) -> None:
        self.shadow.close()

    def take(self, row: Row, engine: str) -> None:
        """Step one row and compare its effect."""
        position, at, kind, body, effect, reason, identity = row
        if at < self._at:
            raise FoundError(f"Position {position}: at is {format_instant(at)}, before the row before it "
                             f"({format_instant(self._at)}).")
        self._at = at
        if self.stopped:
            return
        if position == 1 and self._book(0) is not None:
            self._use(1, position, at)
        try:
            item = TimerDue("") if body == NOTHING and reason else decode_input(body)
            if body != NOTHING:
                must = str(item.__struct_config__.tag)
                if kind != must:
                    raise FoundError(f"Position {position}: kind is {kind}, its body gives {must}.")
                if (identity or b"") != recognised(item):
                    raise FoundError(f"Position {position} ({kind}, {format_instant(at)}): identity is not that of its "
                                     "body: one of the two was changed.")
            changes = self._changes(item, at, reason, position)
        except FoundError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a changed row breaks is the finding
            self._differs(engine, f"Position {position} ({kind}, {format_instant(at)}) cannot be stepped again: "
                                  f"{type(error).__name__}: {error}")
            return
        derived = blake2b(encode(changes), digest_size=16).digest() if changes else None
        if derived != effect:
            self._differs(engine, f"Position {position} ({kind}, {format_instant(at)}) does not have the effect that "
                                  f"the journal says; now it gives: {_summary(changes)}.")
            return
        apply(self._board, changes)
        self._verdict.derived += 1
        if isinstance(item, Receipt):
            self.receipts.setdefault(item.notification, []).append(item)
        self.shadow.take(Entry(position, at, kind, b"", effect, changes))

    def _changes(self, item: Input, at: int, reason: str | None, position: int) -> list[Change]:
        if reason:
            return rejection(self._board, item, at, reason)
        if isinstance(item, BookLoaded):
            self._use(item.number, position, at, item.hash)
        return self._step(self._board, self._meaning, item, at)

    def _use(self, number: int, position: int, at: int, hash_: str = "") -> None:
        stored = self._book(number)
        if stored is None:
            raise FoundError(f"books, number {number}: this row is missing; position {position} puts it in force.")
        number = stored.number
        given, place = sha256(stored.body).hexdigest(), f"books, number {number}"
        if hash_ and given != hash_:
            raise FoundError(f"{place}: body has the hash {given}, position {position} gives {hash_}.")
        if stored.hash != given:
            raise FoundError(f"{place}: hash is {stored.hash}, body gives {given}.")
        if stored.loaded != at:
            raise FoundError(f"{place}: loaded is {stored.loaded}, position {position} gives {at}.")
        self._meaning = self._make(read_book(stored.number, stored.body))
        self.in_force = stored.number

    def _differs(self, engine: str, finding: str) -> None:
        if engine and engine != self._version:
            self.stop(f"{finding} It was written by version {engine}, whose steps may differ; from there on only the "
                      "chain could be checked.")
            return
        raise FoundError(finding)

    def compare(self, connection: Connection) -> None:
        """The tables must hold exactly what was derived."""
        if self.stopped:
            return
        for number, in fetch(connection, "SELECT number FROM books WHERE number > ?", (self.in_force,)):
            raise FoundError(f"books, number {number}: this row stands in its table, but the journal does not put it "
                             "in force.")
        for difference in self.shadow.differences(connection):
            raise FoundError(difference)


def _summary(changes: list[Change]) -> str:
    if not changes:
        return "nothing"
    names = [change.__struct_config__.tag for change in changes]
    return ", ".join(str(name) for name in names[:10])
