"""Reading a request body: never more than the limit in memory, never for ever."""

import asyncio
from collections.abc import Iterable

from starlette.requests import ClientDisconnect
from starlette.types import Receive

from tocsin.api.errors import Problem
from tocsin.sources.limits import BODY_BYTES

READ_SECONDS = 30.0


async def read_body(receive: Receive, declared: int | None) -> bytes:
    """The whole body, at most BODY_BYTES; ``declared`` is its Content-Length. Problem 413 or 408 otherwise."""
    if declared is not None and declared > BODY_BYTES:
        raise _too_large()
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(READ_SECONDS):
            while True:
                part, more = await _part(receive)
                size += len(part)
                if size > BODY_BYTES:
                    raise _too_large()
                parts.append(part)
                if not more:
                    return parts[0] if len(parts) == 1 else b"".join(parts)
    except TimeoutError:
        raise Problem(408, f"the body did not arrive within {READ_SECONDS:.0f} s: send it again") from None


def declared_length(values: Iterable[bytes]) -> int | None:
    """The Content-Length; None where there is none or it is no number (the server refuses those itself)."""
    for value in values:
        return int(value) if value.isdigit() else None
    return None


async def _part(receive: Receive) -> tuple[bytes, bool]:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    return message.get("body", b""), message.get("more_body", False)


def _too_large() -> Problem:
    return Problem(413, f"the body is larger than {BODY_BYTES >> 20} MiB: send the events in parts")
