"""Escalation: steps, people, channels, rounds, the last resort; never silence."""

import pytest
from tests.support.city import PEOPLE, event_rule, person, policy, step, targets
from tests.support.play import Play

from tocsin.book.book import Roles
from tocsin.book.contacts import Rotation, Schedule, Service
from tocsin.book.rule import SeverityBy
from tocsin.domain.time import HOUR

ALARM = {"type": "alarm.panic", "site": "school"}
FIRING = {"type": "alarm.smoke", "site": "school", "status": "firing", "device": "d1"}
RESOLVED = {**FIRING, "status": "resolved"}
SCALED = SeverityBy("urgency", {"Extreme": "critical", "Severe": "high", "Minor": "low"})
TURNS = person("olena", "telegram", "sms", "email", by=("telegram", "sms", "email"))
OTHERS = tuple(one for one in PEOPLE if one.id != "olena")


def alarm(*policies: object, people: tuple[object, ...] = PEOPLE, rule: object = None, **more: object) -> Play:
    """One panic alarm at +0s under these policies."""
    play = Play(rule or event_rule(), policies=policies, people=people, **more)  # type: ignore[arg-type]
    play.event("+0s", **ALARM)
    return play


# -- steps and rounds

def test_each_step_has_its_time_then_the_next_one_starts() -> None:
    play = alarm(policy("police", step("olena", within="60s"), step("taras", within="2 min"), step("ivan")))
    play.just_before("+1m")
    assert play.paged() == ["olena"]
    play.until("+10m")
    assert play.pages()[:4] == [("+0s", "olena", "telegram"), ("+1m", "taras", "telegram"),
                                ("+3m", "ivan", "telegram"), ("+4m", "duty", "sms")]


def test_a_step_with_several_targets_asks_everybody_once() -> None:
    play = alarm(policy("police", step("olena", "taras", "olena")))
    assert play.paged() == ["olena", "taras"]


def test_repeat_is_so_many_more_rounds_before_the_last_resort() -> None:
    play = alarm(policy("police", step("olena"), step("taras"), repeat=2))
    play.until("+6m")
    assert play.paged() == ["olena", "taras"] * 3 + ["duty"]
    assert [(one.step, one.round) for one in play.messages][:4] == [(1, 1), (2, 1), (1, 2), (2, 2)]


def test_the_last_resort_repeats_for_ever_and_is_step_0() -> None:
    play = alarm(policy("police", step("olena"), every="5 min"))
    play.until("+26h")
    last = [one for one in play.messages if one.kind == "page" and one.step == 0]
    assert {one.person for one in last} == {"duty"}
    assert len(last) == (26 * 60 - 1) // 5 + 1
    play.answer("duty", "acknowledge", channel="sms")
    asked = len(play.pages())
    play.until("+30h")
    assert play.incident().response == "closed"
    assert len(play.pages()) == asked


def test_a_step_only_for_other_severities_is_passed_at_once() -> None:
    strict = policy("police", step("olena", only=("low",)), step("taras", only=("critical", "high")))
    play = alarm(strict)
    assert play.pages() == [("+0s", "taras", "telegram")]
    assert play.suppressed() == ["step 1 of police is not for severity critical"]


def test_a_step_that_reaches_nobody_never_waits() -> None:
    """An unknown schedule, a person without address, a service without members: the next step at once."""
    play = alarm(policy("police", step("on_call:nowhere"), step("mute"), step("service:none"), step("olena")),
                 people=(*PEOPLE, person("mute")))
    assert play.pages() == [("+0s", "olena", "telegram")]
    assert play.suppressed() == ["step 1 of police reached nobody", "mute has no usable address",
                                 "step 2 of police reached nobody", "step 3 of police reached nobody"]


def test_a_policy_without_reachable_steps_goes_straight_to_the_last_resort() -> None:
    play = alarm(policy("police", step("on_call:nowhere"), repeat=2))
    assert play.pages() == [("+0s", "duty", "sms")]
    assert play.messages[0].step == 0


def test_a_policy_that_is_missing_asks_the_duty_office_as_its_last_resort() -> None:
    play = alarm()
    assert play.pages() == [("+0s", "duty", "sms")]
    assert play.messages[0].step == 0
    play.until("+5m")
    assert play.paged() == ["duty", "duty"]


def test_if_even_the_last_resort_reaches_nobody_administrators_and_everybody_on_duty_are_asked() -> None:
    schedule = Schedule(id="patrol", time_zone="UTC", rotations=(Rotation(("ivan",), 24 * HOUR, "2026-01-01"),))
    play = alarm(policy("police", step("on_call:nowhere"), last=("service:none",)), schedules=(schedule,),
                 roles=Roles(administrators=targets("admin")))
    assert play.pages() == [("+0s", "admin", "email"), ("+0s", "ivan", "telegram")]
    assert len(play.notes("last_resort_failed")) == 1
    assert not play.incident().unreached
    play.until("+5m")
    assert play.paged() == ["admin", "ivan"] * 2


def test_when_nobody_at_all_is_reached_it_says_so_and_keeps_trying() -> None:
    """Siren and a red /health hang on `unreached`; the deadline stands for ever."""
    play = alarm(policy("police", step("on_call:nowhere"), last=("service:none",)), roles=Roles())
    assert play.pages() == []
    assert play.incident().unreached
    play.until("+3h")
    assert play.timers("answer") == ["answer +3h5m"]


def test_an_incident_reached_again_is_not_unreached_any_more() -> None:
    play = alarm(policy("police", step("mute"), last=("duty",)), roles=Roles())
    play.operator("address_off", person="duty", channel="sms")
    play.until("+5m")
    assert play.incident().unreached
    play.operator("address_on", person="duty", channel="sms")
    play.until("+10m")
    assert play.paged("+6m") == ["duty"]
    assert not play.incident().unreached


