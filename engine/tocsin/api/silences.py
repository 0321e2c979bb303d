"""Silences over HTTP: set, listed and ended by operators; what is answered is committed."""

from collections.abc import Callable

import msgspec
from msgspec import Struct, field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.api.acting import Acting, body_of, end_of, json_of
from tocsin.api.errors import Problem
from tocsin.ports import Clock
from tocsin.reports.as_json import as_json
from tocsin.reports.silences import ended, lasting, silence

PATH = "/v1/silences"


class Wanted(Struct, forbid_unknown_fields=True):
    """What an operator asks for: what is to be silent, why, and until when (a time) or for how long (words)."""

    rule: str = ""
    key: dict[str, str | int | float | bool] = {}
    severity: str | list[str] = ""
    reason: str = ""
    until: str = ""
    for_: str = field(default="", name="for")


_read_wanted = msgspec.json.Decoder(Wanted).decode


def silence_routes(acting: Acting, clock: Clock, zone: Callable[[], str]) -> list[Route]:
    """``GET`` and ``POST /v1/silences``, ``GET`` and ``DELETE /v1/silences/<number>``; ``zone`` is the site's."""

    async def listed(request: Request) -> Response:
        acting.who(request)
        every = request.query_params.get("all") in ("1", "true", "yes")
        return json_of(await acting.read(lambda connection: {
            "silences": [as_json(one) for one in (*lasting(connection), *(ended(connection) if every else ()))]}))

    async def one(request: Request) -> Response:
        acting.who(request)
        return await shown(request.path_params["number"])

    async def shown(number: int, status: int = 200) -> Response:
        found = await acting.read(lambda connection: silence(connection, number))
        if found is None:
            raise Problem(404, f"there never was a silence {number}")
        return json_of(as_json(found), status)

    async def add(request: Request) -> Response:
        operator = acting.who(request)
        wanted = await body_of(request, _read_wanted, "silence")
        done, detail = await acting.act(operator, "silence", {
            "rule": wanted.rule, "key": wanted.key, "severity": wanted.severity or [], "reason": wanted.reason,
            "until": end_of(wanted.until, wanted.for_, clock.now(), zone())}, "silence")
        if not done:
            raise Problem(422, detail)
        return await shown(int(detail.partition(":")[0]), 201)

    async def end(request: Request) -> Response:
        number = request.path_params["number"]
        done, detail = await acting.act(acting.who(request), "unsilence", {"silence": number}, "silence_over")
        if not done:
            raise Problem(404, detail)
        return await shown(number)

    return [Route(PATH, listed, methods=["GET"]), Route(PATH, add, methods=["POST"]),
            Route(PATH + "/{number:int}", one, methods=["GET"]), Route(PATH + "/{number:int}", end, methods=["DELETE"])]
