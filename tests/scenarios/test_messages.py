"""What stands in a message: in the person's language, harmless whatever came with the event, never nothing."""

from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.support.city import policy, step, targets
from tests.support.site import Site, site_of
from tests.support.town import OKSANA, OLENA, PANIC, SAM, resident, town

from tocsin.book.book import Roles
from tocsin.domain.errors import TemporaryDeliveryError

HOSTILE = "<b>школа</b> & <a href='http://x'>x</a>\u202e\u200b\nBcc: a@b.c\x07 {{7777*7777}}{% for x in say %}"


async def test_three_people_read_it_in_three_languages(tmp_path: Path) -> None:
    """The rule's own sentence stays as it was written, everything around it is each person's language."""
    ivan = resident("ivan", "Иван Петренко", 3, "telegram", language="ru")
    sam = resident("sam", "Sam Admin", 7, "telegram", language="en")
    all_at_once = policy("patrol", step("olena", "ivan", "sam", within="5 min"), last=("oksana",))
    async with site_of(tmp_path, town(people=(OLENA, ivan, sam, OKSANA), policies=(all_at_once,),
                                      roles=Roles(targets("oksana")))) as site:
        await site.event()
        ukrainian = site.telegram("olena").expects("КРИТИЧНО: Тривожна кнопка: school-12")
        russian = site.telegram("ivan").expects("КРИТИЧНО: Тривожна кнопка: school-12")
        english = site.telegram("sam").expects("CRITICAL: Тривожна кнопка: school-12")
        assert ukrainian.buttons == ["Беру", "Не можу", "Хибна тривога"]
        assert russian.buttons == ["Беру", "Не могу", "Ложная тревога"]
        assert english.buttons == ["Take", "Cannot", "False alarm"]
        assert await english.presses("Take") == "You have it: Тривожна кнопка: school-12"
        assert "Взято: Sam Admin" in ukrainian.text
        assert "Взято: Sam Admin" in russian.text
        assert "Taken: Sam Admin" in english.text


@pytest.mark.parametrize("broken", ["{{ say", "{{ say.__class__ }}", "{% include 'x' %}", "{{ say | nothing }}",
                                    "{{7777*7777}}", "{{ say() }}"])
async def test_a_broken_template_still_says_what_is_wrong_where(tmp_path: Path, broken: str) -> None:
    """The fixed plain text, with the buttons; nobody waits for an administrator to repair a file."""
    async with site_of(tmp_path, town(templates={"page/telegram.uk": broken})) as site:
        await site.event()
        page = site.telegram("olena").expects("КРИТИЧНО: Тривожна кнопка: school-12")
        assert await page.presses("Беру") == "Ви прийняли: Тривожна кнопка: school-12"


async def test_a_name_that_nothing_has_is_a_dash(tmp_path: Path) -> None:
    """A misspelt name costs one word, not the message."""
    async with site_of(tmp_path, town(replace(PANIC, say="Кнопка: {{ sitte }} {{ site }}"))) as site:
        await site.event()
        site.telegram("olena").expects("КРИТИЧНО: Кнопка: — school-12")


async def test_a_text_that_tries_to_be_html_a_template_or_a_header(site: Site) -> None:
    """It is one line of text and nothing else, in a chat, an SMS and a mail."""
    await site.event(site=HOSTILE, device=HOSTILE)
    await site.advance(minutes=4)
    chat = site.telegram("olena").expects("<b>школа</b> & <a href='http://x'>x</a> Bcc: a@b.c {{7777*7777}}")
    text, mail = site.phone("olena").expects("{{7777*7777}}"), site.mail("chief").expects("Bcc: a@b.c")
    assert "&lt;b&gt;школа&lt;/b&gt; &amp; &lt;a" in site.telegram("olena").messages[0].raw
    for message in (chat, text, mail):
        assert not set(message.text + message.subject) & set("\u202e\u200b\x07")
        assert "60481729" not in message.text
    assert "\n" not in mail.subject
    page = await mail.opens_link()
    assert "<a href='http://x'" not in page.text


async def test_a_flood_of_text_is_cut_and_stays_answerable(site: Site) -> None:
    """The longest that a source may send: Telegram's limit, four SMS segments, and the way to answer in each."""
    await site.event(device="Ж" * 190, text="Ї" * 5000)
    await site.advance(minutes=1)
    page, text = site.telegram("olena").expects("Тривожна"), site.phone("olena").expects("Тривожна")
    assert len(page.text) <= 4096
    assert len(text.text) <= 4 * 67
    await text.replies("{code} беру")
    assert site.incident().response == "acknowledged"


async def test_a_nul_in_a_name_is_refused_with_a_sentence(site: Site) -> None:
    """No database and no provider takes it; the source is told what to leave out."""
    answer = await site.posts(type="alarm.panic", site="school\x00")
    assert answer.status_code == 422
    assert "`site` holds a NUL character: leave it out" in answer.text


async def test_a_message_that_could_not_leave_for_minutes_says_that_it_is_late(tmp_path: Path) -> None:
    """Telegram was away for a while; when it is back the time of the alarm stands in the message."""
    patient = policy("patrol", step("olena", within="10 min", by=("telegram",)), last=("oksana",))
    async with site_of(tmp_path, town(policies=(patient,))) as site:
        site.fails("telegram", "olena", TemporaryDeliveryError("away", retry_after=180_000_000))
        await site.event()
        await site.advance(minutes=4)
        site.telegram("olena").expects("Тривожна", "Повідомлення запізнилося: створено 12:00").came("+3m")


async def test_the_mode_stands_in_nothing_that_is_live(site: Site) -> None:
    """PRACTICE is for exercises only."""
    await site.event()
    assert "НАВЧАННЯ" not in site.telegram("olena").expects("Тривожна").text


async def test_sam_hears_of_the_system_in_english(site: Site) -> None:
    """Notices of the engine itself go by the ways of the person, in their language."""
    await site.engine.tell("administrators", "The disk is nearly full.")
    await site.settles()
    assert SAM.language == "en"
    site.mail("sam").expects("System notice", "The disk is nearly full.")
