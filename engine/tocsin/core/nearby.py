"""The places that stand in keys of rules with ``near``, found by what else the key says without looking at all keys."""

from bisect import bisect_left, insort
from collections.abc import Iterable

from tocsin.rules.near import NEAR, Spot, spot_from

_PART = f"{NEAR}="


class Nearby:
    """An index over the keys of a board that have a window or an open incident; a rule's are indexed from the first
    question about them on. Keys are told by their texts.
    """

    def __init__(self) -> None:
        self._found: dict[str, dict[str, list[Spot]]] = {}

    def knows(self, rule: str) -> bool:
        return rule in self._found

    def learn(self, rule: str, keys: Iterable[str]) -> None:
        """Begin to index a rule; ``keys`` are all that it has."""
        self._found[rule] = {}
        for key in keys:
            self.put(rule, key)

    def put(self, rule: str, key: str) -> None:
        """The rule has this key."""
        rest, spot = split(key)
        if spot is not None:
            spots = self._found[rule].setdefault(rest, [])
            at = bisect_left(spots, spot)
            if at == len(spots) or spots[at] != spot:
                insort(spots, spot)

    def drop(self, rule: str, key: str) -> None:
        """The rule has this key no more."""
        rest, spot = split(key)
        spots = self._found[rule].get(rest, [])
        if spot in spots:
            spots.remove(spot)
            if not spots:
                del self._found[rule][rest]

    def find(self, rule: str, rest: str, low: float, high: float) -> list[Spot]:
        """The places between two latitudes in keys that otherwise read ``rest``, from south to north."""
        spots = self._found[rule].get(rest, [])
        return spots[bisect_left(spots, (low,)):bisect_left(spots, (high,))]


def split(key: str) -> tuple[str, Spot | None]:
    """A key text without its place, and the place; None for a key without one."""
    parts = key.split("\x1f")
    place = next((part for part in parts if part.startswith(_PART)), None)
    if place is None:
        return key, None
    return "\x1f".join(part for part in parts if part is not place), spot_from(place[len(_PART):])
