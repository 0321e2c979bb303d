"""How the word ``event`` clears: by quiet, and by every form of ``clear`` at the rule."""

from tests.support.city import event_rule, match
from tests.support.play import Play

from tocsin.book.match import FieldRef
from tocsin.book.rule import Clear
from tocsin.domain.time import HOUR, MINUTE

ALARM = {"type": "alarm.panic", "site": "school"}
FIRING = {"type": "alarm.smoke", "site": "school", "status": "firing"}
RESOLVED = {"type": "alarm.smoke", "site": "school", "status": "resolved"}
SMOKE = event_rule("smoke", match(type="alarm.smoke"))


def smoke(clear: Clear, **more: object) -> object:
    return event_rule("smoke", match(type="alarm.smoke"), clear=clear, **more)  # type: ignore[arg-type]


OVER = match(type="all.clear")


# -- clearing of what is momentary

def test_a_momentary_firing_clears_15_min_after_the_last_one() -> None:
    play = Play(event_rule())
    play.event("+0s", **ALARM)
    play.event("+10m", **ALARM)
    play.just_before("+25m")
    assert play.periods() == [("+0s", None, 2)]
    play.until("+25m")
    assert play.periods() == [("+0s", "+25m", 2)]
    assert play.how() == "quiet"


def test_momentary_and_member_hold_together() -> None:
    """An event without status counts 15 min; a member that fires keeps the incident active beyond."""
    play = Play(SMOKE)
    play.event("+0s", type="alarm.smoke", site="school")
    play.event("+1m", **FIRING, device="d1")
    play.until("+20m")
    assert play.periods() == [("+0s", None, 2)]
    play.event("+21m", **RESOLVED, device="d1")
    assert play.periods() == [("+0s", "+21m", 2)]


def test_a_resolved_does_not_prolong_the_15_min() -> None:
    """15 min after the last firing: a member's resolved is no firing."""
    play = Play(SMOKE)
    play.event("+0s", **FIRING, device="d1")
    play.event("+1m", type="alarm.smoke", site="school")
    play.event("+10m", **RESOLVED, device="d1")
    play.until("+16m")
    assert play.periods() == [("+0s", "+16m", 2)]


def test_cleared_and_unanswered_stays_on_the_board_and_escalates() -> None:
    """Clearing stops nothing that is unanswered."""
    play = Play(SMOKE)
    play.event("+0s", **FIRING, device="d1")
    play.event("+30s", **RESOLVED, device="d1")
    assert play.incident().response == "unanswered"
    play.until("+70s")
    assert play.paged() == ["olena", "taras"]


def test_acknowledged_it_closes_when_it_clears() -> None:
    play = Play(SMOKE)
    play.event("+0s", **FIRING, device="d1")
    play.answer("olena", "acknowledge", at="+10s")
    play.event("+30s", **RESOLVED, device="d1")
    assert play.incident().response == "closed"
    assert play.news() == [("+30s", "olena", "telegram")]


def test_cleared_it_closes_when_it_is_acknowledged() -> None:
    play = Play(SMOKE)
    play.event("+0s", **FIRING, device="d1")
    play.event("+30s", **RESOLVED, device="d1")
    play.answer("olena", "acknowledge", at="+40s")
    assert play.incident().response == "closed"


def test_accepted_it_stays_until_a_person_closes_it() -> None:
    for word in ("accept", "arrived"):
        play = Play(SMOKE)
        play.event("+0s", **FIRING, device="d1")
        play.answer("olena", word, at="+10s")
        play.event("+30s", **RESOLVED, device="d1")
        assert (play.incident().condition, play.incident().response) == ("cleared", "acknowledged")
        play.answer("olena", "resolve", at="+10m")
        assert play.incident().response == "closed"


def test_clearing_and_closing_are_told_once_to_everyone_notified() -> None:
    play = Play(SMOKE)
    play.event("+0s", **FIRING, device="d1")
    play.until("+60s")
    play.event("+70s", **RESOLVED, device="d1")
    assert play.news("cleared") == [("+1m10s", "olena", "telegram"), ("+1m10s", "taras", "telegram")]
    play.answer("taras", "acknowledge", at="+80s")
    assert play.news("closed") == [("+1m20s", "olena", "telegram"), ("+1m20s", "taras", "telegram")]
    play.until("+5h")
    assert len(play.news()) == 4


