"""Chats and the messages in them, as the Bot API shows them."""

import time
from dataclasses import dataclass, field
from typing import Any

PRIVATE = "private"
GROUPS = ("group", "supergroup")
CLOSED = {
    "blocked": (403, "Forbidden: bot was blocked by the user"),
    "deactivated": (403, "Forbidden: user is deactivated"),
    "never started": (403, "Forbidden: bot can't initiate conversation with a user"),
    "a bot": (403, "Forbidden: bot can't send messages to bots"),
    "kicked": (403, "Forbidden: bot was kicked from the {kind} chat"),
    "left": (403, "Forbidden: bot is not a member of the {kind} chat"),
    "deleted": (403, "Forbidden: the group chat was deleted"),
    "restricted": (400, "Bad Request: not enough rights to send text messages to the chat"),
    "topic closed": (400, "Bad Request: TOPIC_CLOSED"),
}
"""Why a message to a chat is refused, in Telegram's words."""


@dataclass(slots=True)
class Chat:
    """One chat; ``state`` is open or one of CLOSED; ``migrated_to`` ends a group."""

    id: int
    name: str
    kind: str = PRIVATE
    username: str = ""
    state: str = "open"
    migrated_to: int | None = None

    def as_json(self) -> dict[str, Any]:
        """The Bot API's Chat."""
        shown: dict[str, Any] = {"id": self.id, "type": self.kind}
        shown["first_name" if self.kind == PRIVATE else "title"] = self.name
        if self.username:
            shown["username"] = self.username
        return shown

    def as_user(self) -> dict[str, Any]:
        """The Bot API's User, for private chats."""
        shown: dict[str, Any] = {"id": self.id, "is_bot": False, "first_name": self.name}
        if self.username:
            shown["username"] = self.username
        return shown


@dataclass(slots=True)
class Version:
    """What a message looked like at one time; ``source`` is the text as it was sent, markup included."""

    text: str
    source: str
    entities: list[dict[str, Any]]
    markup: dict[str, Any] | None
    date: int

    @property
    def buttons(self) -> list[dict[str, Any]]:
        """Every inline button, row by row."""
        return [button for row in (self.markup or {}).get("inline_keyboard", []) for button in row]


@dataclass(slots=True)
class Message:
    """A message by the bot or by a person; the last of ``versions`` is what the chat shows now."""

    id: int
    chat: Chat
    sender: dict[str, Any]
    by_bot: bool
    versions: list[Version]
    reply_to: "Message | None" = None
    photo: list[dict[str, Any]] | None = None
    deleted: bool = False
    received_ns: int = field(default_factory=time.monotonic_ns)

    @property
    def now(self) -> Version:
        """The current version."""
        return self.versions[-1]

    @property
    def text(self) -> str:
        """The text that the chat shows now, without markup."""
        return self.now.text

    @property
    def buttons(self) -> list[str]:
        """The labels of the buttons that the chat shows now."""
        return [button["text"] for button in self.now.buttons]

    @property
    def edits(self) -> list[Version]:
        """Every version after the first."""
        return self.versions[1:]

    def as_json(self, *, with_reply: bool = True) -> dict[str, Any]:
        """The Bot API's Message."""
        shown: dict[str, Any] = {
            "message_id": self.id,
            "from": self.sender,
            "chat": self.chat.as_json(),
            "date": self.versions[0].date,
        }
        if len(self.versions) > 1:
            shown["edit_date"] = self.now.date
        if self.reply_to is not None and with_reply:
            shown["reply_to_message"] = self.reply_to.as_json(with_reply=False)
        text, entities = ("caption", "caption_entities") if self.photo else ("text", "entities")
        if self.photo:
            shown["photo"] = self.photo
        if self.now.text or not self.photo:
            shown[text] = self.now.text
        if self.now.entities:
            shown[entities] = self.now.entities
        if self.now.markup is not None:
            shown["reply_markup"] = self.now.markup
        return shown

    def as_shown(self) -> dict[str, Any]:
        """What the practice page needs of it."""
        return {
            "message_id": self.id,
            "chat_id": self.chat.id,
            "from": self.sender["first_name"],
            "by_bot": self.by_bot,
            "date": self.versions[0].date,
            "text": self.text,
            "edits": len(self.edits),
            "deleted": self.deleted,
            "buttons": [
                {"text": button["text"], "data": button.get("callback_data"), "url": button.get("url")}
                for button in self.now.buttons
            ],
        }
