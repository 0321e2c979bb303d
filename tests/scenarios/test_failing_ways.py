"""A way to somebody fails: the next way starts at once, and nothing is left unexplained."""

import asyncio
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.support.city import policy, step
from tests.support.site import Site, site_of
from tests.support.town import CHIEF, MARIA, OKSANA, OLENA, SAM, TARAS, resident, town

from tocsin.delivery import worker
from tocsin.domain.errors import PermanentDeliveryError, TemporaryDeliveryError, UnknownDeliveryError
from tocsin.ports import Handed

BLOCKED = PermanentDeliveryError("Telegram refused this chat: bot was blocked by the user.", address_dead=True)
AWAY = TemporaryDeliveryError("Telegram is in trouble: Bad Gateway.")
SILENT = UnknownDeliveryError("Telegram did not answer in time; it may have the message.")

SMS_FIRST = resident("olena", "Олена Коваленко", 1, "sms", "telegram")
BY_SMS = town(people=(SMS_FIRST, TARAS, CHIEF, OKSANA, MARIA, SAM))


async def test_blocked_in_telegram_the_sms_leaves_in_the_same_second(site: Site) -> None:
    """The address is switched off and the shift head is told; later pages go straight to the phone."""
    site.fails("telegram", "olena", BLOCKED)
    await site.event(site="school-12")
    site.phone("olena").expects("Тривожна кнопка: school-12").came("+0s")
    site.telegram("maria").expects("Повідомлення системи: Олена Коваленко: telegram", "blocked by the user")
    await site.event(site="school-13")
    site.phone("olena").expects("Тривожна кнопка: school-13")
    site.telegram("olena").is_quiet()
    site.nobody_is_told()


async def test_the_address_comes_back_when_they_write(site: Site) -> None:
    """Whoever starts the bot again shows that it works."""
    site.fails("telegram", "olena", BLOCKED)
    await site.event(site="school-12")
    assert await site.telegram("olena").writes("", kind="start") == "Вітаємо, Олена Коваленко. Сюди надходитимуть " \
                                                                    "сповіщення."
    await site.event(site="school-13")
    site.telegram("olena").expects("Тривожна кнопка: school-13")
    assert site.notes("address_on") == ["olena: telegram works again"]


async def test_blocking_the_bot_is_known_before_the_next_alarm(site: Site) -> None:
    """Telegram says so itself; the next page does not even try."""
    await site.telegram("olena").writes("", kind="stop", detail="blocked the bot")
    site.telegram("maria").expects("Олена Коваленко: telegram", "blocked the bot")
    await site.event()
    site.phone("olena").expects("Тривожна").came("+0s")
    assert site.providers["telegram"].tries == [site.address("maria", "telegram")]


async def test_a_chat_that_moved_is_followed(site: Site) -> None:
    """Telegram names the new id once; the next message goes there, and whoever presses there is known."""
    site.fails("telegram", "olena", Handed("-100777/1", moved_to="-100777"))
    await site.event(site="school-12")
    await site.event(site="school-13")
    assert site.providers["telegram"].tries == ["5001", "-100777"]
    moved, = site.telegram("-100777").messages
    assert "school-13" in moved.text


async def test_an_undelivered_sms_starts_the_next_way(tmp_path: Path) -> None:
    """The carrier's callback comes a second later."""
    async with site_of(tmp_path, BY_SMS) as site:
        await site.event()
        text = site.phone("olena").expects("Тривожна").came("+0s")
        await site.advance(seconds=1)
        await text.is_undelivered()
        site.telegram("olena").expects("Тривожна").came("+1s")
        await site.event(site="school-13")
        site.phone("olena").expects("school-13")


async def test_a_number_that_does_not_exist_is_switched_off(tmp_path: Path) -> None:
    """Nothing is ever sent there again until somebody writes from it; the shift head is told."""
    async with site_of(tmp_path, BY_SMS) as site:
        await site.event()
        await site.phone("olena").expects("Тривожна").is_undelivered(dead=True)
        site.telegram("olena").expects("Тривожна").came("+0s")
        site.telegram("maria").expects("Олена Коваленко: sms", "undelivered, error 30005")
        await site.event(site="school-13")
        site.telegram("olena").expects("school-13").came("+0s")
        site.phone("olena").is_quiet()


async def test_a_missing_receipt_starts_the_next_way_after_half_a_minute(tmp_path: Path) -> None:
    """The SMS was taken by the provider, but nothing says that it arrived."""
    async with site_of(tmp_path, BY_SMS) as site:
        await site.event()
        await site.advance(minutes=1)
        site.phone("olena").expects("Тривожна").came("+0s")
        site.telegram("olena").expects("Тривожна").came("+30s")


async def test_a_receipt_in_time_leaves_a_whole_minute(tmp_path: Path) -> None:
    """It arrived: the next way waits for an answer."""
    async with site_of(tmp_path, BY_SMS) as site:
        await site.event()
        await site.phone("olena").expects("Тривожна").is_delivered()
        await site.advance(minutes=1)
        site.telegram("olena").expects("Тривожна").came("+1m")