def test_a_state_is_off_the_board_and_closes_itself() -> None:
    play = Play(event_rule("smoke", match(type="alarm.smoke"), to=None))
    play.event("+0s", **FIRING, device="d1")
    assert play.pages() == []
    assert not play.incident().board
    play.event("+30s", **RESOLVED, device="d1")
    assert play.incident().response == "closed"
    assert play.messages == []


def test_board_shows_an_incident_and_pages_nobody() -> None:
    play = Play(event_rule(to="board"))
    play.event("+0s", **ALARM)
    play.until("+1h")
    assert play.pages() == []
    assert (play.incident().board, play.incident().response) == (True, "unanswered")
    play.answer("chief", "acknowledge", channel="console")
    assert play.incident().response == "closed"


# -- clear at the rule

def test_clear_when_ends_it_and_forgets_the_members() -> None:
    play = Play(smoke(Clear(when=OVER)))
    play.event("+0s", **FIRING, device="d1")
    play.event("+1m", type="all.clear", site="school")
    assert play.periods() == [("+0s", "+1m", 1)]
    play.event("+2m", **RESOLVED, device="d1")
    assert len(play.notes("resolves_nothing")) == 1
    play.event("+3m", **FIRING, device="d2")
    play.event("+4m", **RESOLVED, device="d2")
    assert play.periods() == [("+0s", "+1m", 1), ("+3m", "+4m", 1)]


def test_clear_when_older_than_the_newest_firing_ends_nothing() -> None:
    play = Play(smoke(Clear(when=OVER)))
    play.event("+60s", **FIRING, device="d1")
    play.event("+70s", happened="+50s", type="all.clear", site="school")
    assert play.periods() == [("+1m", None, 1)]


def test_a_firing_older_than_the_clearing_event_is_a_late_report() -> None:
    play = Play(smoke(Clear(when=OVER)))
    play.event("+60s", type="all.clear", site="school")
    play.event("+70s", happened="+30s", **FIRING, device="d1")
    assert play.periods() == [("+1m10s", "+1m10s", 1)]


def test_an_older_clearing_event_does_not_undo_a_newer_one() -> None:
    """The newest all-clear is the one that counts, in whatever order they come."""
    play = Play(smoke(Clear(when=OVER)))
    play.event("+60s", type="all.clear", site="school")
    play.event("+61s", happened="+10s", type="all.clear", site="school")
    play.event("+70s", happened="+30s", **FIRING, device="d1")
    assert play.periods() == [("+1m10s", "+1m10s", 1)]


def test_a_state_with_clear_when_has_no_15_min() -> None:
    play = Play(event_rule(to=None, clear=Clear(when=OVER)), event_rule("board", clear=Clear(when=OVER)))
    play.event("+0s", **ALARM)
    play.until("+3h")
    assert play.periods(1) == [("+0s", None, 1)]
    assert play.periods(2) == [("+0s", "+15m", 1)]
    play.event("+4h", type="all.clear", site="school")
    assert play.periods(1) == [("+0s", "+4h", 1)]


def test_clear_after_replaces_the_15_min_and_counts_from_the_last_matching_event() -> None:
    play = Play(event_rule(clear=Clear(after=2 * MINUTE)))
    play.event("+0s", **ALARM)
    play.event("+90s", **ALARM)
    play.just_before("+3m30s")
    assert play.periods() == [("+0s", None, 2)]
    play.until("+3m30s")
    assert play.periods() == [("+0s", "+3m30s", 2)]


def test_clear_after_longer_than_15_min_replaces_it_too() -> None:
    play = Play(event_rule(clear=Clear(after=4 * HOUR)))
    play.event("+0s", **ALARM)
    play.until("+4h")
    assert play.periods() == [("+0s", "+4h", 1)]


def test_clear_after_ends_members_that_still_fire() -> None:
    play = Play(smoke(Clear(after=2 * MINUTE)))
    play.event("+0s", **FIRING, device="d1")
    play.until("+2m")
    assert play.periods() == [("+0s", "+2m", 1)]
    play.event("+3m", **FIRING, device="d1")
    assert play.periods() == [("+0s", "+2m", 1), ("+3m", None, 1)]


