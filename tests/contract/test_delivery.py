"""Delivery as a whole: the real engine, the real client libraries, the providers' emulators, over real sockets."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.contacts import OLENA, OLENA_PHONE, SECRET, TARAS, TARAS_PHONE
from tests.support.post import PANIC, police_book
from tests.support.small_site import matcher

from tocsin.api.answers import answer_routes
from tocsin.api.server import Listening, build_app, serve
from tocsin.api.webhooks import INBOUND_PATH, sms_routes
from tocsin.book.book import Book
from tocsin.book.contacts import LastResort, Policy, Step, Target
from tocsin.clock import SystemClock
from tocsin.delivery.answer_page import AnswerPage
from tocsin.delivery.inbound import InboundDesk
from tocsin.delivery.render import Renderer, Site
from tocsin.delivery.shelf import Shelf
from tocsin.delivery.worker import Worker
from tocsin.domain.event import Event
from tocsin.domain.time import MINUTE
from tocsin.emulators.smtp import SmtpEmulator
from tocsin.emulators.telegram import TelegramEmulator
from tocsin.emulators.telegram_limits import Limits as TelegramLimits
from tocsin.emulators.twilio import TwilioEmulator
from tocsin.loop import Loop
from tocsin.ports import Channel
from tocsin.store import open_store
from tocsin_channels.email_smtp import Email, EmailSettings
from tocsin_channels.sms_twilio import Sms, SmsSettings
from tocsin_channels.telegram import Telegram, TelegramSettings

EVERYWHERE = Policy(
    id="police", steps=(Step((Target("person", "olena"), Target("person", "taras")), 5 * MINUTE,
                             by=(("telegram", "email"), ("sms",))),),
    last_resort=LastResort((Target("person", "taras"),), 5 * MINUTE))
HOSTILE = "<b>школа</b> & <script>x</script>\u202e\nBcc: a@b.c {{ 7*7 }}"


class Town:
    """Everything running on loopback."""

    def __init__(self, telegram: TelegramEmulator, twilio: TwilioEmulator, mail: SmtpEmulator, loop: Loop,
                 store: Any, url: str) -> None:
        self.telegram, self.twilio, self.mail = telegram, twilio, mail
        self.loop, self.store, self.url = loop, store, url

    async def panic(self, site: str = "school-12") -> None:
        now = SystemClock().now()
        await self.loop.submit_events([Event(id=f"{site}/{now}", source="gateway", type="alarm.panic", time=now,
                                             received=now, site=site)])

    def rows(self, text: str) -> list[Any]:
        with self.store.reading() as connection:
            return list(connection.exec_driver_sql(text))

    @property
    def response(self) -> str:
        return str(self.rows("SELECT response FROM incidents")[0][0])

    async def until(self, holds: Any, seconds: float = 20.0) -> Any:
        async with asyncio.timeout(seconds):
            while not (found := holds()):  # noqa: ASYNC110 - whatever is waited for, not one event
                await asyncio.sleep(0.01)
        return found


@asynccontextmanager
async def town(path: Path, book: Book | None = None) -> AsyncIterator[Town]:
    telegram, twilio, mail = TelegramEmulator(), TwilioEmulator(), SmtpEmulator()
    telegram.state.add_chat(OLENA, "Олена")
    telegram.state.add_chat(TARAS, "Тарас")
    telegram.state.limits = TelegramLimits()
    for emulator in (telegram, twilio, mail):
        await emulator.start()
    clock, made = SystemClock(), book or police_book(policy=EVERYWHERE)
    store = open_store(path)
    loop = Loop(store, clock, made, matcher(made))
    await loop.start()
    shelf = Shelf(lambda: loop.book, store.book)
    parts: dict[str, Any] = {"clock": clock, "reading": store.reading, "shelf": shelf}
    desk = InboundDesk(run_work=loop.run_work, submit=loop.submit, secret=SECRET, **parts)
    sms: list[Sms] = []

    class Late:
        def __getattr__(self, name: str) -> Any:
            return getattr(sms[0], name)

    page = AnswerPage(secret=SECRET, desk=desk, **parts)
    listening: Listening = await serve(build_app([*sms_routes(Late(), desk), *answer_routes(page)]), "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.port}"
    twilio.state.incoming_url = url + INBOUND_PATH
    bot = Telegram(TelegramSettings.model_validate({
        "token": telegram.state.token, "api_base": telegram.url, "timeout": 2.0, "poll": 2}), clock=clock)
    sms.append(Sms(SmsSettings.model_validate({
        "account_sid": twilio.state.account_sid, "auth_token": twilio.state.auth_token,
        "from": twilio.state.numbers[0], "api_base": twilio.url, "timeout": 2.0}), clock=clock, public_url=url))
    post = Email(EmailSettings.model_validate({
        "host": "127.0.0.1", "port": mail.port, "starttls": "none", "from": "alarm@example.org"}), clock=clock)
    channels: list[Channel] = [bot, sms[0], post]
    site = Site(SECRET, url)
    tasks = [asyncio.create_task(bot.listen(desk))]
    for channel in channels:
        worker = Worker(channel, run_work=loop.run_work, submit=loop.submit, site=site,
                        renderer=Renderer(site, lambda place, why: None), report=lambda what, why: None, **parts)
        loop.on_outbox(worker.wake)
        tasks.append(asyncio.create_task(worker.run()))
    try:
        yield Town(telegram, twilio, mail, loop, store, url)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for channel in channels:
            await channel.close()
        await loop.stop()
        await listening.stop()
        for emulator in (telegram, twilio, mail):
            await emulator.stop()
        store.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tocsin.db"


async def test_a_press_takes_it_and_every_copy_shows_who(path: Path) -> None:
    """Both are paged in their own languages; one presses; the other's copy shows it and loses its buttons."""
    async with town(path) as city:
        state = city.telegram.state
        await city.panic()
        await city.until(lambda: state.messages(OLENA) and state.messages(TARAS))
        assert state.messages(OLENA)[0].now.text.startswith("КРИТИЧНО: Тривожна кнопка: school-12")
        press = state.press(OLENA, 1, "Беру")
        answer = await city.until(lambda: state.answer_to(press))
        assert answer["text"] == "Ви прийняли: Тривожна кнопка: school-12"
        await city.until(lambda: "Taken: Олена Коваленко" in state.messages(TARAS)[0].now.text)
        assert state.messages(TARAS)[0].buttons == []
        await city.until(lambda: state.messages(OLENA)[0].buttons == ["На місці", "Завершено", "Хибна тривога"])
        late = state.press(TARAS, 1, "Take", stale=True)
        assert (await city.until(lambda: state.answer_to(late)))["text"].startswith("Already taken by Олена")
        state.press(OLENA, 1, "Завершено")
        await city.until(lambda: city.response == "closed")
        assert state.unknown_parameters == []


