"""A reload changes what a rule means: what is active now fires once, what was active already pages nobody again."""

from typing import Any

import pytest
from msgspec.structs import replace
from tests.support.city import event_rule, incident_rule, match
from tests.support.play import Play

from tocsin.book.book import Content
from tocsin.book.match import Expect, Match
from tocsin.book.rule import Clear, Gate, Level, PerKey, Rule, When
from tocsin.domain.time import MINUTE
from tocsin.rules.changed import changed_rules

SMOKE = event_rule("smoke", match(type="alarm.smoke"))
FIRING = {"type": "alarm.smoke", "site": "school", "status": "firing", "device": "d1"}
RESOLVED = {**FIRING, "status": "resolved"}


def gas(above: float, **more: Any) -> Rule:
    """Fires on each report at or over a threshold."""
    return event_rule("gas", Match((Expect("type", "is", "sensor.gas"), Expect("lel", "at_least", above))), **more)


def knocks(least: int, within: int = 10 * MINUTE, **more: Any) -> Rule:
    """Fires when a site reports ``least`` knocks in ten minutes."""
    when = When("count", match=match(type="knock"), at_least=least, within=within)
    return replace(event_rule("knocks"), when=when, **more)


# -- which rules have changed


@pytest.mark.parametrize(("after", "changed"), [
    (SMOKE, False),
    (replace(SMOKE, say="Smoke at {{ site }}", advice="Run", severity="low", escalate_to=("board",)), False),
    (replace(SMOKE, limits={"keys": 5}, labels={"a": "b"}, unless=(Gate(calendar="tests"),)), False),
    (replace(SMOKE, during=(Gate(calendar="night"),)), False),
    (replace(SMOKE, when=replace(SMOKE.when, match=match(type="alarm.*"))), True),
    (replace(SMOKE, when=replace(SMOKE.when, member=("device",))), True),
    (replace(SMOKE, when=replace(SMOKE.when, for_=MINUTE)), True),
    (replace(SMOKE, per=(PerKey("device"),)), True),
    (replace(SMOKE, clear=Clear(after=MINUTE)), True),
    (incident_rule("smoke", "other"), True),
    (replace(SMOKE, id="smoke-2"), False),
    (replace(SMOKE, enabled=False), False),
])
def test_a_rule_has_changed_when_what_it_remembers_means_something_else(after: Rule, changed: bool) -> None:
    """when, per and clear count; texts, severity, addresses, limits and gates do not, nor a rule new or gone."""
    assert changed_rules(Content(rules=(SMOKE,)), Content(rules=(after,))) == (("smoke",) if changed else ())


def test_a_rule_that_waits_has_changed_when_the_hours_of_its_during_have() -> None:
    """The same rule, another calendar: its time counts differently. Without a wait nothing it remembers differs."""
    waits = event_rule("smoke", match(type="alarm.smoke"), for_="5 min", during=(Gate(calendar="night"),))
    before, after = ({"night": {"open": hours}} for hours in ([], [{"days": ["mon"], "from": "10:00"}]))
    assert _changed(waits, before, after) == ("smoke",)
    atonce = replace(waits, when=replace(waits.when, for_=None))
    assert _changed(atonce, before, after) == ()


def _changed(rule: Rule, before: Any, after: Any) -> tuple[str, ...]:
    return changed_rules(Content(rules=(rule,), calendars=before), Content(rules=(rule,), calendars=after))


# -- what is active now


def test_what_is_active_by_the_changed_rule_fires_once() -> None:
    """The threshold was too high: the report of a minute ago counts now, and pages once."""
    play = Play(gas(50))
    play.event("+0s", type="sensor.gas", site="school", lel=30)
    assert play.incidents == {}
    play.book(gas(20), at="+1m")
    assert play.periods() == [("+1m", None, 1)]
    assert play.pages() == [("+1m", "olena", "telegram")]
    assert play.incident().activation.happened == play.steps[0][1].event.time  # type: ignore[union-attr]
    assert play.incident().book == 2


def test_what_was_active_already_pages_nobody_again() -> None:
    """The incident goes on as it was: the same activation, the same escalation."""
    play = Play(gas(50))
    play.event("+0s", type="sensor.gas", site="school", lel=70)
    before = play.incident()
    play.book(gas(20), at="+10s")
    assert play.incident() == before
    assert len(play.pages()) == 1
    play.event("+20s", type="sensor.gas", site="school", lel=25)
    assert play.periods() == [("+0s", None, 2)]


