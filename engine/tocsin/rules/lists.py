"""Who stands in a column of a list at an instant."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tocsin.book.book import Table
from tocsin.domain.errors import TocsinError
from tocsin.domain.plate import fold_plate
from tocsin.domain.time import from_datetime, parse_instant
from tocsin.rules.text import plain_text

VALIDITY = ("from", "until")
"""The two columns that say when a row is in its list."""

_EVER = (-(2**63), 2**63 - 1)


class ListError(TocsinError):
    """A list cannot be asked what a rule asks of it."""


class Members:
    """The texts of one column with the spans of time, both ends included, in which each is there."""

    def __init__(self, spans: dict[str, tuple[tuple[int, int], ...]]) -> None:
        self._spans = spans

    def has(self, text: str, at: int) -> bool:
        """Whether a key text is in the column at an instant."""
        spans = self._spans.get(text)
        return spans is not None and (spans[0] is _EVER or any(first <= at <= last for first, last in spans))

    def texts(self) -> Iterable[str]:
        """Every text of the column, at whatever time, in the order of the list."""
        return self._spans


def members_of(name: str, table: Table, column: str, zone: ZoneInfo, *, fold: bool = False,
               plates: bool = False) -> Members:
    """The members of a column, compared as key texts, case-folded with ``fold``, as ``plates``; blank cells are nobody.

    ``from`` and ``until`` are dates, local times or RFC 3339 instants; a date in ``until`` means the end of that
    day and an instant in ``until`` is inside. Raises ListError naming list and row for any other text.
    """
    spans: dict[str, list[tuple[int, int]]] = {}
    for number, row in enumerate(table.rows, start=1):
        text = plain_text(row.get(column, ""))
        if plates:
            text = fold_plate(text)
        if not text:
            continue
        try:
            span = span_of(row, zone)
        except ValueError as error:
            raise ListError(f'list "{name}", row {number}: {error}') from None
        spans.setdefault(text.casefold() if fold else text, []).append(span)
    return Members({text: (_EVER,) if _EVER in found else tuple(found) for text, found in spans.items()})


def span_of(row: dict[str, str], zone: ZoneInfo) -> tuple[int, int]:
    """First and last instant of a row; ValueError with a sentence for a cell that is not a time."""
    start, end = row.get("from", "").strip(), row.get("until", "").strip()
    if not start and not end:
        return _EVER
    return (_instant(start, zone, "from") if start else _EVER[0], _instant(end, zone, "until") if end else _EVER[1])


def _instant(text: str, zone: ZoneInfo, column: str) -> int:
    last = column == "until"
    try:
        if len(text) == 10:
            day = date.fromisoformat(text)
            if not last:
                return from_datetime(datetime.combine(day, time(), zone))
            return from_datetime(datetime.combine(day + timedelta(days=1), time(), zone)) - 1
        if text[-1] not in "Zz" and "+" not in text and text.count("-") < 3:
            # An hour that comes twice is read so that the row is there in both.
            return from_datetime(datetime.fromisoformat(text).replace(tzinfo=zone, fold=int(last)))
        return parse_instant(text)
    except (ValueError, OverflowError):
        raise ValueError(
            f'"{text[:40]}" in the column {column} is not a time: write 2026-12-24, "2026-12-24 18:00" or '
            f"2026-12-24T18:00:00+02:00"
        ) from None
