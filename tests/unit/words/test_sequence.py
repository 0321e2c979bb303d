"""The word ``sequence``: order, time, what must not come, late reports, clearing, downtime."""

from typing import Any

from msgspec.structs import replace
from tests.support.city import match, micros
from tests.support.play import Play
from tests.support.words import word_rule

from tocsin.book.calendars import DAYS
from tocsin.book.match import FieldRef
from tocsin.book.rule import Clear, Gate, PerKey, Rule, SequenceStep, SeverityBy
from tocsin.domain.input import Started
from tocsin.domain.time import HOUR, MINUTE, SECOND
from tocsin.rules.operators import sequence


def steps(*written: Any) -> tuple[SequenceStep, ...]:
    """``"a"``, ``("b", "5 min")``, ``("not c", "5 min")``: an event of that type, or none of it."""
    found = []
    for one in written:
        kind, within = (one, None) if isinstance(one, str) else one
        micro = micros(within) if isinstance(within, str) else within
        found.append(SequenceStep(match(type=kind.removeprefix("not ")), micro, kind.startswith("not ")))
    return tuple(found)


def rule(*written: Any, **more: Any) -> Rule:
    return word_rule("sequence", steps=steps(*written), **more)


FORCED = rule("door", ("motion", "5 min"))
OPEN = rule("opened", ("not closed", "5 min"))


def heard(play: Play, *events: tuple[str, str] | tuple[str, str, str], **fields: Any) -> Play:
    """(arrival, type) or (arrival, type, when it happened), at site s."""
    for at, kind, *happened in events:
        play.event(at, happened=happened[0] if happened else None, **{"type": kind, "site": "s", **fields})
    return play


# -- order and time

def test_it_fires_when_the_last_step_is_taken_in_time() -> None:
    play = heard(Play(FORCED), ("+0s", "door"), ("+5m", "motion"))
    assert play.periods() == [("+5m", None, 2)]


def test_within_is_inclusive_and_not_more() -> None:
    assert heard(Play(FORCED), ("+0s", "door"), ("+5m1s", "motion")).incidents == {}


def test_the_other_order_is_no_sequence() -> None:
    assert heard(Play(FORCED), ("+0s", "motion"), ("+1m", "door")).until("+1h").incidents == {}


def test_equal_times_are_in_order_whichever_came_first() -> None:
    play = heard(Play(FORCED), ("+1m", "motion", "+0s"), ("+2m", "door", "+0s"))
    assert play.periods() == [("+2m", None, 2)]


def test_a_step_that_comes_late_completes_what_came_before_it() -> None:
    play = heard(Play(FORCED), ("+1m", "motion"), ("+20m", "door", "+0s"))
    assert play.periods() == [("+20m", None, 2)]


def test_later_than_the_window_and_an_hour_is_left_out_and_reported() -> None:
    play = heard(Play(FORCED), ("+1m", "motion"), ("+65m1s", "door", "+0s"))
    assert play.incidents == {}
    assert len(play.notes("too_late")) == 1


def test_each_step_has_its_own_time_since_the_step_before() -> None:
    three = rule("a", ("b", "1 min"), ("c", "10 min"))
    assert heard(Play(three), ("+0s", "a"), ("+1m", "b"), ("+11m", "c")).periods() == [("+11m", None, 3)]
    assert heard(Play(three), ("+0s", "a"), ("+2m", "b"), ("+3m", "c")).incidents == {}


def test_an_event_takes_one_step() -> None:
    twice = rule("a", ("a", "5 min"))
    assert heard(Play(twice), ("+0s", "a")).until("+1h").incidents == {}
    assert heard(Play(twice), ("+0s", "a"), ("+1m", "a")).periods() == [("+1m", None, 2)]


def test_events_stay_usable_and_join() -> None:
    play = heard(Play(FORCED), ("+0s", "door"), ("+1m", "motion"), ("+2m", "motion"))
    assert play.periods() == [("+1m", None, 3)]
    assert len(play.pages()) == 1


def test_the_newest_fitting_start_is_told() -> None:
    play = Play(rule("door", ("motion", "5 min"), say="{{ first.device }} {{ device }}"))
    for at, kind, device in (("+0s", "door", "d1"), ("+1m", "door", "d2"), ("+2m", "motion", "m1")):
        play.event(at, type=kind, site="s", device=device)
    assert play.incident().values == {"first.device": "d2", "device": "m1"}


def test_the_severity_is_of_the_newest_event() -> None:
    play = Play(rule("door", ("motion", "5 min"), severity=SeverityBy("zone", {"vault": "critical", "yard": "low"})))
    play.event("+0s", type="door", site="s", zone="vault")
    play.event("+1m", type="motion", site="s", zone="yard")
    assert play.incident().severity == "low"


