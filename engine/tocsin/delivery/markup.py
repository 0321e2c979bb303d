"""Telegram's HTML: measured and cut as Telegram counts, without breaking a tag or an entity."""

import re
from html import unescape

LONGEST = 4096
_PIECE = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)[^<>]*>|&(?:#\d{1,7}|#x[0-9a-fA-F]{1,6}|[a-zA-Z]{2,8});|.", re.DOTALL)


def width(html: str) -> int:
    """Length after the entities are parsed, in UTF-16 units."""
    return sum(_width(found) for found in _PIECE.finditer(html))


def cut_html(html: str, limit: int = LONGEST) -> str:
    """At most ``limit`` UTF-16 units of visible text; what is cut ends with "…" and closes its tags."""
    if len(html) * 2 <= limit or width(html) <= limit:
        return html
    kept: list[str] = []
    opened: list[str] = []
    left = limit - 1
    for found in _PIECE.finditer(html):
        size = _width(found)
        if size > left:
            break
        left -= size
        kept.append(found[0])
        if found[2] and not found[1]:
            opened.append(found[2])
        elif found[2] and opened and opened[-1] == found[2]:
            opened.pop()
    return "".join(kept) + "…" + "".join(f"</{name}>" for name in reversed(opened))


def _width(found: re.Match[str]) -> int:
    if found[2]:
        return 0
    text = unescape(found[0]) if found[0].startswith("&") else found[0]
    return sum(2 if ord(letter) > 0xFFFF else 1 for letter in text)
