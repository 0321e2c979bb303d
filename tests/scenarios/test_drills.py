"""An exercise with the people on duty: the path of what is real, marked everywhere, and nothing real is touched."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.support.city import event_rule, match
from tests.support.gates import active
from tests.support.play import Play
from tests.support.site import START, TOKEN, Site, site_of
from tests.support.town import OLENA, PANIC, PATROL, PEOPLE, town

from tocsin.delivery.say import say_of
from tocsin.domain.input import OperatorAction
from tocsin.domain.time import DAY, MINUTE
from tocsin.reports.period import of_one, of_period
from tocsin.watch.unreached import unreached

RULES = {"panic-button": PANIC}


async def drill(site: Site, **wanted: Any) -> None:
    await site.engine.loop.submit(OperatorAction("sam", "drill", wanted))
    await site.settles()


@pytest.mark.parametrize("language, mark, say, label", [
    ("uk", "ТРЕНУВАННЯ", "Ви прийняли: ТРЕНУВАННЯ. Тривожна кнопка: школа", "Беру"),
    ("ru", "ТРЕНИРОВКА", "Вы приняли: ТРЕНИРОВКА. Тривожна кнопка: школа", "Беру"),
    ("en", "EXERCISE", "You have it: EXERCISE. Тривожна кнопка: школа", "Take")])
async def test_every_message_says_that_it_is_an_exercise(tmp_path: Path, language: str, mark: str, say: str,
                                                         label: str) -> None:
    """Page, SMS, reply, the copy that was taken, the end."""
    people = (replace(OLENA, language=language), *PEOPLE[1:])
    async with site_of(tmp_path, town(people=people)) as site:
        await drill(site, rule="panic-button", values={"site": "школа"})
        page = site.telegram("olena").expects(mark, "Тривожна кнопка: школа").came("+0s")
        await site.advance(minutes=1)
        assert site.phone("olena").expects("Тривожна кнопка: школа").text.startswith(f"{mark}. ")
        assert await page.presses(label) == say
        assert mark in page.text
        await site.advance(minutes=29)
        site.telegram("olena").expects(mark).came("+30m")
        assert site.incident().response == "closed"
        site.nobody_is_told()


async def test_it_takes_the_same_path_and_is_measured(tmp_path: Path) -> None:
    """Nobody answers, the next one is asked; the report says what each person and service took."""
    async with site_of(tmp_path) as site:
        await drill(site, rule="panic-button", values={"site": "x"})
        await site.advance(minutes=2)
        await site.telegram("taras").expects("ТРЕНУВАННЯ").presses("Беру")
        await site.advance(minutes=30)
        site.forget_what_was_told()
        with site.engine.store.reading() as connection:
            found = of_one(connection, 1, RULES, say_of)
            real = of_period(connection, START, START + DAY, RULES, say_of)
            drills = of_period(connection, START, START + DAY, RULES, say_of, drills=True)
        assert found is not None
        assert found.courses[0].to_answer == 2 * MINUTE
        assert {one.name for one in found.people} == {"olena", "taras"}
        assert [one.name for one in found.services] == ["patrol"]
        assert (real.whole.count, drills.whole.count) == (0, 1)


async def test_nothing_real_joins_it_and_it_holds_nothing_back(tmp_path: Path) -> None:
    """The same place in earnest opens an incident of its own; what the rule inhibits is not inhibited by its drill."""
    camera = event_rule("camera", match(type="camera.offline"), to="patrol", say="Камера: {{ site }}",
                        unless=(active("panic-button", "site"),))
    async with site_of(tmp_path, town(PANIC, camera)) as site:
        await drill(site, rule="panic-button", values={"site": "school-12"})
        site.telegram("olena").expects("ТРЕНУВАННЯ")
        await site.event("camera.offline", site="school-12")
        assert "ТРЕНУВАННЯ" not in site.telegram("olena").expects("Камера: school-12").text
        await site.event(site="school-12")
        assert "ТРЕНУВАННЯ" not in site.telegram("olena").expects("Тривожна кнопка: school-12").text
        assert site.incidents() == ["drill:panic-button", "camera", "panic-button"]
        await site.advance(minutes=40)
        assert [site.incident(number).response for number in (1, 3)] == ["closed", "unanswered"]
        site.forget_what_was_told()


async def test_what_is_real_leaves_first(tmp_path: Path) -> None:
    """However severe the drill is."""
    async with site_of(tmp_path) as site:
        await drill(site, rule="panic-button", values={"site": "x"})
        await site.event()
        ranks = dict(site.rows("SELECT incident, max(rank) FROM outbox GROUP BY incident"))
        assert ranks == {1: 0, 2: 4}
        site.forget_what_was_told()


async def test_a_policy_alone_is_exercised_with_a_text(tmp_path: Path) -> None:
    """Without a rule people read what the operator wrote."""
    async with site_of(tmp_path) as site:
        await drill(site, policy="patrol", text="Збір біля мерії")
        site.telegram("olena").expects("ТРЕНУВАННЯ", "Важливо: Збір біля мерії")


async def test_a_person_may_end_it(tmp_path: Path) -> None:
    """Closed by a word it is over, and is not looked at again."""
    async with site_of(tmp_path) as site:
        await drill(site, rule="panic-button", values={"site": "x"})
        await site.telegram("olena").expects("ТРЕНУВАННЯ").presses("Хибна тривога")
        site.telegram("olena").expects("ТРЕНУВАННЯ", "Закрито")
        await site.advance(minutes=45)
        site.nobody_is_told()
        assert site.incident().response == "closed"


async def test_a_drill_that_reaches_nobody_makes_health_not_red(tmp_path: Path) -> None:
    """Its last resort is tried as in earnest; the engine does not raise an alarm about it."""
    nobody = tuple(replace(one, addresses={}) for one in PEOPLE)
    async with site_of(tmp_path, town(people=nobody, policies=(PATROL,))) as site:
        await drill(site, rule="panic-button", values={"site": "x"})
        assert site.incident().unreached
        assert unreached(site.engine.store.reading) == []


@pytest.mark.parametrize("wanted, why", [
    ({}, "give a rule or a policy"), ({"rule": "nothing"}, "there is no rule nothing"),
    ({"policy": "nothing"}, "there is no policy nothing"), ({"rule": "panic-button", "lasts": 2 * DAY}, "a day"),
    ({"rule": "panic-button", "severity": "awful"}, "there is no severity awful")])
async def test_what_cannot_be_exercised_is_refused(tmp_path: Path, wanted: dict[str, Any], why: str) -> None:
    """With the reason, and nobody is asked."""
    async with site_of(tmp_path) as site:
        await drill(site, **wanted)
        assert why in site.notes("refused")[0]
        assert site.incidents() == []


async def test_over_http_nobody_but_an_operator_begins_one(tmp_path: Path) -> None:
    """Neither a stranger nor a source."""
    async with site_of(tmp_path) as site:
        for headers in ({}, {"Authorization": f"Bearer {TOKEN}"}):
            answer = await site.http.post("/v1/drills", json={"rule": "panic-button"}, headers=headers)
            assert answer.status_code in (401, 403)
        assert site.incidents() == []


def test_another_book_does_not_end_it() -> None:
    """A rule of its name is in no book, and it is no rule that was removed."""
    play = Play(event_rule("panic"))
    play.operator("drill", rule="panic", values={"site": "s1"})
    play.book(event_rule("panic"), event_rule("other"), at="+10s")
    assert play.incident(1).condition == "active"
    assert not play.news()
