"""From an incident's number back to everything that made it and everything that came of it, from committed rows."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, text

from tocsin.book.book import Book, Content
from tocsin.book.contacts import Policy
from tocsin.book.groups import called
from tocsin.book.rule import Rule
from tocsin.core.board import key_of
from tocsin.domain.codec import decode_activation, decode_incident, decode_input, decode_timer
from tocsin.domain.event import Event
from tocsin.domain.incident import Activation, Answered, Incident
from tocsin.domain.input import Arrival, Input
from tocsin.reports.asked import Asked, steps_of
from tocsin.reports.told import Told, of_incident
from tocsin.reports.untold import Line, Untold, lines_of_incident, untold_before, untold_of_incident
from tocsin.reports.windows import Past, Window, windows_of

LAST = 2**62
"""Later than every instant."""
MOST = 200
"""Inputs shown of those that an incident rests on: the first and the last half of these."""

RowsAt = Callable[[Connection, Sequence[int]], Mapping[int, Sequence[Any]]]
"""Journal rows (position, at, kind, body, …) by position; what is not kept any more is left out."""
BookAt = Callable[[Connection, int], Book | None]
Say = Callable[[Rule, dict[str, Any]], str]
"""A rule's sentence with these values."""

_INCIDENT = text("SELECT body FROM incidents WHERE id = :number")
_ACTIVATIONS = text("SELECT body FROM activations WHERE incident = :number ORDER BY number")
_EVIDENCE = text("SELECT position FROM evidence WHERE incident = :number ORDER BY position")
_TIMERS = text("SELECT body FROM timers WHERE incident = :number ORDER BY due, id")
_BOOK_THEN = text("SELECT max(number) FROM books WHERE loaded <= :at")
_POLICY = text("SELECT body FROM policies WHERE hash = :hash")
_decode_policy = msgspec.json.Decoder(Policy).decode


class Rested(Struct, frozen=True):
    """An input that the incident rests on; ``input`` None when the journal does not keep it any more."""

    position: int
    at: int = 0
    kind: str = ""
    input: Input | None = None

    @property
    def event(self) -> Event | None:
        return self.input.event if isinstance(self.input, Arrival) else None


class Deadline(Struct, frozen=True):
    """A deadline to come: what for, and for whom ("" for nobody in particular)."""

    due: int
    what: str
    person: str = ""


class Explained(Struct, frozen=True, kw_only=True):
    """An incident explained; instants in microseconds UTC, addresses masked.

    ``rests_on`` holds at most MOST of the ``inputs`` inputs. ``kept_back`` are firings of the same rule and key that
    opened no incident since the one before. ``names`` gives the name of every person mentioned.
    """

    incident: int
    rule: str
    say: str
    key: dict[str, str]
    severity: str
    condition: str
    response: str
    opened: int
    closed: int | None
    closed_by: str
    book: int
    book_hash: str
    time_zone: str
    activations: tuple[Activation, ...]
    inputs: int
    rests_on: tuple[Rested, ...]
    asked: tuple[Asked, ...]
    told: tuple[Told, ...]
    answers: tuple[Answered, ...]
    deadlines: tuple[Deadline, ...]
    untold: tuple[Untold, ...]
    kept_back: tuple[Untold, ...]
    windows: tuple[Window, ...]
    lines: tuple[Line, ...]
    names: dict[str, str]


