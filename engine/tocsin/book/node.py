"""The nodes of a file: one value, a mapping, a list; each with its place."""

from msgspec import Struct

from tocsin.domain.errors import Location


class Scalar(Struct, frozen=True):
    """One value: its ``text``, whether it was ``plain`` (unquoted), and what was ``written`` if that differs.

    ``comment`` is what follows an unquoted value on its line, spaces included. Error sentences quote ``shown``,
    never ``text``, which may hold a secret.
    """

    text: str
    where: Location
    plain: bool = True
    comment: str = ""
    written: str | None = None

    @property
    def shown(self) -> str:
        return self.text if self.written is None else self.written


class Mapping(Struct, frozen=True):
    entries: tuple[tuple[Scalar, "Node"], ...]
    where: Location

    def get(self, name: str) -> "Node | None":
        """The value of a key, None when it is absent."""
        return next((value for key, value in self.entries if key.text == name), None)


class Sequence(Struct, frozen=True):
    items: tuple["Node", ...]
    where: Location


Node = Scalar | Mapping | Sequence


class Span(Struct, frozen=True):
    """Where something stands in the lines of a file, counted from 0, the end outside."""

    line: int
    column: int
    end_line: int = 0
    end_column: int = 0

    def place(self, path: str) -> Location:
        return Location(path, self.line + 1, self.column + 1)