async def test_a_blocked_chat_and_an_sms_that_answers(path: Path) -> None:
    """Telegram is blocked and mail refused: the SMS leaves at once, and its code answers."""
    async with town(path) as city:
        city.telegram.state.block(OLENA)
        city.mail.refuse("olena@example.org")
        await city.panic()
        sms = (await city.until(lambda: city.twilio.state.to(OLENA_PHONE)))[0]
        code = re.search(r"Відповідь (\d{4,6}) = прийняв", sms.body)
        assert code is not None
        await city.twilio.state.reply(OLENA_PHONE, f"{code[1]} прийняв")
        assert city.response == "acknowledged"
        assert city.twilio.state.to(OLENA_PHONE)[-1].body.startswith("Ви прийняли")
        await city.until(lambda: city.rows("SELECT 1 FROM outbox WHERE channel = 'sms' AND state = 'delivered'"))
        assert sorted(city.rows("SELECT person, channel FROM addresses")) == [
            ("olena", "email"), ("olena", "telegram")]


async def test_a_mail_answers_by_its_page(path: Path) -> None:
    """The link shows a page, the button answers; headers keep machines from answering back."""
    async with town(path) as city:
        await city.panic()
        await city.until(lambda: city.mail.mailbox("taras@example.org"))
        mail = next(mail for mail in city.mail.outbox if "taras@example.org" in mail.recipients)
        assert mail.message["Auto-Submitted"] == "auto-generated"
        assert mail.message["References"]
        async with httpx.AsyncClient(trust_env=False) as http:
            assert (await http.get(mail.links[0])).status_code == 200
            assert city.response == "unanswered"
            assert "You have it" in (await http.post(mail.links[0], data={"word": "accept"})).text
        assert city.response == "acknowledged"


async def test_event_text_is_only_ever_text(path: Path) -> None:
    """Through every channel, to the providers: tags are shown, headers hold, nothing is lost."""
    async with town(path) as city:
        city.telegram.state.block(TARAS)
        city.mail.refuse("taras@example.org")
        await city.panic(HOSTILE)
        await city.until(lambda: city.telegram.state.messages(OLENA) and city.mail.mailbox("olena@example.org")
                         and city.twilio.state.to(TARAS_PHONE))
        shown = "<b>школа</b> & <script>x</script> Bcc: a@b.c {{ 7*7 }}"
        assert shown in city.telegram.state.messages(OLENA)[0].now.text
        mail = next(mail for mail in city.mail.outbox)
        assert shown in mail.text
        assert mail.recipients == ["olena@example.org"]
        assert "Bcc" not in mail.message
        assert "<script>" not in mail.html
        assert shown in city.twilio.state.to(TARAS_PHONE)[0].body


async def test_a_storm_keeps_within_the_providers_limits(path: Path) -> None:
    """Forty incidents at once: Telegram, which enforces its limits here, never has to refuse one of ours."""
    async with town(path) as city:
        for number in range(40):
            await city.panic(f"school-{number}")
        await city.until(lambda: len(city.telegram.state.outbox) >= 8)
        await asyncio.sleep(0)
        assert city.rows("SELECT count(*) FROM attempts WHERE detail LIKE '%asks to wait%'") == [(0,)]


async def test_no_token_or_number_reaches_a_log_or_a_reason(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """With every logger at its most talkative: neither the bot's token, the account's, nor a full phone number."""
    caplog.set_level(logging.DEBUG)
    async with town(path) as city:
        secrets = (city.telegram.state.token, city.twilio.state.auth_token, OLENA_PHONE, OLENA_PHONE[1:])
        city.telegram.state.block(OLENA)
        city.mail.refuse("olena@example.org")
        city.twilio.state.landlines.add(OLENA_PHONE)
        city.telegram.faults.add({"method": "sendMessage"}, "drop", times=2)
        city.twilio.faults.add({"method": "create"}, "status", status=503, times=1)
        await city.panic()
        await city.until(lambda: city.rows("SELECT 1 FROM outbox WHERE channel = 'sms' AND state = 'failed_permanent'"))
        told = [*(record.getMessage() for record in caplog.records if record.name != "mail.log"),
                *(str(record.exc_text) for record in caplog.records), *map(str, city.rows("SELECT reason FROM outbox")),
                *map(str, city.rows("SELECT detail FROM attempts")), *map(str, city.rows("SELECT detail FROM noted"))]
        for secret in secrets:
            assert not [line for line in told if secret in line]


assert PANIC.escalate_to == (EVERYWHERE.id,)
