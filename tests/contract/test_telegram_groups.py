"""What Telegram tells of groups: read by the real client, from an emulator that sends what Telegram sends."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from tocsin.clock import SystemClock
from tocsin.emulators.telegram import TelegramEmulator
from tocsin.ports import Inbound, Outgoing, Rendered, Reply
from tocsin_channels.telegram import Telegram, TelegramSettings

GROUP, OLENA = -100_500, 5001


class Heard(list[Inbound]):
    """A handler that keeps what it is given, and greets groups."""

    async def __call__(self, item: Inbound) -> Reply:
        self.append(item)
        return Reply(f"Номер групи: {item.sender}" if item.sender.startswith("-") and item.kind == "start" else "")

    async def until(self, holds: Callable[["Heard"], bool]) -> None:
        async with asyncio.timeout(20):
            while not holds(self):  # noqa: ASYNC110 - whatever is waited for, not one event
                await asyncio.sleep(0.005)


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramEmulator]:
    emulator = TelegramEmulator()
    emulator.state.add_chat(OLENA, "Олена")
    await emulator.start()
    yield emulator
    await emulator.stop()


async def test_what_becomes_of_a_group_is_heard(telegram: TelegramEmulator) -> None:
    """Put in, restricted, a topic closed and opened, thrown out, moved: in the words of the desk; what a topic's end
    means is learned from the next refusal.
    """
    state, heard = telegram.state, Heard()
    settings = TelegramSettings.model_validate({"token": state.token, "api_base": telegram.url, "timeout": 1.0,
                                                "poll": 1})
    channel = Telegram(settings, clock=SystemClock())
    task = asyncio.create_task(channel.listen(heard))
    try:
        state.invite(GROUP, "Чергова частина", "group")
        await heard.until(lambda items: len(items) == 1)
        await state.changed.wait_for(lambda: bool(state.messages(GROUP)), 10)
        assert state.messages(GROUP)[0].text == "Номер групи: -100500"
        state.restrict(GROUP)
        state.close_topic(GROUP)
        state.reopen_topic(GROUP)
        state.kick(GROUP)
        state.unblock(GROUP)
        state.migrate(GROUP, -1_000_900)
        await heard.until(lambda items: len(items) == 7)
        assert [(item.kind, item.sender, item.text) for item in heard] == [
            ("start", "-100500", ""), ("stop", "-100500", ""), ("start", "-100500", ""), ("stop", "-100500", ""),
            ("start", "-100500", ""), ("moved", "-100500", "-1000900"), ("moved", "-100500", "-1000900")]
        assert [item.detail for item in heard if item.kind == "stop"] == [
            "the bot may not write in the group", "the bot was removed from the group"]
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await channel.close()


async def test_a_person_who_blocks_the_bot_and_comes_back_is_heard(telegram: TelegramEmulator) -> None:
    state, heard = telegram.state, Heard()
    channel = Telegram(TelegramSettings.model_validate({"token": state.token, "api_base": telegram.url, "poll": 1}),
                       clock=SystemClock())
    state.updates.allowed = ["message", "callback_query", "my_chat_member"]
    state.block(OLENA)
    state.unblock(OLENA)
    task = asyncio.create_task(channel.listen(heard))
    await heard.until(lambda items: len(items) == 2)
    assert [(item.kind, item.sender) for item in heard] == [("stop", "5001"), ("start", "5001")]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await channel.close()


async def test_a_page_in_a_group_goes_to_its_general_topic_and_a_press_says_who(telegram: TelegramEmulator) -> None:
    state, heard = telegram.state, Heard()
    state.add_chat(GROUP, "Чергова частина", "supergroup")
    channel = Telegram(TelegramSettings.model_validate({"token": state.token, "api_base": telegram.url, "poll": 1}),
                       clock=SystemClock())
    await channel.send(Outgoing(7, 1, str(GROUP), Rendered("Пожежа", buttons=(("Беру", "accept", "T"),))))
    state.press(GROUP, 1, "Беру", from_id=OLENA)
    task = asyncio.create_task(channel.listen(heard))
    await heard.until(lambda items: len(items) == 1)
    assert (heard[0].kind, heard[0].sender, heard[0].provider_id) == ("press", "5001", "-100500/1")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await channel.close()
