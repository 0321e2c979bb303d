"""POST over kept connections, and little else: a quarter of the CPU of a general client.

It makes three things plain that decide what a failure means: whether the first byte was written, whether an answer
came, and what it was.
"""

import asyncio
import ssl
from typing import cast
from urllib.parse import SplitResult

import httptools

KEPT_S = 4.0
"""An idle connection is kept shorter than by most servers, which close theirs after 5 s."""
MOST_IDLE = 64
MOST_READ = 1 << 20
"""Bytes of an answer; what it says beside its head is not looked at."""

Place = tuple[str, str, int]


class NeverWrittenError(Exception):
    """The request did not leave: no connection could be made."""


class BrokenError(Exception):
    """The connection ended, or what came over it was no HTTP, before there was an answer."""


class Answer:
    """``status`` and the headers that were asked for."""

    __slots__ = ("retry_after", "status")

    def __init__(self, status: int, retry_after: str) -> None:
        self.status, self.retry_after = status, retry_after


class Posts:
    """Connections by host; ``timeout`` in seconds to connect, and again for the answer."""

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._idle: dict[Place, list[_Connection]] = {}
        self._tls: ssl.SSLContext | None = None
        self._closed = False

    async def post(self, to: SplitResult, headers: str, body: bytes) -> Answer:
        """The answer to one POST; ``headers`` are whole lines. NeverWrittenError, BrokenError, TimeoutError."""
        place, connection = _place(to), None
        idle = self._idle.get(place)
        while idle and connection is None:
            connection = idle.pop().usable()
        if connection is None:
            connection = await self._connect(place)
        target = (to.path or "/") + (f"?{to.query}" if to.query else "")
        head = f"POST {target} HTTP/1.1\r\nhost: {to.netloc}\r\ncontent-length: {len(body)}\r\n{headers}\r\n"
        try:
            answer = await connection.exchange(head.encode("latin-1", "replace") + body, self._timeout)
        except BaseException:  # cancelled too: a half-used connection is never used again
            connection.close()
            raise
        kept = self._idle.setdefault(place, [])
        if connection.keeps and len(kept) < MOST_IDLE and not self._closed:
            kept.append(connection)
        else:
            connection.close()
        return answer

    def close(self) -> None:
        self._closed = True
        for kept in self._idle.values():
            for connection in kept:
                connection.close()
        self._idle.clear()

    async def _connect(self, place: Place) -> "_Connection":
        scheme, host, port = place
        if scheme == "https" and self._tls is None:
            self._tls = await asyncio.to_thread(ssl.create_default_context)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._timeout):
                _, connection = await loop.create_connection(
                    _Connection, host, port, ssl=self._tls if scheme == "https" else None)
        except (OSError, TimeoutError, ValueError) as error:  # certificates and host names are among them
            raise NeverWrittenError(type(error).__name__) from None
        return connection


class _Connection(asyncio.Protocol):
    """One connection, one request at a time; also what its parser calls back."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Future[Answer] | None = None
        self._limit: asyncio.TimerHandle | None = None
        self._lost = False
        self._since = 0.0
        self.keeps = False

    def usable(self) -> "_Connection | None":
        """Itself, or None (closed) when it is too old or gone."""
        if not self._lost and self._loop.time() - self._since < KEPT_S:
            return self
        self.close()
        return None

    def exchange(self, request: bytes, timeout: float) -> "asyncio.Future[Answer]":
        """Write a request; the answer is there when it has come as a whole."""
        self._waiting = self._loop.create_future()
        self._status, self._retry_after, self._read = 0, "", 0
        self._parser = httptools.HttpResponseParser(self)
        self._limit = self._loop.call_later(timeout, self._late)
        self._transport.write(request)
        return self._waiting

    def close(self) -> None:
        self._transport.abort()

    # -- what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._read += len(data)
        if self._waiting is None or self._read > MOST_READ:
            self._fail(BrokenError("too much"))
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(BrokenError(type(error).__name__))

    def connection_lost(self, error: Exception | None) -> None:
        """The head of an answer says what counts; one without a length ends with the connection anyway."""
        self._lost = True
        if self._waiting is not None and self._status >= 200:
            self._done(keeps=False)
        else:
            self._fail(BrokenError(type(error).__name__))

    # -- what the parser calls

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"retry-after":
            self._retry_after = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self._status = self._parser.get_status_code()

    def on_message_complete(self) -> None:
        if self._status >= 200:  # else it is one that announces the answer
            self._done(keeps=self._parser.should_keep_alive())

    # -- ends

    def _late(self) -> None:
        self._fail(TimeoutError())

    def _done(self, *, keeps: bool) -> None:
        self.keeps, self._since = keeps and not self._lost, self._loop.time()
        waiting = self._ended()
        if waiting is not None:
            waiting.set_result(Answer(self._status, self._retry_after))

    def _fail(self, error: Exception) -> None:
        self.keeps = False
        waiting = self._ended()
        if waiting is not None:
            waiting.set_exception(error)
        self._transport.abort()

    def _ended(self) -> "asyncio.Future[Answer] | None":
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None
        waiting, self._waiting = self._waiting, None
        return None if waiting is None or waiting.done() else waiting


def _place(to: SplitResult) -> Place:
    return to.scheme, to.hostname or "", to.port or (443 if to.scheme == "https" else 80)
