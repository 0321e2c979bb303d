"""rules/lists: tables of texts, from ``.csv`` (comma, semicolon or tab) or ``.yaml``."""

import csv
import io
from datetime import date, datetime

from tocsin.book.book import Table
from tocsin.book.node import Mapping, Node, Scalar, Sequence
from tocsin.book.report import Report, Unreadable
from tocsin.book.yaml import MAX_BYTES, read_bytes
from tocsin.domain.errors import Location

TIME_COLUMNS = ("from", "until")
MAX_ROWS = 200_000
MAX_COLUMNS = 200
SINGLE = "value"
"""The column of a YAML list of plain values."""


def read_list(name: str, path: str, body: bytes, report: Report) -> Table:
    """The table of one file; declares the list and its columns. Raises Unreadable with the reasons reported."""
    report.declare("list", name, Location(path, 1, 1))
    before = len(report.findings)
    table = _read_csv(path, body, report) if path.endswith(".csv") else _read_yaml(path, body, report)
    for column in table.columns:
        report.know("column", f"{name}.{column}", Location(path))
    if any(finding.level == "error" for finding in report.findings[before:]):
        raise Unreadable
    return table


def _refuse(report: Report, where: Location, text: str) -> Unreadable:
    report.error(where, text)
    return Unreadable()


def _read_csv(path: str, body: bytes, report: Report) -> Table:
    if len(body) > MAX_BYTES:
        raise _refuse(report, Location(path), f"the list has {len(body)} bytes, more than {MAX_BYTES}: split it")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise _refuse(report, Location(path, line, 1), "this is not UTF-8: save the list as UTF-8") from None
    if "\0" in text:
        raise _refuse(report, Location(path), "the list holds a zero byte: save it as a CSV file in UTF-8")
    head = text.partition("\n")[0]
    separator = max(",;\t", key=head.count) if any(mark in head for mark in ",;\t") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    columns: tuple[str, ...] = ()
    rows: list[dict[str, str]] = []
    try:
        for fields in reader:
            cells = [field.strip() for field in fields]
            if not any(cells):
                continue
            where = Location(path, reader.line_num, 1)
            if not columns:
                columns = _columns(cells, where, report)
            elif len(cells) != len(columns):
                report.error(where, f"this row has {len(cells)} columns, the first line {len(columns)}: put a value "
                             f'with "{separator}" in it in double quotes')
            else:
                rows.append(_row(dict(zip(columns, cells, strict=True)), where, report))
            if len(rows) > MAX_ROWS:
                raise _refuse(report, where, f"the list has more than {MAX_ROWS} rows: split it")
    except csv.Error as error:
        raise _refuse(report, Location(path, reader.line_num, 1), f"this line is no CSV: {error}") from None
    if not columns:
        raise _refuse(report, Location(path, 1, 1), "the list is empty: its first line names the columns")
    return Table(columns, tuple(rows))


def _columns(cells: list[str], where: Location, report: Report) -> tuple[str, ...]:
    if len(cells) > MAX_COLUMNS:
        raise _refuse(report, where, f"the first line names {len(cells)} columns, more than {MAX_COLUMNS}: is it the "
                                     "line of names?")
    for index, name in enumerate(cells):
        if not name:
            report.error(where, f"column {index + 1} has no name in the first line")
        elif name in cells[:index]:
            report.error(where, f'two columns are called "{name}": rename one')
    return tuple(cells)


def _row(row: dict[str, str], where: Location, report: Report) -> dict[str, str]:
    for column in TIME_COLUMNS:
        value = row.get(column, "")
        if not value:
            continue
        try:
            date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value)
        except ValueError:
            report.error(where, f'{column}: "{value[:40]}" is no date: write 2026-11-23 or 2026-11-23 08:00')
    return {column: value for column, value in row.items() if value}


def _read_yaml(path: str, body: bytes, report: Report) -> Table:
    tree = read_bytes(path, body, report)
    if not isinstance(tree, Sequence):
        where = Location(path, 1, 1) if tree is None else tree.where
        raise _refuse(report, where, "a list is written as - value lines, or as - {column: value, …} lines")
    columns: dict[str, None] = {}
    rows: list[dict[str, str]] = []
    for item in tree.items[:MAX_ROWS]:
        row = _yaml_row(item, report)
        columns.update(dict.fromkeys(row))
        rows.append(_row(row, item.where, report))
    if not rows:
        raise _refuse(report, tree.where, "the list is empty")
    return Table(tuple(columns), tuple(rows))


def _yaml_row(item: Node, report: Report) -> dict[str, str]:
    if isinstance(item, Scalar):
        return {SINGLE: item.text}
    if isinstance(item, Mapping):
        row = {}
        for key, value in item.entries:
            if isinstance(value, Scalar):
                row[key.text] = value.text
            else:
                report.error(value.where, f"{key.text}: a cell of a list is one value")
        return row
    report.error(item.where, "a row of a list is a value or a mapping of columns")
    return {}
