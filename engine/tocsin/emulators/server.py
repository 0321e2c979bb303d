"""Serving an ASGI app on loopback inside the running event loop, with connections that can be cut."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from tocsin.domain.errors import TocsinError
from tocsin.emulators.faults import Fault, Faults

_encode = msgspec.json.Encoder().encode
CUT = "tocsin.emulators.cut"
LONGEST_GOODBYE = 1.0


class PortError(TocsinError):
    """An emulator cannot listen where it was told to."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one."""
    # Without the protocol's name asyncio leaves Nagle's algorithm on, and every answer takes 44 ms.
    taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, port))
    except OSError as error:
        taken.close()
        raise PortError(
            f"cannot listen on {host}:{port} ({error.strerror}): stop the program that uses this port, "
            "or choose another port; 0 takes a free one."
        ) from error
    taken.listen(2048)
    taken.setblocking(False)
    return taken


async def answer(send: Send, status: int, content: Any) -> None:
    """Send a JSON answer; bytes are sent as they are, as HTML."""
    html = isinstance(content, bytes)
    body = content if html else _encode(content)
    kind = b"text/html" if html else b"application/json"
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def fault_answer(fault: Fault, otherwise: Callable[[str], Any]) -> Any:
    """What a ``status`` fault sends: its object, its HTML page, or what ``otherwise`` makes of its text."""
    if isinstance(fault.body, dict):
        return fault.body
    text = "" if fault.body is None else str(fault.body)
    return text.encode() if text.startswith("<") else otherwise(text)


async def misbehave(
    faults: Faults, fault: Fault, scope: Scope, receive: Receive, send: Send, described: Callable[[str], Any]
) -> bool:
    """Do what a fault says before the work; True when nothing is left to do for this request.

    ``described`` makes the provider's error object of a ``status`` fault's text.
    """
    if fault.kind == "status":
        await answer(send, fault.status, fault_answer(fault, described))
        return True
    if fault.kind == "slow":
        await faults.sleep(fault.seconds)
    if fault.kind == "hang":
        hanging = asyncio.create_task(faults.hang(fault))
        gone = asyncio.create_task(_gone(receive))
        await asyncio.wait({hanging, gone}, return_when=asyncio.FIRST_COMPLETED)
        hanging.cancel()
        gone.cancel()
        await asyncio.gather(hanging, gone, return_exceptions=True)
    if fault.kind in ("hang", "drop"):
        await cut(scope, receive)
        return True
    return False


async def cut(scope: Scope, receive: Receive) -> None:
    """Close the connection of this request without one more byte."""
    scope[CUT]()
    await _gone(receive)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class _CuttableProtocol(H11Protocol):
    """uvicorn's protocol that lets the app reach the connection, which ASGI has no word for."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        inner = self.app

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            scope[CUT] = lambda: self.transport.abort()
            await inner(scope, receive, send)

        self.app = app


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: the process belongs to whoever started the emulators."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()
        self.leaving = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    async def main_loop(self) -> None:
        """uvicorn's, ended at once by ``leaving`` instead of at its next look."""
        counter = 0
        while not await self.on_tick(counter):
            counter += 1
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.leaving.wait(), 0.1)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """uvicorn's, without its fixed waits: connections are told to end, and have a second to do so."""
        for server in self.servers:
            server.close()
        for one in sockets or ():
            one.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        tasks, until = self.server_state.tasks, asyncio.get_running_loop().time() + LONGEST_GOODBYE
        while (  # noqa: ASYNC110 - uvicorn says nothing when its last connection is gone
                self.server_state.connections or tasks) and asyncio.get_running_loop().time() < until:
            await asyncio.sleep(0.002)
        for task in list(tasks):
            task.cancel()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class LoopbackServer:
    """One app on one port; ``url`` has no slash at its end."""

    def __init__(self, app: ASGIApp, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self._app = app
        self._host = host
        self._wanted_port = port
        self._server: _Server | None = None
        self._task: asyncio.Task[None] | None = None
        self.port = port

    @property
    def url(self) -> str:
        return f"http://{self._host}:{self.port}"

    async def start(self) -> None:
        """Listen, and return when requests are answered."""
        taken = listen(self._host, self._wanted_port)
        self.port = taken.getsockname()[1]
        config = uvicorn.Config(
            self._app,
            http=_CuttableProtocol,
            ws="none",
            lifespan="off",
            log_level="warning",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=75,
        )
        self._server = _Server(config)
        self._task = asyncio.create_task(self._server.serve(sockets=[taken]))
        ready = asyncio.create_task(self._server.ready.wait())
        await asyncio.wait({ready, self._task}, return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            ready.cancel()
            await self._task

    async def stop(self) -> None:
        """Close every connection and wait until the port is free."""
        if self._server is None or self._task is None:
            return
        self._server.should_exit = True
        self._server.leaving.set()
        await self._task
        self._server = self._task = None
