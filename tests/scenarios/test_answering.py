"""A panic button is pressed, and somebody answers."""

from pathlib import Path

from msgspec.structs import replace
from tests.support.city import policy, step
from tests.support.site import Site, site_of
from tests.support.town import PANIC, PATROL, town


async def test_the_officer_takes_it_in_telegram(site: Site) -> None:
    """One press, and nobody else is asked."""
    await site.event("alarm.panic", site="school-12", device="btn-4")
    page = site.telegram("olena").expects("КРИТИЧНО: Тривожна кнопка: school-12", "Виїзд негайно. Пристрій btn-4.")
    assert page.buttons == ["Беру", "Не можу", "Хибна тривога"]
    assert await page.presses("Беру") == "Ви прийняли: Тривожна кнопка: school-12"
    assert page.buttons == ["На місці", "Завершено", "Хибна тривога"]
    assert "Взято: Олена Коваленко, 12:00" in page.text
    await site.advance(minutes=14)
    site.nobody_is_told()
    assert site.incident().response == "acknowledged"


async def test_the_officer_takes_it_by_the_code_of_an_sms(site: Site) -> None:
    """Telegram was not seen; a minute later the SMS was, and its code answers."""
    await site.event("alarm.panic", site="school-12")
    site.telegram("olena").expects("Тривожна кнопка: school-12").came("+0s")
    await site.advance(minutes=1)
    text = site.phone("olena").expects("Тривожна кнопка: school-12. КРИТИЧНО", "Відповідь").came("+1m")
    assert await text.replies("{code} їду 7 хв") == "Ви прийняли: Тривожна кнопка: school-12"
    await site.advance(minutes=13)
    site.nobody_is_told()
    answer, = site.incident().answers
    assert (answer.person, answer.word, answer.channel, answer.eta) == ("olena", "accept", "sms", 7 * 60_000_000)


async def test_a_code_without_a_word_is_an_acknowledgement(site: Site) -> None:
    """Four digits are enough on the run."""
    await site.event()
    await site.advance(minutes=1)
    await site.phone("olena").expects("Тривожна").replies("{code}")
    assert site.incident().answers[0].word == "acknowledge"
    assert site.incident().response == "acknowledged"


async def test_the_chief_takes_it_on_the_page_of_an_email(site: Site) -> None:
    """Looking at the page answers nothing, its button does."""
    await site.event("alarm.panic", site="school-12")
    await site.advance(minutes=4)
    mail = site.mail("chief").expects("КРИТИЧНО: Тривожна кнопка: school-12", "https://alarm.example.org/answer/")
    for _ in range(3):
        page = await mail.opens_link()
        assert page.status_code == 200
        assert "Тривожна кнопка: school-12" in page.text
    assert site.incident().response == "unanswered"
    taken = await mail.opens_link_and_clicks("accept")
    assert "Ви прийняли: Тривожна кнопка: school-12" in taken.text
    assert site.incident().answers[0].channel == "email"


async def test_a_link_is_good_for_a_week(site: Site) -> None:
    """Then it says whom to call, and answers nothing any more."""
    await site.event()
    await site.advance(minutes=4)
    mail = site.mail("chief").expects("Тривожна")
    await site.telegram("olena").expects("Тривожна").presses("Хибна тривога")
    assert "Вже закрито: Олена Коваленко, 12:04" in (await mail.opens_link()).text
    await site.dies()
    await site.advance(days=7)
    await site.starts()
    page = await mail.opens_link()
    assert page.status_code == 410
    assert "Посилання недійсне або застаріло. Зателефонуйте черговому." in page.text
    assert (await mail.clicks("accept")).status_code == 410
    assert len(site.incident().answers) == 1


async def test_a_false_alarm_closes_it_and_everybody_hears_of_it_once(site: Site) -> None:
    """Whoever was asked is told that it is over, by whom and why."""
    await site.event("alarm.panic", site="school-12")
    await site.advance(minutes=2)
    site.telegram("olena").expects("Тривожна")
    site.phone("olena").expects("Тривожна")
    page = site.telegram("taras").expects("Тривожна")
    assert await page.presses("Хибна тривога") == "Закрито: Тривожна кнопка: school-12"
    for mailbox in (site.telegram("olena"), site.telegram("taras")):
        mailbox.expects("Закрито: Тривожна кнопка: school-12 (хибна тривога, Тарас Бондаренко)")
    assert "Хибна тривога: Тарас Бондаренко" in page.text
    assert page.buttons == []
    await site.advance(minutes=10)
    site.nobody_is_told()
    assert site.incident().response == "closed"


