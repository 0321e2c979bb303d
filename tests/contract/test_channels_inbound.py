"""What comes in through the channels: confirmed to the provider only when it is committed."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
import pytest

from tocsin.api.server import build_app, serve
from tocsin.api.webhooks import INBOUND_PATH, STATUS_PATH, sms_routes
from tocsin.clock import SystemClock
from tocsin.domain.errors import PermanentDeliveryError, StoreError
from tocsin.emulators.telegram import TelegramEmulator
from tocsin.emulators.telegram_updates import PollConflict
from tocsin.emulators.twilio import TwilioEmulator
from tocsin.ports import Inbound, Outgoing, Rendered, Reply
from tocsin_channels import sms_twilio
from tocsin_channels.sms_twilio import Sms, SmsSettings
from tocsin_channels.telegram import Telegram, TelegramSettings, keyboard, plain

OLENA, GROUP = 5001, -100
PHONE = "+380501234567"


async def until(holds: Callable[[], Any], seconds: float = 20.0) -> None:
    """Wait for what another task or thread will bring about."""
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110 - whatever is waited for, not one event
            await asyncio.sleep(0.005)


class QuickClock(SystemClock):
    """The real clock, but pauses between tries are short."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.02))


class Bot:
    """A Telegram channel listening to its emulator; ``heard`` is what it handed over, ``failing`` what to raise."""

    def __init__(self, emulator: TelegramEmulator) -> None:
        self.emulator = emulator
        self.heard: list[Inbound] = []
        self.failing: list[Exception] = []
        self.reports: list[tuple[str, str]] = []
        self.reply = Reply("Прийнято")
        self.task: asyncio.Task[None] | None = None
        self.channel = self.make()

    def make(self, token: str = "") -> Telegram:
        settings = TelegramSettings.model_validate({
            "token": token or self.emulator.state.token, "api_base": self.emulator.url, "timeout": 1.0, "poll": 1})
        return Telegram(settings, clock=QuickClock(), report=self.report)

    def report(self, what: str, sentence: str) -> None:
        self.reports.append((what, sentence))

    async def handler(self, item: Inbound) -> Reply:
        if self.failing:
            raise self.failing.pop(0)
        self.heard.append(item)
        return self.reply

    def listen(self) -> None:
        self.task = asyncio.create_task(self.channel.listen(self.handler))

    async def stop(self) -> None:
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)
        await self.channel.close()


@pytest.fixture
async def bot() -> AsyncIterator[Bot]:
    emulator = TelegramEmulator()
    emulator.state.add_chat(OLENA, "Олена")
    emulator.state.add_chat(GROUP, "Чергова", "group")
    await emulator.start()
    made = Bot(emulator)
    yield made
    await made.stop()
    await emulator.stop()


async def sent_page(bot: Bot, chat: int = OLENA, **more: Any) -> str:
    buttons = (("Беру", "accept", "TOKEN-1"), ("Не можу", "decline", "TOKEN-2"), ("Хибна", "false_alarm", "TOKEN-3"))
    handed = await bot.channel.send(Outgoing(7, 1, str(chat), Rendered("<b>Пожежа</b>", buttons=buttons), **more))
    return handed.provider_id


async def test_a_press_is_handed_over_and_answered(bot: Bot) -> None:
    """Who pressed, which button, on which message; the person sees the reply as an alert."""
    provider_id = await sent_page(bot)
    bot.listen()
    press = bot.emulator.state.press(OLENA, 1, "Беру")
    await until(lambda: bot.emulator.state.answer_to(press))
    item, = bot.heard
    assert (item.kind, item.sender, item.token, item.provider_id) == ("press", str(OLENA), "TOKEN-1", provider_id)
    assert bot.emulator.state.answer_to(press) == {"text": "Прийнято", "show_alert": True}


async def test_a_press_in_a_group_is_the_pressers(bot: Bot) -> None:
    """from.id counts, not the chat."""
    await sent_page(bot, GROUP)
    bot.listen()
    bot.emulator.state.press(GROUP, 1, "Беру", from_id=4242)
    await until(lambda: bot.heard)
    assert bot.heard[0].sender == "4242"


