"""Which keys are looked at when a minute is over, to forget those that cannot matter any more."""

from bisect import bisect_left, insort
from typing import Any

import msgspec
from msgspec import Raw, Struct

from tocsin.domain.time import MINUTE


class _Forgotten(Struct):
    forget: int = 0


_decode = msgspec.json.Decoder(_Forgotten).decode


def forget_of(body: Any) -> int:
    """When to look whether the key of a window is worth remembering; 0 for a window that does not say so."""
    if not isinstance(body, Raw):
        return int(getattr(body, "forget", 0))
    try:
        return _decode(body).forget
    except msgspec.DecodeError:
        return 0


def minute_of(forget: int) -> int:
    """The minute, counted from the epoch, at whose beginning a key is looked at: never before ``forget``."""
    return -(-forget // MINUTE)


class Resting:
    """The keys of each rule by the minute, so that one deadline serves them all."""

    def __init__(self) -> None:
        self._keys: dict[tuple[str, int], list[str]] = {}

    def move(self, rule: str, key: str, before: int, after: int) -> None:
        """A key's ``forget`` has changed; 0 for none."""
        if before == after:
            return
        if before:
            place = (rule, minute_of(before))
            keys = self._keys.get(place, [])
            at = bisect_left(keys, key)
            if at < len(keys) and keys[at] == key:
                del keys[at]
                if not keys:
                    del self._keys[place]
        if after:
            insort(self._keys.setdefault((rule, minute_of(after)), []), key)

    def at(self, rule: str, minute: int, most: int) -> list[str]:
        """The last ``most`` keys of a minute in order, from whose end they are taken out cheaply."""
        return self._keys.get((rule, minute), [])[-most:]

    def copy(self) -> "Resting":
        """Another that goes its own way."""
        twin = Resting()
        twin._keys = {place: list(keys) for place, keys in self._keys.items()}
        return twin
