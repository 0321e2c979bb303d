"""The answer page's routes."""

from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from tocsin.api.body import declared_length, read_body
from tocsin.delivery.answer_page import AnswerPage, Page
from tocsin.delivery.render import ANSWER_PATH

_HEADERS = {
    "Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex",
    "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
                               "frame-ancestors 'none'; base-uri 'none'",
}


def answer_routes(page: AnswerPage) -> list[Route]:
    """``/answer/<token>``: GET and HEAD show, POST answers."""

    async def show(request: Request) -> HTMLResponse:
        return _response(page.show(request.path_params["token"]))

    async def answer(request: Request) -> HTMLResponse:
        lengths = [value for name, value in request.scope["headers"] if name == b"content-length"]
        body = await read_body(request.receive, declared_length(lengths))
        form = parse_qs(body.decode("utf-8", "replace"))
        return _response(await page.answer(request.path_params["token"], form.get("word", [""])[0]))

    path = ANSWER_PATH + "{token}"
    return [Route(path, show, methods=["GET"]), Route(path, answer, methods=["POST"])]


def _response(page: Page) -> HTMLResponse:
    return HTMLResponse(page.html, page.status, _HEADERS)
