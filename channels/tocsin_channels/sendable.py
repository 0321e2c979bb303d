"""Sendable text: what every provider's encoding can carry."""

import re

_UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters (line breaks and tabs aside) and halves of surrogate pairs."""


def sendable(text: str) -> str:
    """The text with each character that cannot be written replaced."""
    return _UNWRITABLE.sub("\ufffd", text)
