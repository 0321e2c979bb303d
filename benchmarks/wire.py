"""A client as thin as can be: prepared requests on kept connections, so that the engine is what is measured."""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from benchmarks.city import RULES, TOKEN

KEY = rb"k-(\d{7})"
"""The number of an incident, as it stands in events and in the messages about them."""


def request(path: str, body: bytes) -> bytes:
    """A POST with the benchmark's token."""
    return (f"POST {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {TOKEN.decode()}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n").encode() + body


class Connection(asyncio.Protocol):
    """One kept connection; ``send`` waits for the answer."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        self._buffer, self._answer = b"", None

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, gap, rest = self._buffer.partition(b"\r\n\r\n")
        if gap:
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            if len(rest) >= length:
                self._buffer = rest[length:]
                assert self._answer is not None
                answer, self._answer = self._answer, None
                if not answer.done():
                    answer.set_result((int(head[9:12]), rest[:length]))

    def send(self, data: bytes) -> "asyncio.Future[tuple[int, bytes]]":
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(data)
        return self._answer


async def post_all(port: int, requests: Iterable[bytes], connections: int) -> tuple[float, list[float]]:
    """Post each on the next free connection; seconds in all, and for each the seconds to its answer."""
    waiting = iter(requests)
    took: list[float] = []
    loop = asyncio.get_running_loop()
    made = [(await loop.create_connection(Connection, "127.0.0.1", port))[1] for _ in range(connections)]

    async def run(connection: Connection) -> None:
        for data in waiting:
            began = time.perf_counter()
            status, body = await connection.send(data)
            took.append(time.perf_counter() - began)
            assert status in (200, 202), (status, body[:200])

    began = time.perf_counter()
    await asyncio.gather(*(run(connection) for connection in made))
    seconds = time.perf_counter() - began
    for connection in made:
        connection.transport.close()
    return seconds, took


class Served:
    """An engine process that listens on ``port``; ``stats`` are there after it has ended."""

    port: int
    stats: dict[str, Any]


@asynccontextmanager
async def served(folder: Path, rules: int = RULES) -> AsyncIterator[Served]:
    """A fresh engine in a process of its own."""
    with tempfile.TemporaryDirectory(dir=folder) as home:
        command = [sys.executable, "-m", "benchmarks.serving", str(Path(home) / "tocsin.db"), str(rules)]
        child = await asyncio.to_thread(
            subprocess.Popen, command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert child.stdin is not None
        assert child.stdout is not None
        engine = Served()
        try:
            engine.port = int(await asyncio.to_thread(child.stdout.readline))
            yield engine
            child.stdin.close()
            engine.stats = json.loads(await asyncio.to_thread(child.stdout.readline))
        finally:
            child.stdin.close()
            child.wait()
            child.stdout.close()
