"""Statements written with ``?``, whatever the driver calls its placeholders."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from sqlalchemy import Connection, CursorResult

Reading = Callable[[], AbstractContextManager[Connection]]
"""A read-only connection in one snapshot, for a short look at committed rows."""


def run(connection: Connection, text: str, values: tuple[Any, ...] = ()) -> CursorResult[Any]:
    """Run one statement with its values."""
    if connection.dialect.paramstyle != "qmark":
        text = text.replace("?", "%s")
    return connection.exec_driver_sql(text, values)


def rows(connection: Connection, text: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """All rows of a query that gives few."""
    return [tuple(row) for row in run(connection, text, values)]


def run_many(connection: Connection, text: str, values: list[tuple[Any, ...]]) -> None:
    """Run one statement for each row of values; nothing for none."""
    if not values:
        return
    if connection.dialect.paramstyle != "qmark":
        text = text.replace("?", "%s")
    connection.exec_driver_sql(text, values)


def marks(count: int) -> str:
    """Placeholders for ``count`` values."""
    return ", ".join("?" * count)
