"""How long a danger lasts and how it changes: joined, raised, cleared, closed, composed of states."""

from pathlib import Path

from tests.support.city import event_rule, incident_rule, match
from tests.support.site import Site, site_of
from tests.support.town import PANIC, town

from tocsin.book.rule import Clear, SeverityBy
from tocsin.domain.time import HOUR

GAS = event_rule("gas", match(type="sensor.gas"), to="patrol", say="Газ {{ lel }} %: {{ site }}",
                 severity=SeverityBy("stage", {"2": "high", "3": "critical"}), clear=Clear(after=4 * HOUR))
RAID = event_rule("air-raid", match(type="air_raid.alert"), to="patrol", say="Повітряна тривога: {{ site }}",
                  member=("alert_id",))
CAMERA = event_rule("camera-offline", match(type="camera.offline"), per=("device",), to="patrol", for_="60s",
                    say="Камера не працює: {{ device }}")


async def test_pressed_again_and_again_it_is_one_incident_and_one_page(site: Site) -> None:
    """Firings join; nobody is paged for each of them."""
    for _ in range(5):
        await site.event()
    site.telegram("olena").expects("Тривожна")
    site.nobody_is_told()
    assert site.incident().activation.events == 5
    assert site.incidents() == ["panic-button"]


async def test_the_same_event_delivered_twice_is_one(site: Site) -> None:
    """The gateway did not hear the confirmation."""
    for _ in range(2):
        await site.event(id="7", time="2026-11-24T10:00:00Z")
    assert site.incident().activation.events == 1


async def test_another_site_is_another_incident(site: Site) -> None:
    """Each key has its own."""
    await site.event(site="school-12")
    await site.event(site="school-13")
    site.telegram("olena").expects("school-12")
    site.telegram("olena").expects("school-13")


async def test_those_who_answered_hear_of_joiners_at_most_every_five_minutes(site: Site) -> None:
    """The first at once, the rest together."""
    await site.event()
    await site.telegram("olena").expects("Тривожна").presses("Беру")
    await site.advance(minutes=1)
    await site.event()
    site.telegram("olena").expects("Ще події, усього 2: Тривожна кнопка: school-12").came("+1m")
    for _ in range(3):
        await site.advance(seconds=30)
        await site.event()
    site.nobody_is_told()
    await site.advance(minutes=4)
    site.telegram("olena").expects("Ще події, усього 5").came("+6m")
    site.nobody_is_told()


async def test_a_rise_pages_again_from_step_one_though_it_was_taken(tmp_path: Path) -> None:
    """Taken as important, now critical: that is another decision."""
    async with site_of(tmp_path, town(GAS)) as site:
        await site.event("sensor.gas", stage=2, lel=12)
        await site.telegram("olena").expects("Важливо: Газ 12 %").presses("Беру")
        await site.advance(minutes=1)
        await site.event("sensor.gas", stage=3, lel=40)
        raised = site.telegram("olena").expects("КРИТИЧНО · посилено: Газ 40 %").came("+1m")
        assert site.incident().response == "unanswered"
        await site.advance(minutes=2)
        site.telegram("taras").expects("Газ 40 %").came("+3m")
        await raised.presses("Беру")
        await site.event("sensor.gas", stage=2, lel=11)
        site.telegram("olena").expects("Ще події")
        assert (site.incident().severity, site.incident().response) == ("critical", "acknowledged")


async def test_a_rise_while_nobody_has_answered_starts_at_step_one(tmp_path: Path) -> None:
    """Olena slept through the important one: she is asked first again."""
    async with site_of(tmp_path, town(GAS)) as site:
        await site.event("sensor.gas", stage=2, lel=12)
        await site.advance(minutes=2)
        site.telegram("taras").expects("Газ 12 %")
        await site.event("sensor.gas", stage=3, lel=40)
        site.telegram("olena").expects("посилено", "Газ 40 %").came("+2m")


async def test_what_is_taken_closes_when_it_clears_and_everybody_hears_it_once(tmp_path: Path) -> None:
    """Acknowledged, then over: closed without anybody's doing."""
    async with site_of(tmp_path, town(RAID)) as site:
        await site.event("air_raid.alert", site="kramatorsk", status="firing", alert_id=1)
        await site.advance(minutes=1)
        await site.phone("olena").expects("Повітряна тривога: kramatorsk").replies("{code}")
        await site.event("air_raid.alert", site="kramatorsk", status="resolved", alert_id=1)
        site.phone("olena").expects("Закрито: Повітряна тривога: kramatorsk")
        assert site.incident().response == "closed"
        site.telegram("olena").expects("Повітряна")
        await site.advance(minutes=20)
        site.nobody_is_told()


async def test_what_somebody_is_on_the_way_to_stays_until_they_close_it(tmp_path: Path) -> None:
    """Accepted is not acknowledged: the danger may be over, the people are still there."""
    async with site_of(tmp_path, town(RAID)) as site:
        await site.event("air_raid.alert", status="firing", alert_id=1)
        page = site.telegram("olena").expects("Повітряна")
        await page.presses("Беру")
        await site.event("air_raid.alert", status="resolved", alert_id=1)
        site.telegram("olena").expects("Минуло: Повітряна тривога: school-12 (джерело повідомило)")
        assert site.incident().response == "acknowledged"
        await site.advance(minutes=10)
        await page.presses("На місці")
        await page.presses("Завершено")
        site.telegram("olena").expects("Закрито: Повітряна тривога: school-12 (завершено, Олена Коваленко)")
        assert site.incident().response == "closed"
        site.nobody_is_told()


