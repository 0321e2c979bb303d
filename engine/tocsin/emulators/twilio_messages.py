"""SMS as Twilio's Messages resource shows them, and how many segments they take."""

import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

API_VERSION = "2010-04-01"
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_EXTENSION = frozenset("\f^{}\\[~]|€")


def segments(body: str) -> int:
    """Segments of a text: GSM-7 160 (153 each of several), else UCS-2 70 (67); at least 1."""
    if all(character in _GSM or character in _GSM_EXTENSION for character in body):
        length, single, several = sum(2 if c in _GSM_EXTENSION else 1 for c in body), 160, 153
    else:
        length, single, several = len(body.encode("utf-16-be")) // 2, 70, 67
    return 1 if length <= single else -(-length // several)


def new_sid() -> str:
    """A message SID: SM and 32 hexadecimal digits."""
    return "SM" + secrets.token_hex(16)


def rfc2822(at: float | None) -> str | None:
    """Unix time as Twilio writes instants, in GMT; None stays None."""
    if at is None:
        return None
    return format_datetime(datetime.fromtimestamp(int(at), UTC).replace(microsecond=0))


@dataclass(slots=True)
class Sms:
    """One message; ``statuses`` is its history, the last one current."""

    account_sid: str
    sender: str
    to: str
    body: str
    direction: str
    created: float
    status_callback: str = ""
    sid: str = field(default_factory=new_sid)
    statuses: list[str] = field(default_factory=list)
    updated: float = 0.0
    sent: float | None = None
    error_code: int | None = None
    received_ns: int = field(default_factory=time.monotonic_ns)

    @property
    def status(self) -> str:
        """The current status."""
        return self.statuses[-1]

    @property
    def uri(self) -> str:
        """The resource's path without ``.json``."""
        return f"/{API_VERSION}/Accounts/{self.account_sid}/Messages/{self.sid}"

    def as_json(self) -> dict[str, Any]:
        """The Messages resource."""
        return {
            "account_sid": self.account_sid,
            "api_version": API_VERSION,
            "body": self.body,
            "date_created": rfc2822(self.created),
            "date_sent": rfc2822(self.sent),
            "date_updated": rfc2822(self.updated or self.created),
            "direction": self.direction,
            "error_code": self.error_code,
            "error_message": DELIVERY_ERRORS.get(self.error_code or 0),
            "from": self.sender,
            "messaging_service_sid": None,
            "num_media": "0",
            "num_segments": str(segments(self.body)),
            "price": None,
            "price_unit": "USD",
            "sid": self.sid,
            "status": self.status,
            "subresource_uris": {"media": f"{self.uri}/Media.json"},
            "to": self.to,
            "uri": f"{self.uri}.json",
        }

    def as_shown(self) -> dict[str, Any]:
        """What the practice page needs of it."""
        return {
            "sid": self.sid,
            "from": self.sender,
            "to": self.to,
            "body": self.body,
            "direction": self.direction,
            "date": int(self.created),
            "status": self.status,
            "statuses": self.statuses,
            "error_code": self.error_code,
            "segments": segments(self.body),
        }


DELIVERY_ERRORS = {
    30001: "Queue overflow",
    30002: "Account suspended",
    30003: "Unreachable destination handset",
    30004: "Message blocked",
    30005: "Unknown destination handset",
    30006: "Landline or unreachable carrier",
    30007: "Message filtered",
    30008: "Unknown error",
    30010: "Message price exceeds max price",
    30034: "Message from an unregistered number",
}

REFUSALS = {
    21211: (400, "The 'To' number {to} is not a valid phone number."),
    21214: (400, "'To' phone number cannot be reached"),
    21217: (400, "Phone number does not appear to be valid"),
    21408: (400, "Permission to send an SMS has not been enabled for the region indicated by the 'To' number: {to}."),
    21608: (400, "The number {to} is unverified. Trial accounts cannot send messages to unverified numbers."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21611: (429, "This 'From' number has exceeded the maximum number of queued messages"),
    21612: (400, "The 'To' phone number: {to}, is not currently reachable using the 'From' phone number."),
    21614: (400, "'To' number: {to}, is not a valid mobile number"),
    21635: (400, "'To' phone number {to} is a landline and cannot receive messages"),
    20005: (403, "Account not active"),
}
"""HTTP status and message of the codes with which a create request is refused for its recipient or its account."""
