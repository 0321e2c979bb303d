"""Reading recorded events: one JSON object a line, and the instant at which a replay's clock shows each."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec
from msgspec.structs import replace

from tocsin.domain.errors import EventError
from tocsin.domain.event import Event
from tocsin.domain.time import parse_instant

Normalise = Callable[[str, dict[str, Any], int, bool], Event]
"""(source, raw event, receive instant, believed whatever its time) → event; raises EventError."""
Decode = Callable[[bytes], Any]
"""A JSON text → its plain value; raises EventError or ValueError."""


def read_recording(lines: Iterable[bytes], normalise: Normalise,
                   decode: Decode = msgspec.json.decode) -> Iterator[tuple[Event, int]]:
    """The events of a JSON-lines file in file order, each with its instant on the replay's clock.

    The clock is the line's ``received`` where it has one (the claimed-time rule then applies), else the newest
    ``time`` so far. ``source`` of a line stands for the token's. Raises EventError naming the line.
    """
    clock: int | None = None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            event, clock = _event(decode(line.strip().removeprefix(b"\xef\xbb\xbf")), clock, normalise)
        except (EventError, ValueError) as error:
            raise EventError(f"line {number}: {error}") from None
        yield event, clock


def _event(raw: Any, clock: int | None, normalise: Normalise) -> tuple[Event, int]:
    if not isinstance(raw, dict):
        raise EventError("an event is a JSON object")
    source = raw.pop("source", None)
    received = raw.pop("received", None)
    areas = raw.pop("areas", None)
    del areas
    if received is not None:
        at = max(parse_instant(str(received)), clock or 0)
        return normalise(str(source or "replay"), raw, parse_instant(str(received)), False), at
    time = parse_instant(str(raw["time"])) if raw.get("time") else clock
    if time is None:
        raise EventError("the first event needs a `time` or a `received`")
    at = time if clock is None else max(clock, time)
    return replace(normalise(str(source or "replay"), raw, at, True), received=at), at
