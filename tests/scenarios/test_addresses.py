"""Addresses that people switch off and on themselves, and numbers from which somebody guesses."""

from tests.support.site import Site


async def test_stop_and_start_by_sms(site: Site) -> None:
    """STOP switches the number off and the shift head is told; START brings it back."""
    assert await site.phone("olena").writes("STOP") == ""
    site.telegram("maria").expects("Олена Коваленко: sms", "STOP")
    await site.event(site="school-12")
    await site.advance(minutes=1)
    site.telegram("olena").expects("school-12")
    site.phone("olena").is_quiet()
    await site.phone("olena").writes("Старт")
    await site.event(site="school-13")
    await site.advance(minutes=1)
    site.phone("olena").expects("school-13")


async def test_twilio_says_itself_that_somebody_opted_out(site: Site) -> None:
    """The webhook's own word for it."""
    await site.phone("olena").writes("будь ласка, не пишіть", kind="stop")
    site.telegram("maria").expects("Олена Коваленко: sms")
    assert site.notes("address_off") == ["olena: sms switched off: STOP"]


async def test_five_wrong_codes_lock_the_number_for_an_hour(site: Site) -> None:
    """Somebody guesses: the shift head is told, and even the right code counts for nothing until the hour is over."""
    await site.event()
    await site.advance(minutes=1)
    text = site.phone("olena").expects("Тривожна")
    for _ in range(4):
        assert "Код не підходить" in await site.phone("olena").writes("000000 беру")
    assert "Забагато невірних кодів" in await site.phone("olena").writes("000000 беру")
    site.telegram("maria").expects("Олена Коваленко: п'ять невірних кодів в SMS. Номер заблоковано на годину.")
    assert "Забагато невірних кодів" in await text.replies("{code} беру")
    assert site.incident().response == "unanswered"
    await site.advance(hours=1)
    assert "Ви прийняли" in await text.replies("{code} беру")


async def test_another_persons_code_answers_nothing(site: Site) -> None:
    """A caller's number can be forged, so a code belongs to one person."""
    await site.event()
    await site.advance(minutes=3)
    stolen = site.phone("olena").expects("Тривожна").code
    assert "Код не підходить" in await site.phone("taras").writes(f"{stolen} беру")
    assert site.incident().response == "unanswered"


async def test_an_unknown_number_is_not_answered(site: Site) -> None:
    """Nothing goes back to a stranger by SMS: it costs money and tells them that they found something."""
    await site.event()
    assert await site.phone("+380000000000").writes("1234 беру") == ""


async def test_words_beside_a_code_that_nobody_understands(site: Site) -> None:
    """Better asked back than taken wrongly."""
    await site.event()
    await site.advance(minutes=1)
    assert "Напишіть код і слово" in await site.phone("olena").expects("Тривожна").replies("{code} шо?")
    assert site.incident().response == "unanswered"


async def test_a_text_to_the_bot_says_where_the_buttons_are(site: Site) -> None:
    """People write "ok" into the chat."""
    await site.event()
    assert await site.telegram("olena").writes("ок, їду") == "Відповідайте кнопками під повідомленням."
    assert site.incident().response == "unanswered"
