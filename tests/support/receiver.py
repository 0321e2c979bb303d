"""Another system that takes webhooks: checks the signature, keeps what came, goes wrong as it is told to."""

import hmac
from hashlib import sha256
from typing import Any

import msgspec
from starlette.types import Receive, Scope, Send

from tocsin.emulators.faults import Faults
from tocsin.emulators.forms import body_of, header
from tocsin.emulators.server import LoopbackServer, answer, cut, misbehave
from tocsin_channels.webhook import key_of

SECRET = "whsec_" + "c2VjcmV0LW9mLXRoZS13ZWJob29rcy1oZXJl"  # "secret-of-the-webhooks-here"
TAKES, GONE = "/alarms/7f3a-token", "/gone"


class Receiver:
    """Takes messages at TAKES; GONE answers 410, everything else 404. ``taken`` are the bodies, in order."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.taken: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self._server = LoopbackServer(self)

    @property
    def url(self) -> str:
        return self._server.url

    async def start(self) -> None:
        await self._server.start()

    async def stop(self) -> None:
        self.faults.clear()
        await self._server.stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await body_of(receive)
        fault = self.faults.take({"method": "POST"})
        if fault is not None and fault.kind == "retry_after":
            await send({"type": "http.response.start", "status": 429,
                        "headers": [(b"retry-after", str(fault.retry_after).encode()), (b"content-length", b"0")]})
            await send({"type": "http.response.body"})
            return
        if fault is not None and await misbehave(self.faults, fault, scope, receive, send, _error):
            return
        if scope["path"] != TAKES:
            await answer(send, 410 if scope["path"] == GONE else 404, {})
            return
        if not self._signed(scope, body):
            await answer(send, 401, {})
            return
        self.taken.append(msgspec.json.decode(body))
        self.headers.append({name.decode(): value.decode() for name, value in scope["headers"]})
        if fault is not None and fault.kind == "drop_after_accept":
            await cut(scope, receive)
        else:
            await answer(send, 202, {})

    def _signed(self, scope: Scope, body: bytes) -> bool:
        """By the standard's own words, not by the channel's code."""
        name, moment = header(scope, b"webhook-id"), header(scope, b"webhook-timestamp")
        mac = hmac.new(key_of(SECRET), b".".join((name.encode(), moment.encode(), body)), sha256).digest()
        given = header(scope, b"webhook-signature")
        return given.startswith("v1,") and hmac.compare_digest(mac, _base64(given.removeprefix("v1,")))


def _error(text: str) -> dict[str, str]:
    return {"error": text}


def _base64(text: str) -> bytes:
    return msgspec.json.decode(f'"{text}"'.encode(), type=bytes)
