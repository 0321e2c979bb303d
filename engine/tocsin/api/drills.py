"""Drills over HTTP: begun by operators; what is answered is committed."""

from typing import Any

import msgspec
from msgspec import Struct, field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.api.acting import Acting, body_of, json_of
from tocsin.api.errors import Problem
from tocsin.domain.time import parse_duration

PATH = "/v1/drills"


class Wanted(Struct, forbid_unknown_fields=True):
    """What is to be exercised: a rule with the ``values`` of its text, or a policy with a ``text``."""

    rule: str = ""
    policy: str = ""
    values: dict[str, str | int | float | bool] = {}
    text: str = ""
    severity: str = ""
    for_: str = field(default="", name="for")


_read_wanted = msgspec.json.Decoder(Wanted).decode


def drill_routes(acting: Acting) -> list[Route]:
    """``POST /v1/drills``: begins a drill, answers with the number of its incident."""

    async def add(request: Request) -> Response:
        operator = acting.who(request)
        wanted = await body_of(request, _read_wanted, "drill")
        try:
            lasts = {"lasts": parse_duration(wanted.for_)} if wanted.for_ else {}
        except ValueError as error:
            raise Problem(422, f"for: {error}") from None
        arguments: dict[str, Any] = {
            "rule": wanted.rule, "policy": wanted.policy, "values": wanted.values, "text": wanted.text,
            "severity": wanted.severity, **lasts}
        done, detail = await acting.act(operator, "drill", arguments, "drill")
        if not done:
            raise Problem(422, detail)
        return json_of({"incident": int(detail.partition(":")[0])}, 201)

    return [Route(PATH, add, methods=["POST"])]
