"""SQL texts made once from the tables: many rows go into one statement.

A statement releases Python's lock each time it steps; one row a step lets a busy event loop take the lock between
any two rows. So up to 256 rows go into one statement, in a multiple of 16, and what is left over into a second one:
there are 31 texts of each form, all of them prepared once.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, CursorResult, Table

_MOST, _UNIT = 256, 16

Row = tuple[Any, ...]


@cache
def insert_text(table: Table, columns: tuple[str, ...], rows: int, *, replace: bool, placeholder: str,
                values: tuple[str, ...] = ()) -> str:
    """An INSERT of ``rows`` rows; with ``replace`` an existing row takes the new values.

    ``values`` are SQL values for the columns, "?" where one is bound; () binds all.
    """
    one = "(" + ", ".join(placeholder if value == "?" else value for value in values or ("?",) * len(columns)) + ")"
    quoted = [f'"{name}"' for name in columns]
    text = f'INSERT INTO {table.name} ({", ".join(quoted)}) VALUES {", ".join([one] * rows)}'  # noqa: S608 - own names
    if replace:
        keys = [f'"{column.name}"' for column in table.primary_key]
        updates = ", ".join(f"{name} = excluded.{name}" for name in quoted if name not in keys)
        text += f" ON CONFLICT ({', '.join(keys)}) DO " + (f"UPDATE SET {updates}" if updates else "NOTHING")
    return text


def insert(connection: Connection, table: Table, columns: tuple[str, ...], rows: Sequence[Row], *,
           replace: bool = False, values: tuple[str, ...] = ()) -> None:
    """Insert rows given in the order of ``columns`` (of the "?" in ``values``); none may be named twice when replacing.

    Binding a value costs as much as storing it: what is the same in all rows stands in ``values``.
    """
    placeholder = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    for piece in _pieces(rows):
        flat: Row = tuple([value for row in piece for value in row])
        _execute(connection,
                 insert_text(table, columns, len(piece), replace=replace, placeholder=placeholder, values=values), flat)


def execute(connection: Connection, text: str, values: Row = ()) -> None:
    """Run a statement that gives nothing back straight by the driver, inside the transaction (a third of the time)."""
    _execute(connection, text if connection.dialect.paramstyle == "qmark" else text.replace("?", "%s"), values)


def _execute(connection: Connection, text: str, values: Row) -> None:
    cursor = connection.connection.cursor()
    cursor.execute(text, values)
    cursor.close()


def run(connection: Connection, text: str, values: Row = ()) -> CursorResult[Any]:
    """Run a statement written with ``?``, whatever the driver calls its placeholders."""
    if connection.dialect.paramstyle != "qmark":
        text = text.replace("?", "%s")
    return connection.exec_driver_sql(text, values)


def fetch(connection: Connection, text: str, values: Row = ()) -> Iterator[Row]:
    """The rows of a query straight from the driver: for many of them (a tenth of the time)."""
    if connection.dialect.paramstyle != "qmark":
        text = text.replace("?", "%s")
    cursor = connection.connection.cursor()
    cursor.execute(text, values)
    while rows := cursor.fetchmany(1000):
        yield from rows
    cursor.close()


@cache
def delete_text(table: Table, rows: int, placeholder: str) -> str:
    """A DELETE of ``rows`` rows by their primary keys."""
    names = [f'"{column.name}"' for column in table.primary_key]
    one = "(" + ", ".join([placeholder] * len(names)) + ")"
    values = ", ".join([one] * rows)
    return f"DELETE FROM {table.name} WHERE ({', '.join(names)}) IN (VALUES {values})"  # noqa: S608 - own names


def delete(connection: Connection, table: Table, keys: Sequence[Row]) -> None:
    """Delete rows by their primary keys."""
    placeholder = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    for piece in _pieces(keys):
        flat: Row = tuple([value for key in piece for value in key])
        _execute(connection, delete_text(table, len(piece), placeholder), flat)


def _pieces(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    start, left = 0, len(rows)
    while left:
        size = min(left, _MOST)
        if size > _UNIT:
            size -= size % _UNIT
        yield rows[start:start + size]
        start, left = start + size, left - size
