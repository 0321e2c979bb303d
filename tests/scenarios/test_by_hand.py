"""Operators answer and act over HTTP; the people concerned are told, and the record says who did what."""

from tests.support.site import TOKEN, Site

from tocsin.domain.time import MINUTE


async def answers(site: Site, status: int = 200, number: int = 1, **body: str) -> dict[str, object]:
    answer = await site.operator(f"/v1/incidents/{number}/answers", **body)
    assert answer.status_code == status, answer.text
    return dict(answer.json())


async def does(site: Site, action: str, status: int = 200, number: int = 1, **body: object) -> dict[str, object]:
    answer = await site.operator(f"/v1/incidents/{number}/{action}", **body)
    assert answer.status_code == status, answer.text
    return dict(answer.json())


async def test_an_answer_given_by_telephone_is_entered_by_the_operator(site: Site) -> None:
    """By role it counts although maria was not asked; her time of arrival and the note stand in the record."""
    await site.event()
    page = site.telegram("olena").expects("Тривожна")
    said = await answers(site, word="accept", person="maria", eta="7 min", note="стоїть поруч\nз машиною")
    assert (said["response"], said["who"], said["asked"]) == ("acknowledged", ["Марія Шевченко"], [])
    assert "Взято: Марія Шевченко" in page.text
    given, = site.incident().answers
    assert (given.person, given.channel, given.by, given.eta, given.note) == (
        "maria", "api", "shift", 7 * MINUTE, "стоїть поруч з машиною")
    await answers(site, word="arrived", person="maria")
    await answers(site, word="resolve", person="maria", note="нікого немає")
    assert site.incident().response == "closed"
    site.telegram("olena").expects("Закрито: Тривожна кнопка: school-12 (завершено, Марія Шевченко)")
    assert site.notes("answer")[0] == "maria: accept, entered by shift"
    await site.advance(minutes=20)
    site.nobody_is_told()


async def test_an_answer_to_what_is_closed_is_refused_and_on_record(site: Site) -> None:
    await site.event()
    await site.telegram("olena").expects("Тривожна").presses("Хибна тривога")
    refused = await answers(site, 409, word="accept", person="maria")
    assert refused["error"] == ("incident 1 is closed already by Олена Коваленко: the answer is on record and changes "
                                "nothing")
    assert site.notes("late_answer") == ["maria answered accept after the incident was closed"]
    site.forget_what_was_told()


async def test_what_is_no_answer_is_refused_by_a_sentence(site: Site) -> None:
    await site.event()
    site.telegram("olena").expects("Тривожна")
    for status, body, sentence in (
            (422, {"word": "yes", "person": "maria"}, "is no answer: known are acknowledge"),
            (422, {"word": "accept", "person": "marija"}, "did you mean maria?"),
            (422, {"word": "accept"}, "shift is nobody of contacts/people.yaml: say whose answer it is"),
            (422, {"word": "arrived", "person": "maria", "eta": "5 min"}, "eta belongs to accept"),
            (422, {"word": "accept", "person": "maria", "eta": "soon"}, "not a duration"),
            (422, {"word": "accept", "persom": "maria"}, "persom")):
        assert sentence in str((await answers(site, status, **body))["error"])
    assert "there never was an incident 9" in str((await answers(site, 404, 9, word="accept", person="maria"))["error"])
    assert site.incident().answers == ()


async def test_operators_alone_may(site: Site) -> None:
    """No token, a wrong one, a source's: nothing of an incident is told, and nothing changed."""
    await site.event()
    site.telegram("olena").expects("Тривожна")
    for token, status in (("", 401), ("wrong", 401), (TOKEN, 403)):
        for path in ("answers", "escalate", "add", "reassign", "hand-over", "snooze"):
            assert (await site.operator(f"/v1/incidents/1/{path}", token)).status_code == status
    assert site.incident().answers == ()


async def test_escalate_pages_the_next_one_now(site: Site) -> None:
    await site.event()
    site.telegram("olena").expects("Тривожна")
    assert (await does(site, "escalate", reason="не відповідає"))["asked"] == ["Тарас Бондаренко"]
    site.telegram("taras").expects("КРИТИЧНО: Тривожна кнопка: school-12").came("+0s")
    assert site.notes("escalated") == ["patrol, by shift: не відповідає"]


async def test_add_reassign_and_hand_over(site: Site) -> None:
    """One after the other on the same incident, each of them told to the people concerned."""
    await site.event()
    await site.telegram("olena").expects("Тривожна").presses("Беру")
    assert (await does(site, "add", to={"person": "ivan"}))["asked"] == ["Иван Петренко"]
    await site.telegram("ivan").expects("Тривожна").presses("Беру")
    said = await does(site, "hand-over", to="taras", from_="olena", reason="кінець зміни")
    assert (said["who"], said["asked"]) == (["Олена Коваленко", "Иван Петренко"], ["Тарас Бондаренко"])
    await site.telegram("taras").expects("Тривожна").presses("Беру")
    site.telegram("olena").expects("Тепер відповідає Тарас Бондаренко: Тривожна кнопка: school-12")
    said = await does(site, "reassign", to={"person": "maria"})
    assert (said["response"], said["asked"]) == ("unanswered", ["Марія Шевченко"])
    for person in ("taras", "ivan"):
        site.telegram(person).expects("Марія Шевченко: Тривожна кнопка: school-12")
    await site.telegram("maria").expects("Тривожна").presses("Беру")
    assert site.incident().response == "acknowledged"
    await site.advance(minutes=10)
    site.nobody_is_told()


async def test_snooze_survives_the_power_and_ends_by_itself(site: Site) -> None:
    await site.event()
    site.telegram("olena").expects("Тривожна")
    said = await does(site, "snooze", for_="30 min", reason="перевірка")
    assert said["silence"] == 1
    await site.restarts(minutes=29)
    site.telegram("olena").expects("Минуло")
    site.nobody_is_told()
    await site.advance(minutes=1)
    site.telegram("olena").expects("Тривожна").came("+30m")
    assert site.suppressed() == ["snoozed by shift: перевірка"]


async def test_what_cannot_be_done_is_refused_by_a_sentence(site: Site) -> None:
    await site.event()
    site.telegram("olena").expects("Тривожна")
    for action, body, sentence in (
            ("add", {"to": {"person": "marija"}}, "did you mean maria?"), ("add", {}, "say whom"),
            ("escalate", {"to": {"person": "maria"}}, "to says nothing here: known are policy, reason"),
            ("hand-over", {"to": "maria"}, "nobody has incident 1"),
            ("snooze", {"for_": "1 h"}, "say why"), ("snooze", {"reason": "x"}, "say until when"),
            ("snooze", {"for_": "40 d", "reason": "x"}, "31 days")):
        assert sentence in str((await does(site, action, 422, **body))["error"]), action
    await does(site, "escalate", 404, 9)
