"""The emulated Twilio REST API: create and fetch Messages; ``/control/…`` for what phones do."""

import base64
import binascii
import re
from collections import deque
from typing import Any
from urllib.parse import unquote, urlsplit

from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from tocsin.emulators.control import fault_routes, get, post
from tocsin.emulators.faults import Fault, Faults
from tocsin.emulators.forms import BodyError, header, parameters_of
from tocsin.emulators.server import LoopbackServer, answer, cut, misbehave
from tocsin.emulators.twilio_messages import API_VERSION, REFUSALS
from tocsin.emulators.twilio_state import E164, TwilioState

MAX_BODY = 1600
_PATH = re.compile(rf"/{API_VERSION}/Accounts/(?P<account>[^/]+)/Messages(?:/(?P<sid>[^/]+))?\.json")
_SENDER = re.compile(r"\+[1-9][0-9]{6,14}|[0-9]{3,8}|(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}")


class Refusal(Exception):
    """Twilio's error: an HTTP status, a code of its error dictionary, a message."""

    def __init__(self, status: int, code: int, message: str) -> None:
        self.status = status
        self.content = {
            "code": code,
            "message": message,
            "more_info": f"https://www.twilio.com/docs/errors/{code}",
            "status": status,
        }
        super().__init__(message)


class TwilioEmulator:
    """A Twilio API server; a client must be sent to ``url`` instead of https://api.twilio.com."""

    def __init__(self, state: TwilioState | None = None, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.state = state or TwilioState()
        self.faults: Faults = self.state.faults
        self.control: ASGIApp = control_app(self.state)
        self.server = LoopbackServer(self, host=host, port=port)
        self._recent: deque[float] = deque()

    @property
    def url(self) -> str:
        return self.server.url

    async def start(self) -> None:
        await self.state.open()
        await self.server.start()

    async def stop(self) -> None:
        self.faults.clear()
        await self.server.stop()
        await self.state.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = unquote(scope["path"])
        if not path.startswith(f"/{API_VERSION}/"):
            await self.control(scope, receive, send)
            return
        try:
            found = _PATH.fullmatch(path)
            self._check_account(scope, path, found["account"] if found else "")
            if found is None:
                raise Refusal(404, 20404, f"The requested resource {path} was not found")
            given = await parameters_of(scope, receive)
            method = "fetch" if found["sid"] else "create"
            fault = self.faults.take({**given, "method": method})
            if fault is not None and await self._misbehave(fault, scope, receive, send):
                return
            status, content = self._work(scope["method"], path, found["sid"], given)
        except BodyError as error:
            await answer(send, 400, Refusal(400, 20001, f"Bad request: {error}").content)
        except Refusal as refusal:
            await answer(send, refusal.status, refusal.content)
        else:
            if fault is not None and fault.kind == "drop_after_accept":
                await cut(scope, receive)
            else:
                await answer(send, status, content)

    def _check_account(self, scope: Scope, path: str, account: str) -> None:
        kind, _, encoded = header(scope, b"authorization").partition(" ")
        try:
            user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            user = password = ""
        known = (self.state.account_sid, self.state.auth_token)
        if kind.lower() != "basic" or (user, password) != known:
            raise Refusal(401, 20003, "Authenticate")
        if account != self.state.account_sid:
            raise Refusal(404, 20404, f"The requested resource {path} was not found")

    def _work(self, verb: str, path: str, sid: str | None, given: dict[str, Any]) -> tuple[int, Any]:
        if sid is None and verb == "POST":
            return 201, self._create(given)
        if sid is not None and verb == "GET":
            sms = self.state.by_sid.get(sid)
            if sms is None:
                raise Refusal(404, 20404, f"The requested resource {path} was not found")
            return 200, sms.as_json()
        raise Refusal(405, 20004, "Method not allowed")

    def _create(self, given: dict[str, Any]) -> dict[str, Any]:
        sender, to, body = (str(given.get(name, "")) for name in ("From", "To", "Body"))
        callback = str(given.get("StatusCallback", ""))
        self._check_rate()
        if not to:
            raise Refusal(400, 21604, "A 'To' phone number is required.")
        if not E164.fullmatch(to):
            raise Refusal(400, 21211, f"The 'To' number {to} is not a valid phone number.")
        if not sender:
            raise Refusal(400, 21603, "A 'From' phone number is required.")
        if not _SENDER.fullmatch(sender):
            raise Refusal(
                400,
                21212,
                f"The 'From' number {sender} is not a valid phone number, shortcode, or alphanumeric sender ID.",
            )
        if sender not in self.state.numbers:
            raise Refusal(
                400,
                21606,
                f"The From phone number {sender} is not a valid, SMS-capable inbound phone number "
                "or short code for your account.",
            )
        if not body:
            raise Refusal(400, 21602, "Message body is required.")
        if len(body) > MAX_BODY:
            raise Refusal(400, 21617, "The concatenated message body exceeds the 1600 character limit.")
        if callback and urlsplit(callback).scheme not in ("http", "https"):
            raise Refusal(400, 21609, f"The StatusCallback URL {callback} is not a valid URL.")
        if (code := self.state.refused.get(to)) is not None:
            status, words = REFUSALS[code]
            raise Refusal(status, code, words.format(to=to))
        if to in self.state.landlines:
            raise Refusal(400, 21614, f"'To' number: {to}, is not a valid mobile number")
        if (to, sender) in self.state.stopped:
            raise Refusal(400, 21610, "Attempt to send to unsubscribed recipient")
        return self.state.accept(sender, to, body, callback).as_json()

    def _check_rate(self) -> None:
        most = self.state.per_second
        if most is None:
            return
        now = self.state.now()
        while self._recent and self._recent[0] <= now - 1:
            self._recent.popleft()
        if len(self._recent) >= most:
            raise Refusal(429, 20429, "Too Many Requests")
        self._recent.append(now)

    async def _misbehave(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> bool:
        def described(text: str) -> dict[str, Any]:
            return Refusal(fault.status, 20500, text or "An internal server error has occurred").content

        if fault.kind == "retry_after":
            raise Refusal(429, 20429, "Too Many Requests")
        return await misbehave(self.faults, fault, scope, receive, send, described)


def control_app(state: TwilioState) -> Starlette:
    """``/control/state`` reads; POST reply {from, body, to?}, landline {phone}, and faults act."""

    def shown() -> dict[str, Any]:
        return {
            "numbers": state.numbers,
            "stopped": [phone for phone, _ in sorted(state.stopped)],
            "messages": [sms.as_shown() for sms in state.messages[-100:]],
        }

    async def reply(given: dict[str, Any]) -> Any:
        posted = await state.reply(str(given["from"]), str(given["body"]), given.get("to"))
        return None if posted is None else {"status": posted.status, "error": posted.error}

    async def landline(given: dict[str, Any]) -> None:
        state.landlines.add(str(given["phone"]))

    return Starlette(
        routes=[
            get("/control/state", shown),
            post("/control/reply", reply),
            post("/control/landline", landline),
            *fault_routes(state.faults),
        ]
    )