async def test_an_update_is_confirmed_only_after_it_is_committed(bot: Bot) -> None:
    """While the store cannot commit Telegram keeps the update, and hands it out again after a restart."""
    await sent_page(bot)
    bot.failing = [StoreError("the disk is full")] * 10_000
    bot.emulator.state.press(OLENA, 1, "Беру")
    bot.listen()
    await until(lambda: len(bot.failing) < 9_990)
    assert bot.emulator.state.updates.confirmed == []
    await bot.stop()
    bot.failing = []
    bot.channel = bot.make()
    bot.listen()
    await until(lambda: bot.emulator.state.updates.confirmed)
    assert [item.token for item in bot.heard] == ["TOKEN-1"]


async def test_a_handler_that_fails_on_one_update_does_not_stop_the_next(bot: Bot) -> None:
    """After three tries the update is passed over and reported; later answers come through."""
    await sent_page(bot)
    bot.failing = [RuntimeError("bug")] * 3
    bot.listen()
    bot.emulator.state.press(OLENA, 1, "Беру")
    bot.emulator.state.press(OLENA, 1, "Не можу")
    await until(lambda: bot.heard)
    assert [item.token for item in bot.heard] == ["TOKEN-2"]
    assert [what for what, _ in bot.reports] == ["handler"]


async def test_texts_starts_and_blocks(bot: Bot) -> None:
    """Private texts and /start are handed over; what is said in groups is nobody's business."""
    bot.listen()
    state = bot.emulator.state
    state.say(OLENA, "/start abc")
    state.say(GROUP, "hello", from_id=OLENA)
    state.say(OLENA, "я тут")
    state.updates.put("my_chat_member", {
        "chat": {"id": OLENA, "type": "private"}, "from": {"id": OLENA, "is_bot": False, "first_name": "О"}, "date": 1,
        "old_chat_member": {"user": state.bot, "status": "member"},
        "new_chat_member": {"user": state.bot, "status": "kicked", "until_date": 0}})
    await until(lambda: len(bot.heard) == 3)
    assert [(item.kind, item.text) for item in bot.heard] == [("start", "abc"), ("text", "я тут"), ("stop", "")]
    await until(lambda: len(state.messages(OLENA)) == 4)


async def test_an_update_that_cannot_be_read_is_passed_over_and_reported(bot: Bot) -> None:
    """A kind of update that the library cannot parse does not jam the answers behind it."""
    bot.listen()
    bot.emulator.state.updates.put("message", {"message_id": 1, "chat": "?"})
    bot.emulator.state.say(OLENA, "я тут")
    await until(lambda: bot.heard)
    assert [what for what, _ in bot.reports] == ["update"]


async def test_a_second_poller_is_reported_and_outlived(bot: Bot) -> None:
    """Conflict is said once with its way out; when the other one is gone, answers come again."""
    bot.listen()
    await until(lambda: bot.emulator.state.updates.polls)
    other = asyncio.create_task(second_poller(bot))
    await until(lambda: bot.reports)
    assert bot.reports[0][0] == "conflict"
    assert "second engine" in bot.reports[0][1]
    other.cancel()
    await asyncio.gather(other, return_exceptions=True)
    bot.emulator.state.say(OLENA, "я тут")
    await until(lambda: bot.heard)
    assert [what for what, _ in bot.reports] == ["conflict", "polling"]


async def second_poller(bot: Bot) -> None:
    """Another program with the same token, which gets the updates first whenever it asks."""
    while True:
        with suppress(PollConflict):
            await bot.emulator.state.updates.get(None, 100, 1, None)
        await asyncio.sleep(0)


async def test_a_webhook_that_another_program_has_set_is_removed(bot: Bot) -> None:
    """While it is set no answer comes; it is taken away, which is said, and what waited is handed over."""
    bot.emulator.state.updates.webhook = "https://elsewhere.example.org"
    bot.emulator.state.say(OLENA, "я тут")
    bot.listen()
    await until(lambda: bot.heard)
    assert bot.emulator.state.updates.webhook == ""
    assert [what for what, _ in bot.reports] == ["webhook", "polling"]


async def test_a_press_that_waited_too_long_counts_and_its_lost_confirmation_is_reported(bot: Bot) -> None:
    """Telegram takes no answer to an old press any more: it is committed all the same."""
    await sent_page(bot)
    bot.emulator.state.press_seconds = -1.0
    bot.emulator.state.press(OLENA, 1, "Беру")
    bot.listen()
    await until(lambda: bot.reports)
    assert [item.token for item in bot.heard] == ["TOKEN-1"]
    what, sentence = bot.reports[0]
    assert (what, "was committed, but its confirmation did not reach" in sentence) == ("reply", True)


