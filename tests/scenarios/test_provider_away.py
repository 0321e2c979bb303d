"""A whole provider does not answer: the other ways are taken at once, and one message at a time is tried meanwhile."""

from pathlib import Path

from tests.support.city import policy, step
from tests.support.site import Site, site_of
from tests.support.town import CHIEF, MARIA, OKSANA, OLENA, SAM, TARAS, resident, town

from tocsin.domain.errors import PermanentDeliveryError, TemporaryDeliveryError, UnknownDeliveryError
from tocsin.domain.time import SECOND

GONE = TemporaryDeliveryError("Telegram could not be reached.", code="connect", away=True)
SILENT = UnknownDeliveryError("Telegram did not answer in time; it may have the message.", away=True)


def goes_away(site: Site, times: int = 500) -> None:
    for person in ("olena", "taras", "maria"):
        site.fails("telegram", person, GONE, times=times)


async def test_the_sms_leaves_when_telegram_is_away_not_a_minute_later(site: Site) -> None:
    """The third try without an answer shows it; the next alarm does not even wait for that."""
    goes_away(site)
    await site.event(site="school-12")
    await site.advance(seconds=4)
    first = site.phone("olena").expects("school-12")
    assert first.at[:3] in ("+2s", "+3s")
    tried = len(site.providers["telegram"].tries)
    await site.event(site="school-13")
    site.phone("olena").expects("school-13").came("+4s")
    assert len(site.providers["telegram"].tries) == tried


async def test_one_message_at_a_time_is_tried_and_when_it_is_back_everything_leaves(site: Site) -> None:
    """Twenty wait; in the next minute Telegram is called a few times; then all of them come, and none twice."""
    goes_away(site, times=3)
    await site.event(site="school-0")
    await site.advance(seconds=4)
    goes_away(site, times=3)
    for number in range(1, 20):
        await site.event(site=f"school-{number}")
    before = len(site.providers["telegram"].tries)
    await site.advance(seconds=30)
    assert len(site.providers["telegram"].tries) - before <= 4
    await site.advance(seconds=60)
    shown = [message.text.partition("\n")[0] for message in site.telegram("olena").messages]
    assert len(shown) == len(set(shown)) == 20


async def test_refusals_are_answers(site: Site) -> None:
    """Three people have blocked the bot: Telegram is not away for the fourth."""
    for person in ("olena", "taras", "maria"):
        site.fails("telegram", person, PermanentDeliveryError("blocked", address_dead=True))
    await site.event()
    await site.event(site="school-13")
    assert site.rows("SELECT count(*) FROM outbox WHERE channel = 'telegram' AND state = 'failed_temporary'") == [(0,)]


async def test_silence_counts_as_well_and_what_may_have_arrived_is_marked(tmp_path: Path) -> None:
    """Each send hangs until it is given up: the other ways do not wait for all of them."""
    three = policy("patrol", step("olena", "taras", "ivan", within="5 min"), last=("oksana",))
    ivan = resident("ivan", "Иван Петренко", 3, "telegram", "sms", language="ru")
    content = town(people=(OLENA, TARAS, ivan, CHIEF, OKSANA, MARIA, SAM), policies=(three,))
    async with site_of(tmp_path, content) as site:
        for person in ("olena", "taras", "ivan"):
            site.fails("telegram", person, SILENT)
        await site.event()
        for person in ("olena", "taras", "ivan"):
            site.phone(person).expects("кнопка").came("+0s")
        await site.advance(seconds=20)
        for person in ("olena", "taras", "ivan"):
            assert len(site.telegram(person).messages) == 1
            assert "ПОВТОР" in site.telegram(person).messages[0].text or person == "ivan"


async def test_who_has_no_other_way_keeps_waiting(tmp_path: Path) -> None:
    """Telegram alone: the message waits with the step, and arrives when Telegram is back."""
    only = resident("olena", "Олена Коваленко", 1, "telegram")
    async with site_of(tmp_path, town(people=(only, TARAS, CHIEF, OKSANA, MARIA, SAM))) as site:
        site.fails("telegram", "olena", GONE, times=4)
        await site.event()
        await site.advance(seconds=60)
        site.telegram("olena").expects("Тривожна")
        assert site.clock.now() > SECOND
        site.nobody_is_told()
