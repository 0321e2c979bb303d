"""Whom a target means by the place, by the operation that runs, by skill; and steps that wait for their hours."""

import math
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.support.city import PEOPLE, content, event_rule, person, policy, step, target
from tests.support.play import Play

from tocsin.book.book import AreaShape
from tocsin.book.contacts import Away, Policy, Service
from tocsin.book.rule import SeverityBy
from tocsin.domain.event import Place
from tocsin.roster.routing import Spot, distance, route


def square(name: str, lat: float, lon: float, half: float = 0.01) -> AreaShape:
    return AreaShape(name, {"type": "Polygon", "coordinates": [[
        [lon - half, lat - half], [lon + half, lat - half], [lon + half, lat + half], [lon - half, lat + half],
        [lon - half, lat - half]]]})


AREAS = {name: square(name, lat, 37.5) for name, lat in (("north", 48.8), ("south", 48.6), ("park", 48.6))}
SERVICES = (Service(id="police-north", name="N", kind="police", area="north", members=("olena",),
                    neighbours=("police-south",)),
            Service(id="police-south", name="S", kind="police", area="south", members=("taras",)),
            Service(id="fire", name="F", kind="fire", members=("ivan",)))
BY_PLACE = policy("police", step("area_service:police", within="1 h"))
OFFICE = {"time_zone": "UTC", "open": [{"days": ["mon"], "from": "09:00", "to": "17:00"}]}


def alarm(known: Policy, *, rule: Any = None, **more: Any) -> Play:
    return Play(rule or event_rule(), policies=(known,), services=SERVICES, areas=AREAS, **more)


def press(play: Play, *areas: str, at: tuple[float, float] | None = (48.8, 37.5)) -> Play:
    play.event("+0s", type="alarm.panic", site="x", areas=areas, location=Place(*at) if at else None)
    return play


def test_by_the_place() -> None:
    """All that contain the place, nobody else."""
    assert press(alarm(BY_PLACE), "north").paged() == ["olena"]
    assert press(alarm(BY_PLACE), "north", "south").paged() == ["olena", "taras"]


def test_neighbours_come_too_when_the_step_says_so() -> None:
    both = replace(target("area_service:police"), neighbours=True)
    wide = policy("police", replace(step("olena", within="1 h"), to=(both,)))
    assert press(alarm(wide), "north").paged() == ["olena", "taras"]
    assert press(alarm(wide), "south").paged() == ["taras"]


def test_outside_every_area_the_nearest_and_the_duty_office() -> None:
    assert press(alarm(BY_PLACE), at=(48.62, 37.5)).paged() == ["taras", "duty"]


def test_without_a_location_every_area_is_met() -> None:
    assert press(alarm(BY_PLACE), at=None).paged() == ["olena", "taras"]


def test_a_service_without_an_area_has_the_whole_site() -> None:
    assert press(alarm(policy("police", step("area_service:fire"))), "park").paged() == ["ivan"]


def test_who_is_away_is_not_asked_for_a_skill() -> None:
    people = (person("olena", "telegram", skills=("k9",), away=(Away("2026-11-22", "2026-11-23", "ivan"),)),
              person("taras", "telegram", skills=("k9",)), *PEOPLE[2:])
    assert press(alarm(policy("police", step("skill:k9", within="1 h")), people=people)).paged() == ["taras"]


def operation(area: str, commander: dict[str, str], to: str = "2026-11-23 09:00") -> dict[str, Any]:
    return {"hours": [{"from": "2026-11-22 09:00", "to": to}], "area": area, "commander": commander}


def test_the_commander_of_the_operation_that_runs_there() -> None:
    """Neither that of another place nor that of one that is over; when none runs, the next step begins."""
    operations = {"match": operation("park", {"person": "ivan"}), "fair": operation("north", {"person": "taras"}),
                  "past": operation("park", {"person": "chief"}, to="2026-11-22 10:00")}
    commanded = policy("police", step("commander:", within="1 h"), step("olena", within="1 h"))
    assert press(alarm(commanded, operations=operations), "park").paged() == ["ivan"]
    assert press(alarm(commanded, operations=operations), at=None).paged() == ["taras", "ivan"]
    assert press(alarm(commanded, operations=operations), "south").paged() == ["olena"]


