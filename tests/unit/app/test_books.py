"""Which book an engine starts with."""

from pathlib import Path

import pytest
from tests.support.small_site import BOOK, content

from tocsin.app.books import start_book
from tocsin.book.book import Content
from tocsin.domain.errors import BookError, Finding, Location, SettingsError
from tocsin.store.store import Store, open_store


def unread() -> Content:
    raise AssertionError("the files were read")


def wrong() -> Content:
    raise BookError((Finding(Location("rules/a.yaml", 1), "wrong"),))


def fit(found: Content) -> None:
    """Books with people in them only."""
    if not found.people:
        raise SettingsError("nobody to turn to")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = open_store(tmp_path / "t.db")
    made.begin()
    made.put_book(BOOK, 0)
    made.commit()
    return made


def test_the_stored_book_holds_at_once(store: Store) -> None:
    """The files are looked at beside the running engine, however wrong they are."""
    start = start_book(store, unread, lambda found: (), fit)
    assert (start.book, start.next, start.read) == (BOOK, None, False)
    store.close()


def test_a_stored_book_that_must_not_run_any_more_gives_way_to_the_files(store: Store) -> None:
    """A channel was taken out of config.yaml, and the files say what to do instead: they are read first."""
    better = content()

    def stricter(found: Content) -> None:
        if found is not better:
            raise SettingsError("the last resort reaches nobody")

    start = start_book(store, lambda: better, lambda found: (), stricter)
    assert start.book == BOOK
    assert start.next is not None
    assert (start.next.number, start.read) == (2, True)
    with pytest.raises(SettingsError, match="reaches nobody"):
        start_book(store, content, lambda found: (), stricter)
    store.close()


def test_without_a_stored_book_the_files_must_be_fit(tmp_path: Path) -> None:
    """Read well, tested, and allowed to run; else nothing starts."""
    store = open_store(tmp_path / "new.db")
    assert start_book(store, content, lambda found: (), fit).book.number == 1
    with pytest.raises(BookError):
        start_book(store, wrong, lambda found: (), fit)
    with pytest.raises(BookError):
        start_book(store, content, lambda found: (Finding(Location("rules/a.yaml"), "failed"),), fit)
    with pytest.raises(SettingsError):
        start_book(store, Content, lambda found: (), fit)
    store.close()
