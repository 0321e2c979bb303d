"""A received e-mail: its envelope, its parsed message, and what the practice page shows of it."""

import email
import email.policy
import re
import time
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

_LINK = re.compile(r"https?://[^\s<>\"']+")


@dataclass(slots=True)
class Mail:
    """One accepted message; ``received`` is seconds of Unix time, ``size`` bytes."""

    sender: str
    recipients: list[str]
    message: EmailMessage
    received: float
    size: int
    received_ns: int = field(default_factory=time.monotonic_ns)

    @property
    def text(self) -> str:
        """The plain text part, empty when there is none."""
        part = self.message.get_body(("plain",))
        return "" if part is None else str(part.get_content())

    @property
    def html(self) -> str:
        """The HTML part, empty when there is none."""
        part = self.message.get_body(("html",))
        return "" if part is None else str(part.get_content())

    @property
    def links(self) -> list[str]:
        """Every link of the plain text, or of the HTML when there is no plain text, each once."""
        return list(dict.fromkeys(link.rstrip(".,;)") for link in _LINK.findall(self.text or self.html)))


def parse(content: bytes) -> EmailMessage:
    """A message with the standard library's modern policy."""
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)  # what this policy makes
    return message


def shown_mail(mail: Mail) -> dict[str, Any]:
    """What the practice page needs of it."""
    return {
        "from": str(mail.message.get("From", mail.sender)),
        "to": mail.recipients,
        "subject": str(mail.message.get("Subject", "")),
        "date": int(mail.received),
        "text": mail.text or mail.html,
        "links": mail.links,
    }
