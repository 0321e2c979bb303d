"""Feeds and lists of shifts: as the roster has them, read back by a calendar library, behind a link of one's own."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import httpx
import icalendar
import pytest
from click.testing import Result
from msgspec.structs import replace
from starlette.applications import Starlette
from tests.support.city import content, person
from typer.testing import CliRunner

from tocsin.api.errors import Problem, problem
from tocsin.api.operators import Operators
from tocsin.api.rosters import roster_routes
from tocsin.book.book import Content, Site
from tocsin.book.contacts import Away, Override, Person, Rotation, Schedule, Service
from tocsin.cli.main import build
from tocsin.clock import VirtualClock
from tocsin.domain.errors import TocsinError
from tocsin.domain.time import DAY, HOUR, from_datetime, parse_instant, to_datetime
from tocsin.reports.feed import PEOPLE, SCHEDULES, feed, feed_link
from tocsin.reports.rosters import UnknownRosterError, duties
from tocsin.roster.oncall import on_duty
from tocsin.roster.reach import called
from tocsin.sources.door import Doors
from tocsin.sources.tokens import hash_token
from tocsin.store import open_store

ROOT = Path(__file__).resolve().parents[3]
NOW = parse_instant("2026-10-20T12:00:00Z")
OLENA = person("olena", "telegram", away=(Away("2026-10-28", "2026-10-28", "maria"),))
FOLK = (OLENA, person("taras"), person("maria"), person("ivan"))
PATROL = Schedule(id="patrol", time_zone="Europe/Kyiv",
                  rotations=(Rotation(("olena", "taras"), 12 * HOUR, "2026-10-01 08:00"),),
                  overrides=(Override("ivan", "2026-10-22 08:00", "2026-10-22 20:00", "olena"),))
DESK = Schedule(id="desk", time_zone="Europe/Kyiv", rotations=(Rotation(("olena",), DAY, "2026-01-01 08:00",
                                                                        "2026-10-30 08:00"),))
SITE = content(people=FOLK, schedules=(PATROL, DESK), site=Site("Краматорськ", "Europe/Kyiv", "uk"),
               services=(Service(id="patrol", name="Патрульна; поліція", schedule="patrol"),))
SECRET = b"s" * 32
Row = tuple[int, int, str]


def events(body: bytes) -> list[Row]:
    calendar = icalendar.Calendar.from_ical(body)
    found = [(from_datetime(one["dtstart"].dt), from_datetime(one["dtend"].dt), str(one["summary"]))
             for one in calendar.walk("VEVENT")]
    assert len({str(one["uid"]) for one in calendar.walk("VEVENT")}) == len(found)
    return found


def test_a_schedules_feed_says_who_is_on_duty_at_every_hour() -> None:
    """Over the night of the clock change, with overrides and stand-ins; read back with another library."""
    rows = events(feed(SITE, SCHEDULES, "patrol", NOW))
    for at in range(NOW, NOW + 20 * DAY, HOUR // 2):
        names = {who for begin, end, who in rows if begin <= at < end}
        assert names == {SITE.people[one].name for one in on_duty(PATROL, SITE.people, at)}


def test_a_persons_feed_holds_the_shifts_in_every_schedule_and_as_stand_in() -> None:
    maria = events(feed(SITE, PEOPLE, "maria", NOW))
    begin = parse_instant("2026-10-27T22:00:00Z")
    assert {(start, what) for start, _, what in maria} == {(begin, "desk"), (begin + 8 * HOUR, "Патрульна; поліція")}
    olena = {what for _, _, what in events(feed(SITE, PEOPLE, "olena", NOW))}
    assert olena == {"desk", "Патрульна; поліція"}
    assert [what for _, _, what in events(feed(SITE, PEOPLE, "ivan", NOW))] == ["Патрульна; поліція"]


def test_a_shift_that_lasts_keeps_its_beginning_and_its_uid_from_day_to_day() -> None:
    """A calendar program would otherwise show it once more each day."""
    def uids(now: int) -> set[str]:
        return {str(one["uid"]) for one in icalendar.Calendar.from_ical(feed(SITE, PEOPLE, "olena", now)).walk("VEVENT")
                if one["summary"] == "desk"}
    assert uids(NOW) == uids(NOW + 3 * DAY)


def test_turns_of_minutes_do_not_make_an_endless_feed() -> None:
    quick = Schedule(id="quick", time_zone="UTC", rotations=(Rotation(("olena", "taras"), HOUR // 12, "2026-01-01"),))
    begin = parse_instant("2026-07-02T12:00:00Z")
    rows = events(feed(content(people=FOLK, schedules=(quick,)), SCHEDULES, "quick", begin))
    assert max(end for _, end, _ in rows) >= begin + DAY
    assert len(rows) < 2500


def test_gaps_are_listed_and_unknown_names_refused() -> None:
    begin, end = parse_instant("2026-10-29T00:00:00Z"), parse_instant("2026-11-02T00:00:00Z")
    *_, last = duties(SITE, begin, end, schedule="desk")
    assert (last.person, to_datetime(last.begin), last.end) == ("", datetime(2026, 10, 30, 6, tzinfo=UTC), end)
    assert not [one for one in duties(SITE, begin, end, person="olena") if not one.person]
    for wrong in ({"schedule": "patrl"}, {"person": "olga"}):
        with pytest.raises(UnknownRosterError, match="in the contacts: there are "):
            duties(SITE, begin, end, **wrong)
    assert (called(SITE, "patrol"), called(SITE, "desk")) == ("Патрульна; поліція", "desk")


# -- over HTTP

def door(site: Content = SITE) -> httpx.AsyncClient:
    operators = Operators({"head": hash_token("operator")}, Doors(()))
    app = Starlette(routes=roster_routes(operators, SECRET, lambda: site, VirtualClock(NOW)),
                    exception_handlers={Problem: problem})
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://alarm.example.org")


def link(kind: str, name: str, reader: Person = OLENA) -> str:
    return feed_link("https://alarm.example.org/", SECRET, kind, name, reader)


async def test_a_link_opens_the_one_feed_to_the_one_person() -> None:
    async with door() as http:
        for kind, name in ((PEOPLE, "olena"), (SCHEDULES, "patrol")):
            answer = await http.get(link(kind, name))
            assert answer.status_code == 200
            assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
            assert answer.headers["cache-control"] == "private, no-cache"
            assert answer.content == feed(SITE, kind, name, NOW)
        for wrong in (link(PEOPLE, "olena").replace("people/olena", "people/taras"),
                      link(PEOPLE, "olena").replace("people/olena", "schedules/patrol"),
                      link(PEOPLE, "olena").replace("for=olena", "for=taras"), link(PEOPLE, "olena") + "x",
                      link(PEOPLE, "olena")[:-1] + "é", link(SCHEDULES, "none"), link(PEOPLE, "none"),
                      link("calendars", "olena")):
            answer = await http.get(wrong)
            assert answer.status_code == 404
            assert "error" in answer.json()


async def test_a_link_ends_with_the_person_and_with_another_feed_text() -> None:
    """Who leaves the contacts can read no feed any more, the ones of schedules neither."""
    gone = replace(SITE, people={name: one for name, one in SITE.people.items() if name != "olena"},
                   schedules={"desk": replace(DESK, rotations=(Rotation(("taras",), DAY, "2026-01-01"),))})
    renewed = replace(SITE, people={**SITE.people, "olena": replace(OLENA, feed="2")})
    for site, status in ((gone, 404), (renewed, 404)):
        async with door(site) as http:
            assert (await http.get(link(SCHEDULES, "desk"))).status_code == status
    async with door(renewed) as http:
        assert (await http.get(link(SCHEDULES, "desk", renewed.people["olena"]))).status_code == 200


async def test_an_operator_reads_every_feed_by_the_own_token_and_nobody_without() -> None:
    async with door() as http:
        path = "/v1/rosters/people/taras.ics"
        assert (await http.get(path, headers={"Authorization": "Bearer operator"})).status_code == 200
        assert (await http.get(path)).status_code == 401
        unknown = await http.get("/v1/rosters/people/olga.ics", headers={"Authorization": "Bearer operator"})
        assert (unknown.status_code, "olga" in unknown.json()["error"]) == (404, True)


# -- the commands

def tocsin(*arguments: str) -> Result:
    return CliRunner().invoke(build(list(arguments)), list(arguments))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    for part in ("rules", "contacts", "templates"):
        shutil.copytree(ROOT / part, folder / part)
    shutil.copy(ROOT / "config.yaml", folder)
    (folder / "var").mkdir()
    open_store(folder / "var" / "tocsin.db").close()
    return folder / "config.yaml"


def test_the_command_lists_prints_and_links(home: Path) -> None:
    """The list with local times, the calendar file, and the link that the engine would open."""
    listed = tocsin("roster", "--config", str(home), "--schedule", "police-patrol", "--at", "2026-10-25 00:00",
                    "--days", "1")
    lines = listed.stdout.splitlines()
    assert listed.exit_code == 0
    assert [line.partition("  ")[0] for line in lines] == [
        "Sun 25.10.2026 00:00 – Sun 25.10.2026 08:00", "Sun 25.10.2026 08:00 – Sun 25.10.2026 20:00",
        "Sun 25.10.2026 20:00 – Sun 25.10.2026 23:00"]
    calendar = tocsin("roster", "--config", str(home), "--person", "olena", "--ics", "--at", "2026-10-20")
    assert events(calendar.stdout_bytes)
    linked = tocsin("roster", "--config", str(home), "--schedule", "police-patrol", "--for", "taras", "--link",
                    "--json")
    address = json.loads(linked.stdout)["link"]
    assert address.startswith("https://alarm.example.org/v1/rosters/schedules/police-patrol.ics?for=taras&token=")
    refused = tocsin("roster", "--config", str(home), "--schedule", "police-patrol", "--link")
    assert isinstance(refused.exception, TocsinError)
    assert "--for" in str(refused.exception)


def test_oncall_takes_local_times_and_states_both_nights(home: Path) -> None:
    """The missing hour is refused, of the repeated one the first is taken and said so."""
    asked = tocsin("oncall", "--config", str(home), "--at", "2026-03-29 03:30")
    assert isinstance(asked.exception, TocsinError)
    assert "does not exist in Europe/Kyiv" in str(asked.exception)
    asked = tocsin("oncall", "--config", str(home), "--at", "2026-10-25 03:30", "--json")
    assert "comes twice in Europe/Kyiv that night: the first is taken; write 2026-10-25T03:30:00+02:00" in asked.stderr
    line = json.loads(asked.stdout.splitlines()[0])
    assert (line["at"], line["until"]) == ("2026-10-25T00:30:00Z", "2026-10-25T06:00:00Z")
