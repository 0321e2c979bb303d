"""The payload of a message: JSON or plain text, and the instants that devices write into it."""

from math import isfinite
from typing import Any

import msgspec

from tocsin.domain.errors import EventError
from tocsin.domain.time import format_instant, parse_instant
from tocsin.sources.limits import EVENT_BYTES
from tocsin.sources.raw import explain

_decode_object = msgspec.json.Decoder(dict[str, Any]).decode
_SECONDS, _MILLIS = 1e11, 1e14
"""A number of seconds stays below the first until the year 5138, one of milliseconds below the second."""


def json_object(payload: bytes) -> dict[str, Any]:
    """The JSON object that the payload is; EventError otherwise."""
    _check_size(payload)
    try:
        return _decode_object(payload)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise EventError(explain(error)) from None


def json_or_text(payload: bytes) -> Any:
    """The JSON value, else the text. What begins like an object or a list must be JSON."""
    _check_size(payload)
    try:
        return msgspec.json.decode(payload)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        if payload.lstrip()[:1] in (b"{", b"["):
            raise EventError(explain(error)) from None
    return text_of(payload)


def text_of(payload: bytes) -> str:
    """The payload as trimmed text; EventError when it is not UTF-8."""
    _check_size(payload)
    try:
        return payload.decode().strip()
    except UnicodeDecodeError:
        raise EventError("the payload is neither JSON nor UTF-8 text") from None


def instant_of(value: Any) -> str | None:
    """The RFC 3339 instant that a device meant: such a text, or a number of seconds, milliseconds or microseconds
    since 1970. None for anything else, a local time without zone included: nobody can know when that was.
    """
    try:
        if isinstance(value, str):
            parse_instant(value)
            return value
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or value <= 0:
            return None
        scale = 1_000_000 if value < _SECONDS else 1_000 if value < _MILLIS else 1
        return format_instant(round(value * scale))
    except (ValueError, OverflowError):
        return None


def _check_size(payload: bytes) -> None:
    if len(payload) > EVENT_BYTES:
        raise EventError(f"the payload is larger than {EVENT_BYTES >> 20} MiB")
