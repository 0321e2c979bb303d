"""Statements written with ``?``, whatever the driver calls its placeholders.

They go straight to the driver inside SQLAlchemy's transaction: its own way of running one takes three times as long.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import cache
from typing import Any

from sqlalchemy import Connection

Reading = Callable[[], AbstractContextManager[Connection]]
"""A read-only connection in one snapshot, for a short look at committed rows."""
AT_ONCE = 64
"""Rows in one statement: each statement gives Python's lock up once, and each text is prepared once."""

Values = tuple[Any, ...]


def _execute(connection: Connection, text: str, values: Values) -> Any:
    if connection.dialect.paramstyle != "qmark":
        text = text.replace("?", "%s")
    cursor = connection.connection.cursor()
    cursor.execute(text, values)
    return cursor


def run(connection: Connection, text: str, values: Values = ()) -> int:
    """Run one statement with its values; how many rows it touched."""
    cursor = _execute(connection, text, values)
    count = int(cursor.rowcount)
    cursor.close()
    return count


def rows(connection: Connection, text: str, values: Values = ()) -> list[Values]:
    """All rows of a query that gives few."""
    cursor = _execute(connection, text, values)
    found: list[Values] = cursor.fetchall()
    cursor.close()
    return found


def value(connection: Connection, text: str, values: Values = ()) -> Any:
    """The first value of the first row, None when there is none."""
    found = rows(connection, text, values)
    return found[0][0] if found else None


def run_many(connection: Connection, text: str, values: Sequence[Values]) -> None:
    """Run ``text`` with its one ``VALUES ...`` filled by the rows of values, many at a time; nothing for none."""
    start = 0
    while start < len(values):
        piece = values[start:start + _size(len(values) - start)]
        start += len(piece)
        flat = tuple([one for row in piece for one in row])
        run(connection, _filled(text, len(piece), len(piece[0])), flat)


def _size(left: int) -> int:
    """Powers of two, so that there are few texts."""
    return AT_ONCE if left >= AT_ONCE else 1 << (left.bit_length() - 1)


@cache
def _filled(text: str, rows: int, columns: int) -> str:
    one = f"({marks(columns)})"
    return text.replace("VALUES ...", f"VALUES {', '.join([one] * rows)}")


def listed(wanted: Sequence[Any]) -> tuple[str, Values]:
    """Placeholders and values for IN (…): values are repeated up to a power of two, so that there are few texts."""
    size = 1 << max(0, len(wanted) - 1).bit_length()
    return marks(size), (*wanted, *[wanted[-1]] * (size - len(wanted)))


def marks(count: int) -> str:
    """Placeholders for ``count`` values."""
    return ", ".join("?" * count)
