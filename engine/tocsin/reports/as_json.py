"""Reports as plain JSON values: instants as RFC 3339 in UTC instead of microseconds."""

from typing import Any

import msgspec

from tocsin.domain.time import format_instant

_INSTANTS = frozenset({"at", "opened", "closed", "cleared", "happened", "started", "ended", "created", "expires", "due",
                       "received", "time", "claimed_time", "since", "begun", "until"})
_FOREIGN = frozenset({"data", "values", "key", "names", "arguments"})
"""What sources and rules named themselves stays as it is."""


def as_json(report: Any) -> Any:
    """The report's plain values."""
    return _plain(msgspec.to_builtins(report))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: inner if name in _FOREIGN else
                format_instant(inner) if name in _INSTANTS and isinstance(inner, int) else _plain(inner)
                for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value