def test_a_resolved_of_one_member_does_not_prolong_clear_after() -> None:
    play = Play(smoke(Clear(after=2 * MINUTE)))
    play.event("+0s", **FIRING, device="d1")
    play.event("+30s", **FIRING, device="d2")
    play.event("+60s", **RESOLVED, device="d1")
    play.until("+2m30s")
    assert play.periods() == [("+0s", "+2m30s", 2)]


def test_a_late_report_that_joins_is_a_matching_event_too() -> None:
    play = Play(smoke(Clear(after=2 * MINUTE)))
    play.event("+0s", **FIRING, device="d2")
    play.event("+10s", **RESOLVED, device="d1")
    play.event("+60s", happened="+5s", **FIRING, device="d1")
    play.until("+3m")
    assert play.periods() == [("+0s", "+3m", 2)]


def test_clear_at_replaces_the_15_min_by_the_events_own_time() -> None:
    play = Play(event_rule(clear=Clear(at="expires")))
    play.event("+0s", **ALARM, expires="2026-11-22T22:15:00Z")
    play.just_before("+1h")
    assert play.periods() == [("+0s", None, 1)]
    play.until("+1h")
    assert play.periods() == [("+0s", "+1h", 1)]
    assert play.how() == "time over"


def test_clear_at_of_the_last_member_counts() -> None:
    play = Play(smoke(Clear(at="expires")))
    play.event("+0s", **FIRING, device="d1", expires="2026-11-22T21:25:00Z")
    play.event("+1s", **FIRING, device="d2", expires="2026-11-22T21:35:00Z")
    play.until("+15m")
    assert play.periods() == [("+0s", None, 2)]
    play.event("+16m", **RESOLVED, device="d2")
    play.until("+16m")
    assert play.periods() == [("+0s", "+16m", 2)]


def test_without_the_time_field_clear_at_falls_back_to_15_min() -> None:
    play = Play(event_rule(clear=Clear(at="expires")))
    play.event("+0s", **ALARM)
    play.until("+15m")
    assert play.periods() == [("+0s", "+15m", 1)]


def test_clear_hold_keeps_it_active_that_much_longer() -> None:
    play = Play(smoke(Clear(hold=5 * MINUTE)))
    play.event("+0s", **FIRING, device="d1")
    play.event("+1m", **RESOLVED, device="d1")
    play.event("+3m", **FIRING, device="d1")
    play.event("+4m", **RESOLVED, device="d1")
    play.just_before("+9m")
    assert play.periods() == [("+0s", None, 2)]
    play.until("+9m")
    assert play.periods() == [("+0s", "+9m", 2)]


def test_a_duration_may_come_from_the_event() -> None:
    play = Play(event_rule(clear=Clear(after=FieldRef("quiet_for"))))
    play.event("+0s", **ALARM, quiet_for="90s")
    play.until("+90s")
    assert play.periods() == [("+0s", "+1m30s", 1)]


def test_clear_only_replaces_the_words_own_way() -> None:
    """`{only: true}`: a member's resolved is ignored, and the 15 min do not run."""
    play = Play(smoke(Clear(when=OVER, only=True)))
    play.event("+0s", **FIRING, device="d1")
    play.event("+1m", **RESOLVED, device="d1")
    assert play.periods() == [("+0s", None, 1)]
    play.event("+2m", type="all.clear", site="school")
    assert play.periods() == [("+0s", "+2m", 1)]
    play.event("+3m", type="alarm.smoke", site="school")
    play.until("+2h")
    assert play.periods()[-1] == ("+3m", None, 1)


def test_clear_closes_closes_it_unanswered() -> None:
    play = Play(smoke(Clear(closes=True)))
    play.event("+0s", **FIRING, device="d1")
    play.event("+1m", **RESOLVED, device="d1")
    assert play.incident().response == "closed"
    play.until("+1h")
    assert play.paged() == ["olena"] + (["taras"] if "taras" in play.paged() else [])
    assert play.paged("+61s") == []


def test_clear_at_of_a_member_holds_when_the_15_min_of_another_event_are_over() -> None:
    """The event without a time of its own no longer counts: what is left ends at its time, which has passed."""
    play = Play(smoke(Clear(at="expires")))
    play.event("+0s", **FIRING, device="d1", expires="2026-11-22T21:20:00Z")
    play.event("+1m", type="alarm.smoke", site="school")
    play.until("+16m")
    assert play.periods() == [("+0s", "+16m", 2)]
