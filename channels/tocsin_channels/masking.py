"""Masking: tokens and numbers never reach an error text or a log line."""

import logging
import re
from collections.abc import Iterable

_NUMBER = re.compile(r"(?<![\w.])\+?\d[\d \-()]{5,}\d(?!\w)")
_MAILBOX = re.compile(r"([\w.+-])[\w.+-]*@([\w.-]+)")


def mask(text: str, *secrets: str) -> str:
    """The text on one line without the secrets, phone numbers (last two digits kept) and mailbox names."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "•••")
    text = _NUMBER.sub(lambda found: f"•••{found[0][-2:]}", text)
    text = _MAILBOX.sub(lambda found: f"{found[1]}•••@{found[2]}", text)
    return " ".join(text.split())[:300]


class _Hiding(logging.Filter):
    def __init__(self, secret: str) -> None:
        super().__init__()
        self._secret = secret

    def filter(self, record: logging.LogRecord) -> bool:
        if self._secret in (text := record.getMessage()):
            record.msg, record.args = text.replace(self._secret, "•••"), ()
        return True


def hide_in_logs(secret: str, loggers: Iterable[str]) -> None:
    """Replace the secret in every record of these loggers, which belong to the client library.

    A filter acts on the logger itself and not on its children, so each one must be named.
    """
    for name in loggers:
        logging.getLogger(name).addFilter(_Hiding(secret))
