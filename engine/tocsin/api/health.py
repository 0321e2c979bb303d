"""Is it alive, is it ready, and its numbers."""

from collections.abc import Callable, Sequence

import msgspec
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

Problems = Callable[[], Sequence[str]]
"""Sentences that say what is wrong; none when all is well."""


def none() -> tuple[str, ...]:
    """All is well."""
    return ()


def health_routes(mode: str, registry: CollectorRegistry, alive: Problems, ready: Problems,
                  warnings: Problems = none, silent: Problems = none) -> list[Route]:
    """``/health`` (for people and their monitoring: red also while ``silent`` says that nobody can be told),
    ``/healthz`` (restart the process when it is red), ``/readyz`` (send it no events while it is red; yellow takes
    them, but a person should look) and ``/metrics``. ``mode`` is live or practice and stands in every answer.
    """

    def answer(problems: Problems, doubts: Problems = none) -> Response:
        found, doubtful = list(problems()), list(doubts())
        status = "red" if found else "yellow" if doubtful else "green"
        said = {"status": status, "mode": mode, "problems": found, **({"warnings": doubtful} if doubtful else {})}
        return Response(msgspec.json.encode(said), 503 if found else 200, media_type="application/json")

    async def healthz(request: Request) -> Response:
        return answer(alive)

    async def readyz(request: Request) -> Response:
        return answer(lambda: [*alive(), *ready()], warnings)

    async def health(request: Request) -> Response:
        return answer(lambda: [*alive(), *ready(), *silent()], warnings)

    async def metrics(request: Request) -> Response:
        return Response(generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return [Route("/health", health), Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]
