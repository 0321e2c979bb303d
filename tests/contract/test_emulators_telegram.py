"""The emulated Bot API, driven by python-telegram-bot's own client."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, Message
from telegram.error import BadRequest, ChatMigrated, Conflict, Forbidden, InvalidToken, NetworkError, RetryAfter
from telegram.request import HTTPXRequest

from tocsin.emulators.telegram import TelegramEmulator
from tocsin.emulators.telegram_limits import Limits
from tocsin.emulators.telegram_state import PressError, TelegramState

pytestmark = pytest.mark.usefixtures("timedelta_retry_after")

OLENA = 5001
GROUP = -100


@pytest.fixture
def timedelta_retry_after(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client warns about ``retry_after`` in seconds unless told to use timedelta."""
    monkeypatch.setenv("PTB_TIMEDELTA", "true")


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramEmulator]:
    emulator = TelegramEmulator()
    emulator.state.add_chat(OLENA, "Олена")
    emulator.state.add_chat(GROUP, "Чергова частина", "group")
    await emulator.start()
    yield emulator
    await emulator.stop()


def client(telegram: TelegramEmulator, token: str | None = None) -> Bot:
    # Loopback only, so neither the environment's proxies nor HTTP/2 matter.
    request = HTTPXRequest(httpx_kwargs={"trust_env": False})
    updates = HTTPXRequest(httpx_kwargs={"trust_env": False})
    return Bot(
        token or telegram.state.token, base_url=telegram.url + "/bot", request=request, get_updates_request=updates
    )


@pytest.fixture
async def bot(telegram: TelegramEmulator) -> AsyncIterator[Bot]:
    async with client(telegram) as started:
        yield started


def keyboard(*data: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton(f"Кнопка {item}", callback_data=item) for item in data]])


async def test_the_real_client_starts_and_sends(telegram: TelegramEmulator, bot: Bot) -> None:
    """initialize() accepts getMe, and a sent message comes back whole and is in the chat."""
    assert bot.username == "tocsin_practice_bot"
    sent = await bot.send_message(OLENA, "<b>Пожежа</b> &amp; дим", parse_mode="HTML", reply_markup=keyboard("a", "b"))
    assert isinstance(sent, Message)
    assert sent.text == "Пожежа & дим"
    assert sent.entities[0].type == "bold"
    assert sent.entities[0].length == 6
    assert sent.chat.first_name == "Олена"
    (stored,) = telegram.state.messages(OLENA)
    assert stored.buttons == ["Кнопка a", "Кнопка b"]
    assert stored.now.source == "<b>Пожежа</b> &amp; дим"


async def test_a_wrong_token_is_unauthorized(telegram: TelegramEmulator) -> None:
    """A token that is not the bot's is refused as Telegram refuses it."""
    stranger = client(telegram, "1:wrong")
    with pytest.raises(InvalidToken):
        await stranger.initialize()
    await stranger.request.shutdown()
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.get(telegram.url + "/bot1:wrong/getMe")
    assert answer.status_code == 401
    assert answer.json() == {"ok": False, "error_code": 401, "description": "Unauthorized"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Message text is empty"),
        ("   ", "Message text is empty"),
        ("я" * 4097, "Message is too long"),
        ("<b>я", "Can't find end tag corresponding to start tag"),
        ("я</b>", "Unexpected end tag at byte offset 2"),
        ("<b>я</i>", "Unmatched end tag"),
        ("<div>я</div>", 'Unsupported start tag "div" at byte offset 0'),
        ("a < b", "Unsupported start tag"),
        ("<span>я</span>", "tg-spoiler"),
        ("<b", "Unclosed start tag"),
    ],
)
async def test_a_text_that_telegram_refuses_is_refused(bot: Bot, text: str, reason: str) -> None:
    """Length counts after entities parsing, and markup outside Telegram's HTML is an error."""
    with pytest.raises(BadRequest, match=f"(?i){reason}"):
        await bot.send_message(OLENA, text, parse_mode="HTML")