WAITING = policy("police", step("olena", within="2 min"), replace(step("taras", within="5 min"), wait_for="office"))


def test_a_step_waits_for_its_hours_and_is_listed_till_then() -> None:
    """It is Sunday evening; the office opens on Monday at nine, 11 h 45 min later."""
    play = press(alarm(WAITING, rule=event_rule(severity="high"), calendars={"office": OFFICE}))
    play.until("+2m")
    assert play.suppressed() == ["step 2 of police waits for office, until 2026-11-23T09:00:00Z"]
    assert play.timers("held") == ["held +11h45m"]
    play.until("+11h45m")
    assert play.pages()[1:] == [("+11h45m", "taras", "telegram")]
    play.until("+11h50m")
    assert play.paged(since="+11h50m") == ["duty"]


def test_critical_never_waits() -> None:
    play = press(alarm(WAITING, calendars={"office": OFFICE})).until("+2m")
    assert play.paged() == ["olena", "taras"]


def test_a_rise_to_critical_ends_the_waiting() -> None:
    scaled = event_rule(severity=SeverityBy("urgency", {"Extreme": "critical", "Severe": "high"}))
    play = alarm(WAITING, rule=scaled, calendars={"office": OFFICE})
    for at, urgency in (("+0s", "Severe"), ("+3m", "Extreme")):
        play.event(at, type="alarm.panic", site="x", urgency=urgency)
    assert play.timers("held") == []
    play.until("+5m")
    assert play.pages()[1:] == [("+3m", "olena", "telegram"), ("+5m", "taras", "telegram")]


def test_an_answer_ends_the_waiting() -> None:
    play = press(alarm(WAITING, rule=event_rule(severity="high"), calendars={"office": OFFICE})).until("+3m")
    play.answer("olena", "acknowledge", at="+4m")
    assert play.timers("held") == []


def test_hours_that_never_come_hold_nobody() -> None:
    never = {**OFFICE, "open": []}
    play = press(alarm(WAITING, rule=event_rule(severity="high"), calendars={"office": never})).until("+2m")
    assert play.paged() == ["olena", "taras"]


# -- against plain readings

DEGREES = st.floats(-0.3, 0.3)


@given(DEGREES, DEGREES)
def test_the_nearest_is_the_nearest_of_many_points_on_the_outlines(north: float, east: float) -> None:
    """Distance by walking along each outline in thousands of steps."""
    spot = Spot(48.7 + north, 37.5 + east)
    for area in AREAS.values():
        ring = area.geometry["coordinates"][0]
        walked = min(
            math.hypot((lon + (lon2 - lon) * part / 500 - spot.lon) * math.cos(math.radians(spot.lat)),
                       lat + (lat2 - lat) * part / 500 - spot.lat)
            for (lon, lat), (lon2, lat2) in pairwise(ring) for part in range(501))
        assert abs(distance(area, spot) - walked * 111_195) < 5


NAMES = st.sampled_from(["north", "south", "park", ""])


@given(st.lists(st.tuples(NAMES, st.sampled_from(["police", "fire"])), max_size=6),
       st.none() | st.sets(st.sampled_from(["north", "south", "park"])))
def test_all_whose_area_contains_the_place(written: list[tuple[str, str]], met: set[str] | None) -> None:
    """Never another kind, never nobody while there is one of the kind."""
    services = tuple(Service(id=f"s{n}", name="s", kind=kind, area=area, members=("olena",))
                     for n, (area, kind) in enumerate(written))
    found = route("police", content(services=services, areas=AREAS),
                  None if met is None else Spot(48.7, 37.5, tuple(sorted(met))))
    inside = [f"s{n}" for n, (area, kind) in enumerate(written)
              if kind == "police" and (met is None or area == "" or area in met)]
    police = [f"s{n}" for n, (_, kind) in enumerate(written) if kind == "police"]
    assert list(found.services) == inside if inside else found.outside and len(found.services) == min(1, len(police))
