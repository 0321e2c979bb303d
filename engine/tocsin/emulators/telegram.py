"""The emulated Telegram Bot API server: ``/bot<token>/<method>`` and, beside it, ``/control/…``."""

from typing import Any
from urllib.parse import unquote

from starlette.types import ASGIApp, Receive, Scope, Send

from tocsin.emulators.faults import Fault, Faults
from tocsin.emulators.forms import BodyError, parameters_of
from tocsin.emulators.server import LoopbackServer, answer, cut, misbehave
from tocsin.emulators.telegram_api import Refusal, TelegramApi
from tocsin.emulators.telegram_control import control_app
from tocsin.emulators.telegram_state import TelegramState


def refused(refusal: Refusal) -> dict[str, Any]:
    """The document's not-ok answer."""
    shown: dict[str, Any] = {
        "ok": False,
        "error_code": refusal.code,
        "description": refusal.description,
    }
    if refusal.parameters:
        shown["parameters"] = refusal.parameters
    return shown


class TelegramEmulator:
    """A Bot API server; give ``url`` + "/bot" to a client as its base URL."""

    def __init__(self, state: TelegramState | None = None, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.state = state or TelegramState()
        self.faults = Faults()
        self.api = TelegramApi(self.state)
        self.control: ASGIApp = control_app(self.state, self.faults)
        self.server = LoopbackServer(self, host=host, port=port)

    @property
    def url(self) -> str:
        return self.server.url

    async def start(self) -> None:
        self.state.updates.open()
        await self.server.start()

    async def stop(self) -> None:
        self.faults.clear()
        self.state.updates.close()
        await self.server.stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        if not path.startswith("/bot"):
            await self.control(scope, receive, send)
            return
        token, _, method = unquote(path[4:]).rpartition("/")
        try:
            if token != self.state.token:
                raise Refusal(401, "Unauthorized")
            given = await parameters_of(scope, receive)
            facts = {**given, "method": method}
            fault = self.faults.take(facts)
            if fault is not None and await self._misbehave(fault, scope, receive, send):
                return
            result = await self.api.call(method, given)
        except BodyError as error:
            await answer(send, 400, refused(Refusal(400, f"Bad Request: {error}")))
        except Refusal as refusal:
            await answer(send, refusal.code, refused(refusal))
        else:
            if fault is not None and fault.kind == "drop_after_accept":
                await cut(scope, receive)
            else:
                await answer(send, 200, {"ok": True, "result": result})

    async def _misbehave(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> bool:
        def described(text: str) -> dict[str, Any]:
            return refused(Refusal(fault.status, text or "Internal Server Error"))

        if fault.kind == "retry_after":
            seconds = fault.retry_after
            raise Refusal(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)
        return await misbehave(self.faults, fault, scope, receive, send, described)
