"""How large an event may be: refused at the door, so that nothing behind it ever meets a giant."""

from math import isfinite
from typing import Any

from tocsin.domain.errors import EventError

EVENT_BYTES = 1 << 20
BODY_BYTES = 16 << 20
BATCH_EVENTS = 10_000
DEPTH = 16
FIELDS = 253
"""All nesting levels together; more would be beyond what the second opinion can judge."""
STRING = 65_535
NAME = 256
ID = 256
WORD = 200

_SHOWN = 80

_INT_LOW, _INT_HIGH = -(1 << 63), (1 << 64) - 1


def shown(text: str, limit: int = _SHOWN) -> str:
    """A sender's words as an error may quote them: short, one line, nothing invisible."""
    text = text[:limit]
    return text if text.isprintable() else "".join(c if c.isprintable() else "\ufffd" for c in text)


def check_text(value: str, field: str, limit: int = STRING) -> None:
    """Refuse a text that is too long or holds what no store and no channel can carry."""
    if len(value) > limit:
        raise EventError(f"`{shown(field)}` is {len(value)} characters long: {limit} are the limit")
    if "\x00" in value:
        raise EventError(f"`{shown(field)}` holds a NUL character: leave it out")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise EventError(f"`{shown(field)}` holds half a surrogate pair: send valid Unicode") from None


def check_data(data: dict[str, Any]) -> None:
    """Refuse data that is too deep, has too many fields, or holds a value that JSON has no word for."""
    if _walk(data, "data", 1, 0) > FIELDS:
        raise EventError(f"`data` has more than {FIELDS} fields, all levels together: send fewer")


def _walk(value: dict[str, Any] | list[Any], path: str, depth: int, fields: int) -> int:
    if depth > DEPTH:
        raise EventError(f"`{shown(path)}` is nested too deeply: {DEPTH} levels are the limit")
    if isinstance(value, dict):
        fields += len(value)
        if fields > FIELDS:
            return fields
        for key, item in value.items():
            if type(key) is not str:
                raise EventError(f"`{shown(path)}` has a key that is not text")
            if len(key) > NAME or not key.isascii() or "\x00" in key:
                check_text(key, f"a key of {path}", NAME)
            fields = _value(item, path, key, depth, fields)
        return fields
    for number, item in enumerate(value):
        fields = _value(item, path, number, depth, fields)
    return fields


def _value(item: Any, path: str, key: str | int, depth: int, fields: int) -> int:
    kind = type(item)
    if kind is str:
        if len(item) > STRING or not item.isascii() or "\x00" in item:
            check_text(item, f"{path}.{key}")
    elif kind is dict or kind is list:
        return _walk(item, f"{path}.{key}", depth + 1, fields)
    elif kind is float:
        if not isfinite(item):
            raise EventError(f"`{shown(f'{path}.{key}')}` is not a finite number: leave it out")
    elif kind is int:
        if not _INT_LOW <= item <= _INT_HIGH:
            raise EventError(f"`{shown(f'{path}.{key}')}` is a whole number beyond 64 bits: send it as text")
    elif item is not None and kind is not bool:
        raise EventError(f"`{shown(f'{path}.{key}')}` is a {kind.__name__}, which JSON has no word for")
    return fields