def explain(connection: Connection, number: int, *, rows_at: RowsAt, book_at: BookAt, say: Say,
            past: Past | None = None) -> Explained | None:
    """Explain an incident; None when there is none with this number. Without ``past`` no window is looked into."""
    body = connection.execute(_INCIDENT, {"number": number}).scalar()
    if body is None:
        return None
    incident = decode_incident(body)
    book = book_at(connection, incident.book)
    told = of_incident(connection, number)
    contents = _Contents(connection, book_at, book)
    positions = [int(position) for (position,) in connection.execute(_EVIDENCE, {"number": number})]
    activations = tuple(decode_activation(row) for (row,) in connection.execute(_ACTIVATIONS, {"number": number}))
    rule = _rule(book, incident.rule)
    asked = steps_of(told, contents.at, _policies(connection, incident))
    return Explained(
        incident=number, rule=incident.rule, say=say(rule, incident.values) if rule is not None else "",
        key=incident.key, severity=incident.severity, condition=incident.condition, response=incident.response,
        opened=incident.opened, closed=incident.closed, closed_by=incident.closed_by, book=incident.book,
        book_hash=book.hash if book is not None else "",
        time_zone=book.content.site.time_zone if book is not None else "UTC",
        activations=activations,
        inputs=len(positions), rests_on=_rested(connection, positions, rows_at),
        asked=asked, told=told, answers=incident.answers,
        deadlines=_deadlines(connection, number), untold=untold_of_incident(connection, number),
        kept_back=untold_before(connection, number, incident.rule, key_of(incident.key),
                                incident.closed if incident.closed is not None else LAST),
        windows=() if past is None else windows_of(connection, incident, activations, positions, rows_at, contents.book,
                                                   past),
        lines=lines_of_incident(connection, number), names=_names(book, incident, told, asked))


def _rule(book: Book | None, name: str) -> Rule | None:
    return next((rule for rule in book.content.rules if rule.id == name), None) if book is not None else None


class _Contents:
    """The book in force at an instant, and its content; each is read once."""

    def __init__(self, connection: Connection, book_at: BookAt, first: Book | None) -> None:
        self._connection, self._book_at = connection, book_at
        self._first = first
        self._kept: dict[int, Book | None] = {first.number: first} if first is not None else {}

    def at(self, instant: int) -> Content | None:
        book = self.book(instant)
        return book.content if book is not None else None

    def book(self, instant: int) -> Book | None:
        number = self._connection.execute(_BOOK_THEN, {"at": instant}).scalar()
        if number is None:
            return self._first
        if number not in self._kept:
            self._kept[number] = self._book_at(self._connection, number)
        return self._kept[number]


def _policies(connection: Connection, incident: Incident) -> Callable[[str], Policy | None]:
    """The policies as they were when the incident's escalations began."""
    kept: dict[str, Policy] = {}
    for escalation in incident.escalations:
        body = connection.execute(_POLICY, {"hash": escalation.snapshot}).scalar()
        if body is not None:
            kept[escalation.policy] = _decode_policy(body)
    return kept.get


def _rested(connection: Connection, positions: list[int], rows_at: RowsAt) -> tuple[Rested, ...]:
    half = MOST // 2
    shown = positions if len(positions) <= MOST else positions[:half] + positions[-half:]
    rows = rows_at(connection, shown)
    return tuple(Rested(position, int(row[1]), str(row[2]), decode_input(row[3]))
                 if (row := rows.get(position)) is not None else Rested(position) for position in shown)


_WHAT = {"answer": "the next step, unless somebody answers", "ask": "the person's next channel",
         "receipt": "the next channel, unless a delivery receipt comes", "remind": "a reminder to those who have it",
         "reopen": "whether it has to open again", "joined": "telling those who answered what joined",
         "held": "the step that waits for its hours", "overflow": "whether the overflow is over",
         "forgotten": "it opens again, unless something is heard of those who have it",
         "unmute": "the end of what keeps it quiet"}


def _deadlines(connection: Connection, number: int) -> tuple[Deadline, ...]:
    timers = [decode_timer(body) for (body,) in connection.execute(_TIMERS, {"number": number})]
    return tuple(Deadline(timer.due, _WHAT.get(timer.kind, timer.kind), timer.person) for timer in timers)


def _names(book: Book | None, incident: Incident, told: tuple[Told, ...], asked: tuple[Asked, ...]) -> dict[str, str]:
    known = called(book.content) if book is not None else {}
    mentioned = {one.notification.person for one in told} | {given.person for given in incident.answers}
    mentioned |= {incident.closed_by, *incident.told}
    mentioned |= {person for step in asked for one in step.meant for person in one.people}
    return {person: known[person] for person in sorted(mentioned) if person in known}
