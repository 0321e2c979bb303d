"""A raw event: what a sender wrote, decoded and typed, before the engine's rules are applied to it."""

import difflib
import re
from typing import Any

import msgspec
from msgspec import Struct

from tocsin.domain.errors import EventError
from tocsin.sources.limits import shown


class RawPlace(Struct, frozen=True, forbid_unknown_fields=True):
    """A location as sent: degrees WGS 84, accuracy in metres."""

    lat: float
    lon: float
    accuracy_m: float | None = None


class RawEvent(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The fields a sender may write. Any other top-level name is refused, since it is most often a typo and
    would otherwise be lost without a word; a sender's own fields belong under ``data``.
    """

    type: str
    id: str | int | None = None
    source: str | None = None
    time: str | None = None
    status: str | None = None
    site: str | int | None = None
    device: str | int | None = None
    severity: str | int | None = None
    location: RawPlace | None = None
    text: str | None = None
    data: dict[str, Any] | None = None


_decode = msgspec.json.Decoder(RawEvent).decode
_plain = msgspec.json.Decoder().decode
_DERIVED = frozenset({"received", "areas", "claimed_time", "origin", "untimed", "unnamed"})
_UNKNOWN = re.compile(r"Object contains unknown field `(.*?)`(?: - at `\$\.?(.*)`)?$", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(.*?)`(?: - at `\$\.?(.*)`)?$", re.DOTALL)
_WRONG = re.compile(r"Expected `(.*?)`, got `(.*?)`(?: - at `\$\.?(.*)`)?$", re.DOTALL)
_WORDS = {"str": "text", "int": "a whole number", "float": "a number", "bool": "true or false", "null": "null",
          "object": "an object", "array": "a list", "number": "a number"}


def decode_raw(body: bytes | msgspec.Raw) -> RawEvent:
    """The raw event in one JSON object; EventError with a sentence for anything else."""
    try:
        return _decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise EventError(explain(error, RawEvent)) from None


def decode_plain(body: bytes) -> Any:
    """Any JSON value, plain; EventError with a sentence for what is none."""
    try:
        return _plain(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise EventError(explain(error)) from None


def convert_raw(value: Any) -> RawEvent:
    """The raw event in plain values that an adapter built; EventError with a sentence otherwise."""
    try:
        return msgspec.convert(value, RawEvent)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise EventError(explain(error, RawEvent)) from None


def explain(error: Exception, kind: type[Struct] | None = None) -> str:
    """The sentence for the sender behind a decoding error; ``kind`` gives the nearest valid names."""
    if isinstance(error, UnicodeError):
        return "the text is not valid UTF-8: encode the body as UTF-8"
    if isinstance(error, RecursionError):
        return "the JSON is nested too deeply: 16 levels are the limit"
    text = str(error)
    if text == "Input data was truncated":
        return "this is not JSON: it ends too early, or a \\u escape in it is half of a surrogate pair"
    if found := _UNKNOWN.match(text):
        return _unknown(found[1], found[2] or "", kind)
    if found := _MISSING.match(text):
        return f"`{_join(found[2], found[1])}` is missing: every {_thing(found[2])} needs it"
    if found := _WRONG.match(text):
        place = f"`{shown(found[3])}`" if found[3] else "this"
        return f"{place} must be {_words(found[1])}, not {_words(found[2])}"
    if isinstance(error, msgspec.ValidationError):
        return f"a value cannot be used: {shown(text, 200)}"
    return f"this is not JSON: {shown(text, 120).removeprefix('JSON is malformed: ')}"


def _unknown(name: str, place: str, kind: type[Struct] | None) -> str:
    field = _join(shown(place), shown(name, 60))
    if not place and name in _DERIVED:
        return f"`{field}` is set by Tocsin itself: leave it out"
    known = ("lat", "lon", "accuracy_m") if place else kind.__struct_fields__ if kind else ()
    near = difflib.get_close_matches(name[:60].lower(), known, 1)
    if place:
        hint = f"did you mean `{near[0]}`?" if near else f"it may hold {', '.join(known)}"
        return f"`{field}` is not a field of `{shown(place)}`: {hint}"
    hint = f"did you mean `{near[0]}`? " if near else ""
    return f"`{field}` is not a field of an event: {hint}Your own fields belong under `data`"


def _join(place: str | None, name: str) -> str:
    return f"{shown(place)}.{name}" if place else name


def _thing(place: str | None) -> str:
    return f"`{shown(place)}`" if place else "event"


def _words(kinds: str) -> str:
    words = [_WORDS.get(kind.strip(), kind.strip()) for kind in kinds.split("|")]
    return " or ".join(word for word in words if word != "null") or "null"
