"""A Telegram group of a service: one message for all, and the press of whoever serves there counts as theirs."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.support.city import event_rule, match, policy, step
from tests.support.site import Site, site_of
from tests.support.town import town

from tocsin.book.contacts import Rotation, Schedule, Service
from tocsin.ports import Inbound

GROUP = "-100500"
SERVICE = Service(id="police", name="Патрульна поліція", members=("olena", "taras"), group_chat=GROUP)
GROUP_ONLY = policy("patrol", step("service:police", within="2 min", by=("telegram",)), last=("oksana",),
                    last_by=("sms",))


def settlement(**more: Any) -> Any:
    return town(services={"police": SERVICE}, policies=(GROUP_ONLY,), **more)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with site_of(tmp_path, settlement()) as made:
        yield made


async def tells(site: Site, kind: str, chat: str = GROUP, text: str = "", detail: str = "") -> str:
    """Telegram tells the bot what has become of a group."""
    provider = site.providers["telegram"]
    return await site.inbound("telegram", Inbound("telegram", kind, chat, provider.reference(), text=text,
                                                  detail=detail))


async def test_a_member_takes_it_in_the_group(site: Site) -> None:
    """Every copy shows who has it; in the group the buttons become those for afterwards, for whoever serves there."""
    await site.event()
    shown = site.telegram(GROUP).expects("КРИТИЧНО: Тривожна кнопка: school-12")
    assert await shown.presses("Беру", by="taras") == "Ви прийняли: Тривожна кнопка: school-12"
    assert "Взято: Тарас Бондаренко" in shown.text
    assert shown.buttons == ["На місці", "Завершено", "Хибна тривога"]
    assert await shown.presses("Завершено", by="olena") == "Закрито: Тривожна кнопка: school-12"
    assert site.incident().closed_by == "olena"
    site.telegram(GROUP).expects("Закрито: Тривожна кнопка: school-12")


async def test_the_second_press_in_the_group_hears_who_has_it(site: Site) -> None:
    await site.event()
    shown = site.telegram(GROUP).expects("Тривожна кнопка")
    old = shown.keeps_its_buttons()
    await shown.presses("Беру", by="taras")
    assert (await shown.presses("Беру", by="olena", old=old)).startswith("Вже взято: Тарас Бондаренко")


async def test_the_press_of_a_colleague_of_another_service_or_of_a_stranger_does_not_count(site: Site) -> None:
    """Both see the message: one learns that it is not theirs, the other their number; the first is recorded."""
    await site.event()
    shown = site.telegram(GROUP).expects("Тривожна кнопка")
    assert await shown.presses("Беру", by="ivan") == "Вас об этом не извещали, поэтому ответ не засчитан."
    assert "Ваш номер: 777" in await shown.presses("Беру", by="777")
    assert site.incident().response == "unanswered"
    assert site.notes("not_applied") == ["ivan by telegram: accept to what they were not asked"]


async def test_who_took_it_in_the_group_alone_is_reminded_and_told_of_the_end(tmp_path: Path) -> None:
    """Her own chat had nothing of it before."""
    alone = Service(id="police", name="Патрульна поліція", schedule="nobody", group_chat=GROUP)
    known = policy("patrol", step("service:police", within="2 min"), last=("oksana",), remind="15 min")
    content = town(services={"police": alone}, policies=(known,), schedules={"nobody": rota("olena")})
    async with site_of(tmp_path, content) as site:
        await site.event()
        await site.telegram(GROUP).expects("Тривожна").presses("Беру", by="olena")
        await site.advance(minutes=15)
        reminder = site.telegram("olena").expects("нагадування")
        await reminder.presses("Завершено")
        site.telegram("olena").expects("Закрито")


async def test_who_took_it_in_the_group_hears_in_person_that_it_is_over(tmp_path: Path) -> None:
    """Nothing was ever sent to her own chat before; others of the service, who said nothing, hear it in the group."""
    alone = Service(id="police", name="Патрульна поліція", schedule="nobody", group_chat=GROUP)
    people = rota("olena", "taras")
    async with site_of(tmp_path, town(services={"police": alone}, policies=(GROUP_ONLY,),
                                      schedules={"nobody": people})) as site:
        await site.event()
        shown = site.telegram(GROUP).expects("Тривожна")
        await shown.presses("Беру", by="olena")
        await shown.presses("Завершено", by="taras")
        site.telegram(GROUP).expects("Закрито")
        site.telegram("olena").expects("Закрито")
        site.telegram("taras").expects("Закрито")
        site.nobody_is_told()


async def test_a_storm_is_one_list_in_the_group_and_says_what_the_service_allows(tmp_path: Path) -> None:
    """Ten at once where Telegram carries references: numbers and no places; who serves there takes the whole list, a
    colleague of another service takes nothing.
    """
    discreet = replace(SERVICE, channels={"telegram": {"content": "reference"}}, members=("taras",))
    door = event_rule("door", match(type="door"), to="patrol", severity="high", say="Двері: {{ site }}")
    async with site_of(tmp_path, town(door, services={"police": discreet}, policies=(GROUP_ONLY,))) as site:
        for number in range(1, 11):
            await site.event("door", site=f"school-{number}")
        await site.advance(seconds=10)
        listed = site.telegram(GROUP).expects("Одразу подій: 7", "Інцидент № 10")
        assert not [one.text for one in site.telegram(GROUP).messages if "school" in one.text or "Двері" in one.text]
        assert await listed.presses("Беру (усі)", by="ivan") == "Вас об этом не извещали, поэтому ответ не засчитан."
        assert "7" in await listed.presses("Беру (усі)", by="taras")
        assert [site.incident(number).response for number in (3, 4, 10)] == [
            "unanswered", "acknowledged", "acknowledged"]
        assert "✓ Інцидент № 4" in listed.text
        assert "Тарас" not in listed.text


async def test_a_group_that_became_a_supergroup_is_followed(site: Site) -> None:
    """Telegram says so at once; the next message goes to the new number, and a press there counts."""
    await tells(site, "moved", text="-100777")
    await site.event()
    await site.telegram("-100777").expects("Тривожна").presses("Беру", by="olena")
    assert site.incident().response == "acknowledged"
    await tells(site, "stop", "-100777", detail="the bot was removed from the group")
    assert site.notes("address_off") == ["@police: telegram switched off: the bot was removed from the group"]


async def test_a_bot_that_was_thrown_out_is_noticed_before_the_next_alarm_and_when_it_is_back(site: Site) -> None:
    await tells(site, "stop", detail="the bot was removed from the group")
    site.telegram("maria").expects("Патрульна поліція: telegram", "removed from the group")
    await site.event()
    site.telegram(GROUP).is_quiet()
    assert await tells(site, "start") == "Вітаємо, Патрульна поліція. Сюди надходитимуть сповіщення."
    assert await tells(site, "start") == ""
    await site.event(site="school-13")
    site.telegram(GROUP).expects("school-13")


async def test_a_group_that_nobody_has_written_down_learns_its_number(site: Site) -> None:
    """So that an administrator can; nothing is recorded."""
    assert await tells(site, "start", "-100900") == (
        "Номер цієї групи: -100900. Впишіть його як group_chat служби, яка має тут отримувати сповіщення.")
    assert await tells(site, "stop", "-100900") == ""
    assert site.rows("SELECT count(*) FROM addresses") == [(0,)]


def rota(*people: str) -> Schedule:
    """A schedule that names people who are never on duty."""
    return Schedule(id="nobody", time_zone="UTC", rotations=(Rotation(people, 10**13, "2030-01-01"),))
