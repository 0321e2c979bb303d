"""What an HTTP client is told when a request cannot be served: a status and a sentence, always as JSON."""

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from tocsin.domain.errors import TocsinError


class Problem(TocsinError):
    """A request that is refused as a whole; ``headers`` go with the answer."""

    def __init__(self, status: int, sentence: str, headers: tuple[tuple[bytes, bytes], ...] = ()) -> None:
        self.status = status
        self.sentence = sentence
        self.headers = headers
        super().__init__(sentence)

    def body(self) -> bytes:
        return error_body(self.sentence)


def error_body(sentence: str) -> bytes:
    """The JSON of an error."""
    return msgspec.json.encode({"error": sentence})


def _json(status: int, sentence: str, headers: dict[str, str] | None = None) -> Response:
    return Response(error_body(sentence), status, headers, "application/json")


async def http_error(request: Request, error: Exception) -> Response:
    """Starlette's own refusals (no such path, no such method) as a sentence."""
    assert isinstance(error, HTTPException)
    sentences = {404: f"there is no {request.url.path[:100]} here", 405: f"{request.method} is not possible here"}
    return _json(error.status_code, sentences.get(error.status_code, error.detail), dict(error.headers or {}))


async def problem(request: Request, error: Exception) -> Response:
    """A Problem raised by a route."""
    assert isinstance(error, Problem)
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in error.headers}
    return _json(error.status, error.sentence, headers)


async def server_error(request: Request, error: Exception) -> Response:
    """Anything else: nothing was confirmed, so the sender should try again; details are in the log only."""
    return _json(500, "the engine failed on this request and confirmed nothing: try again", {"Retry-After": "5"})
