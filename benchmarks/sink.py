"""A receiver of webhooks in a process of its own: counts requests and notes when each incident's first one came.

``python -m benchmarks.sink`` prints its port. GET answers how many incidents came so far; when its standard input
ends it prints one line of JSON: for each incident (the first ``k-…`` in the body) its instant on the monotonic clock.
"""

import asyncio
import json
import re
import sys
import time

from benchmarks.wire import KEY

_LENGTH = re.compile(rb"content-length:\s*(\d+)", re.IGNORECASE)
_TAKEN = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
_KEY = re.compile(KEY)

came: dict[int, float] = {}


class Receiving(asyncio.Protocol):
    """One connection; answers 200 when a whole request is there."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport, self._buffer = transport, b""

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        self._buffer += data
        while True:
            head, gap, rest = self._buffer.partition(b"\r\n\r\n")
            if not gap:
                return
            if head.startswith(b"GET"):
                self._buffer = rest
                body = str(len(came)).encode()
                self._transport.write(  # type: ignore[attr-defined]  # a transport of TCP
                    b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))
                continue
            found = _LENGTH.search(head)
            length = int(found[1]) if found else 0
            if len(rest) < length:
                return
            body, self._buffer = rest[:length], rest[length:]
            if (key := _KEY.search(body)) is not None:
                came.setdefault(int(key[1]), now)
            self._transport.write(_TAKEN)  # type: ignore[attr-defined]  # a transport of TCP


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Receiving, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    print(json.dumps(came), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
