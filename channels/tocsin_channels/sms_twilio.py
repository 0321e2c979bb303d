"""SMS by Twilio: texts out through its client, answers and receipts in through signed webhooks."""

import base64
import logging
from collections.abc import Mapping
from html import escape
from typing import Any, Literal
from urllib.parse import urlsplit, urlunsplit

import aiohttp
import phonenumbers
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, SecretStr
from twilio.base.exceptions import TwilioException
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.http.response import Response
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from tocsin.domain.errors import DeliveryError, PermanentDeliveryError
from tocsin.ports import Clock, Handed, Handler, Inbound, Limits, Outgoing
from tocsin_channels.report import Report, to_log
from tocsin_channels.sendable import sendable
from tocsin_channels.twilio_outcomes import DEAD_AFTERWARDS, STATES, outcome

STATUS_PATH = "/v1/channels/sms/status"
INBOUND_PATH = "/v1/channels/sms/inbound"


class SmsSettings(BaseModel):
    """``channels.sms`` of config.yaml; ``timeout`` in seconds. ``transliterate`` concerns the rendering."""

    model_config = ConfigDict(extra="forbid", frozen=True, from_attributes=True)

    provider: Literal["twilio"] = "twilio"
    account_sid: str
    auth_token: SecretStr
    from_: str = Field(validation_alias=AliasChoices("from", "from_"))
    api_base: str = "https://api.twilio.com"
    transliterate: bool = False
    timeout: float = 10.0


class _Session:
    """An aiohttp session with its own limits: twilio passes ``timeout=None``, which aiohttp takes for "for ever"."""

    def __init__(self, seconds: float) -> None:
        limits = aiohttp.ClientTimeout(total=3 * seconds, connect=seconds, sock_connect=seconds, sock_read=seconds)
        self._inner = aiohttp.ClientSession(timeout=limits)
        self.close = self._inner.close

    async def request(self, **asked: Any) -> aiohttp.ClientResponse:
        del asked["timeout"]
        return await self._inner.request(**asked)


class _Http(AsyncTwilioHttpClient):  # type: ignore[misc]  # twilio publishes no types
    """Twilio's own client, pointed at ``api_base``, silent in logs and bounded in time.

    The login goes into a header, because aiohttp has deprecated the parameter that twilio uses for it.
    """

    def __init__(self, api_base: str, timeout: float) -> None:
        quiet = logging.getLogger("tocsin.channels.sms.client")
        quiet.setLevel(logging.WARNING)
        super().__init__(pool_connections=False, logger=quiet)
        self.session = _Session(timeout)
        self._base = urlsplit(api_base)

    async def request(self, method: str, url: str, params: Any = None, data: Any = None, headers: Any = None,
                      auth: tuple[str, str] | None = None, timeout: float | None = None,
                      allow_redirects: bool = False) -> Response:
        asked = urlsplit(url)
        path = self._base.path.rstrip("/") + asked.path
        url = urlunsplit((self._base.scheme, self._base.netloc, path, asked.query, ""))
        headers = dict(headers or {})
        if auth is not None:
            headers["Authorization"] = "Basic " + base64.b64encode(":".join(auth).encode()).decode()
        return await super().request(method, url, params, data, headers, None, None, allow_redirects)


class Sms:
    """One Twilio number. ``receipts`` only with a public URL, because Twilio must be able to call back."""

    name = "sms"
    Settings = SmsSettings
    concurrency = 8
    edits = False
    limits = Limits(per_address=((3, 3_000_000),), overall=((100, 1_000_000),))

    def __init__(self, settings: SmsSettings, *, clock: Clock, public_url: str = "",
                 report: Report = to_log) -> None:
        self._settings = settings
        self._secret = settings.auth_token.get_secret_value()
        self._public_url = public_url.rstrip("/")
        self._validator = RequestValidator(self._secret)
        self._client: Client | None = None
        self._http: _Http | None = None
        self.receipts = bool(public_url)

    async def send(self, outgoing: Outgoing) -> Handed:
        if outgoing.edits:
            raise PermanentDeliveryError("An SMS cannot be changed after it was sent.", code="edit")
        refuse_special(outgoing.address)
        content = {"to": outgoing.address, "from_": self._settings.from_, "body": sendable(outgoing.message.text)}
        if self.receipts:
            content["status_callback"] = f"{self._public_url}{STATUS_PATH}?n={outgoing.notification}"
        failed: DeliveryError
        try:
            message = await self._connected().messages.create_async(**content)
            return Handed(str(message.sid), receipts=self.receipts)
        except (TimeoutError, TwilioException, aiohttp.ClientError, OSError, ValueError) as error:
            failed = outcome(error, self._secret, self._settings.account_sid)
        raise failed

    def _connected(self) -> Client:
        if self._client is None:
            self._http = _Http(self._settings.api_base, self._settings.timeout)
            self._client = Client(self._settings.account_sid, self._secret, http_client=self._http)
        return self._client

    async def listen(self, handler: Handler) -> None:
        """Answers come through the webhook routes, which call ``verify``, ``inbound`` and ``receipt``."""

    async def caught_up(self) -> None:
        """Nothing waits at Twilio: it calls."""

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()
        self._client = self._http = None

    def verify(self, url: str, form: Mapping[str, str], signature: str) -> bool:
        """Whether Twilio signed this request; ``url`` is the path and query as called, put on the public URL."""
        asked = urlsplit(url)
        public = self._public_url + urlunsplit(("", "", asked.path, asked.query, ""))
        return bool(signature) and bool(self._validator.validate(public, dict(form), signature))

    def inbound(self, form: Mapping[str, str]) -> Inbound:
        """A text that somebody sent to our number; KeyError when it lacks From or MessageSid."""
        kind = {"STOP": "stop", "START": "start"}.get(form.get("OptOutType", "").upper(), "text")
        return Inbound(self.name, kind, form["From"], form["MessageSid"], text=form.get("Body", ""))

    def receipt(self, form: Mapping[str, str], query: Mapping[str, str]) -> Inbound:
        """A status callback; ``state`` is "" where the status says nothing new. KeyError when it is none."""
        status, code = form["MessageStatus"], form.get("ErrorCode", "")
        state = STATES.get(status, "")
        return Inbound(self.name, "receipt", form.get("To", ""), f"{form['MessageSid']}/{status}",
                       token=query.get("n", ""), provider_id=form["MessageSid"], state=state,
                       text="dead" if code in DEAD_AFTERWARDS else "",
                       detail=f"{status}, error {code}" if code else status)

    def reply(self, text: str) -> str:
        """What the webhook answers so that Twilio texts back; an empty ``text`` says nothing."""
        inner = f"<Message>{escape(text, quote=False)}</Message>" if text else ""
        return f'<?xml version="1.0" encoding="UTF-8"?><Response>{inner}</Response>'


def refuse_special(number: str) -> None:
    """Raise for whatever is not a full international number: 112 and its like must never be texted by a machine."""
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        parsed = None
    if parsed is None or not phonenumbers.is_possible_number(parsed):
        raise PermanentDeliveryError("This is not a full phone number (emergency and short numbers are never texted): "
                                     "write it in full, from the + and the country on.", code="number",
                                     address_dead=True)


CHANNEL = Sms

__all__ = ["CHANNEL", "INBOUND_PATH", "STATUS_PATH", "Sms", "SmsSettings"]