def test_an_answered_incident_that_is_active_still_stays_answered() -> None:
    """A reload asks nobody again and tells nobody of joiners."""
    play = Play(gas(50))
    play.event("+0s", type="sensor.gas", site="school", lel=70)
    play.answer("olena", "acknowledge", at="+5s")
    play.book(gas(20), at="+10s")
    assert play.incident().response == "acknowledged"
    assert play.news() == []


def test_what_is_active_no_more_clears_and_says_why() -> None:
    """Unanswered it stays on the board; acknowledged it closes, as with every clearing."""
    play = Play(gas(20))
    play.event("+0s", type="sensor.gas", site="school", lel=30)
    play.event("+0s", type="sensor.gas", site="market", lel=30)
    play.answer("olena", "acknowledge", incident=2)
    play.book(gas(50), at="+10s")
    assert (play.incident(1).condition, play.incident(1).response) == ("cleared", "unanswered")
    assert play.incident(2).response == "closed"
    assert play.how(1) == play.how(2) == "the rule was changed"


def test_a_higher_severity_by_the_changed_rule_is_a_rise() -> None:
    """Active already, but worse than was known: the escalation begins at step one."""
    levels = (Level({"at_least": 20}, "low"),)
    rule = replace(event_rule("gas"), when=When("level", match=match(type="sensor.gas"), of="lel", levels=levels))
    play = Play(rule)
    play.event("+0s", type="sensor.gas", site="school", lel=70)
    play.answer("olena", "acknowledge", at="+5s")
    worse = replace(rule, when=replace(rule.when, levels=(*levels, Level({"at_least": 50}, "critical"))))
    play.book(worse, at="+10s")
    assert (play.incident().severity, play.incident().response) == ("critical", "unanswered")
    assert [at for at, _, _ in play.pages(kind="raised")] == ["+10s"]


def test_a_window_is_counted_again_under_the_new_number() -> None:
    """Three knocks of five are enough now; the next window goes on from them."""
    play = Play(knocks(5))
    for at in ("+0s", "+1m", "+2m"):
        play.event(at, type="knock", site="school")
    play.book(knocks(3), at="+3m")
    assert play.periods() == [("+3m", None, 3)]
    play.until("+20m")
    assert play.periods() == [("+3m", "+12m", 3)]


def test_what_is_over_by_the_clock_does_not_fire() -> None:
    """Deadlines are run while the journal is heard again: what would be quiet by now is quiet."""
    play = Play(knocks(5))
    for at in ("+0s", "+1m", "+2m"):
        play.event(at, type="knock", site="school")
    play.book(knocks(3), at="+30m")
    assert play.incidents == {}


def test_what_was_over_in_between_is_no_part_of_what_fires() -> None:
    """It would have fired an hour ago and cleared: the incident rests on what is active now."""
    play = Play(knocks(5))
    for at in ("+0s", "+1m", "+60m", "+61m"):
        play.event(at, type="knock", site="school")
    play.book(knocks(2), at="+62m")
    assert play.periods() == [("+1h2m", None, 2)]
    assert play.incident().activation.happened == play.steps[-2][1].event.time  # type: ignore[union-attr]


def test_what_has_resolved_meanwhile_does_not_fire() -> None:
    """The whole history counts, not only what would fire."""
    play = Play(replace(SMOKE, when=replace(SMOKE.when, match=match(type="alarm.other"))))
    play.event("+0s", **FIRING)
    play.event("+1m", **RESOLVED)
    play.event("+2m", **{**FIRING, "site": "market"})
    play.book(SMOKE, at="+3m")
    assert [one.key for one in play.incidents.values()] == [{"site": "market"}]


def test_a_wait_is_counted_from_the_event_not_from_the_reload() -> None:
    """In the middle of ``for``: two of the five minutes were over."""
    play = Play(event_rule("smoke", match(type="alarm.smoke"), for_="10 min"))
    play.event("+0s", **FIRING)
    play.book(event_rule("smoke", match(type="alarm.smoke"), for_="5 min"), at="+2m")
    assert play.incidents == {}
    play.until("+10m")
    assert play.periods() == [("+5m", None, 1)]


