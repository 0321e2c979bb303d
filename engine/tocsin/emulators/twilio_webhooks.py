"""Twilio's requests to the customer: signed forms for status changes and incoming messages."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree import ElementTree

import httpx

from tocsin.emulators.twilio_messages import API_VERSION, Sms, segments


def signature(auth_token: str, url: str, parameters: Mapping[str, str]) -> str:
    """X-Twilio-Signature: base64 of HMAC-SHA1 over the full URL and the parameters sorted by name."""
    signed = url + "".join(name + parameters[name] for name in sorted(parameters))
    return base64.b64encode(hmac.new(auth_token.encode(), signed.encode(), hashlib.sha1).digest()).decode()


def status_form(sms: Sms, status: str) -> dict[str, str]:
    """The parameters of a status callback; ErrorCode only for failed and undelivered messages."""
    form = {
        "AccountSid": sms.account_sid,
        "ApiVersion": API_VERSION,
        "From": sms.sender,
        "MessageSid": sms.sid,
        "MessageStatus": status,
        "SmsSid": sms.sid,
        "SmsStatus": status,
        "To": sms.to,
    }
    if status in ("failed", "undelivered") and sms.error_code is not None:
        form["ErrorCode"] = str(sms.error_code)
    return form


def incoming_form(sms: Sms) -> dict[str, str]:
    """The parameters of an incoming message; the places of sender and number are unknown, so empty."""
    places = {f"{who}{what}": "" for who in ("From", "To") for what in ("City", "State", "Zip", "Country")}
    return {
        **places,
        "AccountSid": sms.account_sid,
        "ApiVersion": API_VERSION,
        "Body": sms.body,
        "From": sms.sender,
        "MessageSid": sms.sid,
        "NumMedia": "0",
        "NumSegments": str(segments(sms.body)),
        "SmsMessageSid": sms.sid,
        "SmsSid": sms.sid,
        "SmsStatus": "received",
        "To": sms.to,
    }


@dataclass(frozen=True, slots=True)
class Posted:
    """One request to the customer; ``status`` 0 and ``error`` when there was no answer."""

    url: str
    form: dict[str, str]
    status: int
    text: str = ""
    error: str = ""


class Webhooks:
    """Posts signed forms; a refused connection is tried once more, as Twilio's default does."""

    def __init__(self, auth_token: str, *, seconds: float = 15.0) -> None:
        self._auth_token = auth_token
        self._seconds = seconds
        self._client: httpx.AsyncClient | None = None
        self.posted: list[Posted] = []

    async def open(self) -> None:
        """Make ready; no environment proxy is used, for everything is on loopback."""
        self._client = httpx.AsyncClient(timeout=self._seconds, trust_env=False)

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def post(self, url: str, form: dict[str, str]) -> Posted:
        """Post once, and again when no connection came about; the outcome is returned and kept."""
        if self._client is None:
            raise RuntimeError("the emulator is not started")
        headers = {
            "X-Twilio-Signature": signature(self._auth_token, url, form),
            "I-Twilio-Idempotency-Token": form["MessageSid"],
            "User-Agent": "TwilioProxy/1.1",
        }
        posted = Posted(url, form, 0)
        for _ in range(2):
            try:
                answer = await self._client.post(url, data=form, headers=headers)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                posted = Posted(url, form, 0, error=str(error) or type(error).__name__)
                continue
            except httpx.HTTPError as error:
                posted = Posted(url, form, 0, error=str(error) or type(error).__name__)
                break
            posted = Posted(url, form, answer.status_code, answer.text)
            break
        self.posted.append(posted)
        return posted


def twiml_replies(text: str) -> list[str]:
    """The texts of the ``<Message>`` verbs in a TwiML answer; none when it is not TwiML."""
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError:
        return []
    if root.tag != "Response":
        return []
    replies = []
    for verb in root.iter("Message"):
        body = verb.find("Body")
        replies.append("".join((verb if body is None else body).itertext()).strip())
    return replies
