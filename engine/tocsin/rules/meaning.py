"""What a book means: its rules and roster, made ready for the core."""

from tocsin.book.book import Book


class Meaning:
    """A book compiled for the core; immutable."""

    def __init__(self, book: Book) -> None:
        self.book = book
