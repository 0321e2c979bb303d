"""The windows of a board, each under its rule and key text, in little room."""

from collections.abc import Iterator, MutableMapping
from typing import Any

from msgspec import Raw

Where = tuple[str, str]


class Windows(MutableMapping[Where, Any]):
    """By (rule, key text) the operator's own Struct, or its JSON as Raw.

    A mapping for each rule and bare bytes inside: with 100,000 keys at rest the pairs and the Raws would take as much
    room as what they hold.
    """

    def __init__(self) -> None:
        self._rules: dict[str, dict[str, Any]] = {}

    def __getitem__(self, place: Where) -> Any:
        return _shown(self._rules[place[0]][place[1]])

    def get(self, place: Where, default: Any = None) -> Any:
        found = self._rules.get(place[0], {}).get(place[1])
        return default if found is None else _shown(found)

    def __contains__(self, place: object) -> bool:
        return isinstance(place, tuple) and place[1] in self._rules.get(place[0], {})

    def __setitem__(self, place: Where, body: Any) -> None:
        self._rules.setdefault(place[0], {})[place[1]] = bytes(body) if isinstance(body, Raw) else body

    def __delitem__(self, place: Where) -> None:
        keys = self._rules[place[0]]
        del keys[place[1]]
        if not keys:
            del self._rules[place[0]]

    def __iter__(self) -> Iterator[Where]:
        return ((rule, key) for rule, keys in self._rules.items() for key in keys)

    def __len__(self) -> int:
        return sum(map(len, self._rules.values()))

    def of(self, rule: str) -> list[str]:
        """The key texts of one rule."""
        return list(self._rules.get(rule, ()))

    def rules(self) -> list[str]:
        """The rules that have windows."""
        return list(self._rules)

    def copy(self) -> "Windows":
        """Another that goes its own way."""
        twin = Windows()
        twin._rules = {rule: dict(keys) for rule, keys in self._rules.items()}
        return twin


def _shown(body: Any) -> Any:
    return Raw(body) if type(body) is bytes else body
