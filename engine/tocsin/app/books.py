"""The rule book at start-up: the stored one, and the files when they say something new and pass."""

from collections.abc import Callable

from tocsin.book.book import Book, Content, number_book
from tocsin.domain.errors import BookError, Finding
from tocsin.matching.index import IndexMatcher
from tocsin.rules.tables import Tables
from tocsin.store.store import Store

Try = Callable[[Content], tuple[Finding, ...]]
"""Runs the rule tests; a finding for each that fails."""


class Start:
    """``book`` holds from the start; ``next`` is the files' book when it differs and is fit, else ``refused`` says why.
    """

    def __init__(self, book: Book, next_: Book | None, refused: tuple[Finding, ...]) -> None:
        self.book, self.next, self.refused = book, next_, refused


def start_book(store: Store, read: Callable[[], Content], try_: Try) -> Start:
    """Choose the book to start with. Raises BookError when nothing is stored and the files are not fit."""
    stored = store.book()
    try:
        content = read()
        failing = try_(content)
        if failing:
            raise BookError(failing)
    except BookError as error:
        if stored is None:
            raise
        return Start(stored, None, error.findings)
    book = number_book(store.last_book() + 1, content)
    if stored is None:
        return Start(book, None, ())
    return Start(stored, None if book.hash == stored.hash else book, ())


def matcher_of(content: Content) -> tuple[IndexMatcher, Tables]:
    """The matcher of a content, and the named things it asks."""
    tables = Tables.of(content)
    return IndexMatcher(content.rules, tables), tables
