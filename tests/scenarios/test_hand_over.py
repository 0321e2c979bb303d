"""Shifts change while the site runs: what both people read, and who answers what is open."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.support.city import policy, step
from tests.support.site import site_of
from tests.support.town import CHIEF, IVAN, MARIA, OKSANA, OLENA, SAM, TARAS, resident, town

from tocsin.book.contacts import Override, Rotation, Schedule, Service
from tocsin.delivery.say import say_of
from tocsin.domain.time import DAY
from tocsin.reports.explain import explain
from tocsin.reports.explain_text import explain_text
from tocsin.store.reader import book_at, rows_at

# The stories begin at 12:00 in Kyiv; the patrol hands over at 12:05.
PATROL = Schedule(id="patrol", time_zone="Europe/Kyiv",
                  rotations=(Rotation(("olena", "taras"), DAY, "2026-11-23 12:05"),))
POLICY = policy("patrol", step("on_call:patrol", within="2 min"), step("chief", within="10 min"), last=("oksana",),
                every="5 min")
WEST = Service(id="west", name="Патрульна поліція", schedule="patrol")


def city(*people: Any, **more: Any) -> Any:
    folk = people or (OLENA, TARAS, IVAN, CHIEF, OKSANA, MARIA, SAM)
    return town(**{"people": folk, "policies": (POLICY,), "schedules": {"patrol": PATROL}, "services": {"west": WEST},
                   **more})


@pytest.mark.parametrize(("language", "over", "begun"), [
    ("uk", "Передача зміни: Ваша зміна завершилася: Патрульна поліція, 12:05 EET. Далі чергує: Тарас Бондаренко.",
     "Передача зміни: Ваша зміна почалася: Патрульна поліція, 12:05 EET. До 25.11.2026 12:05 EET. Попередня зміна: "
     "Олена Коваленко."),
    ("ru", "Передача смены: Ваша смена закончилась: Патрульна поліція, 12:05 EET. Дальше дежурит: Тарас Бондаренко.",
     "Передача смены: Ваша смена началась: Патрульна поліція, 12:05 EET. До 25.11.2026 12:05 EET. Предыдущая смена: "
     "Олена Коваленко."),
    ("en", "Hand-over: Your shift is over: Патрульна поліція, 12:05 EET. On duty now: Тарас Бондаренко.",
     "Hand-over: Your shift has begun: Патрульна поліція, 12:05 EET. Until 25.11.2026 12:05 EET. The shift before: "
     "Олена Коваленко.")])
async def test_both_read_it_in_their_language(tmp_path: Path, language: str, over: str, begun: str) -> None:
    """Once each, at the minute of the hand-over, by the first of their ways."""
    olena = resident("olena", "Олена Коваленко", 1, "telegram", "sms", language=language)
    taras = resident("taras", "Тарас Бондаренко", 2, "sms", language=language)
    async with site_of(tmp_path, city(olena, taras, CHIEF, OKSANA, MARIA, SAM)) as site:
        await site.advance(minutes=4)
        site.nobody_is_told()
        await site.advance(minutes=10)
        assert over in site.telegram("olena").expects("").came("+5m").text
        assert begun in site.phone("taras").expects("").came("+5m").text
        site.nobody_is_told()


@pytest.mark.parametrize(("language", "handed", "button", "has"), [
    ("uk", "Тривожна кнопка: school-12. КРИТИЧНО, передача зміни", "Беру", "Ви прийняли: Тривожна кнопка: school-12"),
    ("ru", "Тривожна кнопка: school-12. КРИТИЧНО, передача смены", "Беру", "Вы приняли: Тривожна кнопка: school-12"),
    ("en", "Тривожна кнопка: school-12. CRITICAL, hand-over", "Take", "You have it: Тривожна кнопка: school-12")])
async def test_an_alarm_in_the_minute_of_the_hand_over(tmp_path: Path, language: str, handed: str, button: str,
                                                       has: str) -> None:
    """The old shift is asked, the new one gets it with its buttons and takes it: nobody else is woken, both hear of
    it.
    """
    taras = resident("taras", "Тарас Бондаренко", 2, "telegram", language=language)
    async with site_of(tmp_path, city(OLENA, taras, CHIEF, OKSANA, MARIA, SAM)) as site:
        await site.advance(minutes=4, seconds=30)
        await site.event()
        page = site.telegram("olena").expects("Тривожна").came("+4m30s")
        await site.advance(seconds=30)
        site.telegram("olena").expects("завершилася")
        site.telegram("taras").expects("Патрульна поліція", "1")
        message = site.telegram("taras").expects(handed).came("+5m")
        assert await message.presses(button) == has
        assert "Тарас Бондаренко" in page.text
        await site.advance(minutes=9)
        site.nobody_is_told()
        assert site.incident().response == "acknowledged"
        assert site.incident().told.keys() == {"olena", "taras"}


async def test_power_that_fails_over_a_hand_over(tmp_path: Path) -> None:
    """Both are told once when it is back, with the time at which it was; the open incident is handed on, too."""
    async with site_of(tmp_path, city()) as site:
        await site.advance(minutes=4)
        await site.event()
        site.telegram("olena").expects("Тривожна")
        await site.restarts(minutes=90)
        site.telegram("olena").expects("Ваша зміна завершилася", "12:05").came("+1h34m")
        site.telegram("taras").expects("Ваша зміна почалася", "12:05", "передано: 1").came("+1h34m")
        site.telegram("taras").expects("передача зміни", "school-12")
        site.mail("chief").expects("Тривожна")
        await site.restarts(minutes=1)
        await site.advance(minutes=1)
        told = site.rows("SELECT kind, person FROM outbox WHERE kind IN ('notice', 'handover') ORDER BY id")
        assert told == [("notice", "olena"), ("notice", "taras"), ("handover", "taras")]


async def test_a_changed_roster_is_told_to_those_whom_it_concerns(tmp_path: Path) -> None:
    """A swap that begins at once; the hand-over of before does not take place, the one after it does."""
    async with site_of(tmp_path, city()) as site:
        await site.advance(minutes=1)
        swap = Override("ivan", "2026-11-24 11:00", "2026-11-24 12:10")
        site.content = city(schedules={"patrol": replace(PATROL, overrides=(swap,))})
        assert await site.engine.reloader.reload()
        await site.settles()
        site.telegram("olena").expects("Ваша зміна завершилася", "12:01", "Далі чергує: Иван Петренко").came("+1m")
        site.telegram("ivan").expects("Ваша смена началась", "12:01", "До 12:10").came("+1m")
        await site.advance(minutes=8)
        site.nobody_is_told()
        await site.advance(minutes=1)
        site.telegram("ivan").expects("Ваша смена закончилась").came("+10m")
        site.telegram("taras").expects("Ваша зміна почалася").came("+10m")
        site.nobody_is_told()


async def test_what_the_old_shift_has_is_told_to_the_new_one(tmp_path: Path) -> None:
    """Who has it stands in the message, and who comes may take it as well."""
    async with site_of(tmp_path, city()) as site:
        await site.event()
        page = site.telegram("olena").expects("Тривожна")
        await page.presses("Беру")
        await site.advance(minutes=5)
        site.telegram("olena").expects("завершилася")
        site.telegram("taras").expects("почалася")
        message = site.telegram("taras").expects("Тривожна кнопка: school-12", "Взято: Олена Коваленко").came("+5m")
        assert "Олена Коваленко" in await message.presses("Беру")
        await site.advance(minutes=5)
        site.nobody_is_told()


async def test_the_new_shift_answers_by_sms_and_by_the_page_and_the_story_is_told_whole(tmp_path: Path) -> None:
    """By the code of the handed-on message, or by its link; explain names the hand-over's messages."""
    taras = resident("taras", "Тарас Бондаренко", 2, "sms")
    ivan = resident("ivan", "Иван Петренко", 3, "email", language="ru")
    pair = Schedule(id="patrol", time_zone="Europe/Kyiv", rotations=(
        *PATROL.rotations, Rotation(("maria", "ivan"), DAY, "2026-11-23 12:05")))
    async with site_of(tmp_path, city(OLENA, taras, ivan, CHIEF, OKSANA, MARIA, SAM,
                                      schedules={"patrol": pair})) as site:
        await site.advance(minutes=4)
        await site.event()
        await site.advance(minutes=1)
        site.phone("taras").expects("Ваша зміна почалася", "Олена Коваленко, Марія Шевченко")
        site.mail("ivan").expects("Ваша смена началась")
        text = site.phone("taras").expects("Тривожна кнопка: school-12", "передача зміни")
        mail = site.mail("ivan").expects("Тривожна кнопка: school-12", "передача смены")
        assert await text.replies("{code} беру") == "Ви прийняли: Тривожна кнопка: school-12"
        assert "Тарас Бондаренко" in (await mail.opens_link_and_clicks("accept")).text
        assert [(one.person, one.word) for one in site.incident().answers] == [("taras", "accept"), ("ivan", "accept")]
        with site.engine.store.reading() as connection:
            found = explain(connection, 1, rows_at=rows_at, book_at=book_at, say=say_of)
        assert found is not None
        assert "Тарас Бондаренко by sms, handover: sent" in explain_text(found)
        site.forget_what_was_told()