async def test_length_counts_after_entities_parsing(telegram: TelegramEmulator, bot: Bot) -> None:
    """4096 characters pass, however long their markup is."""
    sent = await bot.send_message(OLENA, "<b>" + "&lt;" * 4096 + "</b>", parse_mode="HTML")
    assert sent.text == "<" * 4096


async def test_a_button_holds_64_bytes_and_no_more(bot: Bot) -> None:
    """callback_data is counted in bytes: 33 Cyrillic letters are too many."""
    await bot.send_message(OLENA, "а", reply_markup=keyboard("a" * 64))
    await bot.send_message(OLENA, "а", reply_markup=keyboard("я" * 32))
    for data in ("a" * 65, "я" * 33):
        with pytest.raises(BadRequest, match="Button_data_invalid"):
            await bot.send_message(OLENA, "а", reply_markup=keyboard(data))


async def test_a_button_to_localhost_is_refused(bot: Bot) -> None:
    """Telegram takes no link whose host has no dot."""
    markup = InlineKeyboardMarkup([[InlineKeyboardButton("x", url="http://localhost:8000/x")]])
    with pytest.raises(BadRequest, match="wrong http url"):
        await bot.send_message(OLENA, "а", reply_markup=markup)


async def test_chats_that_cannot_be_reached_say_why(telegram: TelegramEmulator, bot: Bot) -> None:
    """Unknown, blocked, deactivated, kicked and migrated chats answer with their own errors."""
    with pytest.raises(BadRequest, match="Chat not found"):
        await bot.send_message(404, "а")
    telegram.state.block(OLENA)
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await bot.send_message(OLENA, "а")
    telegram.state.deactivate(OLENA)
    with pytest.raises(Forbidden, match="user is deactivated"):
        await bot.send_message(OLENA, "а")
    telegram.state.kick(GROUP)
    with pytest.raises(Forbidden, match="bot was kicked from the group chat"):
        await bot.send_message(GROUP, "а")
    telegram.state.unblock(GROUP)
    telegram.state.migrate(GROUP, -1001)
    with pytest.raises(ChatMigrated) as moved:
        await bot.send_message(GROUP, "а")
    assert moved.value.new_chat_id == -1001
    await bot.send_message(-1001, "а")


async def test_who_writes_to_the_bot_has_unblocked_it(telegram: TelegramEmulator, bot: Bot) -> None:
    """After a person's message the bot may write again."""
    telegram.state.block(OLENA)
    telegram.state.say(OLENA, "/start")
    await bot.send_message(OLENA, "а")


async def test_editing_follows_the_documents(telegram: TelegramEmulator, bot: Bot) -> None:
    """An edit changes what is shown, the same edit again is refused, a missing message is not found."""
    sent = await bot.send_message(OLENA, "а", reply_markup=keyboard("x"))
    edited = await bot.edit_message_text("б", OLENA, sent.message_id, reply_markup=keyboard("x"))
    assert isinstance(edited, Message)
    assert edited.text == "б"
    with pytest.raises(BadRequest, match="Message is not modified"):
        await bot.edit_message_text("б", OLENA, sent.message_id, reply_markup=keyboard("x"))
    await bot.edit_message_reply_markup(OLENA, sent.message_id)
    (stored,) = telegram.state.messages(OLENA)
    assert stored.buttons == []
    assert [version.text for version in stored.versions] == ["а", "б", "б"]
    with pytest.raises(BadRequest, match="Message to edit not found"):
        await bot.edit_message_text("б", OLENA, 99)
    await bot.delete_message(OLENA, sent.message_id)
    with pytest.raises(BadRequest, match="Message to delete not found"):
        await bot.delete_message(OLENA, sent.message_id)


