"""docs/channels/telegram.md: what becomes of a message, row by row, against the emulated Telegram."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.answers import Case, became, later, office, page, patience, prepared, promised
from tests.support.contacts import OLENA
from tests.support.post import SECOND

from tocsin.emulators.telegram import TelegramEmulator
from tocsin_channels.telegram import Telegram, TelegramSettings

PAGE, FIXTURE = "telegram.md", "bot"
SEND = {"method": "sendMessage"}
GROUP = -1_000_777
TOKEN = "1:token"


def closed(why: str) -> Case:
    return lambda bot: bot.state.close(OLENA, why)


def fault(kind: str, **how: object) -> Case:
    """Nothing to await: the fault strikes the first try."""
    def prepare(bot: TelegramEmulator) -> None:
        bot.faults.add(SEND, kind, **how)  # type: ignore[arg-type]  # options by name
    return prepare


def refusal(words: str, status: int = 400) -> Case:
    return fault("status", status=status, body=words)


def migrated(bot: TelegramEmulator, why: str = "") -> None:
    bot.state.add_chat(GROUP, "Олена та інші", "supergroup")
    bot.state.chat(OLENA).migrated_to = GROUP
    if why:
        bot.state.close(GROUP, why)


CASES: dict[str, Case] = {
    "taken": lambda bot: None,
    "blocked": closed("blocked"),
    "deactivated": closed("deactivated"),
    "never-started": closed("never started"),
    "a-bot": closed("a bot"),
    "not-found": lambda bot: bot.state.chats.pop(OLENA),
    "kicked": closed("kicked"),
    "left": closed("left"),
    "group-deleted": closed("deleted"),
    "no-rights": closed("restricted"),
    "topic-closed": closed("topic closed"),
    "topic-deleted": refusal("Bad Request: TOPIC_DELETED"),
    "peer-invalid": refusal("Bad Request: PEER_ID_INVALID"),
    "migrated": migrated,
    "migrated-and-kicked": lambda bot: migrated(bot, "kicked"),
    "too-fast": fault("retry_after", retry_after=7),
    "wrong-token": lambda bot: setattr(bot.state, "token", "1:another"),
    "unparsable": refusal("Bad Request: can't parse entities: unexpected end tag at byte offset 7"),
    "button-invalid": refusal("Bad Request: BUTTON_DATA_INVALID"),
    "too-long": refusal("Bad Request: message is too long"),
    "other-refusal": refusal("Bad Request: something that nobody has documented"),
    "server-error": refusal("Internal Server Error", 500),
    "bad-gateway": fault("status", status=502, body="<html>Bad Gateway</html>"),
    "gateway-timeout": refusal("Gateway Timeout", 504),
    "no-json": fault("status", status=200, body="<html>Maintenance</html>"),
    "hang": fault("hang"),
    "cut-before": fault("drop"),
    "cut-after": fault("drop_after_accept"),
    "refused-connection": lambda bot: bot.stop(),
    "no-tls": lambda bot: None,
    "twice-unclear": fault("drop", times=2),
}
LATER = {"twice-unclear": 2 * SECOND}
"""How long the story goes on after the first try."""


@pytest.fixture
async def bot() -> AsyncIterator[TelegramEmulator]:
    emulator = TelegramEmulator()
    emulator.state.add_chat(OLENA, "Олена")
    emulator.state.token = TOKEN
    await emulator.start()
    yield emulator
    await emulator.stop()


def test_the_page_has_these_rows_and_no_others() -> None:
    assert list(promised(PAGE)) == list(CASES)


@pytest.mark.parametrize("case", CASES)
async def test_what_becomes_of_a_message(case: str, bot: TelegramEmulator, tmp_path: Path) -> None:
    """State, person, message and address are as the page says."""
    await prepared(CASES[case], bot)
    base = bot.url.replace("http:", "https:") if case == "no-tls" else bot.url
    settings = TelegramSettings.model_validate({"token": TOKEN, "api_base": base, "timeout": patience(case)})
    async with office(tmp_path / "store" / "tocsin.db", "telegram", "sms") as made:
        channel = Telegram(settings, clock=made.clock)
        await page(made, channel)
        await later(made, LATER.get(case, 0))
        assert became(made, "telegram") == promised(PAGE)[case]
        await channel.close()