async def test_overlapping_air_raid_alerts_are_one_incident_until_the_last_ends(tmp_path: Path) -> None:
    """The oblast's alert ends while the raion's goes on."""
    async with site_of(tmp_path, town(RAID)) as site:
        await site.event("air_raid.alert", status="firing", alert_id=1)
        await site.telegram("olena").expects("Повітряна").presses("Беру")
        await site.advance(minutes=2)
        await site.event("air_raid.alert", status="firing", alert_id=2)
        site.telegram("olena").expects("Ще події, усього 2")
        await site.advance(minutes=20)
        await site.event("air_raid.alert", status="resolved", alert_id=1)
        site.nobody_is_told()
        assert site.incident().condition == "active"
        await site.advance(minutes=10)
        await site.event("air_raid.alert", status="resolved", alert_id=2)
        site.telegram("olena").expects("Минуло").came("+32m")
        assert site.incident().activation.number == 1


async def test_cleared_and_back_before_anybody_answered_goes_on_where_it_was(tmp_path: Path) -> None:
    """The escalation does not start over for a contact that chatters, and nobody keeps believing that it is over."""
    async with site_of(tmp_path, town(RAID)) as site:
        await site.event("air_raid.alert", status="firing", alert_id=1)
        await site.advance(minutes=2)
        await site.event("air_raid.alert", status="resolved", alert_id=1)
        await site.advance(minutes=1)
        await site.event("air_raid.alert", status="firing", alert_id=1)
        site.telegram("taras").expects("Повітряна").came("+2m")
        for told in (site.telegram("olena"), site.telegram("taras")):
            told.expects("Минуло").came("+2m")
            told.expects("Знову триває: Повітряна тривога").came("+3m")
        site.forget_what_was_told()
        await site.advance(minutes=1)
        site.mail("chief").expects("Повітряна").came("+4m")
        site.nobody_is_told()
        assert site.incident().activation.number == 2


async def test_cleared_and_back_after_an_answer_asks_again(tmp_path: Path) -> None:
    """Whoever had it may be gone: from step one."""
    async with site_of(tmp_path, town(RAID)) as site:
        await site.event("air_raid.alert", status="firing", alert_id=1)
        await site.telegram("olena").expects("Повітряна").presses("Беру")
        await site.event("air_raid.alert", status="resolved", alert_id=1)
        site.telegram("olena").expects("Минуло")
        await site.advance(minutes=1)
        await site.event("air_raid.alert", status="firing", alert_id=1)
        site.telegram("olena").expects("Повітряна").came("+1m")
        assert site.incident().response == "unanswered"


async def test_a_camera_that_only_restarts_wakes_nobody(tmp_path: Path) -> None:
    """``for: 60s``."""
    async with site_of(tmp_path, town(CAMERA)) as site:
        await site.event("camera.offline", device="park-07", status="firing")
        await site.advance(seconds=40)
        await site.event("camera.offline", device="park-07", status="resolved")
        await site.advance(minutes=10)
        site.nobody_is_told()
        assert site.incidents() == []


async def test_a_camera_that_stays_away_is_reported_after_a_minute(tmp_path: Path) -> None:
    """The deadline is a row: it is there after a restart, too."""
    async with site_of(tmp_path, town(CAMERA)) as site:
        await site.event("camera.offline", device="park-07", status="firing")
        await site.advance(seconds=30)
        await site.restarts()
        await site.advance(seconds=30)
        site.telegram("olena").expects("Камера не працює: park-07").came("+1m")


async def test_states_compose_and_stand_on_no_board(tmp_path: Path) -> None:
    """A raid is a state; that it goes on is an incident; when the raid ends, that ends as well."""
    state = event_rule("raid", match(type="air_raid.alert"), to=None, member=("alert_id",))
    long = incident_rule("raid-long", "raid", to="patrol", for_="20 min", severity="high",
                         say="Тривога триває: {{ site }}")
    async with site_of(tmp_path, town(state, long)) as site:
        await site.event("air_raid.alert", status="firing", alert_id=1)
        site.nobody_is_told()
        await site.advance(minutes=20)
        await site.telegram("olena").expects("Важливо: Тривога триває: school-12").came("+20m").presses("Беру")
        await site.event("air_raid.alert", status="resolved", alert_id=1)
        site.telegram("olena").expects("Минуло: Тривога триває: school-12")
        assert site.incident(1).response == "closed"
        site.nobody_is_told()


async def test_a_danger_of_several_states_is_one_incident_of_its_own(tmp_path: Path) -> None:
    """Two rules follow the same state, each with its own people and patience."""
    state = event_rule("power-lost", match(type="power.lost"), to=None)
    at_once = incident_rule("power", "power-lost", to="patrol", severity="high", say="Немає живлення: {{ site }}")
    later = incident_rule("power-long", "power-lost", to="patrol", for_="10 min",
                          say="Живлення немає 10 хв: {{ site }}")
    async with site_of(tmp_path, town(state, at_once, later, PANIC)) as site:
        await site.event("power.lost", device="ups-1", status="firing")
        await site.telegram("olena").expects("Немає живлення: school-12").presses("Беру")
        await site.advance(minutes=10)
        site.telegram("olena").expects("Живлення немає 10 хв: school-12").came("+10m")
        assert site.incidents() == ["power-lost", "power", "power-long"]


async def test_a_device_that_says_it_is_2037_is_heard_now(site: Site) -> None:
    """Its time is kept as what it claimed; the alarm goes out, and no deadline moves."""
    await site.event(time="2037-01-01T00:00:00Z")
    site.telegram("olena").expects("Тривожна").came("+0s")
    body, = site.rows("SELECT body FROM journal WHERE kind = 'arrival'")[0]
    assert b'"claimed_time"' in bytes(body)
    await site.advance(minutes=2)
    site.telegram("taras").expects("Тривожна").came("+2m")
