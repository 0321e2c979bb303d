"""Re-activation, closing by a person and ``reopen``."""

from tests.support.city import event_rule, match, policy, step
from tests.support.play import Play

from tocsin.book.rule import Clear
from tocsin.domain.time import MINUTE

ALARM = {"type": "alarm.panic", "site": "school"}
FIRING = {"type": "alarm.smoke", "site": "school", "status": "firing"}
RESOLVED = {"type": "alarm.smoke", "site": "school", "status": "resolved"}
SMOKE = event_rule("smoke", match(type="alarm.smoke"))


def smoke(clear: Clear, **more: object) -> object:
    return event_rule("smoke", match(type="alarm.smoke"), clear=clear, **more)  # type: ignore[arg-type]


# -- re-activation, closing, reopen

def test_a_firing_after_clearing_reactivates_and_the_escalation_goes_on_where_it_is() -> None:
    play = Play(SMOKE)
    play.event("+0s", **FIRING, device="d1")
    play.event("+20s", **RESOLVED, device="d1")
    play.event("+40s", **FIRING, device="d1")
    assert play.periods() == [("+0s", "+20s", 1), ("+40s", None, 1)]
    play.until("+90s")
    assert play.pages() == [("+0s", "olena", "telegram"), ("+1m", "taras", "telegram")]


def test_answered_a_reactivation_starts_at_step_one() -> None:
    play = Play(SMOKE)
    play.event("+0s", **FIRING, device="d1")
    play.answer("taras", "accept", at="+10s", channel="console", notification=0)
    play.event("+20s", **RESOLVED, device="d1")
    play.event("+40s", **FIRING, device="d1")
    assert play.incident().response == "unanswered"
    assert play.pages() == [("+0s", "olena", "telegram"), ("+40s", "olena", "telegram")]
    play.answer("taras", "accept", at="+50s", channel="console", notification=0)
    assert play.incident().response == "acknowledged"


def test_after_closing_a_new_firing_is_a_new_incident() -> None:
    play = Play(event_rule())
    play.event("+0s", **ALARM)
    play.answer("olena", "resolve", at="+1m")
    play.event("+2m", **ALARM)
    assert [one.id for one in play.incidents.values()] == [1, 2]
    assert play.periods(1) == [("+0s", "+1m", 1)]


def test_a_persons_close_ends_the_activation_and_is_told() -> None:
    play = Play(SMOKE)
    play.event("+0s", **FIRING, device="d1")
    play.answer("olena", "false_alarm", at="+1m")
    assert play.incident().response == "closed"
    assert play.periods() == [("+0s", "+1m", 1)]
    assert play.news("closed") == [("+1m", "olena", "telegram")]


def test_closed_while_active_it_opens_again_after_reopen_from_step_one_saying_so() -> None:
    """30 min, critical 5."""
    for severity, after in (("critical", "+6m"), ("high", "+31m")):
        play = Play(event_rule("smoke", match(type="alarm.smoke"), severity=severity))
        play.event("+0s", **FIRING, device="d1")
        play.answer("olena", "resolve", at="+1m")
        play.just_before(after)
        assert play.incident().response == "closed"
        play.until(after)
        assert play.incident().response == "unanswered"
        assert play.periods()[-1] == (after, None, 1)
        assert play.pages()[-1] == (after, "olena", "telegram")
        assert play.messages[-1].values["reopened"] is True


def test_closed_and_really_over_it_stays_closed() -> None:
    play = Play(SMOKE)
    play.event("+0s", **FIRING, device="d1")
    play.answer("olena", "resolve", at="+1m")
    play.event("+2m", **RESOLVED, device="d1")
    play.until("+2h")
    assert play.incident().response == "closed"
    assert len(play.incidents) == 1


def test_a_momentary_condition_closed_by_a_person_does_not_open_again() -> None:
    play = Play(event_rule())
    play.event("+0s", **ALARM)
    play.answer("olena", "resolve", at="+1m")
    play.until("+2h")
    assert play.incident().response == "closed"


def test_repetitions_of_a_member_do_not_open_it_before_reopen() -> None:
    play = Play(SMOKE)
    play.event("+0s", **FIRING, device="d1")
    play.answer("olena", "resolve", at="+1m")
    play.event("+2m", **FIRING, device="d1")
    assert len(play.incidents) == 1
    assert play.incident().response == "closed"
    assert len(play.notes("repeat_of_closed")) == 1


def test_another_member_opens_a_new_incident_before_reopen() -> None:
    play = Play(SMOKE)
    play.event("+0s", **FIRING, device="d1")
    play.answer("olena", "resolve", at="+1m")
    play.event("+2m", **FIRING, device="d2")
    assert play.incident(2).response == "unanswered"
    play.until("+10m")
    assert play.incident(1).response == "closed"


def test_the_policys_own_reopen_replaces_the_usual() -> None:
    own = policy("police", step("olena"), reopen="10 min")
    play = Play(SMOKE, policies=(own,))
    play.event("+0s", **FIRING, device="d1")
    play.answer("olena", "resolve", at="+1m")
    play.just_before("+11m")
    assert play.incident().response == "closed"
    play.until("+11m")
    assert play.incident().response == "unanswered"


def test_clear_after_ends_a_closed_condition_before_reopen() -> None:
    """Without a matching event for `after` the condition is over, closed or not: nothing opens again."""
    play = Play(smoke(Clear(after=10 * MINUTE), severity="high"))
    play.event("+0s", **FIRING, device="d1")
    play.answer("olena", "resolve", at="+1m")
    play.until("+2h")
    assert play.incident().response == "closed"
    assert len(play.pages()) == 1


def test_clear_at_ends_a_closed_condition_before_reopen() -> None:
    play = Play(smoke(Clear(at="expires"), severity="high"))
    play.event("+0s", **FIRING, device="d1", expires="2026-11-22T21:25:00Z")
    play.answer("olena", "resolve", at="+1m")
    play.until("+2h")
    assert play.incident().response == "closed"


def test_closing_an_old_cleared_incident_does_not_forget_a_condition_that_is_waiting() -> None:
    """A person tidies the board while the next alarm is still waiting for its `for`: it must fire."""
    play = Play(event_rule("smoke", match(type="alarm.smoke"), for_="10 min"))
    play.event("+0s", **FIRING, device="d1")
    play.until("+10m")
    play.event("+11m", **RESOLVED, device="d1")
    play.event("+12m", **FIRING, device="d1")
    play.answer("olena", "resolve", at="+15m")
    play.until("+22m")
    assert play.periods(2) == [("+22m", None, 1)]
