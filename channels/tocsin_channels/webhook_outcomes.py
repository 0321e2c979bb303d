"""A webhook's answers as delivery outcomes: the one table that decides who is tried next."""

from email.utils import parsedate_to_datetime

from tocsin.domain.errors import (
    DeliveryError,
    PermanentDeliveryError,
    TemporaryDeliveryError,
    UnknownDeliveryError,
)
from tocsin_channels.http_post import NeverWrittenError

GONE = 410
"""What a system answers that wants nothing more at this address; 404 may be one that is just being set up anew."""
LATER = frozenset({408, 425, 429})
REFUSED_SENDER = frozenset({401, 403})
LONGEST_WAIT = 3600


def answered(status: int, retry_after: str, now: int) -> DeliveryError | None:
    """What an answer means; None when the message was taken. ``retry_after`` is the header, ``now`` microseconds."""
    code = str(status)
    if 200 <= status < 300:
        return None
    if status == 504:
        return UnknownDeliveryError("A gateway gave the webhook up (HTTP 504); it may have the message.", code=code)
    if status in LATER:
        return TemporaryDeliveryError(f"The webhook asks to send later (HTTP {status}).", code=code,
                                      retry_after=_wait(retry_after, now))
    if status >= 500:
        return TemporaryDeliveryError(f"The webhook is in trouble (HTTP {status}).", code=code,
                                      retry_after=_wait(retry_after, now))
    if status == GONE:
        return PermanentDeliveryError("Nobody wants messages at this webhook's address any more (HTTP 410).", code=code,
                                      address_dead=True)
    if status in REFUSED_SENDER:
        return PermanentDeliveryError(f"The webhook does not accept our signature (HTTP {status}): give both sides the "
                                      "same channels.webhook.secret.", code=code)
    if status < 400:
        return PermanentDeliveryError(f"The webhook sends us elsewhere (HTTP {status}): write the address at which it "
                                      "really is.", code=code)
    return PermanentDeliveryError(f"The webhook refused the message (HTTP {status}).", code=code)


def broken(error: Exception) -> DeliveryError:
    """What a request without an answer means; addresses may hold a token, so none is named."""
    if isinstance(error, NeverWrittenError):
        return TemporaryDeliveryError("The webhook could not be reached: check its address and the network.",
                                      code="connect")
    if isinstance(error, TimeoutError):
        return UnknownDeliveryError("The webhook did not answer in time; it may have the message.", code="timeout")
    return UnknownDeliveryError("The connection to the webhook broke; it may have the message.", code="broken")


def _wait(text: str, now: int) -> int | None:
    """Microseconds until the instant that a Retry-After header names, an hour at most; None when it names none."""
    if text.isascii() and text.isdigit():
        return min(int(text[:9]), LONGEST_WAIT) * 1_000_000
    try:
        at = parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError):
        return None
    return min(max(0, round(at * 1_000_000) - now), LONGEST_WAIT * 1_000_000)
