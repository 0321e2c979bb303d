"""What a policy promises whatever else happens: who is asked, when, and by which version of the files."""

from pathlib import Path
from typing import Any

from msgspec.structs import replace
from tests.support.city import match, policy, step
from tests.support.site import Site, site_of
from tests.support.town import PANIC, PATROL, town

from tocsin.book.contacts import Schedule
from tocsin.book.rule import SeverityBy, When
from tocsin.domain.time import MINUTE

OFFICE: dict[str, Any] = {"time_zone": "Europe/Kyiv", "open": [{"days": ["tue"], "from": "13:00", "to": "17:00"}]}
"""The stories begin on a Tuesday at noon."""


async def test_the_running_escalation_keeps_the_policy_it_began_with(site: Site) -> None:
    """Over a reload and a restart; the next incident takes the new one."""
    await site.event(site="school-12")
    site.telegram("olena").expects("school-12")
    site.content = town(policies=(policy("patrol", step("maria", within="20 min"), last=("oksana",)),))
    assert await site.engine.reloader.reload()
    await site.restarts()
    await site.event(site="market")
    site.telegram("maria").expects("market")
    await site.advance(minutes=2)
    site.telegram("taras").expects("school-12").came("+2m")


async def test_quiet_hours_delay_what_is_low_and_no_evaluation(tmp_path: Path) -> None:
    """The second low one of three makes the incident at once, on the board; its page waits for the office to open."""
    counted = replace(PANIC, severity="low", when=When("count", match=match(type="alarm.panic"), at_least=2,
                                                       within=10 * MINUTE))
    waits = policy("patrol", replace(step("olena", within="5 min"), wait_for="office"), last=("oksana",))
    async with site_of(tmp_path, town(counted, policies=(waits,), calendars={"office": OFFICE})) as site:
        await site.event()
        await site.advance(minutes=1)
        await site.event()
        assert (site.incident().response, site.incident().activation.events) == ("unanswered", 2)
        site.nobody_is_told()
        assert site.suppressed() == ["step 1 of patrol waits for office, until 2026-11-24T11:00:00Z"]
        await site.restarts(minutes=58)
        site.nobody_is_told()
        await site.advance(minutes=1)
        site.telegram("olena").expects("Тривожна кнопка: school-12").came("+1h")


async def test_quiet_hours_delay_nothing_critical_and_end_when_it_becomes_so(tmp_path: Path) -> None:
    """The severity rose: every policy from step one, the waiting one at once."""
    scaled = replace(PANIC, severity=SeverityBy("urgency", {"Extreme": "critical", "Minor": "low"}))
    waits = policy("patrol", replace(step("olena", within="5 min"), wait_for="office"), last=("oksana",))
    async with site_of(tmp_path, town(scaled, policies=(waits,), calendars={"office": OFFICE})) as site:
        await site.event(urgency="Minor")
        site.nobody_is_told()
        await site.advance(minutes=10)
        await site.event(urgency="Extreme")
        site.telegram("olena").expects("КРИТИЧНО").came("+10m")
        await site.event(site="market", urgency="Extreme")
        site.telegram("olena").expects("market").came("+10m")
        assert site.notes("raised") == ["from low to critical"]


async def test_an_empty_target_never_waits(tmp_path: Path) -> None:
    """Nobody is on duty, nobody serves, nobody has the skill: the step after them begins in the same second."""
    empty = policy("patrol", step("on_call:night", within="1 h"), step("service:nobody", within="1 h"),
                   step("skill:diver", within="1 h"), step("taras", within="2 min"), last=("oksana",))
    night = Schedule(id="night", time_zone="Europe/Kyiv")
    async with site_of(tmp_path, town(policies=(empty,), schedules={"night": night})) as site:
        await site.event()
        site.telegram("taras").expects("Тривожна").came("+0s")
        assert site.suppressed() == [f"step {number} of patrol reached nobody" for number in (1, 2, 3)]


async def test_what_was_taken_and_forgotten_opens_again(tmp_path: Path) -> None:
    """A word on the reminder is enough to keep it; without one everybody is asked anew, and told why."""
    own = replace(PATROL, remind=10 * MINUTE, reopen=15 * MINUTE)
    lasting: dict[str, Any] = {"status": "firing", "device": "btn-4"}
    async with site_of(tmp_path, town(policies=(own,))) as site:
        await site.event(**lasting)
        await site.telegram("olena").expects("Тривожна").presses("Беру")
        await site.advance(minutes=10)
        reminder = site.telegram("olena").expects("нагадування")
        assert reminder.buttons == ["Беру", "На місці", "Завершено", "Хибна тривога"]
        await reminder.presses("Беру")
        await site.advance(minutes=10)
        site.telegram("olena").expects("нагадування").came("+20m")
        await site.restarts(minutes=4)
        site.nobody_is_told()
        await site.advance(minutes=1)
        site.telegram("olena").expects("знову: Тривожна кнопка: school-12").came("+25m")
        assert site.incident().response == "unanswered"
