"""What operators do over HTTP: read, committed, and answered with what became of it."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from tocsin.api.body import declared_length, read_body
from tocsin.api.errors import Problem
from tocsin.api.operators import Operators
from tocsin.book.moments import is_missing
from tocsin.domain.errors import StoreError
from tocsin.domain.input import Input, OperatorAction
from tocsin.domain.time import from_datetime, parse_duration, parse_instant
from tocsin.ports import Intake
from tocsin.reports.outcome import outcome_at

RETRY = ((b"retry-after", b"5"),)
Reading = Callable[[], AbstractContextManager[Connection]]
Asked = TypeVar("Asked")


class Acting:
    """Operators at the engine: ``who`` they are, what they ``act``, what they may ``read``."""

    def __init__(self, operators: Operators, intake: Intake, reading: Reading) -> None:
        self.who = operators.who
        self._intake, self._reading = intake, reading

    async def read(self, what: Callable[[Connection], Any]) -> Any:
        """Read committed rows beside the event loop; Problem 503 when the store cannot be read."""
        def job() -> Any:
            with self._reading() as connection:
                return what(connection)

        try:
            return await asyncio.to_thread(job)
        except StoreError as error:
            raise Problem(503, str(error), RETRY) from None

    async def submit(self, item: Input) -> int:
        """Commit an input; its position. Problem 503 when nothing was changed."""
        try:
            return await self._intake.submit(item)
        except StoreError as error:
            raise Problem(503, f"nothing was changed, try it again: {error}", RETRY) from None

    async def act(self, operator: str, action: str, arguments: dict[str, Any], done: str) -> tuple[bool, str]:
        """Whether it was ``done`` (the word under which that is noted), and the sentence noted."""
        position = await self.submit(OperatorAction(operator, action, arguments))
        what, detail = await self.read(lambda connection: outcome_at(connection, position, (done, "refused")))
        return what == done, detail.removeprefix(f"{operator}: ").removeprefix(f"{action}: ")


async def body_of(request: Request, decode: Callable[[bytes], Asked], what: str) -> Asked:
    """The request's body as an object; Problem 422 when it is no ``what``. An empty one is an empty object."""
    lengths = [value for name, value in request.scope["headers"] if name == b"content-length"]
    body = await read_body(request.receive, declared_length(lengths))
    try:
        return decode(body.strip() or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Problem(422, f"this is no {what}: {error}") from None


def end_of(until: str, for_: str, now: int, zone: str) -> int:
    """The instant at which it ends; Problem 422 when that is unclear. A time without a zone is the site's.

    The hour that a clock change repeats means its first pass: a silence rather ends early than late.
    """
    if bool(until) == bool(for_):
        raise Problem(422, 'say until when: "until" with a time, or "for" with a duration such as "2 h", one of both')
    try:
        if for_:
            return now + parse_duration(for_)
        moment = datetime.fromisoformat(until.strip())
        if moment.tzinfo is not None:
            return parse_instant(moment.isoformat())
    except (ValueError, OverflowError) as error:
        said = f': {error}' if for_ else f' "{until[:60]}" is no time such as 2026-11-23 18:00'
        raise Problem(422, ("for" if for_ else "until:") + said) from None
    text = moment.isoformat(" ")
    if is_missing(text, zone):
        raise Problem(422, f'until: the clocks of {zone} skip "{text}": give another time')
    return from_datetime(moment.replace(tzinfo=ZoneInfo(zone)))


def json_of(value: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")