async def test_a_press_arrives_and_is_answered_once(telegram: TelegramEmulator, bot: Bot) -> None:
    """The press names the presser, its answer is kept, and a second answer comes too late."""
    sent = await bot.send_message(GROUP, "а", reply_markup=keyboard("t:1"))
    press = telegram.state.press(GROUP, sent.message_id, "Кнопка t:1", from_id=OLENA)
    (update,) = await bot.get_updates(timeout=5)
    query = update.callback_query
    assert query is not None
    assert (query.id, query.data, query.from_user.id) == (press, "t:1", OLENA)
    await bot.answer_callback_query(query.id, "Прийнято")
    assert telegram.state.answer_to(press) == {"text": "Прийнято", "show_alert": False}
    with pytest.raises(BadRequest, match="Query is too old"):
        await bot.answer_callback_query(query.id, "Прийнято")
    press = telegram.state.press(GROUP, sent.message_id, "t:1", from_id=OLENA)
    with pytest.raises(BadRequest, match="Message_too_long"):
        await bot.answer_callback_query(press, "я" * 201)


async def test_a_press_expires() -> None:
    """After 15 seconds a press can no longer be answered; time is the emulator's own."""
    time = [1_000.0]
    emulator = TelegramEmulator(TelegramState(now=lambda: time[0]))
    emulator.state.add_chat(OLENA, "Олена")
    await emulator.api.call("sendMessage", {"chat_id": OLENA, "text": "а", "reply_markup": keyboard("x").to_dict()})
    press = emulator.state.press(OLENA, 1, "x")
    time[0] += 16
    with pytest.raises(Exception, match="query is too old"):
        await emulator.api.call("answerCallbackQuery", {"callback_query_id": press})


async def test_only_a_shown_button_can_be_pressed(telegram: TelegramEmulator, bot: Bot) -> None:
    """A button that an edit took away needs a stale client."""
    sent = await bot.send_message(OLENA, "а", reply_markup=keyboard("x"))
    await bot.edit_message_text("взято", OLENA, sent.message_id)
    with pytest.raises(PressError, match="has no button"):
        telegram.state.press(OLENA, sent.message_id, "x")
    assert telegram.state.press(OLENA, sent.message_id, "x", stale=True)


async def test_updates_stay_until_a_higher_offset_confirms_them(telegram: TelegramEmulator, bot: Bot) -> None:
    """getUpdates repeats what is not confirmed; an offset confirms everything below it."""
    for text in ("один", "два", "три"):
        telegram.state.say(OLENA, text)
    first = await bot.get_updates(limit=2)
    again = await bot.get_updates(limit=2)
    assert [update.update_id for update in first] == [update.update_id for update in again]
    rest = await bot.get_updates(offset=first[-1].update_id + 1)
    assert [update.message.text for update in rest if update.message] == ["три"]
    assert telegram.state.updates.confirmed == [update.update_id for update in first]
    telegram.state.say(OLENA, "чотири")
    last = await bot.get_updates(offset=-1)
    assert [update.message.text for update in last if update.message] == ["чотири"]
    assert len(await bot.get_updates()) == 1


async def test_a_long_poll_ends_with_the_first_update(telegram: TelegramEmulator, bot: Bot) -> None:
    """A waiting getUpdates returns as soon as a person writes."""
    poll = asyncio.create_task(bot.get_updates(timeout=30))
    await telegram.state.updates.bell.wait_for(lambda: telegram.state.updates.polls == 1, 5)
    telegram.state.say(OLENA, "Я тут")
    (update,) = await poll
    assert update.message is not None
    assert update.message.text == "Я тут"


async def test_the_newer_of_two_pollers_wins(telegram: TelegramEmulator, bot: Bot) -> None:
    """Two pollers on one token: the older gets 409, the newer the updates."""
    older = asyncio.create_task(bot.get_updates(timeout=30))
    await telegram.state.updates.bell.wait_for(lambda: telegram.state.updates.polls == 1, 5)
    async with client(telegram) as other:
        newer = asyncio.create_task(other.get_updates(timeout=30))
        with pytest.raises(Conflict, match="terminated by other getUpdates request"):
            await older
        telegram.state.say(OLENA, "а")
        assert len(await newer) == 1


