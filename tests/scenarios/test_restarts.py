"""The power fails in the middle: everything that was confirmed goes on, nothing comes twice without saying so."""

import asyncio
from pathlib import Path

import pytest
from tests.support.city import policy, step
from tests.support.site import Site, site_of
from tests.support.town import town

from tocsin.delivery import worker
from tocsin.domain.errors import TemporaryDeliveryError


async def test_an_escalation_goes_on_in_its_time(site: Site) -> None:
    """Off and on again within a second: every deadline is where it was."""
    await site.event()
    await site.advance(seconds=90)
    await site.restarts()
    await site.advance(minutes=6)
    site.telegram("olena").expects("Тривожна").came("+0s")
    site.phone("olena").expects("Тривожна").came("+1m")
    site.telegram("taras").expects("Тривожна").came("+2m")
    site.phone("taras").expects("Тривожна").came("+3m")
    site.mail("chief").expects("Тривожна").came("+4m")
    site.phone("oksana").expects("Тривожна").came("+7m")
    site.nobody_is_told()


async def test_what_was_due_meanwhile_comes_at_once_and_the_rest_counts_from_now(site: Site) -> None:
    """Ten minutes without power: one step is overdue, not four at one instant."""
    await site.event()
    await site.restarts(minutes=10)
    site.telegram("olena").expects("Тривожна").came("+0s")
    site.phone("olena").expects("Тривожна").came("+10m")
    site.telegram("taras").expects("Тривожна").came("+10m")
    site.nobody_is_told()
    await site.advance(minutes=2)
    site.phone("taras").expects("Тривожна").came("+11m")
    site.mail("chief").expects("Тривожна").came("+12m")


async def test_who_pressed_while_the_engine_was_down_has_it(site: Site) -> None:
    """The press waited at Telegram; the overdue step waits for it, and nobody else is woken."""
    await site.event()
    page = site.telegram("olena").expects("Тривожна")
    await site.dies()
    await page.presses("Беру")
    await site.advance(minutes=10)
    await site.starts()
    site.nobody_is_told()
    assert site.incident().response == "acknowledged"
    assert "Взято: Олена Коваленко" in page.text


async def test_overdue_steps_wait_five_seconds_for_a_telegram_that_cannot_be_reached(site: Site) -> None:
    """Somebody may have answered, but a policy never ends in silence."""
    await site.event()
    await site.dies()
    site.providers["telegram"].reachable = False
    await site.advance(minutes=10)
    await site.starts()
    await site.advance(seconds=4)
    site.telegram("olena").expects("Тривожна")
    site.nobody_is_told()
    await site.advance(seconds=1)
    site.telegram("taras").expects("Тривожна").came("+10m5s")


async def test_what_was_in_flight_is_sent_again_with_a_mark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows whether it arrived."""
    monkeypatch.setattr(worker, "HANGS_AFTER", 0.02)
    async with site_of(tmp_path) as site:
        site.fails("telegram", "olena", asyncio.Event())
        await site.event()
        site.telegram("olena").is_quiet()
        await site.restarts()
        site.telegram("olena").expects("ПОВТОР", "Тривожна").came("+0s")
        assert site.rows("SELECT number, state, repeat FROM attempts ORDER BY number") == [
            (1, "unknown", 0), (2, "sent", 1)]


async def test_what_waited_for_another_try_is_sent_without_a_mark(site: Site) -> None:
    """It surely never arrived."""
    site.fails("telegram", "olena", TemporaryDeliveryError("Bad Gateway"))
    await site.event()
    await site.restarts(seconds=30)
    assert "ПОВТОР" not in site.telegram("olena").expects("Тривожна").came("+30s").text
    site.nobody_is_told()


async def test_what_was_answered_stays_answered(site: Site) -> None:
    """No page of an answered incident after any restart."""
    await site.event()
    await site.telegram("olena").expects("Тривожна").presses("Беру")
    for _ in range(3):
        await site.restarts(minutes=1)
    await site.advance(minutes=5)
    site.nobody_is_told()
    assert site.incident().response == "acknowledged"


async def test_buttons_codes_and_links_of_before_are_good(site: Site) -> None:
    """They rest on the store's secret, not on memory."""
    await site.event(site="school-12")
    await site.event(site="school-13")
    await site.advance(minutes=4)
    page, text = site.telegram("olena").expects("school-12"), site.phone("olena").expects("school-13")
    mail = site.mail("chief").expects("school-12")
    await site.restarts()
    assert "Ви прийняли: Тривожна кнопка: school-13" in await text.replies("{code} беру")
    assert "Ви прийняли: Тривожна кнопка: school-12" in await page.presses("Беру")
    assert "Вже взято: Олена Коваленко" in (await mail.opens_link_and_clicks("accept")).text


async def test_a_press_that_comes_again_after_a_restart_counts_once(site: Site) -> None:
    """The engine died between the commit and the confirmation: Telegram delivers the update again."""
    await site.event()
    page = site.telegram("olena").expects("Тривожна")
    provider, first = site.providers["telegram"], page.keeps_its_buttons()
    await page.presses("Беру")
    number = int(provider.reference().partition("-")[2]) - 1
    await site.restarts()
    reply = await page.presses("Беру", old=first, reference=f"telegram-{number}")
    assert reply == "Ви прийняли: Тривожна кнопка: school-12"
    assert len(site.incident().answers) == 1
    assert site.rows("SELECT count(*) FROM journal WHERE kind = 'answer'") == [(1,)]


async def test_an_event_confirmed_before_is_a_duplicate_after(site: Site) -> None:
    """The gateway did not hear the confirmation of an event that was committed."""
    for _ in range(2):
        await site.event(id="7", time="2026-11-24T10:00:00Z")
        await site.restarts()
    assert site.incident().activation.events == 1


async def test_an_address_that_was_off_is_still_off(site: Site) -> None:
    """What was learned is kept."""
    await site.telegram("olena").writes("", kind="stop", detail="blocked the bot")
    await site.restarts()
    await site.event()
    site.phone("olena").expects("Тривожна").came("+0s")
    site.telegram("olena").is_quiet()


async def test_the_last_resort_repeats_across_restarts(tmp_path: Path) -> None:
    """Five minutes are five minutes."""
    short = policy("patrol", step("olena", within="1 min"), last=("oksana",), last_by=("sms",))
    async with site_of(tmp_path, town(policies=(short,))) as site:
        await site.event()
        await site.advance(minutes=3)
        await site.restarts(minutes=1)
        await site.advance(minutes=7)
        for at in ("+1m", "+6m", "+11m"):
            site.phone("oksana").expects("Тривожна").came(at)
