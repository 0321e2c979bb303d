"""The Bot API's methods: parameters in, the documented result or the documented refusal out."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from tocsin.emulators.forms import Upload
from tocsin.emulators.telegram_chats import CLOSED, GROUPS, Chat, Message, Version
from tocsin.emulators.telegram_html import EntitiesError, parse_html
from tocsin.emulators.telegram_markup import MarkupError, parse_markup
from tocsin.emulators.telegram_state import TelegramState
from tocsin.emulators.telegram_updates import PollConflict

MAX_TEXT = 4096
MAX_CAPTION = 1024
MAX_ANSWER = 200

_COMMON = ("business_connection_id", "message_thread_id", "disable_notification", "protect_content")
_SENDING = (*_COMMON, "chat_id", "parse_mode", "reply_markup", "reply_parameters", "message_effect_id",
            "allow_paid_broadcast", "direct_messages_topic_id", "suggested_post_parameters")  # fmt: skip
# What is understood or may be ignored without harm. Anything else is ignored as the real API does, but
# kept in `unknown_parameters`: misspelt names, and real ones that are not emulated, such as `entities`.
KNOWN: dict[str, tuple[str, ...]] = {
    "getme": (),
    "sendmessage": (*_SENDING, "text", "link_preview_options"),
    "sendphoto": (*_SENDING, "photo", "caption", "show_caption_above_media",
                  "has_spoiler"),
    "editmessagetext": ("business_connection_id", "chat_id", "message_id", "inline_message_id", "text",
                        "parse_mode", "link_preview_options", "reply_markup"),
    "editmessagereplymarkup": ("business_connection_id", "chat_id", "message_id", "inline_message_id",
                               "reply_markup"),
    "deletemessage": ("chat_id", "message_id"),
    "answercallbackquery": ("callback_query_id", "text", "show_alert", "url", "cache_time"),
    "getupdates": ("offset", "limit", "timeout", "allowed_updates"),
    "setwebhook": ("url", "certificate", "ip_address", "max_connections", "allowed_updates",
                   "drop_pending_updates", "secret_token"),
    "deletewebhook": ("drop_pending_updates",),
    "getwebhookinfo": (),
    "getchat": ("chat_id",),
}  # fmt: skip


class Refusal(Exception):
    """The API's answer is not ok; ``parameters`` is the document's ResponseParameters."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        self.code = code
        self.description = description
        self.parameters = parameters
        super().__init__(description)


def bad(description: str) -> Refusal:
    """400 with the prefix that Telegram gives it."""
    return Refusal(400, f"Bad Request: {description}")


