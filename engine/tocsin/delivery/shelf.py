"""The shelf: the book in force, and the rules of earlier books that messages still rest on."""

from collections.abc import Callable

from tocsin.book.book import Book, Content
from tocsin.book.rule import Rule
from tocsin.domain.drill import real_rule

KEPT = 8


class Shelf:
    """``current`` gives the book in force, ``stored`` a kept one by number (None when it is gone)."""

    def __init__(self, current: Callable[[], Book], stored: Callable[[int], Book | None]) -> None:
        self._current = current
        self._stored = stored
        self._rules: dict[int, dict[str, Rule]] = {}

    @property
    def content(self) -> Content:
        """What the book in force says."""
        return self._current().content

    def rule(self, number: int, rule: str) -> Rule | None:
        """A rule as book ``number`` has it; as the book in force has it when that one is gone."""
        if not rule:
            return None
        if number not in self._rules:
            current = self._current()
            book = current if number in (0, current.number) else self._stored(number) or current
            self._rules[number] = {each.id: each for each in book.content.rules}
            if len(self._rules) > KEPT:
                del self._rules[min(other for other in self._rules if other != number)]
        return self._rules[number].get(real_rule(rule))
