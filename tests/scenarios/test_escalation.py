"""Nobody answers, or somebody cannot: the next one is asked, and a policy never ends in silence."""

from pathlib import Path

from msgspec.structs import replace
from tests.support.city import policy, step, targets
from tests.support.site import Site, site_of
from tests.support.town import OLENA, PANIC, PEOPLE, TARAS, resident, town

from tocsin.book.book import Roles
from tocsin.book.contacts import Need


async def test_until_the_last_resort_which_repeats(site: Site) -> None:
    """Every step in its time by every way of each person; then the duty officer every five minutes, for ever."""
    await site.event()
    await site.advance(minutes=14)
    site.telegram("olena").expects("Тривожна").came("+0s")
    site.phone("olena").expects("Тривожна").came("+1m")
    site.telegram("taras").expects("Тривожна").came("+2m")
    site.phone("taras").expects("Тривожна").came("+3m")
    site.mail("chief").expects("Тривожна").came("+4m")
    for at in ("+7m", "+12m"):
        site.phone("oksana").expects("Тривожна").came(at)
    site.nobody_is_told()
    await site.advance(minutes=13)
    for mailbox in (site.telegram("olena"), site.telegram("taras"), site.mail("chief"), site.phone("oksana")):
        mailbox.expects("Минуло: Тривожна кнопка: school-12 (більше не повторювалося)").came("+15m")
    for at in ("+17m", "+22m", "+27m"):
        site.phone("oksana").expects("Тривожна").came(at)
    site.nobody_is_told()
    assert site.incident().response == "unanswered"


async def test_the_last_resort_answers_at_last(site: Site) -> None:
    """Then it is still."""
    await site.event()
    await site.advance(minutes=12)
    site.phone("oksana").expects("Тривожна").came("+7m")
    await site.phone("oksana").expects("Тривожна").came("+12m").replies("{code} беру")
    site.forget_what_was_told()
    await site.advance(minutes=2)
    site.nobody_is_told()
    assert site.incident().response == "acknowledged"


async def test_who_cannot_is_followed_at_once(site: Site) -> None:
    """A decline does not wait for the end of the step."""
    await site.event()
    page = site.telegram("olena").expects("Тривожна")
    assert await page.presses("Не можу") == "Записано: не можете. Шукаємо іншого."
    await site.telegram("taras").expects("Тривожна").came("+0s").presses("Не можу")
    await site.mail("chief").expects("Тривожна").came("+0s").opens_link_and_clicks("decline")
    site.phone("oksana").expects("Тривожна").came("+0s")
    await site.advance(minutes=4)
    site.nobody_is_told()


async def test_who_took_it_and_then_cannot_is_replaced(site: Site) -> None:
    """The answer is taken back: the next one is asked at once."""
    await site.event()
    await site.advance(minutes=1)
    text = site.phone("olena").expects("Тривожна")
    await text.replies("{code} беру")
    await site.advance(minutes=3)
    site.telegram("olena").expects("Тривожна")
    site.nobody_is_told()
    assert await text.replies("{code} не можу") == "Записано: не можете. Шукаємо іншого."
    assert site.incident().response == "unanswered"
    await site.telegram("taras").expects("Тривожна").came("+4m").presses("Беру")
    assert site.incident().response == "acknowledged"


async def test_rounds_are_repeated_before_the_last_resort(tmp_path: Path) -> None:
    """``repeat: 1`` asks everybody once more."""
    twice = policy("patrol", step("olena", within="30s"), step("taras", within="30s"), last=("oksana",), repeat=1)
    async with site_of(tmp_path, town(policies=(twice,))) as site:
        await site.event()
        await site.advance(minutes=2)
        for at in ("+0s", "+1m"):
            site.telegram("olena").expects("Тривожна").came(at)
        for at in ("+30s", "+1m30s"):
            site.telegram("taras").expects("Тривожна").came(at)
        site.phone("oksana").expects("Тривожна").came("+2m")
        site.nobody_is_told()


async def test_two_must_come(tmp_path: Path) -> None:
    """With a need, one acceptance is not enough: the next step looks for the second."""
    pair = policy("patrol", step("olena", within="2 min"), step("taras", within="2 min"), last=("oksana",),
                  need=(Need(2),))
    async with site_of(tmp_path, town(policies=(pair,))) as site:
        await site.event()
        await site.telegram("olena").expects("Тривожна").presses("Беру")
        assert site.incident().response == "unanswered"
        await site.telegram("taras").expects("Тривожна").came("+0s").presses("Беру")
        assert site.incident().response == "acknowledged"
        await site.advance(minutes=10)
        site.nobody_is_told()