class TelegramApi:
    """The methods over one ``TelegramState``; names of methods are not case-sensitive."""

    def __init__(self, state: TelegramState) -> None:
        self.state = state
        self._methods: dict[str, Callable[[dict[str, Any]], Awaitable[Any]]] = {
            name: getattr(self, f"_{name}") for name in KNOWN
        }

    async def call(self, method: str, given: dict[str, Any]) -> Any:
        """The method's result; raises ``Refusal``."""
        name = method.lower()
        work = self._methods.get(name)
        if work is None:
            raise Refusal(404, "Not Found")
        self.state.calls[method] = self.state.calls.get(method, 0) + 1
        for parameter, value in given.items():
            if parameter not in KNOWN[name] and not isinstance(value, Upload):
                self.state.unknown_parameters.append((method, parameter))
        try:
            return await work(given)
        except (MarkupError, EntitiesError) as error:
            prefix = "can't parse entities: " if isinstance(error, EntitiesError) else ""
            raise bad(f"{prefix}{error}") from error
        except PollConflict as error:
            raise Refusal(409, str(error)) from error

    # -- messages --------------------------------------------------------------------------------

    async def _getme(self, given: dict[str, Any]) -> Any:
        more = ("can_join_groups", "can_read_all_group_messages", "supports_inline_queries",
                "can_connect_to_business", "has_main_web_app")  # fmt: skip
        return {**self.state.bot, **dict.fromkeys(more, False), "can_join_groups": True}

    async def _sendmessage(self, given: dict[str, Any]) -> Any:
        chat = self._chat(given)
        version = self._version(given, "text", MAX_TEXT)
        if not version.text:
            raise bad("message text is empty")
        reply_to = self._reply_to(given, chat)
        self._limit(chat)
        return self.state.post(chat, version, reply_to=reply_to).as_json()

    async def _sendphoto(self, given: dict[str, Any]) -> Any:
        chat = self._chat(given)
        photo = given.get("photo")
        if isinstance(photo, str) and photo.startswith("attach://"):
            photo = given.get(photo.removeprefix("attach://"))
        if not isinstance(photo, Upload) or not photo.content:
            raise bad("there is no photo in the request")
        version = self._version(given, "caption", MAX_CAPTION)
        self._limit(chat)
        size = {"file_id": f"photo-{len(self.state.outbox) + 1}", "width": 90, "height": 90,
                "file_size": len(photo.content)}  # fmt: skip
        shown = [{**size, "file_unique_id": str(size["file_id"])}]
        return self.state.post(chat, version, reply_to=self._reply_to(given, chat), photo=shown).as_json()

    async def _editmessagetext(self, given: dict[str, Any]) -> Any:
        message = self._editable(given)
        version = self._version(given, "text", MAX_TEXT)
        if not version.text:
            raise bad("message text is empty")
        return self._edit(message, version)

    async def _editmessagereplymarkup(self, given: dict[str, Any]) -> Any:
        message = self._editable(given)
        was = message.now
        markup = parse_markup(given.get("reply_markup"))
        return self._edit(message, Version(was.text, was.source, was.entities, markup, int(self.state.now())))

    def _edit(self, message: Message, version: Version) -> dict[str, Any]:
        was = message.now
        if (was.text, was.entities, was.markup) == (version.text, version.entities, version.markup):
            raise bad(
                "message is not modified: specified new message content and reply markup are exactly "
                "the same as a current content and reply markup of the message"
            )
        if message.chat.kind in GROUPS:
            self._limit(message.chat)
        message.versions.append(version)
        self.state.changed.ring()
        return message.as_json()

    async def _deletemessage(self, given: dict[str, Any]) -> Any:
        chat = self._chat(given)
        message = self.state.message(chat.id, _integer(given, "message_id", 0))
        if message is None:
            raise bad("message to delete not found")
        message.deleted = True
        self.state.changed.ring()
        return True

    async def _answercallbackquery(self, given: dict[str, Any]) -> Any:
        press = self.state.presses.get(str(given.get("callback_query_id", "")))
        if press is None or press.answer or self.state.now() - press.at > self.state.press_seconds:
            raise bad("query is too old and response timeout expired or query ID is invalid")
        text = str(given.get("text", ""))
        if len(text) > MAX_ANSWER:
            raise bad("MESSAGE_TOO_LONG")
        press.answer = {"text": text, "show_alert": _truth(given.get("show_alert"))}
        self.state.changed.ring()
        return True

    async def _getchat(self, given: dict[str, Any]) -> Any:
        chat = self._chat(given)
        return {**chat.as_json(), "accent_color_id": 0, "max_reaction_count": 11,
                "accepted_gift_types": dict.fromkeys(
                    ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription",
                     "gifts_from_channels"), False)}  # fmt: skip

    # -- updates ---------------------------------------------------------------------------------

    async def _getupdates(self, given: dict[str, Any]) -> Any:
        return await self.state.updates.get(
            _integer(given, "offset", 0) or None,
            _integer(given, "limit", 100),
            _integer(given, "timeout", 0),
            _strings(given.get("allowed_updates")),
        )

    async def _setwebhook(self, given: dict[str, Any]) -> Any:
        url = str(given.get("url", ""))
        if url and not url.startswith("https://"):
            raise bad("bad webhook: An HTTPS URL must be provided for webhook")
        if _truth(given.get("drop_pending_updates")):
            self.state.updates.forget()
        self.state.updates.webhook = url
        return True

    async def _deletewebhook(self, given: dict[str, Any]) -> Any:
        return await self._setwebhook({**given, "url": ""})

    async def _getwebhookinfo(self, given: dict[str, Any]) -> Any:
        updates = self.state.updates
        return {"url": updates.webhook, "has_custom_certificate": False,
                "pending_update_count": len(updates.waiting)}  # fmt: skip

    # -- what the methods share ------------------------------------------------------------------

    def _chat(self, given: dict[str, Any]) -> Chat:
        wanted = given.get("chat_id")
        if wanted is None or wanted == "":
            raise bad("chat_id is empty")
        chats = self.state.chats
        if isinstance(wanted, str) and wanted.startswith("@"):
            chat = next((c for c in chats.values() if c.username == wanted[1:]), None)
        else:
            chat = chats.get(_integer(given, "chat_id", 0))
        if chat is None:
            raise bad("chat not found")
        if chat.migrated_to is not None:
            raise Refusal(400, "Bad Request: group chat was upgraded to a supergroup chat",
                          migrate_to_chat_id=chat.migrated_to)  # fmt: skip
        if chat.state in CLOSED:
            code, words = CLOSED[chat.state]
            raise Refusal(code, words.format(kind=chat.kind))
        return chat

    def _version(self, given: dict[str, Any], name: str, most: int) -> Version:
        source = given.get(name, "")
        if not isinstance(source, str):
            raise bad(f'field "{name}" must be a String')
        mode = str(given.get("parse_mode", "")).lower()
        if mode == "html":
            text, entities = parse_html(source)
        elif mode in ("markdown", "markdownv2"):
            raise bad("can't parse entities: this emulator knows HTML and plain text only")
        elif mode:
            raise bad("unsupported parse_mode")
        else:
            text, entities = source.strip(), []
        if len(text) > most:
            raise bad("message caption is too long" if name == "caption" else "message is too long")
        return Version(text, source, entities, parse_markup(given.get("reply_markup")), int(self.state.now()))

    def _editable(self, given: dict[str, Any]) -> Message:
        if given.get("inline_message_id"):
            raise bad("MESSAGE_ID_INVALID")
        chat = self._chat(given)
        message = self.state.message(chat.id, _integer(given, "message_id", 0))
        if message is None:
            raise bad("message to edit not found")
        if not message.by_bot:
            raise bad("message can't be edited")
        return message

    def _reply_to(self, given: dict[str, Any], chat: Chat) -> Message | None:
        asked = given.get("reply_parameters")
        if isinstance(asked, str) and asked:
            try:
                asked = msgspec.json.decode(asked)
            except msgspec.DecodeError as error:
                raise bad("can't parse reply parameters JSON object") from error
        if not isinstance(asked, dict):
            return None
        found = self.state.message(chat.id, _integer(asked, "message_id", 0))
        if found is None and not _truth(asked.get("allow_sending_without_reply")):
            raise bad("message to be replied not found")
        return found

    def _limit(self, chat: Chat) -> None:
        limits = self.state.limits
        wait = limits.refuse(chat.id, chat.kind in GROUPS, self.state.now()) if limits else 0
        if wait:
            raise Refusal(429, f"Too Many Requests: retry after {wait}", retry_after=wait)


def _integer(given: dict[str, Any], name: str, default: int) -> int:
    value = given.get(name, default)
    try:
        return int(value)
    except (TypeError, ValueError):
        return default


def _truth(value: Any) -> bool:
    return value is True or str(value).lower() in ("true", "yes", "1")


def _strings(value: Any) -> list[str] | None:
    if value is None or value == "":
        return None
    try:
        found = msgspec.json.decode(value) if isinstance(value, str) else value
    except msgspec.DecodeError as error:
        raise bad("can't parse allowed updates JSON object") from error
    return [str(item) for item in found] if isinstance(found, list) else None
