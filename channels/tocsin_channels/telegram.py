"""Telegram: pages with answer buttons through the Bot API, answers by our own getUpdates loop."""

import asyncio
import re
from html import unescape
from typing import Any

from pydantic import BaseModel, ConfigDict, SecretStr
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, Update
from telegram.error import BadRequest, ChatMigrated, TelegramError
from telegram.request import HTTPXRequest

from tocsin.domain.errors import DeliveryError, PermanentDeliveryError
from tocsin.ports import Clock, Handed, Handler, Inbound, Limits, Outgoing, Rendered
from tocsin_channels.masking import hide_in_logs
from tocsin_channels.report import Report, to_log
from tocsin_channels.sendable import sendable
from tocsin_channels.telegram_outcomes import NOT_MODIFIED, UNPARSABLE, outcome
from tocsin_channels.telegram_updates import Polling, RawBot, inbound

LIBRARY_LOGGERS = ("httpx", "httpcore", "httpcore.connection", "httpcore.http11", "httpcore.http2",
                   "httpcore.proxy", "telegram", "telegram.Bot", "telegram.request", "telegram.request.BaseRequest",
                   "telegram.request.HTTPXRequest")
LONGEST_ANSWER = 200
SECOND = 1_000_000


class TelegramSettings(BaseModel):
    """``channels.telegram`` of config.yaml; times in seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True, from_attributes=True)

    token: SecretStr
    api_base: str = "https://api.telegram.org"
    timeout: float = 10.0
    poll: int = 25


class Telegram:
    """One bot; needs no network to start. A provider id is ``<chat>/<message>``."""

    name = "telegram"
    Settings = TelegramSettings
    concurrency = 2
    receipts = False
    edits = True
    limits = Limits(
        per_address=((3, 3 * SECOND),),
        per_group=((20, 60 * SECOND), (3, 3 * SECOND)),
        overall=((30, SECOND),),
    )

    def __init__(self, settings: TelegramSettings, *, clock: Clock, public_url: str = "",
                 report: Report = to_log) -> None:
        self._settings = settings
        self._token = settings.token.get_secret_value()
        self._clock = clock
        self._report = report
        hide_in_logs(self._token, LIBRARY_LOGGERS)
        wait = settings.timeout
        self._requests = tuple(
            HTTPXRequest(size, read_timeout=wait, write_timeout=wait, connect_timeout=wait, pool_timeout=wait)
            for size in (2, self.concurrency + 4)
        )
        self._bot = RawBot(self._token, base_url=f"{settings.api_base.rstrip('/')}/bot",
                           get_updates_request=self._requests[0], request=self._requests[1])
        self._replies: set[asyncio.Task[None]] = set()
        self._caught_up = asyncio.Event()

    async def send(self, outgoing: Outgoing) -> Handed:
        """Send, or change the earlier message; a text that Telegram cannot parse goes out as plain text."""
        html = sendable(outgoing.message.text)
        for text, mode in ((html, "HTML"), (plain(html), None)):
            try:
                return await self._send(outgoing, outgoing.address, text, mode)
            except BadRequest as error:
                if NOT_MODIFIED in error.message.lower() and outgoing.edits:
                    return Handed(outgoing.edits)
                if mode is not None and UNPARSABLE in error.message.lower():
                    continue
                failed = outcome(error, self._token)
            except ChatMigrated as error:
                return await self._send_moved(outgoing, str(error.new_chat_id), text, mode)
            except TelegramError as error:
                failed = outcome(error, self._token)
            raise failed
        raise PermanentDeliveryError("Telegram could not parse the message, even as plain text.", code="400")

    async def _send_moved(self, outgoing: Outgoing, address: str, text: str, mode: str | None) -> Handed:
        try:
            handed = await self._send(outgoing, address, text, mode)
            return Handed(handed.provider_id, moved_to=address)
        except TelegramError as error:
            failed = outcome(error, self._token)
        if isinstance(failed, PermanentDeliveryError) and not failed.moved_to:
            failed.moved_to = address
        raise failed

    async def _send(self, outgoing: Outgoing, address: str, text: str, mode: str | None) -> Handed:
        content: dict[str, Any] = {
            "text": text, "parse_mode": mode, "reply_markup": keyboard(outgoing.message),
            "link_preview_options": LinkPreviewOptions(is_disabled=True),
        }
        if outgoing.edits:
            chat, _, number = outgoing.edits.partition("/")
            await self._bot.edit_message_text(chat_id=chat, message_id=int(number), **content)
            return Handed(outgoing.edits)
        sent = await self._bot.send_message(chat_id=address, **content)
        return Handed(f"{sent.chat_id}/{sent.message_id}")

    async def listen(self, handler: Handler) -> None:
        """Poll for ever; the offset passes an update only after ``handler`` returned for it."""
        polling = Polling(self._bot, self._clock, self._report, self._settings.poll, self._settings.timeout,
                          self._token, self._caught_up)
        async for raw in polling:
            try:
                update = Update.de_json(raw, self._bot)
                item = inbound(update)
            except (TypeError, ValueError, KeyError, AttributeError) as error:
                self._report("update", f"An update from Telegram could not be read and was passed over "
                                       f"({type(error).__name__}).")
                continue
            if item is None:
                continue
            reply = await polling.handle(handler, item)
            if reply is not None and item.kind != "stop":
                self._answer(update, item, reply.text)

    async def caught_up(self) -> None:
        await self._caught_up.wait()

    def _answer(self, update: Update, item: Inbound, text: str) -> None:
        task = asyncio.create_task(self._say_back(update, item, text[:LONGEST_ANSWER]))
        self._replies.add(task)
        task.add_done_callback(self._replies.discard)

    async def _say_back(self, update: Update, item: Inbound, text: str) -> None:
        try:
            if update.callback_query is not None:
                await self._bot.answer_callback_query(update.callback_query.id, text=text or None,
                                                      show_alert=bool(text))
            elif text:
                await self._bot.send_message(chat_id=item.sender, text=text)
        except TelegramError as error:
            self._report("reply", f"The answer was committed, but its confirmation did not reach the person: "
                                  f"{outcome(error, self._token)}")

    async def check(self) -> str:
        """The bot's name, by asking Telegram; raises DeliveryError."""
        try:
            return (await self._bot.get_me()).username or ""
        except TelegramError as error:
            failed: DeliveryError = outcome(error, self._token)
        raise failed

    async def close(self) -> None:
        for task in tuple(self._replies):
            task.cancel()
        await asyncio.gather(*self._replies, return_exceptions=True)
        for request in self._requests:
            await request.shutdown()


def keyboard(message: Rendered) -> InlineKeyboardMarkup | None:
    """The first answer over the whole width, the others below in pairs."""
    if not message.buttons:
        return None
    buttons = [InlineKeyboardButton(label, callback_data=token) for label, _, token in message.buttons]
    return InlineKeyboardMarkup([buttons[:1], *(buttons[at:at + 2] for at in range(1, len(buttons), 2))])


def plain(html: str) -> str:
    """The text of an HTML message without its tags."""
    return unescape(re.sub(r"</?[a-zA-Z][^<>]*>", "", html))


CHANNEL = Telegram

__all__ = ["CHANNEL", "Telegram", "TelegramSettings"]
