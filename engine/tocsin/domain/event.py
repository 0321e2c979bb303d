"""An event: one thing that a source said, with the instants the engine uses."""

from typing import Any

from msgspec import Struct
from msgspec.structs import replace

FIRING, RESOLVED = "firing", "resolved"

TOP_LEVEL = frozenset({
    "id", "source", "type", "time", "status", "site", "device", "severity", "location", "text", "data",
    "origin", "claimed_time", "received", "areas",
})
"""The names that a rule always means as top-level fields; any other plain name is a key of ``data``."""


class Place(Struct, frozen=True, omit_defaults=True):
    """Where an event happened: degrees WGS 84, accuracy in metres."""

    lat: float
    lon: float
    accuracy_m: float | None = None


class Sent(Struct, frozen=True, omit_defaults=True):
    """What the catalogue of event types has changed of an event.

    ``data`` holds the keys of ``data`` that differ, as the source sent them; ``added`` are keys of ``data`` and
    ``filled`` top-level fields that it did not send; ``aside`` names the fields whose values were not plausible.
    """

    data: dict[str, Any] = {}
    added: tuple[str, ...] = ()
    filled: tuple[str, ...] = ()
    aside: tuple[str, ...] = ()


class Event(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """An event as the engine keeps it.

    ``time`` is the instant used (microseconds UTC), ``received`` the receive instant; ``claimed_time`` is what
    the source said when that was not believable. ``origin`` is a source named in the body. ``areas`` are the
    names of the polygons met by the location, derived before matching. ``untimed`` says that the source gave no
    time, so that ``time`` is the receive instant and no part of the event's identity. ``unnamed`` says that it gave
    no id, so that ``id`` was made here and no other report of the same thing can bear it. ``sent`` is None while the
    event is as the source sent it.
    """

    id: str
    source: str
    type: str
    time: int
    received: int
    status: str | None = None
    site: str | None = None
    device: str | None = None
    severity: str | None = None
    location: Place | None = None
    text: str | None = None
    data: dict[str, Any] = {}
    origin: str | None = None
    claimed_time: int | None = None
    areas: tuple[str, ...] = ()
    untimed: bool = False
    unnamed: bool = False
    sent: Sent | None = None


def as_sent(event: Event) -> Event:
    """The event as the source sent it, whatever the catalogue has made of it."""
    sent = event.sent
    if sent is None:
        return event
    data = {name: value for name, value in event.data.items() if name not in sent.added} | sent.data
    own: dict[str, Any] = dict.fromkeys(sent.filled)
    if "location" in own:
        own["areas"] = ()
    return replace(event, data=data, sent=None, **own)


MISSING: Any = None
"""What a lookup gives for a field that is absent: null means missing."""


def lookup(event: Event, path: str) -> Any:
    """The value that a rule's plain name means; None when missing.

    A top-level field name always means that field, else a key of ``data``; dots go deeper and ``data.x``
    reaches a shadowed key. A literal key that contains dots wins over going deeper.
    """
    head, _, rest = path.partition(".")
    value: Any
    if head == "data" and rest:
        return _dig(event.data, rest)
    if head in TOP_LEVEL:
        value = getattr(event, head)
        if head == "location" and value is not None and rest:
            return getattr(value, rest, None)
        return value if not rest else _dig(value, rest)
    return _dig(event.data, path)


def _dig(value: Any, path: str) -> Any:
    while True:
        if not isinstance(value, dict):
            return None
        if path in value:
            return value[path]
        head, dot, path = path.partition(".")
        if not dot:
            return None
        value = value.get(head)
