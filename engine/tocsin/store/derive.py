"""Deriving the tables again from the journal's rows, one by one, with the stored books."""

from collections.abc import Callable
from hashlib import blake2b
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection

from tocsin.book.book import Book, read_book
from tocsin.core.board import Board, apply
from tocsin.core.rejected import rejection
from tocsin.domain.change import Change, IncidentSet, NotificationSet, SilenceSet
from tocsin.domain.codec import decode_input, encode
from tocsin.domain.input import BookLoaded, Input
from tocsin.domain.time import format_instant
from tocsin.store.segment import Row
from tocsin.store.statements import fetch


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


class Derivation:
    """Steps the rows again and remembers what the tables must hold."""

    def __init__(self, books: dict[int, bytes], verdict: Verdict, version: str, step: Callable[..., list[Change]],
                 meaning: Callable[[Book], Any]) -> None:
        self._books, self._verdict, self._version, self._step, self._make = books, verdict, version, step, meaning
        self._board = Board()
        self._meaning: Any = None
        self._stopped = False
        self._incidents: dict[int, bytes] = {}
        self._notifications: dict[int, bytes] = {}
        self._silences: dict[int, bytes] = {}

    def stop(self, remark: str) -> None:
        """Derive nothing more, for this reason."""
        if not self._stopped:
            self._stopped = True
            self._verdict.remarks.append(remark)

    def take(self, row: Row, engine: str) -> None:
        """Step one row and compare its effect."""
        if self._stopped:
            return
        position, at, kind, body, effect, reason, _ = row
        if position == 1 and self._books:
            self._use(min(self._books), position)
        try:
            item = decode_input(body)
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
        for change in changes:
            if isinstance(change, IncidentSet):
                self._incidents[change.incident.id] = _short(encode(change.incident))
            elif isinstance(change, NotificationSet):
                self._notifications[change.notification.id] = _short(encode(change.notification))
            elif isinstance(change, SilenceSet):
                self._silences[change.silence.id] = encode(change.silence)

    def _changes(self, item: Input, at: int, reason: str | None, position: int) -> list[Change]:
        if reason:
            return rejection(self._board, item, at, reason)
        if isinstance(item, BookLoaded):
            self._use(item.number, position)
        return self._step(self._board, self._meaning, item, at)

    def _use(self, number: int, position: int) -> None:
        body = self._books.get(number)
        if body is None:
            raise FoundError(f"Position {position} puts rule book {number} in force, which the store does not hold.")
        self._meaning = self._make(read_book(number, body))

    def _differs(self, engine: str, finding: str) -> None:
        if engine and engine != self._version:
            self.stop(f"{finding} It was written by version {engine}, whose steps may differ; from there on only the "
                      "chain could be checked.")
            return
        raise FoundError(finding)

    def compare(self, connection: Connection) -> None:
        """The tables must hold exactly what was derived."""
        if self._stopped:
            return
        board = self._board
        self._table(connection, "Incident", "SELECT id, body FROM incidents", self._incidents, _short)
        self._table(connection, "Notification", "SELECT id, body FROM outbox", self._notifications, _short)
        self._table(connection, "Timer", "SELECT id, body FROM timers",
                    {name: encode(one) for name, one in board.timers.items()})
        self._table(connection, "Window", "SELECT rule || ' ' || \"key\", body FROM windows",
                    {" ".join(place): encode(body) for place, body in board.windows.items()})
        self._table(connection, "Address", "SELECT person || ' ' || channel, body FROM addresses",
                    {" ".join(place): encode(address) for place, address in board.addresses.items()})
        self._table(connection, "Policy", "SELECT hash, body FROM policies",
                    {name: encode(body) for name, body in board.policies.items()})
        self._table(connection, "Gate", """SELECT rule || ' ' || "key" || ' ' || gate, body FROM gated""",
                    {" ".join(which): encode(gated) for which, gated in board.kept.all.items()})
        self._table(connection, "Silence", "SELECT id, body FROM silences", self._silences)

    def _table(self, connection: Connection, what: str, text: str, derived: dict[Any, bytes],
               form: Callable[[bytes], bytes] = bytes) -> None:
        left = dict(derived)
        for name, body in fetch(connection, text):
            expected = left.pop(name, None)
            if expected is None:
                raise FoundError(f"{what} {name} stands in its table, but the journal does not give it.")
            if not isinstance(body, bytes) or form(body) != expected:
                raise FoundError(f"{what} {name} is not what the journal gives.")
        if left:
            raise FoundError(f"{what} {next(iter(left))} is missing from its table; the journal gives it.")


def _short(body: bytes) -> bytes:
    return blake2b(body, digest_size=16).digest()


def _summary(changes: list[Change]) -> str:
    if not changes:
        return "nothing"
    names = [change.__struct_config__.tag for change in changes]
    return ", ".join(str(name) for name in names[:10])