async def test_a_wrong_token_is_reported_in_a_sentence_without_it(bot: Bot) -> None:
    """Sending fails for good, listening goes on trying, and nobody learns the token."""
    await bot.channel.close()
    bot.channel = bot.make("999:wrong-token-value")
    bot.listen()
    await until(lambda: bot.reports)
    with pytest.raises(PermanentDeliveryError) as caught:
        await sent_page(bot)
    assert not caught.value.address_dead
    told = [sentence for _, sentence in bot.reports] + [str(caught.value)]
    assert all("BotFather" in sentence and "wrong-token-value" not in sentence for sentence in told)


async def test_an_edit_changes_the_copy_and_the_same_again_is_fine(bot: Bot) -> None:
    """Text and buttons change; "message is not modified" is success."""
    provider_id = await sent_page(bot)
    for _ in range(2):
        handed = await bot.channel.send(
            Outgoing(8, 1, str(OLENA), Rendered("<b>Пожежа</b>\n\n<b>Взято: Тарас</b>"), edits=provider_id))
        assert handed.provider_id == provider_id
    message = bot.emulator.state.messages(OLENA)[0]
    assert (message.now.text, message.buttons) == ("Пожежа\n\nВзято: Тарас", [])


async def test_an_edit_of_a_deleted_message_fails_without_killing_the_address(bot: Bot) -> None:
    """The person deleted the message: permanent, but the chat is alive."""
    with pytest.raises(PermanentDeliveryError) as caught:
        await bot.channel.send(Outgoing(8, 1, str(OLENA), Rendered("x"), edits=f"{OLENA}/77"))
    assert not caught.value.address_dead


async def test_blocked_deactivated_kicked_and_migrated(bot: Bot) -> None:
    """The first three kill the address; a migrated group gets the message under its new id at once."""
    state = bot.emulator.state
    for spoil, chat in ((state.block, OLENA), (state.deactivate, OLENA), (state.kick, GROUP)):
        spoil(chat)
        with pytest.raises(PermanentDeliveryError) as caught:
            await sent_page(bot, chat)
        assert caught.value.address_dead
    state.add_chat(-200, "Група", "group")
    state.migrate(-200, -1_000_200)
    handed = await bot.channel.send(Outgoing(9, 1, "-200", Rendered("x")))
    assert (handed.moved_to, handed.provider_id) == ("-1000200", "-1000200/1")


async def test_a_broken_tag_goes_out_as_plain_text(bot: Bot) -> None:
    """What Telegram cannot parse is sent without markup rather than not at all."""
    await bot.channel.send(Outgoing(9, 1, str(OLENA), Rendered("<b>Пожежа &amp; дим <i>")))
    assert bot.emulator.state.messages(OLENA)[0].now.text == "Пожежа & дим"
    assert plain("<b>a</b> &lt;x&gt;") == "a <x>"


def test_the_first_answer_has_the_whole_width() -> None:
    """Take above, the others in pairs below."""
    made = keyboard(Rendered("x", buttons=tuple((f"L{n}", "w", f"T{n}") for n in range(4))))
    assert made is not None
    assert [[button.text for button in row] for row in made.inline_keyboard] == [["L0"], ["L1", "L2"], ["L3"]]


class Phone:
    """The SMS channel with its webhooks served, beside the emulated Twilio."""

    def __init__(self, emulator: TwilioEmulator, channel: Sms, url: str) -> None:
        self.emulator, self.channel, self.url = emulator, channel, url
        self.heard: list[Inbound] = []
        self.failing: list[Exception] = []

    async def handler(self, item: Inbound) -> Reply:
        if self.failing:
            raise self.failing.pop(0)
        self.heard.append(item)
        return Reply("" if item.kind == "receipt" else "Дякуємо & до зв'язку <1>")


