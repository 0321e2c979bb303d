"""Telegram's HTML: the text after entities parsing, its entities, or why it is refused.

From the Bot API's section "HTML style": only its tags; ``<``, ``>`` and ``&`` that are no tag or entity
must be written as entities; the named entities are ``&lt;``, ``&gt;``, ``&amp;`` and ``&quot;``, and all
numerical ones. Offsets and lengths of entities count UTF-16 code units; places in messages are bytes.
"""

import re
from typing import Any

_TYPES = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "span": "spoiler",
    "tg-spoiler": "spoiler",
    "a": "text_link",
    "tg-emoji": "custom_emoji",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
}
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_ENTITY = re.compile(r"&(?:#(?P<decimal>[0-9]{1,7})|#x(?P<hex>[0-9a-fA-F]{1,6})|(?P<name>lt|gt|amp|quot));?")
_SPECIAL = re.compile("[<&]")
_ATTRIBUTE = re.compile(r"\s*([^\s=>]+)\s*(?:=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"']+)))?")


class EntitiesError(ValueError):
    """The text's markup is refused; the message is what Telegram says after "can't parse entities: "."""


def units(text: str) -> int:
    """Length in UTF-16 code units."""
    return len(text) + sum(1 for character in text if ord(character) > 0xFFFF)


def parse_html(source: str) -> tuple[str, list[dict[str, Any]]]:
    """The plain text and its entities, in order of their beginning, trimmed at both ends of white space."""
    out: list[str] = []
    length = 0
    opened: list[tuple[str, dict[str, Any], int]] = []
    entities: list[dict[str, Any]] = []
    at = 0
    while at < len(source):
        character = source[at]
        if character == "&" and (found := _ENTITY.match(source, at)) and (plain := _decoded(found)):
            out.append(plain)
            length += units(plain)
            at = found.end()
        elif character != "<":
            special = _SPECIAL.search(source, at + 1)
            end = special.start() if special else len(source)
            out.append(source[at:end])
            length += units(source[at:end])
            at = end
        elif source.startswith("</", at):
            at = _close(source, at, opened, entities, length)
        else:
            tag, attributes, after = _open(source, at)
            opened.append((tag, attributes, length))
            at = after
    if opened:
        raise EntitiesError(f'Can\'t find end tag corresponding to start tag "{opened[-1][0]}"')
    return _trimmed("".join(out), entities)


def _decoded(found: re.Match[str]) -> str:
    if name := found["name"]:
        return _NAMED[name]
    code = int(found["decimal"]) if found["decimal"] else int(found["hex"], 16)
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else ""


def _place(source: str, at: int) -> int:
    return len(source[:at].encode("utf-8", "surrogatepass"))


def _open(source: str, at: int) -> tuple[str, dict[str, Any], int]:
    end = at + 1
    while end < len(source) and not source[end].isspace() and source[end] != ">":
        end += 1
    tag = source[at + 1 : end].lower()
    if end == len(source):
        raise EntitiesError(f"Unclosed start tag at byte offset {_place(source, at)}")
    if tag not in _TYPES:
        raise EntitiesError(f'Unsupported start tag "{tag}" at byte offset {_place(source, at)}')
    found: dict[str, str] = {}
    while True:
        while end < len(source) and source[end].isspace():
            end += 1
        if end == len(source):
            raise EntitiesError(f'Unclosed start tag "{tag}" at byte offset {_place(source, at)}')
        if source[end] == ">":
            break
        attribute = _ATTRIBUTE.match(source, end)
        if attribute is None:
            raise EntitiesError(f'Empty attribute name in the tag "{tag}" at byte offset {_place(source, at)}')
        value = next((group for group in attribute.groups()[1:] if group is not None), None)
        if value is None and not (tag == "blockquote" and attribute[1].lower() == "expandable"):
            raise EntitiesError(
                f'Expected equal sign in declaration of an attribute of the tag "{tag}" '
                f"at byte offset {_place(source, at)}"
            )
        found[attribute[1].lower()] = _ENTITY.sub(_decoded, value or "")
        end = attribute.end()
    return tag, _meaning(tag, found, _place(source, at)), end + 1


def _meaning(tag: str, attributes: dict[str, str], place: int) -> dict[str, Any]:
    if tag == "span" and attributes.get("class") != "tg-spoiler":
        raise EntitiesError(f'Tag "span" must have class "tg-spoiler" at byte offset {place}')
    if tag == "a":
        return {"type": "text_link", "url": attributes.get("href", "")}
    if tag == "tg-emoji":
        return {"type": "custom_emoji", "custom_emoji_id": attributes.get("emoji-id", "")}
    if tag == "blockquote" and "expandable" in attributes:
        return {"type": "expandable_blockquote"}
    return {"type": _TYPES[tag]}


def _close(
    source: str,
    at: int,
    opened: list[tuple[str, dict[str, Any], int]],
    entities: list[dict[str, Any]],
    length: int,
) -> int:
    place = _place(source, at)
    if not opened:
        raise EntitiesError(f"Unexpected end tag at byte offset {place}")
    end = source.find(">", at)
    if end < 0:
        raise EntitiesError(f"Unclosed end tag at byte offset {place}")
    tag = source[at + 2 : end].strip().lower()
    expected, meaning, begin = opened.pop()
    if tag and tag != expected:
        raise EntitiesError(f'Unmatched end tag at byte offset {place}, expected "</{expected}>", found "</{tag}>"')
    if length > begin and meaning.get("url") != "":
        entities.append({**meaning, "offset": begin, "length": length - begin})
    return end + 1


def _trimmed(text: str, entities: list[dict[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
    shorter = text.lstrip()
    cut = units(text) - units(shorter)
    text = shorter.rstrip()
    size = units(text)
    kept = []
    for entity in sorted(entities, key=lambda entity: (entity["offset"], -entity["length"])):
        begin = max(entity["offset"] - cut, 0)
        end = min(entity["offset"] + entity["length"] - cut, size)
        if end > begin:
            kept.append({**entity, "offset": begin, "length": end - begin})
    return text, kept