async def test_a_webhook_and_polling_exclude_each_other(telegram: TelegramEmulator, bot: Bot) -> None:
    """getUpdates answers 409 until the webhook is deleted; a webhook must be HTTPS."""
    with pytest.raises(BadRequest, match="an https url must be provided"):
        await bot.set_webhook("http://10.0.0.1/hook")
    await bot.set_webhook("https://city.example/hook", secret_token="abc")
    with pytest.raises(Conflict, match="while webhook is active"):
        await bot.get_updates()
    assert (await bot.get_webhook_info()).url == "https://city.example/hook"
    await bot.delete_webhook()
    assert list(await bot.get_updates()) == []


async def test_only_allowed_updates_are_queued(telegram: TelegramEmulator, bot: Bot) -> None:
    """allowed_updates holds for what comes after it."""
    await bot.get_updates(allowed_updates=["callback_query"])
    assert telegram.state.say(OLENA, "а") is None
    assert list(await bot.get_updates()) == []


async def test_sending_limits_answer_429_with_retry_after() -> None:
    """A person takes a short burst, a group 20 a minute; refused messages count for nothing."""
    time = [1_000.0]
    emulator = TelegramEmulator(TelegramState(now=lambda: time[0], limits=Limits()))
    emulator.state.add_chat(OLENA, "Олена")
    emulator.state.add_chat(GROUP, "Чергова частина", "group")
    await emulator.start()
    try:
        async with client(emulator) as bot:
            for _ in range(3):
                await bot.send_message(OLENA, "а")
            with pytest.raises(RetryAfter) as refused:
                await bot.send_message(OLENA, "а")
            assert refused.value._retry_after.total_seconds() == 4
            for _ in range(20):
                await bot.send_message(GROUP, "а")
                time[0] += 0.5
            with pytest.raises(RetryAfter):
                await bot.send_message(GROUP, "а")
            await bot.send_message(OLENA, "а")
    finally:
        await emulator.stop()
    assert len(emulator.state.outbox) == 24


async def test_a_photo_arrives_as_multipart(telegram: TelegramEmulator, bot: Bot) -> None:
    """The client's multipart body is understood, caption and file alike."""
    sent = await bot.send_photo(OLENA, b"\x89PNG\r\n\x1a\n\r\n--x", caption="<i>Камера 7</i>", parse_mode="HTML")
    assert sent.caption == "Камера 7"
    assert sent.photo[0].file_size == 13


async def test_unknown_parameters_are_ignored_but_seen(telegram: TelegramEmulator, bot: Bot) -> None:
    """A misspelt parameter passes, as in the real API, and a test can find it."""
    await bot.send_message(OLENA, "а", api_kwargs={"pasre_mode": "HTML"})
    assert telegram.state.unknown_parameters == [("sendMessage", "pasre_mode")]


async def test_json_and_query_requests_work_too(telegram: TelegramEmulator) -> None:
    """The API takes JSON bodies with nested objects, and GET with a query."""
    base = f"{telegram.url}/bot{telegram.state.token}"
    async with httpx.AsyncClient(trust_env=False) as http:
        sent = await http.post(
            base + "/sendMessage", json={"chat_id": OLENA, "text": "а", "reply_markup": keyboard("x").to_dict()}
        )
        assert sent.json()["result"]["reply_markup"]["inline_keyboard"][0][0]["callback_data"] == "x"
        got = await http.get(base + "/sendmessage", params={"chat_id": str(OLENA), "text": "б"})
        assert got.json()["ok"] is True
        assert (await http.get(base + "/sendPigeon")).status_code == 404
        broken = await http.post(base + "/sendMessage", content=b"{", headers={"content-type": "application/json"})
        assert broken.status_code == 400