@asynccontextmanager
async def phone() -> AsyncIterator[Phone]:
    emulator = TwilioEmulator()
    await emulator.start()
    state = emulator.state
    made: list[Phone] = []

    async def handler(item: Inbound) -> Reply:
        return await made[0].handler(item)

    class Late:
        def __getattr__(self, name: str) -> Any:
            return getattr(made[0].channel, name)

    listening = await serve(build_app(sms_routes(Late(), handler)), "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.port}"
    settings = SmsSettings.model_validate({
        "account_sid": state.account_sid, "auth_token": state.auth_token, "from": state.numbers[0],
        "api_base": emulator.url, "timeout": 1.0})
    made.append(Phone(emulator, Sms(settings, clock=SystemClock(), public_url=url), url))
    state.incoming_url = url + INBOUND_PATH
    yield made[0]
    await made[0].channel.close()
    await emulator.stop()
    await listening.stop()


async def test_status_callbacks_come_back_signed_with_the_notification() -> None:
    """Each callback names the notification in its signed address, so that it may come before the send returned."""
    async with phone() as bench:
        handed = await bench.channel.send(Outgoing(7, 1, PHONE, Rendered("Пожежа")))
        assert handed.receipts
        await bench.emulator.state.settled()
        assert [(item.token, item.state, item.provider_id) for item in bench.heard] == [
            ("7", "sent", handed.provider_id), ("7", "delivered", handed.provider_id)]


async def test_an_undelivered_message_says_whether_the_number_is_dead() -> None:
    """30005 is a number that does not exist; 30003 is a phone that is off."""
    async with phone() as bench:
        for code in (30005, 30003):
            bench.emulator.faults.add({"method": "outcome"}, "outcome", outcome="undelivered", code=code)
            await bench.channel.send(Outgoing(code, 1, PHONE, Rendered("Пожежа")))
            await bench.emulator.state.settled()
        failures = [(item.token, item.text, item.detail) for item in bench.heard if item.state == "failed_permanent"]
        assert failures == [("30005", "dead", "undelivered, error 30005"), ("30003", "", "undelivered, error 30003")]


async def test_a_reply_is_handed_over_and_answered_by_sms() -> None:
    """The text and its sender come in; what the handler says goes back as TwiML."""
    async with phone() as bench:
        await bench.channel.send(Outgoing(7, 1, PHONE, Rendered("Пожежа")))
        await bench.emulator.state.reply(PHONE, "4821 прийняв")
        item = next(item for item in bench.heard if item.kind == "text")
        assert (item.sender, item.text) == (PHONE, "4821 прийняв")
        assert item.reference.startswith("SM")
        assert bench.emulator.state.to(PHONE)[-1].body == "Дякуємо & до зв'язку <1>"


async def test_a_webhook_is_refused_without_its_signature_and_while_nothing_can_be_committed() -> None:
    """403 for whoever is not Twilio, 503 (come again) while the store cannot commit."""
    async with phone() as bench, httpx.AsyncClient(trust_env=False) as http:
        form = {"From": PHONE, "MessageSid": "SM1", "Body": "4821"}
        for path in (INBOUND_PATH, STATUS_PATH):
            answer = await http.post(bench.url + path, data=form, headers={"X-Twilio-Signature": "forged"})
            assert answer.status_code == 403
            assert (await http.post(bench.url + path, data=form)).status_code == 403
        assert bench.heard == []
        bench.failing = [StoreError("the disk is full")]
        await bench.channel.send(Outgoing(7, 1, PHONE, Rendered("Пожежа")))
        posted = await bench.emulator.state.reply(PHONE, "4821")
        assert posted is not None
        codes = {post.status for post in bench.emulator.state.webhooks.posted}
        assert 503 in codes


def test_the_signature_holds_for_the_public_address_whatever_proxy_stands_before_us() -> None:
    """The signed URL is the configured one, not the Host of the request."""
    from tocsin.emulators.twilio_webhooks import signature

    settings = SmsSettings.model_validate({"account_sid": "AC1", "auth_token": "secret", "from": "+15005550006"})
    channel = Sms(settings, clock=SystemClock(), public_url="https://alarm.example.org/")
    form = {"From": PHONE, "Body": "1"}
    url = "https://alarm.example.org" + STATUS_PATH + "?n=7"
    signed = signature("secret", url, form)
    assert channel.verify("http://10.0.0.7:8080" + STATUS_PATH + "?n=7", form, signed)
    assert not channel.verify("http://10.0.0.7:8080" + STATUS_PATH + "?n=8", form, signed)
    assert not channel.verify("http://10.0.0.7:8080" + STATUS_PATH + "?n=7", {**form, "Body": "2"}, signed)
    assert (INBOUND_PATH, STATUS_PATH) == (sms_twilio.INBOUND_PATH, sms_twilio.STATUS_PATH)
