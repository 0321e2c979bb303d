"""What a channel may carry: full, a reference or nothing, by service and severity, for every kind of message."""

from typing import Any

import pytest
from tests.support.city import PEOPLE, event_rule, person, policy, step
from tests.support.play import Play

from tocsin.book.book import Roles
from tocsin.book.contacts import Away, Rotation, Schedule, Service
from tocsin.domain.incident import SEVERITIES

ALARM = {"type": "alarm.panic", "site": "school"}
OTHERS = tuple(one for one in PEOPLE if one.id not in ("olena", "taras"))


def police(content: Any, channel: str = "telegram", **more: Any) -> Service:
    made: dict[str, Any] = {"members": ("olena", "taras"), "kind": "police", **more}
    return Service(id="police", name="Police", channels={channel: {"content": content}}, **made)


def alarm(content: Any, *to: str, severity: str = "critical", by: tuple[str, ...] = ("telegram", "sms"),
          channel: str = "telegram", service: Service | None = None, last: tuple[str, ...] = ("duty",),
          **more: Any) -> Play:
    people = (person("olena", "telegram", "sms", by=by), person("taras", "telegram"), *OTHERS)
    play = Play(event_rule(severity=severity), people=people, services=(service or police(content, channel),),
                policies=(policy("police", step(*(to or ("service:police",)), within="10 min"), last=last,
                                 remind="15 min"),), **more)
    play.event("+0s", **ALARM)
    return play


def carried(play: Play, kind: str = "page") -> list[tuple[str, str, str]]:
    return [(one.person, one.channel, one.content) for one in play.messages if one.kind == kind]


def test_a_reference_goes_by_the_restricted_channel_and_everything_by_the_others() -> None:
    play = alarm("reference").until("+1m")
    assert carried(play) == [("olena", "telegram", "reference"), ("taras", "telegram", "reference"),
                             ("olena", "sms", "")]


def test_a_forbidden_channel_is_not_tried_and_who_has_no_other_is_passed_over() -> None:
    """Olena is asked by SMS at once; for Taras the reason is recorded."""
    play = alarm("none")
    assert carried(play) == [("olena", "sms", "")]
    assert play.suppressed() == ["taras has no usable address"]


def test_nobody_is_asked_by_a_forbidden_channel_even_when_nobody_else_can_be_reached() -> None:
    play = alarm("none", "person:nobody", last=("person:taras",),
                 roles=Roles(), schedules=(Schedule(id="s", time_zone="UTC", rotations=(
                     Rotation(("taras",), 10**12, "2026-01-01"),)),))
    assert (carried(play), play.incident().unreached) == ([], True)


@pytest.mark.parametrize("to", ["service:police", "on_call:patrol", "area_service:police", "person:olena"])
def test_the_service_is_that_of_the_target_or_where_the_person_serves(to: str) -> None:
    rota = Schedule(id="patrol", time_zone="UTC", rotations=(Rotation(("olena",), 10**12, "2026-01-01"),))
    service = police("reference", schedule="patrol")
    assert carried(alarm("", to, service=service, schedules=(rota,)))[0] == ("olena", "telegram", "reference")


def test_a_stand_in_is_told_as_the_service_whose_person_they_stand_in_for() -> None:
    away = person("olena", "telegram", away=(Away("2026-11-01", "2026-12-31", "ivan"),))
    play = Play(event_rule(), people=(away, *OTHERS), services=(police("reference", members=("olena",)),),
                policies=(policy("police", step("service:police")),))
    play.event("+0s", **ALARM)
    assert carried(play) == [("ivan", "telegram", "reference")]


def test_people_of_other_services_hear_everything() -> None:
    assert carried(alarm("reference", "person:ivan")) == [("ivan", "telegram", "")]


def test_by_severity_the_nearest_listed_above_holds() -> None:
    by = {"critical": "full", "medium": "reference", "info": "none"}
    plays = {severity: alarm(by, severity=severity, by=("telegram",)) for severity in SEVERITIES}
    told = {severity: [what for who, _, what in carried(play) if who == "olena"] for severity, play in plays.items()}
    assert told == {"critical": [""], "high": [""], "medium": ["reference"], "low": ["reference"], "info": []}


def test_of_two_services_the_stricter_holds() -> None:
    k9 = Service(id="k9", name="K9", members=("olena",), channels={"telegram": {"content": "none"}})
    people = (person("olena", "telegram", "sms"), *OTHERS)
    both = policy("police", step("service:police", "service:k9"))
    play = Play(event_rule(), people=people, services=(police("reference", members=("olena",)), k9), policies=(both,))
    play.event("+0s", **ALARM)
    assert carried(play) == [("olena", "sms", "")]


def test_news_says_no_more_than_the_page_did() -> None:
    """Joined, reminded, cleared, closed and active again: the news goes by the channel of the page."""
    play = alarm("reference", "person:olena")
    play.answer("olena", "accept", at="+30s")
    play.event("+1m", **ALARM)
    play.until("+16m")
    play.answer("olena", "resolve", at="+17m")
    kinds = {one.kind: one.content for one in play.messages if one.person == "olena"}
    assert kinds == dict.fromkeys(("page", "joined", "remind", "cleared", "closed"), "reference")


def test_news_by_a_channel_that_was_forbidden_meanwhile_goes_another_way_or_is_recorded() -> None:
    """The files changed after the page: Olena hears the end by SMS, for Taras there is no way, which is noted."""
    play = alarm("full")
    people = (person("olena", "telegram", "sms", by=("telegram", "sms")), person("taras", "telegram"), *OTHERS)
    play.book(event_rule(), at="+10s", people=people, services=(police("none"),),
              policies=(policy("police", step("service:police", within="10 min")),))
    play.answer("olena", "resolve", at="+20s")
    assert [(one.person, one.channel) for one in play.messages if one.kind == "closed"] == [("olena", "sms")]
    assert play.suppressed() == ["closed to taras: no channel may carry it"]


def test_what_waits_for_its_turn_is_asked_again_when_its_turn_comes() -> None:
    """SMS was forbidden between the first channel and the second."""
    play = alarm("full", "person:olena")
    people = (person("olena", "telegram", "sms", by=("telegram", "sms")), *OTHERS)
    play.book(event_rule(), at="+10s", people=people, services=(police("none", "sms", members=("olena",)),),
              policies=(policy("police", step("person:olena", within="10 min")),))
    play.until("+2m")
    assert carried(play) == [("olena", "telegram", "")]


def test_notices_of_the_engine_obey_too() -> None:
    """A shift head of a restricted service hears by Telegram that there is something to read."""
    play = alarm("reference", "person:ivan", service=police("reference", members=("chief",)))
    play.operator("address_off", person="ivan", channel="telegram", at="+1s")
    assert carried(play, "notice") == [("chief", "telegram", "reference")]
