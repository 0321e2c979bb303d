"""The HTTP server, inside the running loop; the process's signals stay with the application."""

import asyncio
import contextlib
import socket
from collections.abc import Iterable, Iterator

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from tocsin.api.errors import Problem, http_error, problem, server_error
from tocsin.domain.errors import SettingsError

GRACE_SECONDS = 3
"""So long open requests may take to end when the server stops."""


def build_app(routes: Iterable[BaseRoute]) -> Starlette:
    """The application of these routes; whatever is refused is refused by a sentence in JSON."""
    return Starlette(routes=list(routes), exception_handlers={
        HTTPException: http_error, Problem: problem, Exception: server_error})


class Listening:
    """A server that listens on ``port``, until ``stop``."""

    def __init__(self, server: "_Server", task: asyncio.Task[None], port: int) -> None:
        self._server = server
        self._task = task
        self.port = port

    async def stop(self) -> None:
        """Take no more connections, let open requests end, return when the port is free."""
        self._server.should_exit = True
        await self._task

    async def wait(self) -> None:
        """Return when the server has ended; raises what ended it."""
        await asyncio.shield(self._task)


async def serve(app: ASGIApp, host: str, port: int) -> Listening:
    """Listen; port 0 takes a free one. SettingsError when the address cannot be had."""
    # The protocol is named because asyncio switches Nagle's algorithm off only where it is: without, every answer
    # on a kept connection is 40 ms late.
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
        bound.listen(2048)
    except OSError as error:
        bound.close()
        raise SettingsError(f"cannot listen on {host}:{port} ({error.strerror}): set http.listen in config.yaml, "
                            "or --port of tocsin practice, to one that is free on this machine") from None
    server = _Server(uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="off", ws="none", proxy_headers=False, server_header=False,
        timeout_keep_alive=75, timeout_graceful_shutdown=GRACE_SECONDS))
    task = asyncio.create_task(server.serve([bound]), name="http")
    up = asyncio.create_task(server.up.wait())
    await asyncio.wait({task, up}, return_when=asyncio.FIRST_COMPLETED)
    if not server.up.is_set():
        up.cancel()
        await task
        raise SettingsError("the HTTP server ended at its start: see the log")
    return Listening(server, task, bound.getsockname()[1])


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