async def test_nobody_in_the_policy_has_an_address(tmp_path: Path) -> None:
    """Even the last resort reaches nobody: the administrators are told, and everybody else who may help."""
    mute = [resident(name, name.capitalize(), 20) for name in ("olena", "taras", "chief", "oksana")]
    people = tuple(one for one in PEOPLE if one.id in ("maria", "sam")) + tuple(mute)
    async with site_of(tmp_path, town(people=people)) as site:
        await site.event()
        site.mail("sam").expects("CRITICAL: Тривожна кнопка: school-12").came("+0s")
        site.telegram("maria").expects("Тривожна кнопка: school-12").came("+0s")
        site.phone("maria").expects("Тривожна кнопка: school-12").came("+0s")
        await site.advance(minutes=5)
        await site.telegram("maria").expects("Тривожна").came("+5m").presses("Беру")
        assert site.incident().response == "acknowledged"
        assert "olena has no usable address" in site.suppressed()
        assert site.notes("last_resort_failed")


async def test_nobody_at_all_can_be_reached(tmp_path: Path) -> None:
    """The incident stays on the board as unreached, and is tried again as soon as there is a way."""
    olena = replace(OLENA, addresses={"telegram": "5001"})
    async with site_of(tmp_path, town(people=(olena,), roles=Roles(targets("olena")),
                                      policies=(policy("patrol", step("olena"), last=("olena",)),))) as site:
        await site.telegram("olena").writes("", kind="stop", detail="blocked the bot")
        await site.event()
        site.nobody_is_told()
        assert site.incident().unreached
        await site.engine.watching.audit()
        red = await site.http.get("/health")
        assert (red.status_code, red.json()["status"], red.json()["mode"]) == (503, "red", "live")
        assert "nobody could be told of incident 1 (panic-button)" in red.json()["problems"][0]
        assert (await site.http.get("/readyz")).status_code == 200
        await site.telegram("olena").writes("", kind="start")
        await site.advance(minutes=5)
        site.telegram("olena").expects("Тривожна").came("+5m")
        assert not site.incident().unreached
        await site.engine.watching.audit()
        assert (await site.http.get("/health")).status_code == 200


async def test_a_channel_that_the_site_does_not_have_is_never_chosen(tmp_path: Path) -> None:
    """Olena has a phone, but no SMS is configured: nothing waits where nobody sends."""
    content = town(people=(OLENA, TARAS, *PEOPLE[3:]), channels=("telegram", "email"), receipts=())
    async with site_of(tmp_path, content) as site:
        await site.event()
        await site.advance(minutes=9)
        site.telegram("olena").expects("Тривожна").came("+0s")
        site.telegram("taras").expects("Тривожна").came("+2m")
        site.mail("chief").expects("Тривожна").came("+4m")
        assert {channel for _, channel, _, _ in site.outbox()} == {"telegram", "email"}


async def test_a_step_only_for_some_severities_is_passed(tmp_path: Path) -> None:
    """The chief is woken for what is critical only."""
    night = policy("patrol", step("chief", within="2 min", only=("critical",)), step("olena", within="2 min"),
                   last=("oksana",))
    async with site_of(tmp_path, town(replace(PANIC, severity="high"), policies=(night,))) as site:
        await site.event()
        site.telegram("olena").expects("Важливо: Тривожна").came("+0s")
        site.nobody_is_told()


async def test_whoever_has_it_is_reminded(tmp_path: Path) -> None:
    """A quarter of an hour later it is still open."""
    reminding = policy("patrol", step("olena", within="2 min"), last=("oksana",), remind="15 min")
    async with site_of(tmp_path, town(policies=(reminding,))) as site:
        await site.event()
        await site.telegram("olena").expects("Тривожна").presses("Беру")
        await site.advance(minutes=15)
        reminder = site.telegram("olena").expects("нагадування")
        assert reminder.buttons == ["Беру", "На місці", "Завершено", "Хибна тривога"]
        await reminder.presses("Завершено")
        site.forget_what_was_told()
        await site.advance(minutes=16)
        site.nobody_is_told()


async def test_closed_while_it_is_still_active_opens_again(tmp_path: Path) -> None:
    """A person closed it, but the panel goes on: five minutes later somebody is asked again, and told so."""
    async with site_of(tmp_path) as site:
        await site.event(status="firing", device="panel-1")
        await site.telegram("olena").expects("Тривожна").presses("Хибна тривога")
        site.telegram("olena").expects("Закрито")
        await site.advance(minutes=5)
        site.telegram("olena").expects("знову", "Тривожна").came("+5m")
        assert site.incident().response == "unanswered"
