"""Plain text: what came with an event becomes one harmless line before any template sees it."""

import re
import unicodedata
from functools import lru_cache
from typing import Any

LONGEST = 1000
MOST_MARKS = 3
MOST_ITEMS = 100
DEEPEST = 4
_SIMPLE = re.compile("[ -~¡-¬®-ʯΑ-ΡΣ-ώЀ-҂Ҋ-ԯ–—‘-”„…№]*").fullmatch
"""Letters of which none combines, is invisible or is written in two ways; most texts have no others."""
_SPACES = frozenset({"Cc", "Zl", "Zp", "Zs"})
_DROPPED = frozenset({"Cf", "Cs", "Co", "Cn"})


def one_line(text: str, limit: int = LONGEST) -> str:
    """The text on one line without control, bidirectional or zero-width characters, cut to ``limit`` with "…".

    Piles of combining marks are cut down to three, so that no letter paints over the lines around it.
    """
    if _SIMPLE(text):
        return cut(" ".join(text.split()) if "  " in text or text[:1] == " " or text[-1:] == " " else text, limit)
    kept: list[str] = []
    marks = 0
    for letter in unicodedata.normalize("NFC", text[: 4 * limit]):
        category = unicodedata.category(letter)
        if category in _SPACES:
            kept.append(" ")
        elif category in ("Mn", "Me"):
            marks += 1
            if marks <= MOST_MARKS:
                kept.append(letter)
            continue
        elif category not in _DROPPED:
            kept.append(letter)
        marks = 0
    return cut(" ".join("".join(kept).split()), limit)


@lru_cache(maxsize=4096)
def _name(name: str) -> str:
    return one_line(name, 100)


def cut(text: str, limit: int) -> str:
    """At most ``limit`` characters, the last one "…" where something was cut."""
    return text if len(text) <= limit else text[: max(0, limit - 1)].rstrip() + "…"[:limit]


def harmless(value: Any, yes: str = "yes", no: str = "no", depth: int = 0) -> Any:
    """A value of an event as templates may have it: one-line texts, and lists and mappings of them, bounded.

    Numbers are written out as people write them; None stays None, which counts as missing.
    """
    if value is None:
        return None
    if isinstance(value, bool):
        return yes if value else no
    if isinstance(value, str):
        return one_line(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.6g}"
    if isinstance(value, int):
        return str(value)
    if depth >= DEEPEST:
        return "…"
    if isinstance(value, dict):
        items = list(value.items())[:MOST_ITEMS]
        return {_name(str(name)): harmless(item, yes, no, depth + 1) for name, item in items}
    if isinstance(value, list | tuple):
        return [harmless(item, yes, no, depth + 1) for item in value[:MOST_ITEMS]]
    return one_line(str(value))