def test_a_wait_that_is_over_by_the_changed_rule_fires_at_once() -> None:
    play = Play(event_rule("smoke", match(type="alarm.smoke"), for_="10 min"))
    play.event("+0s", **FIRING)
    play.book(event_rule("smoke", match(type="alarm.smoke"), for_="1 min"), at="+2m")
    assert play.periods() == [("+2m", None, 1)]


def test_what_is_active_already_does_not_wait_anew() -> None:
    """A longer ``for``: the incident goes on, and ends when its condition does."""
    play = Play(event_rule("smoke", match(type="alarm.smoke"), for_="1 min"))
    play.event("+0s", **FIRING)
    play.until("+2m")
    play.book(event_rule("smoke", match(type="alarm.smoke"), for_="10 min"), at="+3m")
    assert play.incident().condition == "active"
    play.until("+15m")
    assert len(play.periods()) == 1
    play.event("+16m", **RESOLVED)
    assert play.periods() == [("+1m", "+16m", 1)]


def test_an_unchanged_rule_keeps_waiting() -> None:
    """Its deadline stands as it stood; only its neighbour was changed."""
    waits = event_rule("smoke", match(type="alarm.smoke"), for_="10 min")
    play = Play(waits, gas(50))
    play.event("+0s", **FIRING)
    before = (dict(play.run.board.windows), dict(play.run.board.timers))
    play.book(waits, gas(20), at="+5m")
    assert (play.run.board.windows, play.run.board.timers) == before
    play.until("+10m")
    assert play.periods() == [("+10m", None, 1)]


def test_another_per_clears_the_old_keys_and_fires_the_new_ones() -> None:
    """The incident by site is over, the one by device begins."""
    play = Play(SMOKE)
    play.event("+0s", **FIRING)
    play.book(replace(SMOKE, per=(PerKey("device"),)), at="+10s")
    assert play.how(1) == "the rule was changed"
    assert play.incident(2).key == {"device": "d1"}
    assert play.incident(2).condition == "active"


def test_a_renamed_rule_leaves_its_incident_marked_and_begins_anew() -> None:
    """Another name is another rule: the old incident waits for a person, the new one for an event."""
    play = Play(SMOKE)
    play.event("+0s", **FIRING)
    play.book(replace(SMOKE, id="smoke-2"), at="+10s")
    assert list(play.incidents) == [1]
    assert play.incident().values["rule_removed"] is True
    play.event("+20s", **FIRING)
    assert play.incident(2).rule == "smoke-2"


def test_an_acknowledged_incident_of_a_removed_rule_stays_until_a_person_closes_it() -> None:
    play = Play(SMOKE)
    play.event("+0s", **FIRING)
    play.answer("olena", "acknowledge", at="+5s")
    play.book(at="+10s")
    assert (play.incident().condition, play.incident().response) == ("cleared", "acknowledged")
    play.answer("olena", "resolve", at="+1m")
    assert play.incident().response == "closed"


def test_a_rule_that_is_there_again_unmarks_its_incident() -> None:
    play = Play(SMOKE)
    play.event("+0s", **FIRING)
    play.answer("olena", "acknowledge", at="+5s")
    play.book(at="+10s")
    play.book(SMOKE, at="+20s")
    assert "rule_removed" not in play.incident().values
    assert not play.incident().held


# -- the word


def test_another_word_never_meets_what_the_old_one_remembered() -> None:
    """From ``event`` to ``count`` and back: no error, and each word knows the history as its own."""
    play = Play(replace(event_rule("knocks"), when=When("event", match=match(type="knock"))))
    play.event("+0s", type="knock", site="school")
    play.event("+1m", type="knock", site="school")
    play.book(knocks(2), at="+2m")
    assert play.incident().condition == "active"
    play.book(knocks(3), at="+3m")
    assert play.how() == "the rule was changed"
    play.event("+4m", type="knock", site="school")
    assert play.periods() == [("+0s", "+3m", 2), ("+4m", None, 3)]
    play.book(replace(event_rule("knocks"), when=When("event", match=match(type="knock"))), at="+5m")
    assert play.incident().condition == "active"
    assert play.notes("rule_error") == []


# -- rules that follow


def test_a_changed_follower_is_made_from_the_incidents_that_stand() -> None:
    """It follows another rule now: what is active of that one fires once, since when it was."""
    play = Play(SMOKE, gas(20), incident_rule("next", "gas"))
    play.event("+0s", **FIRING)
    play.book(SMOKE, gas(20), incident_rule("next", "smoke"), at="+1m")
    assert [one.rule for one in play.incidents.values()] == ["smoke", "next"]
    play.event("+2m", **RESOLVED)
    assert play.periods(2) == [("+1m", "+2m", 1)]


