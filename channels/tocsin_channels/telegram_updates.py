"""Our own getUpdates loop: an update counts as received when what it means is committed."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from telegram import Bot, ChatMemberRestricted, ChatMemberUpdated, Message, Update
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from tocsin.domain.errors import StoreError
from tocsin.ports import Clock, Handler, Inbound, Reply
from tocsin_channels.masking import mask
from tocsin_channels.report import Report
from tocsin_channels.telegram_outcomes import wait_of

GROUPS = ("group", "supergroup")
OUTSIDE = ("kicked", "left")
KINDS = ["message", "callback_query", "my_chat_member"]
LONGEST_PAUSE = 30.0
TRIES = 3
"""How often a handler may fail on one update, other than by a store that cannot commit now."""


class RawBot(Bot):
    """The library's bot, whose updates can be had one by one as they came: its own getUpdates parses them together,
    so that a single one that it cannot read would jam all later answers."""

    async def raw_updates(self, offset: int | None, seconds: int, margin: float) -> list[dict[str, Any]]:
        """Updates from ``offset`` on, waiting up to ``seconds`` for one."""
        asked = {"offset": offset, "timeout": seconds, "allowed_updates": KINDS}
        found = await self._post("getUpdates", asked, read_timeout=seconds + margin)
        if not isinstance(found, list):
            raise TelegramError("getUpdates did not give a list")
        return found


class Polling:
    """Yields raw updates in order for ever; asking for the next one confirms the last one yielded.

    ``caught_up`` is set when everything that waited has been confirmed: until then nothing is waited for.
    """

    def __init__(self, bot: RawBot, clock: Clock, report: Report, seconds: int, margin: float, token: str,
                 caught_up: asyncio.Event) -> None:
        self._bot = bot
        self._clock = clock
        self._report = report
        self._seconds = seconds
        self._margin = margin
        self._token = token
        self._offset: int | None = None
        self._pause = 0.0
        self._complained = ""
        self._caught_up = caught_up

    async def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        while True:
            found = await self._poll()
            for raw in found or ():
                yield raw
                self._offset = int(raw["update_id"]) + 1
            if found == []:
                self._caught_up.set()

    async def _poll(self) -> list[dict[str, Any]] | None:
        """The next updates, [] when there are none; None when they could not be had."""
        seconds = self._seconds if self._caught_up.is_set() else 0
        try:
            found = await self._bot.raw_updates(self._offset, seconds, self._margin)
        except TelegramError as error:
            await self._wait_after(error)
            return None
        except Exception as error:  # noqa: BLE001  # supervised: receiving answers must never end by itself
            await self._wait_after(TelegramError(f"{type(error).__name__}"))
            return None
        if self._complained:
            self._report("polling", "Answers from Telegram are being received again.")
        self._pause, self._complained = 0.0, ""
        return found

    async def _wait_after(self, error: TelegramError) -> None:
        self._pause = min(LONGEST_PAUSE, max(1.0, self._pause * 2))
        wait = self._pause
        if isinstance(error, Conflict) and "webhook" in error.message.lower():
            what, sentence = "webhook", await self._without_webhook()
        elif isinstance(error, Conflict):
            what, sentence = "conflict", ("Another program receives this bot's answers: stop the second engine, or "
                                          "give it a bot of its own. Trying again.")
        elif isinstance(error, InvalidToken) or "not found" in error.message.lower():
            what, sentence = "token", ("Telegram does not accept the bot's token: set channels.telegram.token to the "
                                       "one that @BotFather shows. Trying again.")
        else:
            what, sentence = "polling", (f"Answers from Telegram cannot be received now "
                                         f"({mask(error.message, self._token)}). Trying again.")
            if isinstance(error, RetryAfter):
                wait = wait_of(error)
        if what != self._complained:
            self._complained = what
            self._report(what, sentence)
        await self._clock.sleep(wait)

    async def _without_webhook(self) -> str:
        """Take away a webhook, which keeps every answer from us; what has come of it."""
        try:
            await self._bot.delete_webhook()
        except TelegramError as error:
            return (f"A webhook is set for this bot, so no answer comes here, and it cannot be removed now "
                    f"({mask(error.message, self._token)}). Trying again.")
        return ("A webhook was set for this bot, so no answer came here. It has been removed; another program that "
                "uses this bot needs one of its own.")

    async def handle(self, handler: Handler, item: Inbound) -> Reply | None:
        """Hand one item over until it is committed; None when the handler failed on it every time."""
        failures, pause = 0, 0.25
        while True:
            try:
                return await handler(item)
            except StoreError:
                pass
            except Exception as error:  # noqa: BLE001  # supervised: one update must never stop all later answers
                failures += 1
                if failures >= TRIES:
                    self._report("handler", f"An answer from Telegram (update {item.reference}) could not be applied "
                                            f"and was passed over ({type(error).__name__}).")
                    return None
            await self._clock.sleep(pause)
            pause = min(5.0, pause * 2)


def inbound(update: Update) -> Inbound | None:
    """What an update says: a press, a private text, /start, that the person blocked the bot, or what has become of a
    group; else None.
    """
    reference = str(update.update_id)
    if (press := update.callback_query) is not None:
        message = press.message
        provider_id = f"{message.chat.id}/{message.message_id}" if message is not None else ""
        return Inbound("telegram", "press", str(press.from_user.id), reference, token=press.data or "",
                       provider_id=provider_id)
    if (message := update.message) is not None:
        if (moved := _moved(message, reference)) is not None:
            return moved
        if message.chat.type != "private" or message.from_user is None or not message.text:
            return None
        sender = str(message.from_user.id)
        if message.text.split()[0].lower() == "/start":
            return Inbound("telegram", "start", sender, reference, text=message.text.partition(" ")[2].strip())
        return Inbound("telegram", "text", sender, reference, text=message.text)
    if (member := update.my_chat_member) is not None and member.chat.type in GROUPS:
        return _membership(member, reference)
    if (member := update.my_chat_member) is not None and member.chat.type == "private":
        gone = member.new_chat_member.status in ("kicked", "left")
        return Inbound("telegram", "stop" if gone else "start", str(member.from_user.id), reference,
                       detail="blocked the bot" if gone else "")
    return None


def _moved(message: Message, reference: str) -> Inbound | None:
    """A group with another number, or one of whose topics is open again."""
    chat = str(message.chat.id)
    if message.migrate_to_chat_id:
        return Inbound("telegram", "moved", chat, reference, text=str(message.migrate_to_chat_id))
    if message.migrate_from_chat_id:
        return Inbound("telegram", "moved", str(message.migrate_from_chat_id), reference, text=chat)
    if message.forum_topic_reopened or message.general_forum_topic_unhidden:
        return Inbound("telegram", "start", chat, reference, detail="a topic was opened again")
    return None


def _membership(member: ChatMemberUpdated, reference: str) -> Inbound | None:
    """What the bot may do in a group from now on."""
    chat, now = str(member.chat.id), member.new_chat_member
    if now.status in OUTSIDE:
        return Inbound("telegram", "stop", chat, reference, detail="the bot was removed from the group")
    if isinstance(now, ChatMemberRestricted) and not now.can_send_messages:
        return Inbound("telegram", "stop", chat, reference, detail="the bot may not write in the group")
    return Inbound("telegram", "start", chat, reference, detail="the bot may write in the group")
