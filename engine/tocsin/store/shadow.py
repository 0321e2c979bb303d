"""The shadow: tables written once more, by the code that writes the store's own, of what the journal gives."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from sqlalchemy import Connection, Table, create_engine
from sqlalchemy.pool import StaticPool

from tocsin.domain.entry import Entry
from tocsin.store import tables
from tocsin.store.rows import Rows
from tocsin.store.statements import Row, fetch

AT_ONCE = 500

COMPARED: tuple[Table, ...] = (
    tables.incidents, tables.activations, tables.evidence, tables.outbox, tables.timers, tables.windows,
    tables.addresses, tables.policies, tables.gated, tables.silences, tables.suppressed, tables.noted, tables.counters)
"""Tables that hold what changes leave in them and nothing else, but for the columns in BESIDE."""

BESIDE: Mapping[str, frozenset[str]] = {
    "outbox": frozenset({"state", "tries", "due", "reason", "provider_id"}),
}
"""Columns in which delivery goes on writing: ``delivered`` holds them against the attempts and the journal."""

_SHOWN = 60


class Shadow:
    """``take`` entries in the order of the journal; ``differences`` are what the real tables hold otherwise."""

    def __init__(self) -> None:
        engine = create_engine("sqlite://", creator=lambda: sqlite3.connect("", isolation_level=None),
                               poolclass=StaticPool)
        self.connection = engine.connect()
        for pragma in ("journal_mode = OFF", "synchronous = OFF"):
            self.connection.exec_driver_sql(f"PRAGMA {pragma}")
        tables.metadata.create_all(self.connection)
        self._rows, self._waiting = Rows(), 0

    def take(self, entry: Entry) -> None:
        """Let one entry leave in the shadow what it left in the store."""
        self._rows.follow(entry)
        self._waiting += 1
        if self._waiting == AT_ONCE:
            self.flush()

    def flush(self) -> None:
        self._rows.write(self.connection)
        self._rows, self._waiting = Rows(), 0

    def close(self) -> None:
        self.connection.close()
        self.connection.engine.dispose()

    def differences(self, real: Connection) -> Iterator[str]:
        """A sentence for each row that is not what the journal gives, table after table."""
        self.flush()
        for table in COMPARED:
            yield from _differences(table, real, self.connection)


def _differences(table: Table, real: Connection, shadow: Connection) -> Iterator[str]:
    keys = [column.name for column in table.primary_key]
    others = [column.name for column in table.columns
              if column.name not in keys and column.name not in BESIDE.get(table.name, ())]
    text = (f"SELECT {_listed(keys + others)} FROM {table.name} "  # noqa: S608 - own names
            f"ORDER BY {_listed(keys)}")
    count = len(keys)
    for found, expected in _paired(fetch(real, text), fetch(shadow, text), count):
        place = place_of(table.name, keys, (found or expected or ())[:count])
        if expected is None:
            yield f"{place}: this row stands in its table, but the journal does not give it."
        elif found is None:
            yield f"{place}: this row is missing from its table; the journal gives it."
        else:
            for name, is_, must in zip(others, found[count:], expected[count:], strict=True):
                if is_ != must or type(is_) is not type(must):
                    yield f"{place}: {name} is {shown(is_, must)}, the journal gives {shown(must, is_)}."


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _paired(real: Iterator[Row], shadow: Iterator[Row], count: int) -> Iterator[tuple[Row | None, Row | None]]:
    """The rows that differ, with their counterpart by key, None where there is none; both come in order of the key."""
    left, right = next(real, None), next(shadow, None)
    while left is not None or right is not None:
        if left == right:
            left, right = next(real, None), next(shadow, None)
            continue
        before = right is None or (left is not None and _order(left[:count]) < _order(right[:count]))
        after = left is None or (right is not None and _order(left[:count]) > _order(right[:count]))
        yield None if after else left, None if before else right
        if not after:
            left = next(real, None)
        if not before:
            right = next(shadow, None)


def _order(key: Row) -> tuple[tuple[int, Any], ...]:
    """As SQLite orders values of any type."""
    return tuple((0, 0) if value is None else (1, value) if isinstance(value, int | float) else
                 (2, value) if isinstance(value, str) else (3, value) for value in key)


def place_of(table: str, keys: Sequence[str], values: Sequence[Any]) -> str:
    """A row's name for people: its table, and its key column by column."""
    return f"{table}, " + ", ".join(f"{name} {value}" for name, value in zip(keys, values, strict=True))


def shown(value: Any, other: Any = None) -> str:
    """A value for people; of long ones the part around the first place where ``other`` differs."""
    if value is None:
        return "empty"
    if not isinstance(value, str | bytes):
        return str(value)
    begin = 0
    if isinstance(other, str | bytes):
        same = next((index for index, (one, two) in enumerate(zip_longest(value, other)) if one != two), 0)
        begin = max(0, same - _SHOWN // 2)
    part = value[begin:begin + _SHOWN]
    text = part.decode("utf-8", "backslashreplace") if isinstance(part, bytes) else part
    return f"{'…' if begin else ''}{text}{'…' if begin + _SHOWN < len(value) else ''}" or "empty text"
