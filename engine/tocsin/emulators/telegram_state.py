"""What the emulated Telegram knows: chats, messages, presses; and what a person or a test does there."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tocsin.domain.errors import TocsinError
from tocsin.emulators.bell import Bell
from tocsin.emulators.telegram_chats import CLOSED, PRIVATE, Chat, Message, Version
from tocsin.emulators.telegram_limits import Limits
from tocsin.emulators.telegram_updates import UpdateQueue

SOMEBODY = 1
"""Who does in a group what nobody in particular does."""
RIGHTS = ("can_send_messages", "can_send_audios", "can_send_documents", "can_send_photos", "can_send_videos",
          "can_send_video_notes", "can_send_voice_notes", "can_send_polls", "can_send_other_messages",
          "can_add_web_page_previews", "can_change_info", "can_invite_users", "can_pin_messages", "can_manage_topics",
          "can_edit_tag", "can_react_to_messages")
DEFAULT_TOKEN = "110201543:emulated-token-for-loopback-only-00"


class PressError(TocsinError):
    """Nobody could do this in a real Telegram client."""


@dataclass(slots=True)
class Press:
    """A pressed button; ``answer`` is what the bot answered, None before."""

    id: str
    message: Message
    from_id: int
    data: str
    at: float
    answer: dict[str, Any] | None = None


class TelegramState:
    """One bot and its chats. Call it from the emulator's event loop (elsewhere: ``Emulators.call``).

    ``now`` gives seconds of Unix time; ``limits`` None means no sending limits;
    a press can be answered for ``press_seconds``.
    """

    def __init__(
        self,
        *,
        token: str = DEFAULT_TOKEN,
        username: str = "tocsin_practice_bot",
        now: Callable[[], float] = time.time,
        limits: Limits | None = None,
        press_seconds: float = 15.0,
    ) -> None:
        self.token = token
        self.now = now
        self.limits = limits
        self.press_seconds = press_seconds
        self.bot = {
            "id": int(token.partition(":")[0]) if token.partition(":")[0].isdigit() else 1,
            "is_bot": True,
            "first_name": "Tocsin",
            "username": username,
        }
        self.chats: dict[int, Chat] = {}
        self.outbox: list[Message] = []
        self.presses: dict[str, Press] = {}
        self.updates = UpdateQueue()
        self.calls: dict[str, int] = {}
        self.unknown_parameters: list[tuple[str, str]] = []
        self.changed = Bell()
        self._messages: dict[int, dict[int, Message]] = {}
        self._next_press = 1

    # -- chats -----------------------------------------------------------------------------------

    def add_chat(self, chat_id: int, name: str, kind: str = PRIVATE, username: str = "") -> Chat:
        """A person who has started the bot, or a group that it is in."""
        chat = self.chats[chat_id] = Chat(chat_id, name, kind, username)
        self.changed.ring()
        return chat

    def chat(self, chat_id: int) -> Chat:
        """The chat of this id; raises ``PressError`` when there is none."""
        if chat_id not in self.chats:
            known = ", ".join(map(str, self.chats)) or "none"
            raise PressError(f"there is no chat {chat_id} here; known are: {known}. Use add_chat first.")
        return self.chats[chat_id]

    def block(self, chat_id: int) -> None:
        """The person has blocked the bot."""
        self._set_state(chat_id, "blocked")
        self._member(chat_id, "member", "kicked")

    def unblock(self, chat_id: int) -> None:
        """The person has unblocked the bot, or the group has taken it back."""
        self._set_state(chat_id, "open")
        self._member(chat_id, "kicked", "member")

    def deactivate(self, chat_id: int) -> None:
        """The person has deleted the account."""
        self._set_state(chat_id, "deactivated")

    def kick(self, chat_id: int) -> None:
        """The group has thrown the bot out."""
        self._set_state(chat_id, "kicked")
        self._member(chat_id, "member", "kicked")

    def invite(self, chat_id: int, name: str, kind: str = "supergroup") -> Chat:
        """Somebody has put the bot into a group."""
        chat = self.add_chat(chat_id, name, kind)
        self._member(chat_id, "left", "member")
        return chat

    def restrict(self, chat_id: int) -> None:
        """The group does not let the bot write any more."""
        self._set_state(chat_id, "restricted")
        self._member(chat_id, "member", "restricted")

    def close_topic(self, chat_id: int) -> None:
        """The topic in which the bot may write is closed."""
        self._set_state(chat_id, "topic closed")
        self._announce(chat_id, forum_topic_closed={})

    def reopen_topic(self, chat_id: int) -> None:
        """It is open again."""
        self._set_state(chat_id, "open")
        self._announce(chat_id, forum_topic_reopened={})

    def _member(self, chat_id: int, before: str, after: str) -> None:
        """Tell the bot what it is in a chat from now on."""
        chat = self.chat(chat_id)
        by = self._person(chat, chat_id if chat.kind == PRIVATE else SOMEBODY)
        self.updates.put("my_chat_member", {
            "chat": chat.as_json(), "from": by, "date": int(self.now()),
            "old_chat_member": self._as_member(before), "new_chat_member": self._as_member(after)})

    def _as_member(self, status: str) -> dict[str, Any]:
        more: dict[str, Any] = {"until_date": 0} if status in ("kicked", "restricted") else {}
        if status == "restricted":
            more |= dict.fromkeys(RIGHTS, False) | {"is_member": True}
        return {"user": self.bot, "status": status, **more}

    def _announce(self, chat_id: int, **what: Any) -> None:
        """A service message, which only the bot's updates show."""
        chat = self.chat(chat_id)
        self.updates.put("message", {"message_id": 10**6 + self.updates.polls, "date": int(self.now()),
                                     "chat": chat.as_json(), "from": self._person(chat, SOMEBODY), **what})

    def close(self, chat_id: int, why: str) -> None:
        """Whatever the bot sends to this chat is refused; ``why`` is one of telegram_chats.CLOSED."""
        if why not in CLOSED:
            raise PressError(f'a chat is not closed by "{why}"; known are: {", ".join(CLOSED)}.')
        self._set_state(chat_id, why)

    def _set_state(self, chat_id: int, state: str) -> None:
        self.chat(chat_id).state = state
        self.changed.ring()

    def migrate(self, chat_id: int, new_id: int) -> Chat:
        """The group has become a supergroup with a new id; the old id refuses and names the new one."""
        old = self.chat(chat_id)
        old.migrated_to = new_id
        new = self.add_chat(new_id, old.name, "supergroup", old.username)
        self._announce(chat_id, migrate_to_chat_id=new_id)
        self._announce(new_id, migrate_from_chat_id=chat_id)
        return new

    # -- messages --------------------------------------------------------------------------------

    def messages(self, chat_id: int) -> list[Message]:
        """Everything in this chat that was not deleted, oldest first."""
        return [message for message in self._messages.get(chat_id, {}).values() if not message.deleted]

    def message(self, chat_id: int, message_id: int) -> Message | None:
        """One message; None when it never existed or was deleted."""
        found = self._messages.get(chat_id, {}).get(message_id)
        return None if found is None or found.deleted else found

    def post(
        self,
        chat: Chat,
        version: Version,
        *,
        sender: dict[str, Any] | None = None,
        reply_to: Message | None = None,
        photo: list[dict[str, Any]] | None = None,
    ) -> Message:
        """Put a message into a chat, by the bot unless ``sender`` says who."""
        messages = self._messages.setdefault(chat.id, {})
        number = len(messages) + 1
        message = Message(number, chat, sender or self.bot, sender is None, [version], reply_to, photo)
        messages[number] = message
        if message.by_bot:
            self.outbox.append(message)
        self.changed.ring()
        return message

    # -- what people do --------------------------------------------------------------------------

    def say(self, chat_id: int, text: str, from_id: int | None = None) -> int | None:
        """A person writes a message; returns the update's id. Writing ends a block, as in Telegram."""
        chat = self.chat(chat_id)
        if chat.state == "blocked":
            chat.state = "open"
        message = self.post(chat, Version(text, text, [], None, int(self.now())), sender=self._person(chat, from_id))
        return self.updates.put("message", message.as_json())

    def press(
        self,
        chat_id: int,
        message_id: int,
        button: str,
        from_id: int | None = None,
        *,
        stale: bool = False,
    ) -> str:
        """A person presses the button with this label or callback data; returns the callback query's id.

        ``stale`` presses a button that an edit has taken away meanwhile, which a slow client still shows.
        """
        message = self.message(chat_id, message_id)
        if message is None:
            raise PressError(f"there is no message {message_id} in chat {chat_id}; it may have been deleted.")
        versions = reversed(message.versions) if stale else [message.now]
        found = [b for version in versions for b in version.buttons if "callback_data" in b]
        chosen = next((b for b in found if button in (b["text"], b["callback_data"])), None)
        if chosen is None:
            labels = ", ".join(f'"{b["text"]}"' for b in found) or "none"
            raise PressError(f'message {message_id} has no button "{button}"; it has: {labels}.')
        person = self._person(message.chat, from_id)
        press = Press(f"{self._next_press:019d}", message, person["id"], chosen["callback_data"], self.now())
        self._next_press += 1
        self.presses[press.id] = press
        self.updates.put(
            "callback_query",
            {
                "id": press.id,
                "from": person,
                "message": message.as_json(),
                "chat_instance": str(chat_id),
                "data": press.data,
            },
        )
        self.changed.ring()
        return press.id

    def answer_to(self, press_id: str) -> dict[str, Any] | None:
        """What the bot answered to a press: ``text`` and ``show_alert``; None before it has."""
        return self.presses[press_id].answer

    def _person(self, chat: Chat, from_id: int | None) -> dict[str, Any]:
        who = chat.id if from_id is None and chat.kind == PRIVATE else from_id
        if who is None:
            raise PressError(f"chat {chat.id} is a group: say who it is by from_id.")
        known = self.chats.get(who)
        return known.as_user() if known else {"id": who, "is_bot": False, "first_name": f"Person {who}"}
