"""``for``: fires when still active that much later."""

from tests.support.city import event_rule, match
from tests.support.play import Play

from tocsin.book.rule import Clear, SeverityBy

ALARM = {"type": "alarm.panic", "site": "school"}
FIRING = {"type": "alarm.smoke", "site": "school", "status": "firing"}
RESOLVED = {"type": "alarm.smoke", "site": "school", "status": "resolved"}
SMOKE = event_rule("smoke", match(type="alarm.smoke"))
SCALED = SeverityBy("urgency", {"Extreme": "critical", "Severe": "high", "Minor": "low"})


def smoke(clear: Clear, **more: object) -> object:
    return event_rule("smoke", match(type="alarm.smoke"), clear=clear, **more)  # type: ignore[arg-type]


OVER = match(type="all.clear")


# -- for

def test_for_fires_when_still_active_that_much_later() -> None:
    play = Play(event_rule("smoke", match(type="alarm.smoke"), for_="10 min"))
    play.event("+0s", **FIRING, device="d1")
    play.event("+1m", **FIRING, device="d1")
    play.just_before("+10m")
    assert play.incidents == {}
    play.until("+10m")
    assert play.periods() == [("+10m", None, 2)]


def test_for_does_not_fire_when_resolved_before_or_at_that_instant() -> None:
    """Events come before timers at the same instant."""
    for resolved in ("+5m", "+10m"):
        play = Play(event_rule("smoke", match(type="alarm.smoke"), for_="10 min"))
        play.event("+0s", **FIRING, device="d1")
        play.event(resolved, **RESOLVED, device="d1")
        play.until("+1h")
        assert play.incidents == {}


def test_for_counts_from_the_event_time_and_never_sooner_than_settle_after_receipt() -> None:
    play = Play(event_rule("smoke", match(type="alarm.smoke"), for_="10 min"))
    play.event("+12m", happened="+0s", **FIRING, device="d1")
    play.just_before("+12m5s")
    assert play.incidents == {}
    play.until("+12m5s")
    assert play.periods() == [("+12m5s", None, 1)]


def test_for_of_a_late_report_is_due_at_the_event_time_plus_d() -> None:
    play = Play(event_rule("smoke", match(type="alarm.smoke"), for_="10 min"))
    play.event("+6m", happened="+0s", **FIRING, device="d1")
    play.until("+10m")
    assert play.periods() == [("+10m", None, 1)]


def test_a_resolved_in_the_settle_that_came_true_after_d_fires_and_clears() -> None:
    play = Play(event_rule("smoke", match(type="alarm.smoke"), for_="10 min"))
    play.event("+12m", happened="+0s", **FIRING, device="d1")
    play.event("+12m2s", happened="+12m", **RESOLVED, device="d1")
    assert play.periods() == [("+12m2s", "+12m2s", 1)]


def test_a_resolved_in_the_settle_that_came_true_before_d_fires_nothing() -> None:
    play = Play(event_rule("smoke", match(type="alarm.smoke"), for_="10 min"))
    play.event("+12m", happened="+0s", **FIRING, device="d1")
    play.event("+12m2s", happened="+9m", **RESOLVED, device="d1")
    play.until("+1h")
    assert play.incidents == {}


def test_clear_when_counts_only_after_a_for_has_fired() -> None:
    play = Play(smoke(Clear(when=OVER), for_="10 min"))
    play.event("+0s", **FIRING, device="d1")
    play.event("+5m", type="all.clear", site="school")
    play.until("+10m")
    assert play.periods() == [("+10m", None, 1)]
    play.event("+11m", type="all.clear", site="school")
    assert play.periods() == [("+10m", "+11m", 1)]


def test_for_carries_the_highest_severity_of_the_wait() -> None:
    play = Play(event_rule("smoke", match(type="alarm.smoke"), for_="10 min", severity=SCALED))
    play.event("+0s", **FIRING, device="d1", urgency="Extreme")
    play.event("+1m", **FIRING, device="d1", urgency="Minor")
    play.until("+10m")
    assert play.incident().severity == "critical"


def test_for_of_a_momentary_event_fires_and_clears_15_min_later() -> None:
    play = Play(event_rule(for_="10 min"))
    play.event("+0s", **ALARM)
    play.until("+10m")
    assert play.periods() == [("+10m", None, 1)]
    play.until("+25m")
    assert play.periods() == [("+10m", "+25m", 1)]


def test_a_late_report_of_a_for_fires_only_when_it_lasted_long_enough() -> None:
    play = Play(event_rule("smoke", match(type="alarm.smoke"), for_="10 min"))
    play.event("+20m", **RESOLVED, device="d1")
    play.event("+21m", happened="+15m", **FIRING, device="d1")
    assert play.incidents == {}
    play.event("+22m", **RESOLVED, device="d2")
    play.event("+23m", happened="+2m", **FIRING, device="d2")
    assert play.periods() == [("+23m", "+23m", 1)]
