"""What the ``/control/…`` pages of the emulators share: JSON in, JSON out, faults."""

import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tocsin.domain.errors import TocsinError
from tocsin.emulators.faults import Faults

Action = Callable[[dict[str, Any]], Awaitable[Any]]


def json_answer(content: Any, status: int = 200) -> Response:
    """A JSON response that no browser keeps."""
    return Response(
        msgspec.json.encode(content), status, {"cache-control": "no-store"}, "application/json; charset=utf-8"
    )


def get(path: str, read: Callable[[], Any]) -> Route:
    """GET a value."""

    async def endpoint(request: Request) -> Response:
        return json_answer(read())

    return Route(path, endpoint, methods=["GET"])


def post(path: str, act: Action) -> Route:
    """POST a JSON object to an action; a body of another type is refused, so that no foreign page can."""

    async def endpoint(request: Request) -> Response:
        if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            return json_answer({"error": "send Content-Type: application/json."}, 415)
        try:
            given = msgspec.json.decode(await request.body() or b"{}")
            if not isinstance(given, dict):
                raise TypeError("the body must be a JSON object")
            return json_answer({"ok": True, "result": await act(given)})
        except TocsinError as error:
            return json_answer({"error": str(error)}, 409)
        except KeyError as error:
            return json_answer({"error": f"the field {error} is missing."}, 400)
        except (TypeError, ValueError) as error:
            return json_answer({"error": f"this cannot be understood: {error}."}, 400)

    return Route(path, endpoint, methods=["POST"])


def fault_routes(faults: Faults) -> list[BaseRoute]:
    """``/control/faults``: GET lists, POST adds, and POST …/release and …/clear."""

    def listed() -> list[dict[str, Any]]:
        return [dataclasses.asdict(rule) for rule in faults.rules]

    async def add(given: dict[str, Any]) -> int:
        return faults.add(given.pop("match", None), given.pop("kind", "status"), **given).id

    async def release(given: dict[str, Any]) -> bool:
        return faults.release_id(int(given["id"]))

    async def clear(given: dict[str, Any]) -> None:
        faults.clear()

    return [
        get("/control/faults", listed),
        post("/control/faults", add),
        post("/control/faults/release", release),
        post("/control/faults/clear", clear),
    ]
