"""Many incidents at once: the first ones alone, the others as a list to be answered; the rows of docs/storms.md."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.support.city import event_rule, groups, match, policy, step
from tests.support.site import TOKEN, Site, site_of
from tests.support.town import OLENA, PANIC, PATROL, PEOPLE, TARAS, town

from tocsin.book.rule import SeverityBy
from tocsin.domain.errors import PermanentDeliveryError, TemporaryDeliveryError, UnknownDeliveryError
from tocsin.domain.input import Answer

DOOR = event_rule("door", match(type="door"), to="guard", severity="high", say="Двері: {{ site }}")
FLOOD = event_rule("flood", match(type="flood"), to="guard", say="Вода: {{ site }}",
                   severity=SeverityBy("level", {"Severe": "critical", "Minor": "medium"}))
GUARD = policy("guard", step("olena", within="2 min"), step("taras", within="2 min"), last=("oksana",))
DOORS = "Двері: d"


def by(person: Any, *ways: str) -> Any:
    """The person with these ways whatever the severity."""
    return replace(person, by={"info": groups(*ways)})


def place(folder: Path, *, ways: tuple[str, ...] = ("telegram",), language: str = "uk", guard: Any = GUARD) -> Any:
    """A town whose guard, Olena, is told by these ways in this language."""
    olena = replace(by(OLENA, *ways), language=language, addresses={**OLENA.addresses, "email": "olena@example.org"})
    people = (olena, by(TARAS, "telegram"), *(one for one in PEOPLE if one.id not in ("olena", "taras")))
    return site_of(folder, town(DOOR, PANIC, people=people, policies=(guard, PATROL)))


async def doors(site: Site, count: int, begin: int = 1) -> None:
    """So many doors are opened at once."""
    for number in range(begin, begin + count):
        await site.event("door", site=f"d{number}")


def takers(site: Site) -> list[int]:
    """The incidents that Olena has taken."""
    return [number for number, in site.rows("SELECT id FROM incidents ORDER BY id")
            if any(given.word == "accept" and given.person == "olena" for given in site.incident(number).answers)]


async def the_first_three(site: Site, channel: str = "telegram") -> None:
    for number in (1, 2, 3):
        getattr(site, channel)("olena").expects(f"Двері: d{number}").came("+0s")


async def test_three_leave_alone_and_the_others_as_a_list(tmp_path: Path) -> None:
    """One message ten seconds later, one answer, twenty incidents of which each knows its own message."""
    async with place(tmp_path) as site:
        await doors(site, 20)
        await the_first_three(site)
        site.nobody_is_told()
        await site.advance(seconds=10)
        listed = site.telegram("olena").expects("Важливо. Одразу подій: 17", "1. Важливо: Двері: d4", "17. ")
        listed.came("+10s")
        assert listed.buttons[:4] == ["Беру (усі)", "Не можу (усі)", "Беру 1", "Беру 2"]
        assert await listed.presses("Беру (усі)") == "Беру: 17. Усе, що було в переліку, записано."
        assert takers(site) == list(range(4, 21))
        answered = {site.incident(number).answers[0].notification for number in takers(site)}
        assert len(answered) == 17
        assert "1. ✓ Двері: d4 (Олена Коваленко)" in listed.text
        assert listed.buttons == ["На місці (усі)", "Завершено (усі)"]
        await listed.presses("Завершено (усі)")
        assert [site.incident(number).response for number in (1, 4, 20)] == ["unanswered", "closed", "closed"]


async def test_one_of_the_list_is_answered(tmp_path: Path) -> None:
    """The list shows who has it; the others wait."""
    async with place(tmp_path) as site:
        await doors(site, 6)
        await the_first_three(site)
        await site.advance(seconds=10)
        listed = site.telegram("olena").expects("Одразу подій: 3")
        assert await listed.presses("Беру 2") == "Ви прийняли: Двері: d5"
        assert takers(site) == [5]
        assert "2. ✓ Двері: d5 (Олена Коваленко)" in listed.text
        assert listed.buttons == ["Беру (усі)", "Не можу (усі)", "Беру 1", "Беру 3"]


async def test_a_single_one_that_was_gathered_is_an_ordinary_message(tmp_path: Path) -> None:
    """Nobody reads a list of one."""
    async with place(tmp_path) as site:
        await doors(site, 4)
        await the_first_three(site)
        await site.advance(seconds=10)
        page = site.telegram("olena").expects("Двері: d4").came("+10s")
        assert page.buttons == ["Беру", "Не можу", "Хибна тривога"]


async def test_what_is_critical_never_waits_for_a_list(tmp_path: Path) -> None:
    """It leaves at once and alone, in the middle of a storm."""
    async with place(tmp_path) as site:
        await doors(site, 8)
        await site.event("alarm.panic", site="school-12")
        site.telegram("olena").expects("КРИТИЧНО: Тривожна кнопка: school-12").came("+0s")
        await site.advance(seconds=10)
        assert "Тривожна" not in site.telegram("olena").expects("Одразу подій: 5").text


async def test_what_becomes_critical_while_it_waits_leaves_at_once(tmp_path: Path) -> None:
    """The gathered page is withdrawn, and the list has a line less."""
    people = (by(OLENA, "telegram"), *PEOPLE[1:])
    async with site_of(tmp_path, town(FLOOD, people=people, policies=(GUARD,))) as site:
        for number in range(1, 7):
            await site.event("flood", site=f"d{number}", level="Minor")
        await site.event("flood", site="d5", level="Severe")
        site.telegram("olena").expects("КРИТИЧНО", "Вода: d5").came("+0s")
        await site.advance(seconds=10)
        assert "d5" not in site.telegram("olena").expects("Одразу подій: 2").text


@pytest.mark.parametrize("language, text, reply", [
    ("uk", "{code} усі беру", "Беру: 3. Усе, що було в переліку, записано."),
    ("ru", "{code} все принял", "Беру: 3. Всё, что было в списке, записано."),
    ("en", "{code} all taking", "Take: 3. All that stood in the list is on record."),
])
async def test_all_is_said_by_sms_in_three_languages(tmp_path: Path, language: str, text: str, reply: str) -> None:
    """The code of the list with "all" takes everything in it; nothing that came later."""
    async with place(tmp_path, ways=("sms",), language=language) as site:
        await doors(site, 6)
        await the_first_three(site, "phone")
        await site.advance(seconds=10)
        listed = site.phone("olena").expects("1) Двері: d4", "3) Двері: d6").came("+10s")
        await doors(site, 2, begin=7)
        assert await site.phone("olena").writes(text.format(code=code_of(listed.text))) == reply
        assert takers(site) == [4, 5, 6]
        await site.advance(seconds=10)
        site.phone("olena").expects("d7", "d8")


async def test_a_code_in_the_list_answers_its_own_line(tmp_path: Path) -> None:
    """Each line has a code, and the first one without "all" is the first line alone."""
    async with place(tmp_path, ways=("sms",)) as site:
        await doors(site, 6)
        await site.advance(seconds=10)
        listed = site.phone("olena").expects("Одразу подій: 3")
        assert await site.phone("olena").writes(f"{code_of(listed.text, 2)} беру") == "Ви прийняли: Двері: d5"
        assert await site.phone("olena").writes(f"{code_of(listed.text, 1)} їду 5 хв") == "Ви прийняли: Двері: d4"
        assert takers(site) == [4, 5]


def code_of(text: str, line: int = 1) -> str:
    return text.split(f"{line}) ", 1)[1].split("[", 1)[1].split("]", 1)[0]


async def test_an_sms_counts_what_does_not_fit(tmp_path: Path) -> None:
    """Four segments, as many lines as fit, the number of the others; "all" means them too."""
    async with place(tmp_path, ways=("sms",)) as site:
        await doors(site, 30)
        await site.advance(seconds=10)
        listed = site.phone("olena").expects("Одразу подій: 27", "ще ")
        assert len(listed.text) <= 4 * 67
        await site.phone("olena").writes(f"{code_of(listed.text)} усі")
        assert [site.incident(number).response for number in (3, 4, 30)] == ["unanswered", *["acknowledged"] * 2]


async def test_the_page_of_a_mail_answers_all_or_one(tmp_path: Path) -> None:
    """Buttons for everything, and for each line."""
    async with place(tmp_path, ways=("email",)) as site:
        await doors(site, 6)
        await site.advance(seconds=10)
        mail = site.mail("olena").expects("Одразу подій: 3", "2. Важливо: Двері: d5")
        second = site.rows("SELECT id FROM outbox WHERE incident = 5")[0][0]
        await mail.opens_link_and_clicks(f"accept {second}")
        assert takers(site) == [5]
        assert "записано" in (await mail.opens_link_and_clicks("accept")).text
        assert takers(site) == [4, 5, 6]


async def test_a_line_that_somebody_answered_meanwhile_is_left_out(tmp_path: Path) -> None:
    """It is withdrawn before the list leaves."""
    async with place(tmp_path) as site:
        await doors(site, 6)
        await site.engine.loop.submit(Answer("taras", 5, "accept", "console"))
        await site.advance(seconds=10)
        assert "d5" not in site.telegram("olena").expects("Одразу подій: 2").text


async def test_a_list_that_does_not_arrive_starts_the_next_way_of_each(tmp_path: Path) -> None:
    """One refused message, three incidents that go on by SMS, as a list again."""
    async with place(tmp_path, ways=("telegram", "sms")) as site:
        await doors(site, 6)
        await the_first_three(site)
        site.fails("telegram", "olena", PermanentDeliveryError("blocked", code="403", address_dead=True))
        await site.advance(seconds=10)
        states = [state for _, state in site.outbox("id, state")][3:6]
        assert states == ["failed_permanent"] * 3
        await site.advance(seconds=30)
        told = " ".join(message.text for message in site.phone("olena").messages)
        assert all(f"Двері: d{number}" in told for number in (4, 5, 6))


async def test_the_power_fails_before_the_list_leaves(tmp_path: Path) -> None:
    """It leaves when it was to leave, and says the same."""
    async with place(tmp_path) as site:
        await doors(site, 6)
        await the_first_three(site)
        await site.restarts(seconds=4)
        site.nobody_is_told()
        await site.advance(seconds=6)
        site.telegram("olena").expects("Одразу подій: 3").came("+10s")


async def test_a_list_that_may_have_arrived_comes_again_marked_as_a_repetition(tmp_path: Path) -> None:
    """And what was answered in between is not in it."""
    async with place(tmp_path) as site:
        await doors(site, 6)
        await the_first_three(site)
        site.fails("telegram", "olena", UnknownDeliveryError("timed out"), arrives=True)
        await site.advance(seconds=10)
        first = site.telegram("olena").expects("Одразу подій: 3")
        await site.engine.loop.submit(Answer("taras", 5, "accept", "console"))
        await site.advance(seconds=5)
        again = site.telegram("olena").expects("ПОВТОР. Важливо. Одразу подій: 2")
        assert "d5" not in again.text
        await first.presses("Беру (усі)")
        assert takers(site) == [4, 5, 6]


async def test_all_means_the_list_that_arrived_not_the_one_that_did_not(tmp_path: Path) -> None:
    """A first try was refused for the moment; what was answered until the second is not in it, and not in "all"."""
    async with place(tmp_path) as site:
        await doors(site, 6)
        await the_first_three(site)
        site.fails("telegram", "olena", TemporaryDeliveryError("busy"))
        await site.advance(seconds=10)
        await site.engine.loop.submit(Answer("taras", 5, "accept", "console"))
        await site.advance(seconds=5)
        listed = site.telegram("olena").expects("Одразу подій: 2")
        await listed.presses("Беру (усі)")
        assert takers(site) == [4, 6]


async def test_news_is_told_as_a_list_too(tmp_path: Path) -> None:
    """Thirty closings are four messages."""
    async with place(tmp_path) as site:
        await doors(site, 30)
        await site.advance(seconds=20)
        site.forget_what_was_told()
        for number in range(1, 31):
            await site.engine.loop.submit(Answer("taras", number, "resolve", "console"))
        await site.advance(seconds=60)
        texts = [message.text for message in site.telegram("olena").messages if not message.read]
        assert [text.split("\n")[0] for text in texts[3:]] == ["Зміни: 20", "Зміни: 7"]
        assert "закрито: Двері: d4 (завершено, Тарас Бондаренко)" in texts[3]
        site.forget_what_was_told()


async def test_a_short_time_to_answer_shortens_the_wait(tmp_path: Path) -> None:
    """A list takes at most a quarter of the time there is to answer."""
    hasty = policy("guard", step("olena", within="20s"), step("taras", within="2 min"), last=("oksana",))
    async with place(tmp_path, guard=hasty) as site:
        await doors(site, 6)
        await the_first_three(site)
        await site.advance(seconds=5)
        site.telegram("olena").expects("Одразу подій: 3").came("+5s")


async def test_a_new_minute_begins_alone_again(tmp_path: Path) -> None:
    """Who had a quiet minute is told the next incident at once."""
    async with place(tmp_path) as site:
        await doors(site, 5)
        await site.advance(seconds=61)
        site.forget_what_was_told()
        await doors(site, 1, begin=9)
        site.telegram("olena").expects("Двері: d9").came("+1m1s")


async def test_each_service_has_its_own_list(tmp_path: Path) -> None:
    """The first page of another service to the same person is not gathered behind a storm."""
    other = event_rule("gas", match(type="gas"), to="gas", severity="high", say="Газ: {{ site }}")
    people = (by(OLENA, "telegram"), *PEOPLE[1:])
    gas = policy("gas", step("olena", within="2 min"), last=("oksana",))
    async with site_of(tmp_path, town(DOOR, other, people=people, policies=(GUARD, gas))) as site:
        await doors(site, 9)
        await site.event("gas", site="g1")
        site.telegram("olena").expects("Газ: g1").came("+0s")
        await site.advance(seconds=10)
        assert "Газ" not in site.telegram("olena").expects("Одразу подій: 6").text


async def test_ten_thousand_events_a_second_into_one_incident_are_one_page(tmp_path: Path) -> None:
    """Everything joins; nobody is paged again."""
    async with site_of(tmp_path, town(PANIC)) as site:
        body = [{"type": "alarm.panic", "site": "school-12", "device": f"btn-{number % 50}"} for number in range(1000)]
        for _ in range(10):
            answer = await site.http.post("/v1/events", json=body, headers={"Authorization": f"Bearer {TOKEN}"})
            assert answer.status_code in (200, 202)
        await site.settles()
        site.telegram("olena").expects("Тривожна кнопка: school-12")
        site.nobody_is_told()
        assert site.incident().activation.events == 10_000
        assert site.rows("SELECT count(*) FROM outbox")[0][0] == 1
