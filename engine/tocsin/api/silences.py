"""Silences over HTTP: set, listed and ended by operators; what is answered is committed."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct, field
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.api.body import declared_length, read_body
from tocsin.api.errors import Problem
from tocsin.api.operators import Operators
from tocsin.book.moments import is_missing
from tocsin.domain.errors import StoreError
from tocsin.domain.input import OperatorAction
from tocsin.domain.time import from_datetime, parse_duration, parse_instant
from tocsin.ports import Clock, Intake
from tocsin.reports.as_json import as_json
from tocsin.reports.silences import ended, lasting, outcome_at, silence

PATH = "/v1/silences"
RETRY = ((b"retry-after", b"5"),)

Reading = Callable[[], AbstractContextManager[Connection]]


class Wanted(Struct, forbid_unknown_fields=True):
    """What an operator asks for: what is to be silent, why, and until when (a time) or for how long (words)."""

    rule: str = ""
    key: dict[str, str | int | float | bool] = {}
    severity: str | list[str] = ""
    reason: str = ""
    until: str = ""
    for_: str = field(default="", name="for")


_read_wanted = msgspec.json.Decoder(Wanted).decode


def end_of(wanted: Wanted, now: int, zone: str) -> int:
    """The instant at which it ends; Problem 422 when that is unclear. A time without a zone is the site's.

    The hour that a clock change repeats means its first pass: a silence rather ends early than late.
    """
    if bool(wanted.until) == bool(wanted.for_):
        raise Problem(422, 'say until when: "until" with a time, or "for" with a duration such as "2 h", one of both')
    try:
        if wanted.for_:
            return now + parse_duration(wanted.for_)
        moment = datetime.fromisoformat(wanted.until.strip())
        if moment.tzinfo is not None:
            return parse_instant(moment.isoformat())
    except (ValueError, OverflowError) as error:
        said = f': {error}' if wanted.for_ else f' "{wanted.until[:60]}" is no time such as 2026-11-23 18:00'
        raise Problem(422, ("for" if wanted.for_ else "until:") + said) from None
    text = moment.isoformat(" ")
    if is_missing(text, zone):
        raise Problem(422, f'until: the clocks of {zone} skip "{text}": give another time')
    return from_datetime(moment.replace(tzinfo=ZoneInfo(zone)))


def silence_routes(operators: Operators, intake: Intake, reading: Reading, clock: Clock,
                   zone: Callable[[], str]) -> list[Route]:
    """``GET`` and ``POST /v1/silences``, ``GET`` and ``DELETE /v1/silences/<number>``; ``zone`` is the site's."""

    async def read(what: Callable[[Connection], Any]) -> Any:
        def job() -> Any:
            with reading() as connection:
                return what(connection)

        try:
            return await asyncio.to_thread(job)
        except StoreError as error:
            raise Problem(503, str(error), RETRY) from None

    async def act(operator: str, action: str, arguments: dict[str, Any]) -> tuple[str, str]:
        """What became of it: a word and a sentence, as noted when it was committed."""
        try:
            position = await intake.submit(OperatorAction(operator, action, arguments))
        except StoreError as error:
            raise Problem(503, f"nothing was changed, try it again: {error}", RETRY) from None
        what, detail = await read(lambda connection: outcome_at(connection, position))
        return what, detail.removeprefix(f"{operator}: silence: ").removeprefix(f"{operator}: ")

    async def listed(request: Request) -> Response:
        operators.who(request)
        every = request.query_params.get("all") in ("1", "true", "yes")
        return _json(await read(lambda connection: {
            "silences": [as_json(one) for one in (*lasting(connection), *(ended(connection) if every else ()))]}))

    async def one(request: Request) -> Response:
        operators.who(request)
        return await shown(request.path_params["number"])

    async def shown(number: int, status: int = 200) -> Response:
        found = await read(lambda connection: silence(connection, number))
        if found is None:
            raise Problem(404, f"there never was a silence {number}")
        return _json(as_json(found), status)

    async def add(request: Request) -> Response:
        operator = operators.who(request)
        lengths = [value for name, value in request.scope["headers"] if name == b"content-length"]
        body = await read_body(request.receive, declared_length(lengths))
        try:
            wanted = _read_wanted(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Problem(422, f"this is no silence: {error}") from None
        what, detail = await act(operator, "silence", {
            "rule": wanted.rule, "key": wanted.key, "severity": wanted.severity or [], "reason": wanted.reason,
            "until": end_of(wanted, clock.now(), zone())})
        if what != "silence":
            raise Problem(422, detail)
        return await shown(int(detail.partition(":")[0]), 201)

    async def end(request: Request) -> Response:
        number = request.path_params["number"]
        what, detail = await act(operators.who(request), "unsilence", {"silence": number})
        if what != "silence_over":
            raise Problem(404, detail)
        return await shown(number)

    return [Route(PATH, listed, methods=["GET"]), Route(PATH, add, methods=["POST"]),
            Route(PATH + "/{number:int}", one, methods=["GET"]), Route(PATH + "/{number:int}", end, methods=["DELETE"])]


def _json(value: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")
