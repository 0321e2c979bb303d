"""A wire between an MQTT client and its broker that reads along, and that can be cut."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

PUBLISH, PUBACK, DUP = 3, 4, 8


class Wire:
    """Passes bytes both ways; ``acknowledged`` are the packet ids the client acknowledged, ``repeated`` counts the
    messages that the broker sent again.
    """

    def __init__(self, broker_port: int) -> None:
        self._broker_port = broker_port
        self._writers: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None
        self._changed = asyncio.Event()
        self.acknowledged: list[int] = []
        self.repeated = 0
        self.port = 0

    async def open(self) -> "Wire":
        self._server = await asyncio.start_server(self._pass_on, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def cut(self) -> None:
        """End all connections and take no new ones."""
        if self._server is not None:
            self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def sees_acknowledgements(self, number: int) -> None:
        """Return when the client has acknowledged so many messages."""
        await self._until(lambda: len(self.acknowledged) >= number)

    async def sees_repetitions(self, number: int) -> None:
        """Return when the broker has sent so many messages again."""
        await self._until(lambda: self.repeated >= number)

    async def _until(self, done: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not done():
                self._changed.clear()
                await self._changed.wait()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            there, back = await asyncio.open_connection("127.0.0.1", self._broker_port)
            self._writers += [writer, back]
            await asyncio.gather(self._pump(reader, back, self._up), self._pump(there, writer, self._down))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter,
                    watch: Callable[[int, bytes], None]) -> None:
        with suppress(asyncio.IncompleteReadError, OSError):
            while True:
                head = await reader.readexactly(1)
                length, size, shift = b"", 0, 0
                while not length or length[-1] & 128:
                    length += await reader.readexactly(1)
                    size |= (length[-1] & 127) << shift
                    shift += 7
                body = await reader.readexactly(size)
                writer.write(head + length + body)
                await writer.drain()
                watch(head[0], body)
                self._changed.set()
        writer.close()

    def _up(self, head: int, body: bytes) -> None:
        if head >> 4 == PUBACK:
            self.acknowledged.append(int.from_bytes(body[:2], "big"))

    def _down(self, head: int, body: bytes) -> None:
        if head >> 4 == PUBLISH and head & DUP:
            self.repeated += 1


@asynccontextmanager
async def wire(broker_port: int) -> AsyncIterator[Wire]:
    """An open wire, cut at the end."""
    made = await Wire(broker_port).open()
    try:
        yield made
    finally:
        await made.cut()