class TestFaults:
    """What goes wrong on request, seen by the real client."""

    async def test_a_server_error_strikes_as_often_as_asked(self, telegram: TelegramEmulator, bot: Bot) -> None:
        """Two 500s, then the message passes once."""
        telegram.faults.add({"method": "sendMessage", "chat_id": OLENA}, "status", status=500, times=2)
        for _ in range(2):
            with pytest.raises(NetworkError, match="Internal Server Error"):
                await bot.send_message(OLENA, "а")
        await bot.send_message(GROUP, "б")
        await bot.send_message(OLENA, "а")
        assert len(telegram.state.messages(OLENA)) == 1

    async def test_a_proxy_page_is_no_json(self, telegram: TelegramEmulator, bot: Bot) -> None:
        """A 502 with HTML is a network error to the client."""
        telegram.faults.add(kind="status", status=502, body="<html>Bad Gateway</html>")
        with pytest.raises(NetworkError, match="Bad Gateway"):
            await bot.send_message(OLENA, "а")

    async def test_retry_after(self, telegram: TelegramEmulator, bot: Bot) -> None:
        """429 carries the seconds."""
        telegram.faults.add(kind="retry_after", retry_after=7)
        with pytest.raises(RetryAfter, match="7"):
            await bot.send_message(OLENA, "а")

    @pytest.mark.parametrize(("kind", "arrived"), [("drop", 0), ("drop_after_accept", 1)])
    async def test_a_cut_connection_does_not_tell_whether_it_arrived(
        self, telegram: TelegramEmulator, bot: Bot, kind: str, arrived: int
    ) -> None:
        """Both drops look the same to the client; only the chat knows the difference."""
        telegram.faults.add({"method": "sendMessage"}, kind)
        with pytest.raises(NetworkError, match=r"RemoteProtocolError|ReadError"):
            await bot.send_message(OLENA, "а")
        assert len(telegram.state.messages(OLENA)) == arrived
        await bot.send_message(OLENA, "б")

    async def test_a_hang_ends_when_the_client_gives_up(self, telegram: TelegramEmulator, bot: Bot) -> None:
        """Nothing is sent later, and no request is left behind."""
        fault = telegram.faults.add({"method": "sendMessage"}, "hang")
        sending = asyncio.create_task(bot.send_message(OLENA, "а"))
        assert await telegram.faults.struck(fault)
        sending.cancel()
        assert await telegram.faults.idle()
        assert telegram.state.messages(OLENA) == []

    async def test_a_hang_lasts_until_it_is_released(self, telegram: TelegramEmulator, bot: Bot) -> None:
        """The request gets no answer, and nothing is sent."""
        fault = telegram.faults.add({"method": "sendMessage"}, "hang")
        sending = asyncio.create_task(bot.send_message(OLENA, "а"))
        assert await telegram.faults.struck(fault)
        assert not sending.done()
        telegram.faults.release(fault)
        with pytest.raises(NetworkError):
            await sending
        assert telegram.state.messages(OLENA) == []


async def test_people_act_over_http(telegram: TelegramEmulator, bot: Bot) -> None:
    """The practice page's controls: read the chats, press, write, block; errors are sentences."""
    await bot.send_message(OLENA, "Тривога", reply_markup=keyboard("x"))
    async with httpx.AsyncClient(trust_env=False, base_url=telegram.url) as http:
        shown = (await http.get("/control/state")).json()
        message = shown["chats"][0]["messages"][0]
        assert (message["text"], message["buttons"][0]["text"]) == ("Тривога", "Кнопка x")
        pressed = await http.post("/control/press", json={"chat_id": OLENA, "message_id": 1, "button": "x"})
        assert pressed.json()["ok"] is True
        assert (await bot.get_updates())[0].callback_query is not None
        wrong = await http.post("/control/press", json={"chat_id": OLENA, "message_id": 1, "button": "y"})
        assert wrong.status_code == 409
        assert 'has no button "y"' in wrong.json()["error"]
        assert (await http.post("/control/press", json={})).status_code == 400
        await http.post("/control/block", json={"chat_id": OLENA})
        with pytest.raises(Forbidden):
            await bot.send_message(OLENA, "а")
        await http.post("/control/say", json={"chat_id": OLENA, "text": "/start"})
        await http.post("/control/faults", json={"match": {"chat_id": OLENA}, "kind": "status", "status": 503})
        with pytest.raises(NetworkError):
            await bot.send_message(OLENA, "а")
        foreign = await http.post("/control/block", data={"chat_id": OLENA})
        assert foreign.status_code == 415
