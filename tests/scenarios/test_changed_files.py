"""Files change while the site runs: what people notice of it."""

from pathlib import Path

from msgspec.structs import replace
from tests.support.site import Site, site_of
from tests.support.town import PANIC, town

from tocsin.book.book import Content
from tocsin.domain.errors import BookError, Finding, Location


def refused() -> Content:
    raise BookError((Finding(Location("rules/police.yaml", 7, 3), "unknown key sya"),))


async def test_another_text_is_said_from_the_next_alarm_on(site: Site) -> None:
    """The running incident and its escalation are left alone."""
    await site.event(site="school-12")
    site.telegram("olena").expects("Тривожна кнопка: school-12")
    site.content = town(replace(PANIC, say="Кнопка! {{ site }}"))
    assert await site.engine.reloader.reload()
    await site.settles()
    site.nobody_is_told()
    await site.event(site="market")
    site.telegram("olena").expects("Кнопка! market")
    assert [site.incident(number).book for number in (1, 2)] == [1, 2]
    await site.advance(minutes=2)
    site.telegram("taras").expects("school-12")


async def test_wrong_files_at_the_start_leave_the_stored_book_and_are_told(tmp_path: Path) -> None:
    """The administrator gets the place and the reason; alarms go on as before."""
    async with site_of(tmp_path) as site:
        await site.dies()
        await site.starts(refused)
        site.mail("sam").expects("rules/police.yaml:7:3", "unknown key sya")
        await site.event(site="school-12")
        site.telegram("olena").expects("Тривожна кнопка: school-12")


async def test_files_that_changed_meanwhile_hold_after_the_start(site: Site) -> None:
    site.content = town(replace(PANIC, say="Кнопка! {{ site }}"))
    await site.restarts()
    await site.event(site="school-12")
    site.telegram("olena").expects("Кнопка! school-12")
    assert site.incident().book == 2
