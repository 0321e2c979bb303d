"""SMTP's answers as delivery outcomes: the one table that decides who is tried next."""

import re
import ssl

import aiosmtplib

from tocsin.domain.errors import (
    DeliveryError,
    PermanentDeliveryError,
    TemporaryDeliveryError,
    UnknownDeliveryError,
)
from tocsin_channels.masking import mask

DEAD_MAILBOX = re.compile(r"\b5\.(?:1\.[0-9]+|2\.1)\b")
"""Enhanced codes of a mailbox that does not exist or is switched off."""

ENHANCED = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")
PLAIN_DEAD = (550, 551, 553)
"""Reply codes that mean the same at RCPT where the server gives no enhanced code."""

LOGIN = (530, 534, 535, 538)


def outcome(error: Exception, stage: str, *secrets: str) -> DeliveryError:
    """The delivery error that a failure at ``stage`` (connect, mail, rcpt, data) means.

    Only from ``data`` on may the server have the message without our knowing.
    """
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return _refused(error, stage, secrets)
    if isinstance(error, aiosmtplib.SMTPNotSupported):
        return PermanentDeliveryError(f"The mail server cannot do what is needed: {mask(error.message, *secrets)}. "
                                      "See channels.email.starttls.", code="unsupported")
    if type(error) is aiosmtplib.SMTPException and "STARTTLS" in str(error):
        return PermanentDeliveryError("The mail server offers no encryption: see channels.email.starttls.",
                                      code="starttls")
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
        return TemporaryDeliveryError("No encrypted connection to the mail server came about: check "
                                      "channels.email.host and starttls, and the server's certificate.", code="tls",
                                      away=True)
    if stage == "data":
        return UnknownDeliveryError("The mail server broke off during the message; it may have it.", code="broken",
                                    away=True)
    if isinstance(error, aiosmtplib.SMTPTimeoutError | TimeoutError):
        return TemporaryDeliveryError("The mail server did not answer in time.", code="timeout", away=True)
    if isinstance(error, UnicodeError):
        return PermanentDeliveryError("This address cannot be written for this mail server.", code="address",
                                      address_dead=True)
    return TemporaryDeliveryError("The mail server could not be reached: check channels.email.host and port.",
                                  code="connect", away=True)


def _refused(error: aiosmtplib.SMTPResponseException, stage: str, secrets: tuple[str, ...]) -> DeliveryError:
    code, said = error.code, mask(str(error.message), *secrets)
    if code in LOGIN:
        return PermanentDeliveryError("The mail server does not accept the log-in: check channels.email.username and "
                                      "password.", code=str(code))
    if 500 <= code < 600:
        enhanced = ENHANCED.search(said)
        dead = bool(DEAD_MAILBOX.search(said)) if enhanced else code in PLAIN_DEAD
        return PermanentDeliveryError(f"The mail server refused the message ({code}): {said}", code=str(code),
                                      address_dead=stage == "rcpt" and dead)
    if code >= 400:
        return TemporaryDeliveryError(f"The mail server cannot take the message now ({code}): {said}", code=str(code),
                                      away=stage == "connect")
    if stage == "data":
        return UnknownDeliveryError(f"The mail server's answer was not understood ({code}).", code=str(code))
    return TemporaryDeliveryError(f"The mail server's answer was not understood ({code}).", code=str(code))