def test_each_key_has_its_own_steps() -> None:
    play = Play(FORCED)
    play.event("+0s", type="door", site="s")
    play.event("+1m", type="motion", site="other")
    assert play.incidents == {}


def test_fields_of_different_names_join_the_steps() -> None:
    play = Play(rule("door", ("motion", "5 min"), per=(PerKey("site", (("motion", "place"),)),)))
    play.event("+0s", type="door", site="s")
    play.event("+1m", type="motion", place="s")
    assert play.incident().key == {"site": "s"}


def test_an_event_without_the_per_field_is_left_out_and_reported() -> None:
    play = Play(FORCED)
    play.event("+0s", type="door")
    play.event("+1m", type="motion", site="s")
    assert play.incidents == {}
    assert [note.detail for note in play.notes("key_missing")] == ["event event-1 of gateway has no site: left out"]


def test_a_resolved_event_takes_no_step_unless_the_match_names_the_status() -> None:
    play = Play(FORCED)
    play.event("+0s", type="door", site="s", status="resolved")
    play.event("+1m", type="motion", site="s")
    assert play.incidents == {}
    named = word_rule("sequence", steps=(SequenceStep(match(type="door", status="resolved")),
                                         SequenceStep(match(type="motion"), 5 * MINUTE)))
    play = Play(named)
    play.event("+0s", type="door", site="s", status="resolved")
    play.event("+1m", type="motion", site="s")
    assert play.periods() == [("+1m", None, 2)]


def test_the_time_of_a_step_may_come_from_its_event() -> None:
    play = Play(rule("door", ("motion", FieldRef("walk"))))
    play.event("+0s", type="door", site="s")
    play.event("+2m", type="motion", site="s", walk="1 min")
    assert play.incidents == {}
    play.event("+3m", type="motion", site="s", walk="3 min")
    assert play.periods() == [("+3m", None, 2)]
    play.event("+4m", type="motion", site="s")
    assert len(play.notes("no_window")) == 1


# -- what must not come

def test_a_not_step_holds_when_its_time_is_over() -> None:
    play = heard(Play(OPEN), ("+0s", "opened"))
    assert play.just_before("+5m").incidents == {}
    assert play.until("+5m").periods() == [("+5m", None, 1)]


def test_what_comes_in_time_to_the_very_end_keeps_it_from_firing() -> None:
    assert heard(Play(OPEN), ("+0s", "opened"), ("+5m", "closed")).until("+1h").incidents == {}


def test_at_the_instant_before_it_only_what_arrived_later_is_inside() -> None:
    assert heard(Play(OPEN), ("+0s", "closed"), ("+0s", "opened")).until("+1h").periods()[0][0] == "+5m"
    assert heard(Play(OPEN), ("+0s", "opened"), ("+0s", "closed")).until("+1h").incidents == {}


def test_each_candidate_has_its_own_clock() -> None:
    play = heard(Play(OPEN), ("+0s", "opened"), ("+1m", "closed"), ("+2m", "opened"))
    assert play.until("+8m").periods() == [("+7m", None, 1)]


def test_a_late_start_waits_for_settle() -> None:
    """The deadline is event time + D, never sooner than 5 s after receipt."""
    play = heard(Play(OPEN), ("+10m", "opened", "+0s"))
    assert play.incidents == {}
    assert play.until("+11m").periods() == [("+10m5s", None, 1)]


def test_settle_lets_the_end_catch_up() -> None:
    assert heard(Play(OPEN), ("+10m", "opened", "+0s"), ("+10m4s", "closed", "+1m")).until("+1h").incidents == {}


def test_a_late_report_clears_what_had_fired() -> None:
    play = heard(Play(OPEN), ("+0s", "opened")).until("+6m")
    heard(play, ("+7m", "closed", "+4m"))
    assert (play.periods(), play.how()) == ([("+5m", "+7m", 1)], "late report")


def test_a_late_report_ends_nothing_while_another_firing_stands() -> None:
    play = heard(Play(OPEN), ("+0s", "opened"), ("+2m", "opened")).until("+8m")
    heard(play, ("+9m", "closed", "+1m"))
    assert play.until("+10m").periods() == [("+5m", None, 2)]


def test_the_next_step_comes_only_after_the_not_is_over() -> None:
    """Its time counts from the last step that was an event."""
    lone = rule("alarm", ("not guard", "2 min"), ("door", "10 min"))
    assert heard(Play(lone), ("+0s", "alarm"), ("+2m", "door")).until("+1h").incidents == {}
    assert heard(Play(lone), ("+0s", "alarm"), ("+2m1s", "door")).periods() == [("+2m1s", None, 2)]
    assert heard(Play(lone), ("+0s", "alarm"), ("+10m1s", "door")).incidents == {}
    assert heard(Play(lone), ("+0s", "alarm"), ("+1m", "guard"), ("+5m", "door")).incidents == {}


