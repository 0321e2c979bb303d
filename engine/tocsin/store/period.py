"""A stretch of the journal: where it begins, and what of it is not kept whole any more."""

from msgspec import Struct
from sqlalchemy import Connection

from tocsin.store.statements import fetch, run

_SEGMENTS = """SELECT "first", "last", since, until, thinned FROM segments WHERE until >= ? AND since <= ?
    ORDER BY number"""
_BEFORE = 'SELECT max("last") FROM segments WHERE until < ?'
_HOT_BEFORE = 'SELECT max(position) FROM journal WHERE "at" < ?'
_BEGINS = """SELECT min("at") FROM (SELECT min(since) AS "at" FROM segments UNION ALL SELECT min("at") FROM journal)"""
_ENDS = """SELECT max("at"), max(position) FROM (SELECT max(until) AS "at", max("last") AS position FROM segments
    UNION ALL SELECT max("at"), max(position) FROM journal)"""


class Lost(Struct, frozen=True):
    """Neighbouring segments of which only what incidents rest on is kept: positions and instants, both ends inside."""

    first: int
    last: int
    since: int
    until: int


class Period(Struct, frozen=True):
    """``after`` is the position behind which it is read, ``last`` the newest; ``begins`` and ``ends`` are the journal's
    first and last instant, None when it is empty.
    """

    after: int
    last: int
    begins: int | None
    ends: int | None
    lost: tuple[Lost, ...] = ()


def period_of(connection: Connection, since: int, until: int | None = None) -> Period:
    """The stretch from an instant on; ``until`` None is the end of the journal. Rows before ``since`` may be in it."""
    ends, last = next(fetch(connection, _ENDS))
    after = int(run(connection, _BEFORE, (since,)).scalar() or 0)
    hot = int(run(connection, _HOT_BEFORE, (since,)).scalar() or 0)
    lost: list[Lost] = []
    before = 0
    stop = until if until is not None else ends if ends is not None else since
    for first, final, begun, over, thinned in fetch(connection, _SEGMENTS, (since, stop)):
        if thinned is not None:
            joined = lost.pop() if lost and before == first - 1 else None
            lost.append(Lost(first if joined is None else joined.first, final,
                             begun if joined is None else joined.since, over))
            before = final
    return Period(max(after, hot), int(last or 0), run(connection, _BEGINS).scalar(), ends, tuple(lost))