async def test_receipts_come_unordered_and_twice(tmp_path: Path) -> None:
    """What is known never goes back, and nothing happens twice."""
    async with site_of(tmp_path, BY_SMS) as site:
        await site.event()
        text = site.phone("olena").expects("Тривожна")
        await text.is_delivered()
        await text.is_delivered()
        await text.is_undelivered()
        assert ("olena", "sms", "delivered", None) in site.outbox()
        site.nobody_is_told()


async def test_trouble_at_the_provider_is_retried_inside_the_step(site: Site) -> None:
    """Bad Gateway three times; the message arrives a few seconds later, once."""
    site.fails("telegram", "olena", AWAY, times=3)
    await site.event()
    await site.advance(seconds=12)
    site.telegram("olena").expects("Тривожна")
    site.nobody_is_told()
    assert [state for state, in site.rows("SELECT state FROM attempts ORDER BY id")] == [
        "failed_temporary", "failed_temporary", "failed_temporary", "sent"]


async def test_429_waits_as_long_as_telegram_says(site: Site) -> None:
    """And only for that chat."""
    site.fails("telegram", "olena", TemporaryDeliveryError("wait", retry_after=20_000_000))
    await site.event()
    await site.telegram("olena").writes("?")
    await site.advance(seconds=25)
    site.telegram("olena").expects("Тривожна").came("+20s")


async def test_what_could_not_leave_in_its_time_is_expired_with_the_reason(tmp_path: Path) -> None:
    """Telegram is away until no further try fits into the step: then Olena counts as unreachable, Taras is next."""
    only_telegram = replace(OLENA, addresses={"telegram": "5001"})
    content = town(people=(only_telegram, TARAS, CHIEF, OKSANA, MARIA, SAM))
    async with site_of(tmp_path, content) as site:
        site.fails("telegram", "olena", AWAY, times=99)
        await site.event()
        await site.advance(seconds=90)
        site.nobody_is_told()
        await site.advance(seconds=30)
        site.telegram("taras").expects("Тривожна")
        person, channel, state, reason = site.outbox()[0]
        assert (person, channel, state) == ("olena", "telegram", "expired")
        assert "Bad Gateway" in reason


async def test_an_unclear_outcome_is_sent_again_and_says_so(site: Site) -> None:
    """Telegram had it already: the second one is marked, so that nobody sees two alarms."""
    site.fails("telegram", "olena", SILENT, arrives=True)
    await site.event()
    await site.advance(seconds=3)
    first, second = site.telegram("olena").expects("Тривожна"), site.telegram("olena").expects("ПОВТОР", "Тривожна")
    assert "ПОВТОР" not in first.text
    await second.presses("Беру")
    assert site.incident().response == "acknowledged"


async def test_unclear_twice_is_as_good_as_failed(site: Site) -> None:
    """Then the next way starts."""
    site.fails("telegram", "olena", SILENT, times=2)
    await site.event()
    await site.advance(seconds=3)
    site.phone("olena").expects("Тривожна")
    assert "Twice without a clear outcome" in site.outbox()[0][3]


async def test_a_provider_that_hangs_holds_up_nobody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Olena's send does not come back; Taras has his in the same second, and after two minutes hers is sent again."""
    monkeypatch.setattr(worker, "HANGS_AFTER", 0.02)
    together = policy("patrol", step("olena", "taras", within="5 min"), last=("oksana",))
    async with site_of(tmp_path, town(policies=(together,))) as site:
        site.fails("telegram", "olena", asyncio.Event())
        await site.event()
        site.telegram("taras").expects("Тривожна").came("+0s")
        site.telegram("olena").is_quiet()
        await site.advance(minutes=1)
        site.phone("olena").expects("Тривожна").came("+1m")
        await site.advance(seconds=62)
        site.telegram("olena").expects("ПОВТОР", "Тривожна")


async def test_everything_fails_for_everybody(site: Site) -> None:
    """Not one way works: every failure has its reason, and the last resort goes on trying."""
    for person in ("olena", "taras", "oksana", "maria"):
        site.fails("telegram", person, AWAY, times=500)
        site.fails("sms", person, TemporaryDeliveryError("Twilio could not be reached."), times=500)
    for person in ("chief", "sam"):
        site.fails("email", person, TemporaryDeliveryError("The mail server could not be reached."), times=500)
    await site.event()
    await site.advance(minutes=8)
    site.nobody_is_told()
    assert [step_ for step_, in site.rows("SELECT json_extract(body, '$.step') FROM outbox WHERE person = 'oksana'")]
    waiting = site.outbox()[-1]
    assert waiting[:3] == ("oksana", "sms", "failed_temporary")
    assert all(reason for _, _, _, reason in site.outbox())


async def test_who_never_heard_of_it_does_not_hear_of_its_end(site: Site) -> None:
    """Every message to Olena failed: "closed" would only puzzle her."""
    site.fails("telegram", "olena", BLOCKED)
    site.fails("sms", "olena", PermanentDeliveryError("Twilio refused the number."))
    await site.event()
    site.telegram("maria").expects("Олена")
    await site.telegram("taras").expects("Тривожна").came("+0s").presses("Хибна тривога")
    site.telegram("taras").expects("Закрито")
    site.nobody_is_told()
