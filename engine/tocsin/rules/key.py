"""Keys: the ``per`` values that tell one incident of a rule from another."""

from itertools import islice, product

from tocsin.book.rule import PerKey
from tocsin.domain.event import Event, lookup
from tocsin.rules.text import key_text

UNKNOWN = "unknown"
MOST_KEYS = 1_000
"""Keys that one event may belong to: two lists of a thousand values would make a million."""


def keys_of(event: Event, per: tuple[PerKey, ...]) -> tuple[tuple[dict[str, str], ...], tuple[str, ...]]:
    """The keys that an event belongs to, and the ``per`` fields it lacks (their value is then ``unknown``).

    A list-valued field gives one key per element; of more than MOST_KEYS there are the first MOST_KEYS + 1.
    """
    if not per:
        return ({},), ()
    choices: list[tuple[str, ...]] = []
    missing: list[str] = []
    for field in per:
        values = key_text(lookup(event, field_for(field, event.type)))
        if not values:
            missing.append(field.name)
            values = (UNKNOWN,)
        choices.append(values)
    names = [field.name for field in per]
    if all(len(values) == 1 for values in choices):
        return ({name: values[0] for name, values in zip(names, choices, strict=True)},), tuple(missing)
    return tuple(dict(zip(names, row, strict=True)) for row in islice(product(*choices), MOST_KEYS + 1)), tuple(missing)


def field_for(field: PerKey, event_type: str) -> str:
    """The event's own name for a ``per`` field: the first line that fits its type, else the plain name."""
    for pattern, name in field.by_type:
        if type_fits(pattern, event_type):
            return name
    return field.name


def type_fits(pattern: str, event_type: str) -> bool:
    """Whether ``alarm.*``, ``*`` or an exact type accepts this type."""
    if pattern.endswith(".*"):
        return event_type.startswith(pattern[:-1])
    return pattern in ("*", event_type)
