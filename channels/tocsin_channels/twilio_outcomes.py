"""Twilio's answers as delivery outcomes: the one table that decides who is tried next."""

import asyncio

import aiohttp
from twilio.base.exceptions import TwilioException, TwilioRestException

from tocsin.domain.errors import (
    DeliveryError,
    PermanentDeliveryError,
    TemporaryDeliveryError,
    UnknownDeliveryError,
)
from tocsin.domain.notification import DELIVERED, FAILED_PERMANENT, READ, SENT
from tocsin_channels.masking import mask

DEAD_NUMBERS = frozenset({21211, 21214, 21217, 21407, 21610, 21614, 21635})
"""Error codes of a refused request after which no message will reach this number: invalid, opted out, landline."""

DEAD_AFTERWARDS = frozenset({"21610", "30004", "30005", "30006"})
"""The same for an accepted message's status callback: opted out, blocked, unknown, landline."""

QUEUE_FULL = 21611
"""Twilio holds hours of messages from our number: another one would come too late, whatever is tried."""

STATES = {"sent": SENT, "delivered": DELIVERED, "read": READ, "undelivered": FAILED_PERMANENT,
          "failed": FAILED_PERMANENT, "canceled": FAILED_PERMANENT}
"""MessageStatus → receipt state; accepted, scheduled, queued and sending say nothing new."""

NEVER_WRITTEN = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)
REFUSED_LOGIN = (401, 403)


def outcome(error: Exception, *secrets: str) -> DeliveryError:
    """The delivery error that a failed request means; its text holds neither token nor full number."""
    match error:
        case TwilioRestException():
            return _refused(error, secrets)
        case _ if isinstance(error, NEVER_WRITTEN):
            return TemporaryDeliveryError("Twilio could not be reached: check the network and channels.sms.api_base.",
                                          code="connect", away=True)
        case asyncio.TimeoutError():
            return UnknownDeliveryError("Twilio did not answer in time; it may have the message.", code="timeout",
                                        away=True)
        case aiohttp.ClientError() | OSError():
            return UnknownDeliveryError("The connection to Twilio broke; it may have the message.", code="broken",
                                        away=True)
        case TwilioException():
            return PermanentDeliveryError(f"Twilio's client refused the message: {mask(str(error), *secrets)}.",
                                          code="client")
    return UnknownDeliveryError(f"Twilio's answer was not understood ({type(error).__name__}).", code="answer")


def _refused(error: TwilioRestException, secrets: tuple[str, ...]) -> DeliveryError:
    code = str(error.code or error.status)
    if error.code == QUEUE_FULL:
        return PermanentDeliveryError("Twilio's queue for our number is full: see how much is being sent from "
                                      "channels.sms.from.", code=code)
    if error.status == 429:
        return TemporaryDeliveryError("Twilio asks to send more slowly.", code=code)
    if error.status == 504:
        return UnknownDeliveryError("A gateway before Twilio gave up (HTTP 504); it may have the message.", code=code,
                                    away=True)
    if error.status == 408 or error.status >= 500:
        return TemporaryDeliveryError(f"Twilio is in trouble (HTTP {error.status}).", code=code, away=True)
    if error.status in REFUSED_LOGIN and error.code not in DEAD_NUMBERS:
        return PermanentDeliveryError(f"Twilio does not accept the account (error {code}): check channels.sms."
                                      "account_sid and auth_token.", code=code)
    return PermanentDeliveryError(f"Twilio refused the message (error {code}): {mask(error.msg, *secrets)}",
                                  code=code, address_dead=error.code in DEAD_NUMBERS)
