"""The journal read as history: what rules have heard, forwards behind a position, or backwards from the end."""

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager

from sqlalchemy import Connection

from tocsin.core.board import key_of
from tocsin.domain.codec import decode_incident
from tocsin.store.segment import row_of, unseal
from tocsin.store.statements import fetch, run

Told = tuple[int, int, bytes]
"""An accepted event or start: position, instant, encoded input."""

PAGE = 2_000
HEARD = ("arrival", "started")
_HOT = ('SELECT position, "at", body FROM journal WHERE position {} AND kind IN (\'arrival\', \'started\') '
        "AND reason IS NULL ORDER BY position {} LIMIT ?")
_ON, _BACK = _HOT.format("> ?", ""), _HOT.format("BETWEEN ? AND ?", "DESC")


class History:
    """Each page is a snapshot of its own; what is sealed meanwhile is found in its segment."""

    def __init__(self, reading: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._reading = reading

    def last(self) -> int:
        """The newest position, 0 in an empty journal."""
        with self._reading() as connection:
            hot = run(connection, "SELECT max(position) FROM journal").scalar() or 0
            return max(int(hot), _last_sealed(connection))

    def on(self, after: int) -> Iterator[list[Told]]:
        """What was heard behind a position, in order."""
        while True:
            with self._reading() as connection:
                sealed = _segment(connection, '"last" > ? ORDER BY number LIMIT 1', after)
                page = _sealed(connection, sealed[0]) if sealed else list(fetch(connection, _ON, (after, PAGE)))
            page = [told for told in page or () if told[0] > after]
            if page:
                yield page
            elif not sealed:
                return
            after = sealed[2] if sealed else page[-1][0]

    def back(self, until: int) -> Iterator[list[Told]]:
        """What was heard up to a position, the newest first, as far as it is kept."""
        while until > 0:
            with self._reading() as connection:
                sealed, last = _segment(connection, '"first" <= ? AND "last" >= ?', until, until), 0
                if sealed:
                    page = _sealed(connection, sealed[0])
                else:
                    last = _last_sealed(connection)
                    page = list(fetch(connection, _BACK, (last + 1, until, PAGE)))
            if page is None:
                return
            if sealed:
                page, until = [told for told in reversed(page) if told[0] <= until], sealed[1] - 1
            else:
                until = page[-1][0] - 1 if len(page) == PAGE else min(last, until - 1)
            if page:
                yield page

    def closings(self, rules: Collection[str], since: int) -> list[tuple[int, str, dict[str, str]]]:
        """When people last closed incidents of these rules: (instant, rule, key)."""
        found = []
        with self._reading() as connection:
            for rule in rules:
                for body, in fetch(connection, "SELECT body FROM incidents WHERE rule = ? AND closed >= ?",
                                   (rule, since)):
                    incident = decode_incident(body)
                    if incident.closed_by and incident.closed is not None:
                        found.append((incident.closed, rule, incident.key))
        return sorted(found, key=lambda closing: (closing[0], closing[1], key_of(closing[2])))


def body_of(connection: Connection, segment: int) -> bytes:
    """The compressed body of a segment; b"" when it is not kept any more."""
    return b"".join(row[0] for row in fetch(
        connection, "SELECT body FROM segment_parts WHERE segment = ? ORDER BY part", (segment,)))


def whole_body_of(connection: Connection, segment: int) -> bytes:
    """The compressed body of a segment of which every row is kept; else b""."""
    thinned = run(connection, "SELECT thinned FROM segments WHERE number = ?", (segment,)).scalar()
    return body_of(connection, segment) if thinned is None else b""


def _segment(connection: Connection, where: str, *values: int) -> tuple[int, int, int] | None:
    """Number, first and last position of a segment."""
    text = f'SELECT number, "first", "last" FROM segments WHERE {where}'  # noqa: S608 - own words
    return next(((row[0], row[1], row[2]) for row in fetch(connection, text, values)), None)


def _last_sealed(connection: Connection) -> int:
    return int(run(connection, 'SELECT max("last") FROM segments').scalar() or 0)


def _sealed(connection: Connection, segment: int) -> list[Told] | None:
    """What a segment holds; None when it is not kept any more."""
    body = whole_body_of(connection, segment)
    if not body:
        return None
    rows = (row_of(pair) for pair in unseal(body))
    return [(row[0], row[1], row[3]) for row in rows if row is not None and row[2] in HEARD and not row[5]]
