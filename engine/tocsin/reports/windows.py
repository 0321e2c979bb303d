"""What the window of an incident's key held when it fired: made again from the journal, never stored."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from msgspec import Struct
from sqlalchemy import Connection, text

from tocsin.book.book import Book
from tocsin.book.rule import Rule
from tocsin.core.board import key_from, key_of
from tocsin.domain.codec import decode_input
from tocsin.domain.event import Event
from tocsin.domain.incident import Activation, Incident
from tocsin.domain.input import Arrival
from tocsin.rules.held import Held
from tocsin.rules.key import keys_of

MOST_ACTIVATIONS, MOST = 5, 100
"""Activations looked into: the first and the newest. Things shown of a window: the newest."""

_FOLLOWED = text('SELECT i.id, i."key", a."at" FROM incidents i JOIN activations a ON a.incident = i.id '
                 'WHERE i.rule = :rule AND a."at" <= :at AND (a.cleared IS NULL OR a.cleared >= :at) '
                 'ORDER BY a."at", i.id')

RowsAt = Callable[[Connection, Sequence[int]], Mapping[int, Sequence[Any]]]
BookThen = Callable[[int], Book | None]


class Inside(Struct, frozen=True):
    """One thing that a window held: its event time, what it counted as, and the event itself where it is known."""

    time: int
    what: str
    position: int = 0
    event: Event | None = None


class Window(Struct, frozen=True):
    """What the window held when an activation began at ``at`` with the input of ``position``.

    ``since`` is the instant from which the journal was read for it, ``whole`` whether that is as far back as the rule
    looks. Of the ``count`` things ``held`` are the newest.
    """

    activation: int
    at: int
    position: int
    word: str
    since: int
    whole: bool
    count: int
    held: tuple[Inside, ...]


class Recalled(Struct, frozen=True):
    """A window as it was: what it held, and the (position, event) that the rule heard since ``since``."""

    since: int
    whole: bool
    held: tuple[Held, ...]
    heard: tuple[tuple[int, Event], ...]


class Past(Protocol):
    """Makes the window of (rule, key) as it was just behind a position, asked about an event time."""

    def __call__(self, book: Book, rule: Rule, key: str, position: int, at: int, about: int) -> Recalled: ...


def windows_of(connection: Connection, incident: Incident, activations: Sequence[Activation],
               positions: Sequence[int], rows_at: RowsAt, book_then: BookThen, past: Past) -> tuple[Window, ...]:
    """The windows of the first and the newest activations, in order; what was fired by a rule or an input that is not
    kept any more is left out.
    """
    chosen = activations if len(activations) <= MOST_ACTIVATIONS else [
        activations[0], *activations[1 - MOST_ACTIVATIONS:]]
    return tuple(found for activation in chosen
                 if (found := _window(connection, incident, activation, positions, rows_at, book_then, past)))


def _window(connection: Connection, incident: Incident, activation: Activation, positions: Sequence[int],
            rows_at: RowsAt, book_then: BookThen, past: Past) -> Window | None:
    book = book_then(activation.at)
    rule = next((one for one in book.content.rules if one.id == incident.rule), None) if book is not None else None
    row = _firing(connection, activation.at, positions, rows_at)
    if book is None or rule is None or row is None:
        return None
    position = int(row[0])
    if rule.when.word == "incident":
        held = tuple(_followed(connection, rule, incident.key, activation.at))
        return Window(activation.number, activation.at, position, rule.when.word, activation.at, True, len(held),
                      held[-MOST:])
    item = decode_input(row[3])
    about = item.event.time if isinstance(item, Arrival) else activation.happened
    found = past(book, rule, key_of(incident.key), position, activation.at, about)
    held = tuple(_with_events(found, rule, incident.key))
    return Window(activation.number, activation.at, position, rule.when.word, found.since, found.whole, len(held),
                  held[-MOST:])


def _firing(connection: Connection, at: int, positions: Sequence[int], rows_at: RowsAt) -> Sequence[Any] | None:
    """The first input at that instant on which the incident rests: instants rise with positions."""
    low, high = 0, len(positions)
    found: Sequence[Any] | None = None
    while low < high:
        middle = (low + high) // 2
        row = rows_at(connection, [positions[middle]]).get(positions[middle])
        if row is None:
            return None
        if int(row[1]) >= at:
            found, high = row, middle
        else:
            low = middle + 1
    return found if found is not None and int(found[1]) == at else None


def _with_events(found: Recalled, rule: Rule, key: dict[str, str]) -> Iterator[Inside]:
    """Each thing with the event that it stands for: the next of the key at that time."""
    by_time: dict[int, list[tuple[int, Event]]] = {}
    for position, event in found.heard:
        if any(own.items() <= key.items() for own in keys_of(event, rule.per)[0]):
            by_time.setdefault(event.time, []).append((position, event))
    used: dict[tuple[int, str], int] = {}
    for one in found.held:
        events = by_time.get(one.time, [])
        # Two steps may stand for one event, two things of one kind at one time are two events.
        number = used.get((one.time, one.what), 0)
        used[one.time, one.what] = number + 1
        if number < len(events):
            yield Inside(one.time, one.what, *events[number])
        else:
            yield Inside(one.time, one.what)


def _followed(connection: Connection, rule: Rule, key: dict[str, str], at: int) -> Iterator[Inside]:
    """The incidents of the other rule that were active then and agree in the fields of both keys."""
    for number, text_, since in connection.execute(_FOLLOWED, {"rule": rule.when.of, "at": at}):
        other = key_from(text_)
        if all(other.get(name, value) == value for name, value in key.items()):
            place = ", ".join(f"{name} {value}" for name, value in other.items())
            yield Inside(int(since), f"incident {number}: {rule.when.of}" + (f" ({place})" if place else ""))
