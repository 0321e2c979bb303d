"""Webhook: messages to another system as signed JSON by HTTP POST, in the form of Standard Webhooks."""

import base64
import binascii
import hashlib
import hmac
from urllib.parse import urlsplit

import aiohttp
import msgspec
from aiohttp import hdrs
from pydantic import BaseModel, ConfigDict, SecretStr

from tocsin.domain.errors import DeliveryError, PermanentDeliveryError
from tocsin.ports import Clock, Handed, Handler, Limits, Outgoing
from tocsin_channels.report import Report, to_log
from tocsin_channels.sendable import sendable
from tocsin_channels.webhook_outcomes import answered, broken

SECRET_PREFIX = "whsec_"  # noqa: S105 - the standard's mark of a secret written in base64
MOST_READ = 65_536
"""Bytes of an answer that are read, so that the connection can be kept; what they say is not looked at."""
KEPT_S = 4.0
"""An idle connection is kept shorter than by most servers, which close theirs after 5 s."""
_encode = msgspec.json.Encoder().encode


class WebhookSettings(BaseModel):
    """``channels.webhook`` of config.yaml: the secret that signs every request; ``timeout`` in seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True, from_attributes=True)

    secret: SecretStr
    timeout: float = 10.0


class Webhook:
    """POSTs to the addresses of people that are systems. The provider's id of a message is our own."""

    name = "webhook"
    Settings = WebhookSettings
    concurrency = 64
    receipts = False
    edits = False
    limits = Limits()

    def __init__(self, settings: WebhookSettings, *, clock: Clock, public_url: str = "",
                 report: Report = to_log) -> None:
        self._settings = settings
        self._key = key_of(settings.secret.get_secret_value())
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None

    async def send(self, outgoing: Outgoing) -> Handed:
        if outgoing.edits:
            raise PermanentDeliveryError("A webhook's message cannot be changed after it was sent.", code="edit")
        _refuse_no_url(outgoing.address)
        name, body = outgoing.message_id or f"n{outgoing.notification}", body_of(outgoing)
        moment = self._clock.now() // 1_000_000
        headers = {hdrs.CONTENT_TYPE: "application/json", hdrs.USER_AGENT: "Tocsin", "webhook-id": name,
                   "webhook-timestamp": str(moment), "webhook-signature": signature(self._key, name, moment, body)}
        failed: DeliveryError | None
        try:
            async with self._open().post(outgoing.address, data=body, headers=headers,
                                         allow_redirects=False) as response:
                await response.content.read(MOST_READ)
                failed = answered(response.status, response.headers.get(hdrs.RETRY_AFTER, ""), self._clock.now())
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            failed = broken(error)
        if failed is not None:
            raise failed
        return Handed(name)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            seconds = self._settings.timeout
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=3 * seconds, connect=seconds, sock_connect=seconds,
                                              sock_read=seconds),
                connector=aiohttp.TCPConnector(limit=self.concurrency, keepalive_timeout=KEPT_S),
                cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False,
                skip_auto_headers=(hdrs.ACCEPT, hdrs.ACCEPT_ENCODING))
        return self._session

    async def listen(self, handler: Handler) -> None:
        """The other system answers by the link in the message, if by anything."""

    async def caught_up(self) -> None:
        """Nothing waits."""

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
        self._session = None


def body_of(outgoing: Outgoing) -> bytes:
    """The JSON of a message: ``id`` is the same in every attempt, ``incident`` in all messages of an incident."""
    shown = outgoing.message
    return _encode({
        "id": outgoing.message_id, "incident": outgoing.thread, "notification": outgoing.notification,
        "attempt": outgoing.attempt, "urgent": outgoing.urgent, "subject": sendable(shown.subject),
        "text": sendable(shown.text), "link": shown.link})


def key_of(secret: str) -> bytes:
    """The bytes that sign: base64 behind ``whsec_``, else the text itself."""
    if secret.startswith(SECRET_PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
        except binascii.Error:
            pass
    return secret.encode()


def signature(key: bytes, name: str, moment: int, body: bytes) -> str:
    """``v1,`` and the base64 of HMAC-SHA256 over ``id.seconds.body``."""
    signed = hmac.digest(key, f"{name}.{moment}.".encode() + body, hashlib.sha256)
    return "v1," + base64.b64encode(signed).decode()


def _refuse_no_url(address: str) -> None:
    try:
        asked = urlsplit(address)
        if asked.scheme in ("http", "https") and asked.hostname:
            return
    except ValueError:
        pass
    raise PermanentDeliveryError("This is not the address of a webhook: write it as https://example.org/path.",
                                 code="address", address_dead=True)


CHANNEL = Webhook

__all__ = ["CHANNEL", "Webhook", "WebhookSettings", "body_of", "key_of", "signature"]
