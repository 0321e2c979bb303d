"""The keys that a list expects: which rows give which keys, and when."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from tocsin.book.book import Content
from tocsin.book.catalogue import EventTypes, key_kind, types_of
from tocsin.book.kinds import constant
from tocsin.book.rule import Rule
from tocsin.rules.lists import span_of
from tocsin.rules.text import plain_text

Row = dict[str, str]
Key = dict[str, str]


class Expected:
    """The listed keys of one rule, each with the spans (both ends inside) in which rows name it."""

    def __init__(self, rule: Rule, content: Content) -> None:
        self._spans: dict[tuple[tuple[str, str], ...], list[tuple[int, int, Row]]] = {}
        zone = ZoneInfo(content.site.time_zone)
        if not rule.when.expected:
            self._spans[()] = [(*span_of({}, zone), {})]
            return
        name, _, column = rule.when.expected.partition(".")
        table = content.lists.get(name)
        columns = columns_of(rule, table.columns if table is not None else (), column)
        types = EventTypes(content.events)
        kinds = {field.name: key_kind(types, types_of(rule), field) for field in rule.per}
        for row in table.rows if table is not None else ():
            key = {field: constant(kinds[field], plain_text(row.get(place, ""))) for field, place in columns.items()}
            if all(key.values()):
                self._spans.setdefault(_place(key), []).append((*span_of(row, zone), row))

    def row(self, key: Key, at: int) -> Row | None:
        """The row that names the key at an instant; None when it is not expected then."""
        return next((row for first, last, row in self._spans.get(_place(key), ()) if first <= at <= last), None)

    def at(self, instant: int) -> Iterator[tuple[Key, Row]]:
        """The keys expected at an instant, in the order of the list."""
        for place, spans in self._spans.items():
            row = next((row for first, last, row in spans if first <= instant <= last), None)
            if row is not None:
                yield dict(place), row

    def next_change(self, instant: int) -> int | None:
        """The first later instant at which a row begins or has ended; None when none does."""
        edges = (edge for spans in self._spans.values() for first, last, _ in spans for edge in (first, last + 1))
        return min((edge for edge in edges if instant < edge < 2**62), default=None)


def columns_of(rule: Rule, columns: tuple[str, ...], column: str) -> dict[str, str]:
    """The column that gives each ``per`` field: the one of its name, else the one that ``expected`` names; a single
    field is always given by that.
    """
    if len(rule.per) == 1:
        return {rule.per[0].name: column}
    return {field.name: field.name if field.name in columns else column for field in rule.per}


def _place(key: Key) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(key.items()))
