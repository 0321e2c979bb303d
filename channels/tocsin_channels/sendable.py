"""Sendable text: what every provider's encoding can carry."""


def sendable(text: str) -> str:
    """The text with each control character (line breaks and tabs aside) and lone surrogate replaced."""
    return "".join("\ufffd" if unwritable(letter) else letter for letter in text)


def unwritable(letter: str) -> bool:
    """Whether the letter is a control character or half of a surrogate pair."""
    code = ord(letter)
    return (code < 0x20 and letter not in "\n\t") or 0x7F <= code < 0xA0 or 0xD800 <= code < 0xE000
