"""The rule book at start-up: the stored one; the files when nothing is stored, or when it is not fit any more."""

from collections.abc import Callable

from tocsin.book.book import Book, Content, number_book
from tocsin.domain.errors import BookError, Finding, SettingsError
from tocsin.matching.index import IndexMatcher
from tocsin.rules.tables import Tables
from tocsin.store.store import Store

Try = Callable[[Content], tuple[Finding, ...]]
"""Runs the rule tests; a finding for each that fails."""

Fit = Callable[[Content], None]
"""Raises SettingsError for a content with which this engine must not run."""


class Start:
    """``book`` holds from the start; ``next`` is the files' book where that one is not fit any more; ``read`` says that
    the files were read.
    """

    def __init__(self, book: Book, next_: Book | None, *, read: bool) -> None:
        self.book, self.next, self.read = book, next_, read


def start_book(store: Store, read: Callable[[], Content], try_: Try, fit: Fit) -> Start:
    """Choose the book to start with. BookError or SettingsError when there is none that is fit."""
    stored = store.book()
    if stored is not None:
        try:
            fit(stored.content)
        except SettingsError:
            pass
        else:
            return Start(stored, None, read=False)
    content = read()
    failing = try_(content)
    if failing:
        raise BookError(failing)
    fit(content)
    book = number_book(store.last_book() + 1, content)
    return Start(stored or book, book if stored is not None else None, read=True)


def matcher_of(content: Content) -> tuple[IndexMatcher, Tables]:
    """The matcher of a content, and the named things it asks."""
    tables = Tables.of(content)
    return IndexMatcher(content.rules, tables), tables