# -- downtime

def test_time_without_listening_proves_no_silence() -> None:
    """Due at the later of event time + D + the pause, and listening again + min(D, 15 min)."""
    play = heard(Play(OPEN), ("+0s", "opened"))
    play.put(Started("1", 3 * MINUTE), "+4m")
    assert play.until("+1h").periods()[0][0] == "+9m"


def test_after_a_pause_it_waits_at_least_a_quarter_of_an_hour_of_a_long_not() -> None:
    play = heard(Play(rule("opened", ("not closed", "2 h"))), ("+0s", "opened"))
    play.put(Started("1", 30 * SECOND), "+119m")
    assert play.until("+3h").periods()[0][0] == "+2h14m"


def test_a_not_counts_only_while_during_is_open() -> None:
    """The site's hours open at 21:20; the story begins at 21:15."""
    hours = {"time_zone": "UTC", "open": [{"days": list(DAYS), "from": "21:20", "to": "23:59"}]}
    guarded = replace(OPEN, during=(Gate(calendar="night"),))
    play = heard(Play(guarded, calendars={"night": hours}), ("+0s", "opened"))
    assert play.until("+20m").periods()[0][0] == "+10m"


# -- clearing

def test_it_clears_fifteen_minutes_after_the_last_firing() -> None:
    play = heard(Play(FORCED), ("+0s", "door"), ("+1m", "motion"), ("+4m", "motion"), ("+10m", "motion"))
    assert play.until("+1h").periods() == [("+1m", "+19m", 3)]


def test_it_fires_anew_after_clearing() -> None:
    play = heard(Play(FORCED), ("+0s", "door"), ("+1m", "motion"), ("+30m", "door"), ("+31m", "motion"))
    assert play.until("+1h").periods() == [("+1m", "+16m", 2), ("+31m", "+46m", 2)]


def test_the_event_that_is_missing_may_clear_what_has_fired() -> None:
    closes = rule("opened", ("not closed", "5 min"), clear=Clear(when=match(type="closed"), only=True))
    play = heard(Play(closes), ("+0s", "opened"), ("+40m", "closed"))
    assert play.periods() == [("+5m", "+40m", 1)]


def test_clear_after_counts_from_the_last_event_that_can_take_a_step() -> None:
    play = heard(Play(rule("door", ("motion", "5 min"), clear=Clear(after=20 * MINUTE))), ("+0s", "door"),
                 ("+1m", "motion"), ("+15m", "door"))
    assert play.until("+2h").periods() == [("+1m", "+35m", 2)]


def test_for_waits_from_the_event_that_completed_it() -> None:
    play = heard(Play(rule("door", ("motion", "5 min"), for_="2 min")), ("+0s", "door"), ("+1m", "motion"))
    assert play.until("+5m").periods() == [("+3m", None, 2)]


def test_a_person_closes_and_a_further_firing_opens_another() -> None:
    play = heard(Play(FORCED), ("+0s", "door"), ("+1m", "motion"))
    play.answer("olena", "resolve", at="+2m")
    heard(play, ("+3m", "motion"))
    assert play.periods(2) == [("+3m", None, 2)]


# -- memory

def test_a_key_at_rest_is_forgotten() -> None:
    play = heard(Play(FORCED), ("+0s", "door")).until("+3h")
    assert [key for _, key in play.run.board.windows if not key.startswith("\x1e")] == []
    assert play.timers() == []


def test_a_flood_of_one_step_forgets_no_other_step(monkeypatch: Any) -> None:
    monkeypatch.setattr(sequence, "MOST", 20)
    play = Play(rule("a", ("b", "1 min"), ("c", "2 h")))
    heard(play, ("+0s", "a"), ("+1m", "b"))
    for number in range(40):
        heard(play, (f"+{number + 200}s", "b", f"+{number + 100}s"))
    assert len(play.notes("window_full")) == 1
    window = play.run.board.windows["rule", "site=s"]
    assert max(len(track) for track in window.tracks.values()) <= 20 // 3
    assert window.tracks["step1"]


def test_the_hour_of_lateness_counts_from_the_whole_length_of_the_sequence() -> None:
    assert sequence.SequenceWord(rule("a", ("b", "5 min"), ("not c", "1 min")), ())._keep(
        sequence.SequenceState()) == 6 * MINUTE + HOUR
