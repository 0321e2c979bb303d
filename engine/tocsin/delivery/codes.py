"""Codes and tokens: how an answer names the notification it answers, unforgeably and without a table.

All are derived from the site secret, so that a restart changes none of them; all are compared in constant time.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable

from itsdangerous import BadData, URLSafeSerializer

from tocsin.domain.time import DAY

SHORTEST, LONGEST = 4, 6
LINK_VALID = 7 * DAY
START_VALID = DAY
WORDS = ("acknowledge", "accept", "decline", "arrived", "resolve", "false_alarm")
"""The words of answers; a token names one by its place, so new words go to the end."""

BUTTON, ALL = "button", "button-all"
_TAG = 16


def _mac(secret: bytes, purpose: str, content: bytes) -> bytes:
    return hmac.new(secret, purpose.encode() + b"\0" + content, hashlib.sha256).digest()


def full_code(secret: bytes, notification: int) -> str:
    """The six digits of a notification; what is shown is the beginning of them."""
    number = int.from_bytes(_mac(secret, "sms-code", notification.to_bytes(8, "big"))[:8], "big")
    return f"{number % 10**LONGEST:0{LONGEST}d}"


def shown_code(secret: bytes, notification: int, earlier: Iterable[int]) -> str:
    """The digits to show: four, or more where an earlier open notification of the same person begins alike."""
    code = full_code(secret, notification)
    taken = [full_code(secret, other) for other in earlier if other < notification]
    for length in range(SHORTEST, LONGEST):
        if not any(other.startswith(code[:length]) for other in taken):
            return code[:length]
    return code


def find_code(secret: bytes, typed: str, notifications: Iterable[int]) -> int | None:
    """The notification that these typed digits mean; None when they mean none.

    Where several begin alike it is the earliest: every later one was shown with more digits.
    """
    if not (SHORTEST <= len(typed) <= LONGEST and typed.isascii() and typed.isdigit()):
        return None
    found: int | None = None
    for notification in sorted(notifications):
        same = hmac.compare_digest(full_code(secret, notification)[: len(typed)], typed)
        if same and found is None:
            found = notification
    return found


def button_token(secret: bytes, notification: int, word: str, purpose: str = BUTTON) -> str:
    """The callback data of one button: 34 characters, which say nothing to whoever reads them.

    ``purpose`` ALL answers everything that stands in the list that begins with the notification.
    """
    content = notification.to_bytes(8, "big") + bytes([WORDS.index(word)])
    tagged = content + _mac(secret, purpose, content)[:_TAG]
    return base64.urlsafe_b64encode(tagged).decode().rstrip("=")


def read_button(secret: bytes, token: str, purpose: str = BUTTON) -> tuple[int, str] | None:
    """(notification, word) of a button's token; None when it is not ours, or of another purpose."""
    try:
        tagged = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        return None
    content, tag = tagged[:-_TAG], tagged[-_TAG:]
    if len(content) != 9 or not hmac.compare_digest(_mac(secret, purpose, content)[:_TAG], tag):
        return None
    return (int.from_bytes(content[:8], "big"), WORDS[content[8]]) if content[8] < len(WORDS) else None


def start_token(secret: bytes, person: str, issued: int) -> str:
    """What a person's link hands to the bot behind /start: 32 characters, for this person, made at ``issued``."""
    moment = issued.to_bytes(8, "big")
    tagged = moment + _mac(secret, "start-link", person.encode() + b"\0" + moment)[:_TAG]
    return base64.urlsafe_b64encode(tagged).decode()


def read_start(secret: bytes, token: str, people: Iterable[str]) -> tuple[str, int] | None:
    """(person, issued) of a link's token, whether or not its time is over; None when it is none of these people's."""
    try:
        tagged = base64.urlsafe_b64decode(token)
    except ValueError:
        return None
    moment, tag = tagged[:-_TAG], tagged[-_TAG:]
    if len(moment) != 8:
        return None
    meant = [person for person in people if hmac.compare_digest(
        _mac(secret, "start-link", person.encode() + b"\0" + moment)[:_TAG], tag)]
    return (meant[0], int.from_bytes(moment, "big")) if meant else None


def link_token(secret: bytes, person: str, notification: int, now: int) -> str:
    """The token of an answer page's link: this person, this notification, for seven days."""
    return str(_links(secret).dumps([person, notification, now + LINK_VALID]))


def read_link(secret: bytes, token: str, now: int) -> tuple[str, int] | None:
    """(person, notification) of a link's token; None when it is not ours or its time is over."""
    try:
        person, notification, until = _links(secret).loads(token)
    except (BadData, ValueError, TypeError):
        return None
    return (person, notification) if now < until else None


def _links(secret: bytes) -> URLSafeSerializer:
    return URLSafeSerializer(secret, salt="answer-link", signer_kwargs={"digest_method": hashlib.sha256,
                                                                        "key_derivation": "hmac"})
