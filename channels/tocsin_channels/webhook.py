"""Webhook: messages to another system as signed JSON by HTTP POST, in the form of Standard Webhooks."""

import base64
import binascii
import hashlib
import hmac
from functools import lru_cache
from urllib.parse import SplitResult, urlsplit

import msgspec
from pydantic import BaseModel, ConfigDict, SecretStr

from tocsin.domain.errors import DeliveryError, PermanentDeliveryError
from tocsin.ports import Clock, Handed, Handler, Limits, Outgoing
from tocsin_channels.http_post import BrokenError, NeverWrittenError, Posts
from tocsin_channels.report import Report, to_log
from tocsin_channels.sendable import sendable
from tocsin_channels.webhook_outcomes import answered, broken

SECRET_PREFIX = "whsec_"  # noqa: S105 - the standard's mark of a secret written in base64
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
    concurrency = 128
    receipts = False
    edits = False
    limits = Limits(together=True)

    def __init__(self, settings: WebhookSettings, *, clock: Clock, public_url: str = "",
                 report: Report = to_log) -> None:
        self._settings = settings
        self._mac = mac_of(settings.secret.get_secret_value())
        self._clock = clock
        self._posts: Posts | None = None

    async def send(self, outgoing: Outgoing) -> Handed:
        if outgoing.edits:
            raise PermanentDeliveryError("A webhook's message cannot be changed after it was sent.", code="edit")
        to = _place_of(outgoing.address)
        if to is None:
            raise PermanentDeliveryError("This is not the address of a webhook: write it as https://example.org/path.",
                                         code="address", address_dead=True)
        if self._posts is None:
            self._posts = Posts(self._settings.timeout)
        name, body = outgoing.message_id or f"n{outgoing.notification}", body_of(outgoing)
        moment = self._clock.now() // 1_000_000
        headers = (f"content-type: application/json\r\nuser-agent: Tocsin\r\nwebhook-id: {name}\r\n"
                   f"webhook-timestamp: {moment}\r\nwebhook-signature: {signature(self._mac, name, moment, body)}\r\n")
        failed: DeliveryError | None
        try:
            answer = await self._posts.post(to, headers, body)
            failed = answered(answer.status, answer.retry_after, self._clock.now())
        except (NeverWrittenError, BrokenError, TimeoutError) as error:
            failed = broken(error)
        if failed is not None:
            raise failed
        return Handed(name)

    async def listen(self, handler: Handler) -> None:
        """The other system answers by the link in the message, if by anything."""

    async def caught_up(self) -> None:
        """Nothing waits."""

    async def close(self) -> None:
        if self._posts is not None:
            self._posts.close()
        self._posts = None


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


def mac_of(secret: str) -> hmac.HMAC:
    """What ``signature`` starts from: the key is worked in once."""
    return hmac.new(key_of(secret), digestmod=hashlib.sha256)


def signature(mac: hmac.HMAC, name: str, moment: int, body: bytes) -> str:
    """``v1,`` and the base64 of HMAC-SHA256 over ``id.seconds.body``."""
    signed = mac.copy()
    signed.update(f"{name}.{moment}.".encode() + body)
    return "v1," + base64.b64encode(signed.digest()).decode()


@lru_cache(maxsize=1024)
def _place_of(address: str) -> SplitResult | None:
    """The parts of the address of a webhook; None when it is none."""
    try:
        asked = urlsplit(address)
        fit = asked.scheme in ("http", "https") and bool(asked.hostname) and (asked.port or 1) > 0
    except ValueError:
        return None
    written = (asked.netloc + asked.path + asked.query).isascii() and not any(letter <= " " for letter in address)
    return asked if fit and written else None


CHANNEL = Webhook

__all__ = ["CHANNEL", "Webhook", "WebhookSettings", "body_of", "key_of", "mac_of", "signature"]
