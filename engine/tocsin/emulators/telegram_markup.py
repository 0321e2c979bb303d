"""Inline keyboards: what Telegram takes, and with which words it refuses the rest."""

from typing import Any
from urllib.parse import urlsplit

import msgspec

MAX_CALLBACK_BYTES = 64
_ACTIONS = (
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
)


class MarkupError(ValueError):
    """The keyboard is refused; the message is what Telegram says after "Bad Request: "."""


def parse_markup(given: Any) -> dict[str, Any] | None:
    """The inline keyboard as it is stored, or None when there is none or it is of another sort.

    Takes JSON text (form bodies) or an object (JSON bodies).
    """
    if isinstance(given, str):
        if not given:
            return None
        try:
            given = msgspec.json.decode(given)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise MarkupError("can't parse reply keyboard markup JSON object") from error
    if given is None:
        return None
    if not isinstance(given, dict):
        raise MarkupError("object expected as reply markup")
    if "inline_keyboard" not in given:
        return None
    rows = given["inline_keyboard"]
    if not isinstance(rows, list):
        raise MarkupError('field "inline_keyboard" of the InlineKeyboardMarkup must be an Array')
    keyboard = []
    for row in rows:
        if not isinstance(row, list):
            raise MarkupError("can't parse inline keyboard: the row must be an Array")
        if row:
            keyboard.append([_button(button) for button in row])
    return {"inline_keyboard": keyboard} if keyboard else None


def _button(button: Any) -> dict[str, Any]:
    if not isinstance(button, dict):
        raise MarkupError("can't parse inline keyboard button: expected an Object")
    text = button.get("text")
    if not isinstance(text, str) or not text.strip():
        raise MarkupError('can\'t parse inline keyboard button: field "text" must be a non-empty String')
    actions = [name for name in _ACTIONS if name in button]
    if not actions:
        raise MarkupError("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if "callback_data" in button:
        data = button["callback_data"]
        if not isinstance(data, str) or not 1 <= len(data.encode()) <= MAX_CALLBACK_BYTES:
            raise MarkupError("BUTTON_DATA_INVALID")
    if "url" in button:
        _check_url(button["url"])
    known = ("text", "style", "icon_custom_emoji_id", *_ACTIONS)
    return {name: button[name] for name in known if name in button}


def _check_url(url: Any) -> None:
    try:
        parts = urlsplit(url) if isinstance(url, str) else urlsplit("")
        good = parts.scheme == "tg" or (parts.scheme in ("http", "https") and "." in (parts.hostname or ""))
    except ValueError:
        good = False
    if not good:
        raise MarkupError(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")
