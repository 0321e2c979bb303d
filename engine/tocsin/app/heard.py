"""What sources have sent, as the journal has it: for ``check --history``."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tocsin.book.heard_checks import Heard
from tocsin.domain.codec import decode_input
from tocsin.domain.errors import TocsinError
from tocsin.domain.event import TOP_LEVEL, Event, as_sent
from tocsin.domain.input import Arrival
from tocsin.domain.time import format_instant
from tocsin.watch.observe import SOURCE

MOST = 2_000
"""Fields that are told apart of one type; what else a source makes up is not remembered."""
_DEEP = 4
_OWN = ("status", "site", "device", "severity", "location", "text", "origin")


def heard_of(pages: Iterable[list[tuple[int, int, bytes]]],
             told: Callable[[int], Any] = lambda position: None) -> Heard:
    """The types and fields in a journal's rows (position, instant, encoded input); ``told`` hears how far it is.

    Raises TocsinError when no source has sent anything yet.
    """
    found: dict[str, set[str]] = {}
    begins: int | None = None
    for page in pages:
        for _, at, body in page:
            begins = at if begins is None else begins
            item = decode_input(body)
            if isinstance(item, Arrival) and item.event.source != SOURCE:
                fields = found.setdefault(item.event.type, set())
                if len(fields) < MOST:
                    fields.update(_fields(as_sent(item.event)))
        told(page[-1][0])
    if not found or begins is None:
        raise TocsinError("the journal holds no event of a source yet: let the engine run first, or check without "
                          "--history")
    since = f"since {format_instant(begins)[:10]}, as far as the journal goes"
    return Heard({name: frozenset(fields) for name, fields in found.items()}, since)


def _fields(event: Event) -> Iterator[str]:
    yield from (name for name in _OWN if getattr(event, name) is not None)
    for path in _paths(event.data, _DEEP):
        yield f"data.{path}" if path.partition(".")[0] in TOP_LEVEL else path


def _paths(data: dict[str, Any], deep: int) -> Iterator[str]:
    for key, value in data.items():
        if value is None:
            continue
        yield key
        if isinstance(value, dict) and deep:
            yield from (f"{key}.{path}" for path in _paths(value, deep - 1))
