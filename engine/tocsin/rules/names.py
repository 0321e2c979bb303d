"""The names that a rule's texts use, and their values from the events that made it fire."""

import re
from typing import Any

from tocsin.book.rule import Rule
from tocsin.domain.event import Event, Place, lookup

_BLOCK = re.compile(r"\{\{(.*?)\}\}|\{%(.*?)%\}", re.DOTALL)
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_NAME = re.compile(r"(?<![\w.|])[^\W\d]\w*(?:\.\w+)*")
_WORDS = frozenset({"if", "else", "elif", "endif", "for", "in", "endfor", "not", "and", "or", "is", "true", "false"})
LONGEST = 500


def names_used(rule: Rule) -> tuple[str, ...]:
    """Every name that ``say`` or ``advice`` may ask for, sorted; filters may be among them and do no harm."""
    found: set[str] = set()
    for text in (rule.say, rule.advice):
        for block in _BLOCK.finditer(text):
            found.update(_NAME.findall(_QUOTED.sub("", block[1] or block[2])))
    return tuple(sorted(found - _WORDS))


def values_of(names: tuple[str, ...], event: Event, key: dict[str, str], first: dict[str, Any]) -> dict[str, Any]:
    """The names' values: the key's, else this event's; ``first.x`` is kept from ``first`` when that has it.

    Missing names are left out; long texts are cut to 500 characters.
    """
    values: dict[str, Any] = {}
    for name in names:
        if name in key:
            values[name] = key[name]
        elif name.startswith("first."):
            value = first[name] if name in first else _plain(lookup(event, name[6:]))
            if value is not None:
                values[name] = value
        elif name == "areas":
            values[name] = list(event.areas)
        else:
            value = _plain(lookup(event, name))
            if value is not None:
                values[name] = value
    return values


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value[:LONGEST]
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, Place):
        return f"{value.lat}, {value.lon}"
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value[:20]]
    return None
