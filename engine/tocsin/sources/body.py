"""A body of several items, cut into its items without decoding them."""

from collections.abc import Sequence

import msgspec

from tocsin.domain.errors import EventError
from tocsin.sources.array import TornError, cut_array
from tocsin.sources.limits import BATCH_EVENTS, EVENT_BYTES
from tocsin.sources.raw import explain

Item = bytes | msgspec.Raw

_BOM = b"\xef\xbb\xbf"
_one = msgspec.json.Decoder(msgspec.Raw).decode
_many = msgspec.json.Decoder(list[msgspec.Raw]).decode


class UnreadableError(EventError):
    """The body as a whole cannot be cut into items."""


def split_json(body: bytes) -> Sequence[Item]:
    """The elements of a JSON array, or the one object that the body is.

    An element that is no JSON comes as it stands, to be refused when it is decoded.
    """
    body = body.removeprefix(_BOM)
    array = body.lstrip()[:1] == b"["
    try:
        return _many(body) if array else (_one(body),)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        if not body.strip():
            raise UnreadableError("the body is empty: send one event, a JSON array of events, or NDJSON") from None
        why = explain(error)
    if not array:
        raise UnreadableError(why)
    try:
        return cut_array(body)
    except TornError as error:
        raise UnreadableError(f"{why}; the items of the array cannot be told apart: {error}") from None


def split_lines(body: bytes) -> Sequence[Item]:
    """The lines of NDJSON; blank ones are left out and not counted."""
    return [line for line in body.removeprefix(_BOM).splitlines() if line.strip()]


def check_number(items: Sequence[Item]) -> None:
    """Refuse a body of too many events."""
    if len(items) > BATCH_EVENTS:
        raise EventError(f"the body holds {len(items)} events: {BATCH_EVENTS} are the limit, send them in parts")


def check_size(item: Item) -> None:
    """Refuse one item that is too large."""
    if len(memoryview(item)) > EVENT_BYTES:
        raise EventError(f"one event is larger than {EVENT_BYTES >> 20} MiB: send less data with it")
