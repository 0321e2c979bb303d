"""The formats of a body: how it is cut into items and how an item becomes a raw event."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from msgspec import Struct

from tocsin.api.errors import Problem
from tocsin.sources.alertmanager import decode_alert, split_alerts
from tocsin.sources.body import Item, split_json, split_lines
from tocsin.sources.cloudevents import decode_binary, decode_cloudevent
from tocsin.sources.raw import RawEvent, decode_raw


class Format(Struct, frozen=True):
    """``split`` cuts a body into items and says how many the sender left out; ``decode`` reads one item."""

    split: Callable[[bytes], tuple[Sequence[Item], int]]
    decode: Callable[[Item], RawEvent]


def _whole(split: Callable[[bytes], Sequence[Item]]) -> Callable[[bytes], tuple[Sequence[Item], int]]:
    return lambda body: (split(body), 0)


def _one(body: bytes) -> Sequence[Item]:
    return (body,)


JSON = Format(_whole(split_json), decode_raw)
LINES = Format(_whole(split_lines), decode_raw)
CLOUDEVENTS = Format(_whole(split_json), decode_cloudevent)
ALERTS = Format(split_alerts, decode_alert)

_BY_MEDIA = {
    "": JSON, "application/json": JSON, "text/json": JSON,
    "application/x-ndjson": LINES, "application/ndjson": LINES, "application/jsonl": LINES,
    "application/x-jsonlines": LINES,
    "application/cloudevents+json": CLOUDEVENTS, "application/cloudevents-batch+json": CLOUDEVENTS,
}

Headers = Iterable[tuple[bytes, bytes]]
Choice = Callable[[str, Headers], Format]
"""Which format a body has, from its Content-Type and the request's headers."""


def events_format(content_type: str, headers: Headers) -> Format:
    """The format of a body of events. Problem 415 for one that is not understood."""
    if any(name == b"ce-specversion" for name, _ in headers):
        return Format(_whole(_one), partial(decode_binary, list(headers), content_type))
    found = _BY_MEDIA.get(_media(content_type))
    if found is None:
        raise Problem(415, f"Content-Type {content_type[:80]!a} is not understood: send application/json "
                           "(one event or an array), application/x-ndjson or application/cloudevents+json")
    return found


def alerts_format(content_type: str, headers: Headers) -> Format:
    """The format of an Alertmanager notification. Problem 415 for anything but JSON."""
    if _media(content_type) not in ("", "application/json"):
        raise Problem(415, f"Content-Type {content_type[:80]!a} is not understood: send application/json")
    return ALERTS


def _media(content_type: str) -> str:
    media, _, parameters = content_type.lower().partition(";")
    if "charset" in parameters and "utf-8" not in parameters and "utf8" not in parameters:
        raise Problem(415, f"Content-Type {content_type[:80]!a} is not UTF-8: encode the body as UTF-8")
    return media.strip()
