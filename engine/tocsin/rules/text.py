"""The text by which values are compared as keys: `12` and `"12"` are the same key."""

import unicodedata
from decimal import Decimal
from typing import Any

import msgspec

_json = msgspec.json.Encoder(order="deterministic")


def key_text(value: Any) -> tuple[str, ...]:
    """The key texts of a field's value: trimmed NFC text, one per element of a list, each once, in order.

    Numbers are written in decimal as they came, never with an exponent: 12 is ``12``, 12.0 is ``12.0``. Flags are
    ``true`` and ``false``, objects and lists inside a list are deterministic JSON. None, NaN, an empty list and
    text that is blank after trimming name nobody and give no key.
    """
    if type(value) is str:
        text = plain_text(value)
        return (text,) if text else ()
    if isinstance(value, list | tuple):
        return tuple(dict.fromkeys(text for text in map(_text, value) if text))
    text = _text(value)
    return (text,) if text else ()


def plain_text(text: str) -> str:
    """Trimmed, in Unicode's composed form: what two people who typed the same word both get.

    The unit separator, which parts the fields of a stored key, becomes a space.
    """
    text = text.strip()
    return unicodedata.normalize("NFC", text.replace("\x1f", " ") if "\x1f" in text else text)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return plain_text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return "" if value != value else format(Decimal(repr(value)), "f")
    return unicodedata.normalize("NFC", _json.encode(value).decode())
