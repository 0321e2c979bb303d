"""Rosters over HTTP: feeds for calendar programs, by a link of one's own or an operator's token."""

import asyncio
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.api.errors import Problem
from tocsin.api.operators import Operators
from tocsin.book.book import Content
from tocsin.ports import Clock
from tocsin.reports.feed import PATH, PEOPLE, SCHEDULES, feed, opens
from tocsin.reports.rosters import UnknownRosterError

_HEADERS = {"Cache-Control": "private, no-cache", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}
_GONE = "there is no such feed for this link: ask for a new one (tocsin roster --link makes it)"


def roster_routes(operators: Operators, secret: bytes, content: Callable[[], Content], clock: Clock) -> list[Route]:
    """``GET /v1/rosters/people/<id>.ics`` and ``/v1/rosters/schedules/<id>.ics``."""

    async def show(request: Request) -> Response:
        kind, name, book = request.path_params["kind"], request.path_params["name"], content()
        if kind not in (SCHEDULES, PEOPLE):
            raise Problem(404, f"there is no {request.url.path[:100]} here")
        if token := request.query_params.get("token", ""):
            if not opens(book, secret, kind, name, request.query_params.get("for", ""), token):
                raise Problem(404, _GONE)
        else:
            operators.who(request)
        try:
            body = await asyncio.to_thread(feed, book, kind, name, clock.now())
        except UnknownRosterError as error:
            raise Problem(404, _GONE if token else str(error)) from None
        return Response(body, headers=_HEADERS, media_type="text/calendar; charset=utf-8")

    return [Route(PATH + "/{kind}/{name}.ics", show, methods=["GET"])]
