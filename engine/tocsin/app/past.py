"""Windows as they were, made again from a store's journal by what rebuilds changed rules."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from msgspec.structs import replace
from sqlalchemy import Connection

from tocsin.book.book import Book
from tocsin.book.rule import Rule
from tocsin.domain.input import Arrival
from tocsin.domain.time import DAY
from tocsin.loop.rebuilding import as_it_was
from tocsin.matching.index import IndexMatcher
from tocsin.reports.windows import Past, Recalled
from tocsin.rules.changed import looks_back
from tocsin.rules.meaning import Meaning
from tocsin.rules.tables import Tables
from tocsin.store.history import History
from tocsin.store.period import period_of

_LONG = frozenset({"absence", "change", "level"})
"""Words that hold the newest of a key, however long ago it came: they are read a day further back."""


def past_of(reading: Callable[[], AbstractContextManager[Connection]]) -> Past:
    """What makes windows again; each page of the journal is a snapshot of its own."""

    def recall(book: Book, rule: Rule, key: str, position: int, at: int, about: int) -> Recalled:
        alone = replace(book, content=replace(book.content, rules=(rule,)))
        matcher = IndexMatcher((rule,), Tables.of(book.content))
        back = looks_back(rule) + (DAY if rule.when.word in _LONG else 0)
        made, heard, whole = as_it_was(History(reading), Meaning(alone), rule.id, matcher, position, at, back)
        events = tuple((one.position, one.item.event) for one in heard if isinstance(one.item, Arrival))
        with reading() as connection:
            whole = whole and not period_of(connection, at - back, at).lost
        return Recalled(made.since, whole, tuple(made.held(rule.id, key, about)), events)

    return recall
