"""A profile: what the messages of a kind of broker topics mean."""

from collections.abc import Callable, Iterable
from typing import Any

from msgspec import Struct


class Reading(Struct, frozen=True):
    """What one message says: raw events as plain values.

    ``state`` says that the message tells how things are, so that a retained one is worth an event too; any other
    retained message is an old event that the broker repeats to each new subscriber. ``note`` is for the operator.
    """

    events: tuple[dict[str, Any], ...] = ()
    state: bool = False
    note: str = ""


NOTHING = Reading()
"""The reading of a message that is understood and says nothing of interest."""


class Profile(Struct, frozen=True):
    """``topics`` are the filters to subscribe to; ``read`` takes topic and payload, and raises EventError."""

    topics: tuple[str, ...]
    read: Callable[[str, bytes], Reading]


def offline(type: str, device: str, word: str, data: dict[str, Any] | None = None) -> Reading:
    """The reading of an availability message: firing while not online, resolved when it is."""
    status = "resolved" if word.lower() == "online" else "firing"
    data = {**(data or {}), "state": word.lower()}
    return Reading(({"type": type, "device": device, "status": status, "data": data},), state=True)


def topic_fits(levels: list[str], pattern: list[str]) -> bool:
    """Does a topic fit a filter, both cut into levels? Topics of the broker itself (``$…``) fit no wildcard."""
    if levels[0].startswith("$") and pattern[0] in ("+", "#"):
        return False
    for number, part in enumerate(pattern):
        if part == "#":
            return True
        if number >= len(levels) or part not in ("+", levels[number]):
            return False
    return len(levels) == len(pattern)


def without_overlap(filters: Iterable[str]) -> tuple[str, ...]:
    """The filters without those that another covers: a broker may send a message once for each that fits."""
    unique = list(dict.fromkeys(filters))
    return tuple(one for one in unique
                 if not any(other != one and _covers(other.split("/"), one.split("/")) for other in unique))


def _covers(other: list[str], one: list[str]) -> bool:
    if one[-1] == "#":
        return other[-1] == "#" and len(other) <= len(one) and topic_fits(one[:-1] or [""], other)
    return topic_fits(one, other)