async def test_the_second_press_hears_who_has_it(site: Site) -> None:
    """Both had the message; the first press wins, the other copy shows it."""
    await site.event()
    await site.advance(minutes=2)
    first, second = site.telegram("olena").expects("Тривожна"), site.telegram("taras").expects("Тривожна")
    old = second.keeps_its_buttons()
    await first.presses("Беру")
    assert second.buttons == []
    assert "Взято: Олена Коваленко, 12:02" in second.text
    assert await second.presses("Беру", old=old) == "Вже взято: Олена Коваленко, 12:02 EET. Вашу відповідь записано."
    assert [(given.person, given.late) for given in site.incident().answers] == [("olena", False), ("taras", True)]


async def test_the_same_press_twice_counts_once(site: Site) -> None:
    """A nervous finger, or an update that Telegram delivers again."""
    await site.event()
    page = site.telegram("olena").expects("Тривожна")
    old = page.keeps_its_buttons()
    await page.presses("Беру")
    assert await page.presses("Беру", old=old) == "Ви прийняли: Тривожна кнопка: school-12"
    assert len(site.incident().answers) == 1


async def test_a_stranger_who_presses_learns_their_number_and_nothing_else(site: Site) -> None:
    """Somebody in the group chat who is not on the roster."""
    await site.event()
    page = site.telegram("olena").expects("Тривожна")
    assert "9999" in await page.presses("Беру", by="9999")
    assert site.incident().answers == ()
    assert site.incident().response == "unanswered"


async def test_a_colleague_who_was_not_asked_cannot_answer(site: Site) -> None:
    """Ivan is on the roster, but nobody told him of this."""
    await site.event()
    page = site.telegram("olena").expects("Тривожна")
    assert "ответ не засчитан" in await page.presses("Беру", by="ivan")
    assert site.incident().response == "unanswered"


async def test_a_press_on_a_message_of_last_night_changes_nothing(site: Site) -> None:
    """The incident is closed; the button of the old copy says by whom and when."""
    await site.event("alarm.panic", site="school-12")
    page = site.telegram("olena").expects("Тривожна")
    old = page.keeps_its_buttons()
    await page.presses("Беру")
    await site.advance(minutes=3)
    await page.presses("Завершено")
    site.telegram("olena").expects("Закрито")
    await site.advance(minutes=1)
    assert await page.presses("Беру", old=old) == "Вже закрито: Олена Коваленко, 12:03 EET."
    assert site.notes("late_answer") == ["olena answered accept after the incident was closed"]
    site.nobody_is_told()


async def test_a_forged_button_is_refused(site: Site) -> None:
    """Callback data that the engine never made."""
    await site.event()
    page = site.telegram("olena").expects("Тривожна")
    assert await page.presses("Беру", old={"Беру": "AAAAAAAAAAEBAAAAAAAAAAAAAAAAAAAAAA"}) == "Ця кнопка недійсна."
    assert site.incident().response == "unanswered"


async def test_taking_it_twice_in_two_incidents_needs_two_codes(site: Site) -> None:
    """Each SMS answers its own incident."""
    await site.event(site="school-12")
    await site.event(site="school-13")
    await site.advance(minutes=1)
    first = site.phone("olena").expects("school-12")
    site.phone("olena").expects("school-13")
    await first.replies("{code} беру")
    assert site.incident(1).response == "acknowledged"
    assert site.incident(2).response == "unanswered"


async def test_a_bare_one_counts_as_read_and_stops_nothing(site: Site) -> None:
    """It is what people write to be left alone."""
    await site.event()
    await site.advance(minutes=1)
    site.phone("olena").expects("Тривожна")
    assert "Це не відповідь" in await site.phone("olena").writes("1")
    await site.advance(minutes=1)
    site.telegram("taras").expects("Тривожна")
    assert ("olena", "sms", "read", None) in site.outbox()


async def test_two_policies_must_both_be_answered(tmp_path: Path) -> None:
    """Police and ambulance in parallel: the incident is answered when each has somebody."""
    ambulance = policy("ambulance", step("chief", within="10 min"), last=("oksana",))
    both = replace(PANIC, escalate_to=("patrol", "ambulance"))
    async with site_of(tmp_path, town(both, policies=(PATROL, ambulance))) as site:
        await site.event()
        await site.telegram("olena").expects("Тривожна").presses("Беру")
        assert site.incident().response == "unanswered"
        await site.mail("chief").expects("Тривожна").opens_link_and_clicks("accept")
        assert site.incident().response == "acknowledged"
        await site.advance(minutes=12)
        site.nobody_is_told()
