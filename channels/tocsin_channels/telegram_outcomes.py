"""Telegram's answers as delivery outcomes: the one table that decides who is tried next."""

import os

import httpx
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from tocsin.domain.errors import (
    DeliveryError,
    PermanentDeliveryError,
    TemporaryDeliveryError,
    UnknownDeliveryError,
)
from tocsin_channels.masking import mask

os.environ.setdefault("PTB_TIMEDELTA", "true")  # the library's own switch; without it each 429 raises a warning

DEAD_CHATS = (
    "chat not found", "user not found", "bot was blocked", "user is deactivated", "bot was kicked",
    "bot is not a member", "bot can't initiate conversation", "bot can't send messages to bots",
    "bots can't send messages to bots", "peer_id_invalid", "chat_write_forbidden", "not enough rights to send",
    "have no rights to send", "group chat was deactivated", "chat_restricted", "topic_closed", "topic_deleted",
)
"""Refusals (400 and 403) after which no message will reach this chat until its owner changes something."""

NOT_MODIFIED = "message is not modified"
UNPARSABLE = "can't parse entities"
NEVER_WRITTEN = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol,
                 httpx.InvalidURL, httpx.ProxyError)
"""Transport errors that come before the first byte of a request."""


def wait_of(error: RetryAfter) -> float:
    """Seconds to wait; the library is moving from a number to a timedelta."""
    wait = error.retry_after
    return float(wait if isinstance(wait, int | float) else wait.total_seconds())


def outcome(error: TelegramError, token: str) -> DeliveryError:
    """The delivery error that a failed request means; its text holds neither token nor number."""
    said = mask(error.message, token)
    cause = error.__cause__
    match error:
        case RetryAfter():
            seconds = wait_of(error)
            return TemporaryDeliveryError(f"Telegram asks to wait {seconds:g} s for this chat.", code="429",
                                          retry_after=round(seconds * 1_000_000))
        case ChatMigrated():
            return PermanentDeliveryError("The Telegram group became a supergroup with another id.",
                                          code="migrated", moved_to=str(error.new_chat_id))
        case Forbidden():
            return PermanentDeliveryError(f"Telegram refused this chat: {said}.", code="403", address_dead=True)
        case InvalidToken():
            return PermanentDeliveryError("Telegram does not accept the bot's token: set channels.telegram.token to "
                                          "the one that @BotFather shows.", code="401")
        case BadRequest():
            dead = any(words in error.message.lower() for words in DEAD_CHATS)
            return PermanentDeliveryError(f"Telegram refused the message: {said}.", code="400", address_dead=dead)
        case TimedOut() if isinstance(cause, NEVER_WRITTEN):
            return TemporaryDeliveryError("Telegram could not be reached in time: check the connection to "
                                          "api.telegram.org.", code="connect", away=True)
        case TimedOut():
            return UnknownDeliveryError("Telegram did not answer in time; it may have the message.", code="timeout",
                                        away=True)
        case NetworkError() if isinstance(cause, NEVER_WRITTEN):
            return TemporaryDeliveryError("Telegram could not be reached: check the network and "
                                          "channels.telegram.api_base.", code="connect", away=True)
        case NetworkError() if cause is not None or "gateway timeout" in error.message.lower():
            return UnknownDeliveryError(f"The connection to Telegram broke; it may have the message ({said}).",
                                        code="broken", away=True)
        case NetworkError() | Conflict():
            return TemporaryDeliveryError(f"Telegram is in trouble: {said}.", code="5xx", away=True)
    return UnknownDeliveryError(f"Telegram's answer was not understood ({said}).", code="answer")