def test_the_running_escalation_uses_the_policy_as_it_was_when_it_began() -> None:
    play = alarm(policy("police", step("olena"), step("taras")))
    play.book(event_rule(), policies=(policy("police", step("chief")),), at="+10s")
    play.until("+1m")
    assert play.paged() == ["olena", "taras"]
    play.event("+2m", type="alarm.panic", site="hospital")
    assert play.pages(2) == [("+2m", "chief", "telegram")]


def test_targets_are_fixed_when_a_step_starts() -> None:
    """Who is on duty is asked at each step's start, not at the incident's."""
    turns = Schedule(id="patrol", time_zone="UTC",
                     rotations=(Rotation(("olena", "taras"), 12 * HOUR, "2026-11-22 09:16"),))
    play = alarm(policy("police", step("on_call:patrol"), repeat=2), schedules=(turns,))
    play.until("+1m")
    assert play.pages() == [("+0s", "olena", "telegram"), ("+1m", "taras", "telegram")]


def test_everybody_of_a_service_with_members_is_asked() -> None:
    play = alarm(policy("police", step("service:patrol")),
                 services=(Service(id="patrol", name="Patrol", members=("taras", "olena", "taras")),))
    assert play.paged() == ["taras", "olena"]


def test_skill_asks_everybody_who_has_it() -> None:
    dogs = (person("rex", "telegram", skills=("k9",)), person("bim", "telegram", skills=("k9", "medic")))
    play = alarm(policy("police", step("skill:k9")), people=(*PEOPLE, *dogs))
    assert play.paged() == ["bim", "rex"]


# -- a person's channels

def test_a_persons_channels_are_tried_a_minute_apart() -> None:
    play = alarm(policy("police", step("olena", within="10 min")), people=(TURNS, *OTHERS))
    play.just_before("+10m")
    assert play.pages() == [("+0s", "olena", "telegram"), ("+1m", "olena", "sms"), ("+2m", "olena", "email")]


def test_channels_joined_by_plus_go_out_at_once() -> None:
    both = person("olena", "telegram", "sms", "email", by=("telegram + sms", "email"))
    play = alarm(policy("police", step("olena", within="10 min")), people=(both, *OTHERS))
    play.just_before("+10m")
    assert play.pages() == [("+0s", "olena", "telegram"), ("+0s", "olena", "sms"), ("+1m", "olena", "email")]


def test_a_steps_own_channels_replace_the_persons() -> None:
    play = alarm(policy("police", step("olena", by=("email", "sms"))), people=(TURNS, *OTHERS))
    assert play.pages() == [("+0s", "olena", "email")]


def test_channels_by_severity_take_the_nearest_listed_above_else_below() -> None:
    by = {"critical": ("sms",), "medium": ("telegram",)}
    olena = person("olena", "telegram", "sms", "email", by=by)
    for severity, channel in (("critical", "sms"), ("high", "sms"), ("medium", "telegram"), ("info", "telegram")):
        play = alarm(policy("police", step("olena")), people=(olena, *OTHERS), rule=event_rule(severity=severity))
        assert play.pages() == [("+0s", "olena", channel)]
    only_low = person("olena", "telegram", "sms", by={"low": ("sms",)})
    assert alarm(policy("police", step("olena")), people=(only_low, *OTHERS)).pages() == [("+0s", "olena", "sms")]


def test_an_answer_stops_the_channels_still_to_come() -> None:
    play = alarm(policy("police", step("olena", within="10 min")), people=(TURNS, *OTHERS))
    play.answer("olena", "acknowledge", at="+30s")
    play.until("+1h")
    assert play.pages() == [("+0s", "olena", "telegram")]
    assert play.timers("ask") == play.timers("answer") == []


def test_the_next_step_gives_up_the_channels_not_yet_tried() -> None:
    play = alarm(policy("police", step("olena", within="90s"), step("taras")), people=(TURNS, *OTHERS))
    play.until("+2m")
    assert play.pages() == [("+0s", "olena", "telegram"), ("+1m", "olena", "sms"), ("+1m30s", "taras", "telegram")]


def test_a_firing_that_cannot_become_an_incident_is_told_to_the_duty_office(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody being told is worse than a plain sentence."""
    play = Play(event_rule())
    monkeypatch.setattr("tocsin.core.incidents.fired", lambda *_: 1 / 0)
    play.event("+0s", type="alarm.panic", site="school")
    assert play.incidents == {}
    assert play.notes("rule_error")
    assert [told[1] for told in play.notices()] == ["duty"]


def test_a_last_resort_whose_sends_all_fail_turns_to_everybody_at_once() -> None:
    """A failed send is silence as much as a missing address: every other address, then everybody else."""
    schedule = Schedule(id="patrol", time_zone="UTC", rotations=(Rotation(("ivan",), 24 * HOUR, "2026-01-01"),))
    chief = person("chief", "telegram", "sms")
    play = alarm(policy("police", step("on_call:nowhere"), last=("chief",), last_by=("sms",)), schedules=(schedule,),
                 people=(*(one for one in PEOPLE if one.id != "chief"), chief),
                 roles=Roles(administrators=targets("admin")))
    assert play.pages() == [("+0s", "chief", "sms")]
    play.receipt("chief", "sms", "failed_permanent", at="+2s")
    assert {(who, channel) for at, who, channel in play.pages() if at == "+2s"} >= {
        ("chief", "telegram"), ("admin", "email"), ("ivan", "telegram")}
    assert len(play.notes("last_resort_failed")) == 1
