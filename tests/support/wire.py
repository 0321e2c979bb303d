"""A wire between an MQTT client and its broker that reads along, and that can be cut."""

import asyncio
from contextlib import suppress

PUBACK = 4


class Wire:
    """Passes bytes both ways; ``acknowledged`` are the packet ids the client acknowledged."""

    def __init__(self, broker_port: int) -> None:
        self._broker_port = broker_port
        self._writers: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None
        self._changed = asyncio.Event()
        self.acknowledged: list[int] = []
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
        async with asyncio.timeout(30):
            while len(self.acknowledged) < number:
                self._changed.clear()
                await self._changed.wait()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            there, back = await asyncio.open_connection("127.0.0.1", self._broker_port)
            self._writers += [writer, back]
            await asyncio.gather(self._up(reader, back), self._down(there, writer))

    async def _up(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
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
                if head[0] >> 4 == PUBACK:
                    self.acknowledged.append(int.from_bytes(body[:2], "big"))
                    self._changed.set()
        writer.close()

    async def _down(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        writer.close()
