"""Enrolment: a link made for one person tells the bot which account is theirs; STOP takes it back."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.city import policy, step
from tests.support.site import Site, site_of
from tests.support.town import CHIEF, MARIA, OKSANA, SAM, TARAS, resident, town

from tocsin.delivery.codes import START_VALID, start_token
from tocsin.domain.time import MINUTE, SECOND

OLENA = resident("olena", "Олена Коваленко", 1, "sms", by=("telegram", "sms"))
"""The file has no Telegram number of hers."""
FIRST = policy("patrol", step("olena", within="2 min"), step("chief", within="3 min"), last=("oksana",),
               last_by=("sms",))
PHONE = "9001"
OVER = "Це посилання вже використано або застаріло. Попросіть нове."
WELCOME = "Вітаємо, Олена Коваленко. Сюди надходитимуть сповіщення."


def settlement(**more: Any) -> Any:
    return town(people=(OLENA, TARAS, CHIEF, OKSANA, MARIA, SAM), policies=(FIRST,), **more)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with site_of(tmp_path, settlement()) as made:
        yield made


def link(site: Site, person: str = "olena", ago: int = 0) -> str:
    """The code of a link that was made for this person."""
    return start_token(site.engine.store.secret, person, site.clock.now() - ago)


async def opens(site: Site, code: str, account: str = PHONE) -> str:
    """Somebody opens the link with a Telegram account; what the bot says."""
    return await site.telegram(account).writes(code, kind="start")


async def test_whoever_opens_their_link_is_told_by_telegram_from_then_on(site: Site) -> None:
    """Before, the SMS came at once; after, the press in the new chat counts as hers, also after a restart."""
    await site.event()
    site.phone("olena").expects("school-12").came("+0s")
    assert await opens(site, link(site)) == WELCOME
    await site.event(site="school-13")
    await site.telegram(PHONE).expects("school-13").presses("Беру")
    assert site.incident(2).answers[0].person == "olena"
    await site.restarts()
    await site.event(site="school-14")
    site.telegram(PHONE).expects("school-14")


async def test_a_link_is_good_once_and_every_older_one_ends_with_it(site: Site) -> None:
    older, newer = link(site, ago=MINUTE), link(site)
    await site.advance(seconds=1)
    assert await opens(site, newer) == WELCOME
    for code in (newer, older):
        assert await opens(site, code, "9002") == OVER
    assert await opens(site, newer) == WELCOME
    await site.event()
    site.telegram(PHONE).expects("Тривожна")
    site.telegram("9002").is_quiet()


async def test_a_link_ends_after_a_day(site: Site) -> None:
    assert await opens(site, link(site, ago=START_VALID)) == OVER
    assert await opens(site, link(site, ago=START_VALID - SECOND)) == WELCOME


async def test_a_code_that_is_none_says_nothing_of_anybody(site: Site) -> None:
    """The stranger hears what every stranger hears."""
    stranger = await opens(site, "")
    good = link(site)
    for code in ("x", "AAAA", good[:-2] + "AA", start_token(b"another site", "olena", site.clock.now())):
        assert await opens(site, code) == stranger
    assert site.rows("SELECT count(*) FROM addresses") == [(0,)]


async def test_nobody_enrols_with_the_account_of_somebody_else(site: Site) -> None:
    """Taras opens Olena's link: he stays Taras, and the link stays hers."""
    taras = site.address("taras", "telegram")
    said = await opens(site, link(site), taras)
    assert said == "Це обліковий запис іншої людини зі списку. Відкрийте посилання зі свого."
    assert await opens(site, link(site)) == WELCOME


async def test_the_number_in_the_file_wins(site: Site) -> None:
    assert await opens(site, link(site, "taras"), "9002") == (
        "Ваш номер Telegram уже є в контактах, інший не приймається. Зверніться до адміністратора.")
    assert await opens(site, link(site, "taras"), site.address("taras", "telegram")) == (
        "Вітаємо, Тарас Бондаренко. Сюди надходитимуть сповіщення.")


async def test_another_account_in_place_of_the_first_is_told_to_the_shift_head(site: Site) -> None:
    await opens(site, link(site))
    await site.advance(minutes=5)
    assert await opens(site, link(site), "9002") == WELCOME
    site.telegram("maria").expects("Олена Коваленко: telegram goes to another account")
    await site.event()
    site.telegram("9002").expects("Тривожна")
    site.telegram(PHONE).is_quiet()


async def test_stop_takes_it_back_until_start(site: Site) -> None:
    """The shift head is told; a word in between changes nothing, as it would after a block."""
    await opens(site, link(site))
    off = "Сповіщення на цю адресу вимкнено. Щоб увімкнути, напишіть /start."
    assert await site.telegram(PHONE).writes("/stop") == off
    site.telegram("maria").expects("Олена Коваленко: telegram does not work any more (/stop)")
    assert await site.telegram(PHONE).writes("дякую") == off
    await site.event()
    site.phone("olena").expects("Тривожна").came("+0s")
    assert await site.telegram(PHONE).writes("", kind="start") == WELCOME
    await site.event(site="school-13")
    site.telegram(PHONE).expects("school-13")


async def test_a_blocked_bot_takes_it_back(site: Site) -> None:
    await opens(site, link(site))
    await site.telegram(PHONE).writes("", kind="stop", detail="blocked the bot")
    site.telegram("maria").expects("Олена Коваленко: telegram", "blocked the bot")
    await site.event()
    site.phone("olena").expects("Тривожна").came("+0s")
