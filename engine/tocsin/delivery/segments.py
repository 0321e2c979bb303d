"""Segments: how many SMS a text is, and texts that need fewer."""

import gsm0338  # noqa: F401  # registers the codec "gsm03.38"

GSM_ONE, GSM_MANY = 160, 153
UCS_ONE, UCS_MANY = 70, 67

_FOLDED = str.maketrans({
    "«": '"', "»": '"', "“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "ʼ": "'", "`": "'", "–": "-", "—": "-",
    "−": "-", "‑": "-", "…": "...", "№": "No", "\u00a0": " ", "•": "*",
})


def is_gsm(text: str) -> bool:
    """Whether every character is in the GSM 7-bit alphabet."""
    try:
        text.encode("gsm03.38")
    except UnicodeError:
        return False
    return True


def units(text: str) -> int:
    """Length in the units that are counted: septets (extension characters are two), else UTF-16 units."""
    return len(text.encode("gsm03.38")) if is_gsm(text) else len(text.encode("utf-16-le", "surrogatepass")) // 2


def segments(text: str) -> int:
    """Number of SMS that the text is sent as."""
    one, many = (GSM_ONE, GSM_MANY) if is_gsm(text) else (UCS_ONE, UCS_MANY)
    length = units(text)
    return 1 if length <= one else -(-length // many)


def room(text: str, most: int) -> int:
    """Units that ``most`` segments hold in the alphabet that this text needs."""
    one, many = (GSM_ONE, GSM_MANY) if is_gsm(text) else (UCS_ONE, UCS_MANY)
    return one if most == 1 else most * many


def folded(text: str) -> str:
    """Typographic punctuation as typewriters have it: one "—" would halve the room of a Latin text."""
    return text.translate(_FOLDED)