def test_a_followers_wait_counts_from_the_others_beginning() -> None:
    play = Play(SMOKE, incident_rule("next", "smoke", for_="1 h"))
    play.event("+0s", **FIRING)
    play.book(SMOKE, incident_rule("next", "smoke", for_="10 min"), at="+5m")
    assert len(play.incidents) == 1
    play.until("+11m")
    assert play.periods(2) == [("+10m", None, 1)]


def test_a_follower_clears_with_the_incident_that_the_change_ends() -> None:
    """Both changed: the other's incident ends with this book, so the follower neither keeps nor fires."""
    play = Play(gas(20), incident_rule("next", "gas"))
    play.event("+0s", type="sensor.gas", site="school", lel=30)
    play.book(gas(50), incident_rule("next", "gas", for_="0s"), at="+10s")
    assert [play.how(1), play.how(2)] == ["the rule was changed"] * 2
    assert play.periods(2) == [("+0s", "+10s", 1)]


def test_a_follower_does_not_begin_with_an_incident_that_ends() -> None:
    """It follows gas from now on, and gas is over with this very book: nobody is told of either."""
    play = Play(gas(20), SMOKE, incident_rule("next", "smoke"))
    play.event("+0s", type="sensor.gas", site="school", lel=30)
    play.book(gas(50), SMOKE, incident_rule("next", "gas"), at="+10s")
    assert [one.rule for one in play.incidents.values()] == ["gas"]


def test_an_unchanged_follower_of_a_changed_rule_goes_with_it() -> None:
    play = Play(gas(50), incident_rule("next", "gas"))
    play.event("+0s", type="sensor.gas", site="school", lel=30)
    play.book(gas(20), incident_rule("next", "gas"), at="+10s")
    assert [one.rule for one in play.incidents.values()] == ["gas", "next"]


# -- people and gates


def test_what_a_person_closed_stays_closed_until_it_is_looked_at_again() -> None:
    """Critical: five minutes later it opens again, as it would have without the reload."""
    play = Play(SMOKE)
    play.event("+0s", **FIRING)
    play.answer("olena", "resolve", at="+1m")
    play.book(replace(SMOKE, clear=Clear(after=60 * MINUTE)), at="+2m")
    assert play.incident().response == "closed"
    assert len(play.pages()) == 1
    play.until("+6m")
    assert play.incident().response == "unanswered"


def test_a_momentary_condition_that_a_person_closed_does_not_come_back() -> None:
    """Long after it was looked at again, but within its fifteen minutes."""
    play = Play(gas(20))
    play.event("+0s", type="sensor.gas", site="school", lel=30)
    play.answer("olena", "false_alarm", at="+1m")
    play.until("+10m")
    play.book(gas(25), at="+11m")
    assert len(play.pages()) == 1
    assert play.incident().response == "closed"


def test_a_changed_rule_behind_a_shut_gate_stays_behind_it() -> None:
    """``unless`` is asked as for any firing."""
    alarm = event_rule("alarm", match(type="alarm.any"), to=None)
    play = Play(alarm, gas(50, unless=(Gate(active="alarm"),)))
    play.event("+0s", type="alarm.any", site="school", status="firing", device="a")
    play.event("+1s", type="sensor.gas", site="school", lel=30, status="firing", device="g")
    play.book(alarm, gas(20, unless=(Gate(active="alarm"),)), at="+10s")
    assert play.pages() == []
    assert play.suppressed() == ["inhibited by alarm {site: school}"]
    play.event("+20s", type="alarm.any", site="school", status="resolved", device="a")
    play.until("+2m")
    assert play.pages()[0][0] == "+1m20s"


def test_the_book_is_noted_with_what_became_of_each_changed_rule() -> None:
    play = Play(gas(50), SMOKE)
    play.event("+0s", type="sensor.gas", site="school", lel=30)
    play.book(gas(20), replace(SMOKE, per=()), at="+1m")
    assert [(note.rule, note.detail) for note in play.notes("rule_changed")] == [
        ("gas", "book 2: made anew from the journal since 2026-11-22T21:15:00Z"),
        ("smoke", "book 2: made anew from the journal since 2026-11-22T21:15:00Z")]
