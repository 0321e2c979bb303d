"""The word ``count``: windows on event time, late events, different values, clearing, a person's close."""

import pytest
from msgspec.structs import replace
from tests.support.city import match
from tests.support.play import Play
from tests.support.words import told, word_rule

from tocsin.book.match import FieldRef
from tocsin.book.rule import Clear, SeverityBy
from tocsin.domain.time import HOUR, MINUTE
from tocsin.rules.operators import window

THREE = word_rule("count", at_least=3, within="10 min")


def plain(play: Play, *at: str, **fields: object) -> Play:
    return told(play, *((one, None) for one in at), **fields)


# -- firing

def test_it_fires_when_so_many_lie_within_the_time() -> None:
    play = plain(Play(THREE), "+0s", "+1m", "+2m")
    assert play.periods() == [("+2m", None, 3)]


def test_fewer_say_nothing() -> None:
    assert plain(Play(THREE), "+0s", "+1m").until("+1h").incidents == {}


def test_both_ends_of_the_window_are_inside() -> None:
    """`within` is inclusive at both ends."""
    assert plain(Play(THREE), "+0s", "+5m", "+10m").periods() == [("+10m", None, 3)]
    assert plain(Play(THREE), "+0s", "+5m", "+10m1s").incidents == {}


def test_events_at_one_instant_count_each() -> None:
    assert plain(Play(THREE), "+0s", "+0s", "+0s").periods() == [("+0s", None, 3)]


def test_the_window_slides_and_does_not_jump() -> None:
    play = plain(Play(THREE), "+8m", "+12m", "+17m")
    assert play.periods() == [("+17m", None, 3)]


def test_events_stay_usable_after_a_firing_and_further_ones_join() -> None:
    play = plain(Play(THREE), "+0s", "+1m", "+2m", "+3m")
    assert play.periods() == [("+2m", None, 4)]
    assert len(play.pages()) == 1


def test_the_same_event_twice_counts_once() -> None:
    play = Play(THREE)
    for at in ("+0s", "+1s", "+2s"):
        play.event(at, happened="+0s", type="x", site="s", id="same")
    assert play.incidents == {}


def test_each_key_counts_for_itself() -> None:
    play = plain(Play(THREE), "+0s", "+1m")
    plain(play, "+2m", site="other")
    assert play.incidents == {}


def test_a_resolved_event_does_not_count_unless_the_match_names_status() -> None:
    assert plain(Play(THREE), "+0s", "+1m", "+2m", status="resolved").incidents == {}
    named = word_rule("count", match(type="x", status="resolved"), at_least=3, within="10 min")
    assert plain(Play(named), "+0s", "+1m", "+2m", status="resolved").periods() == [("+2m", None, 3)]


# -- distinct

ZONES = word_rule("count", at_least=2, within="2 min", distinct="zone")


def test_distinct_counts_the_values_not_the_events() -> None:
    """One zone twice (a swinger) is no burglary; two zones are."""
    play = told(Play(ZONES), ("+0s", "hall"), ("+10s", "hall"), of="zone")
    assert play.incidents == {}
    told(play, ("+20s", "safe"), of="zone")
    assert play.periods() == [("+20s", None, 3)]


def test_distinct_values_compare_as_keys_do() -> None:
    assert told(Play(ZONES), ("+0s", 12), ("+1s", "12 "), of="zone").incidents == {}


def test_a_list_brings_each_of_its_elements() -> None:
    assert told(Play(ZONES), ("+0s", ["hall", "safe"]), of="zone").periods() == [("+0s", None, 1)]


def test_without_the_field_it_is_left_out_and_reported() -> None:
    play = told(Play(ZONES), ("+0s", None), ("+1s", "safe"), of="zone")
    assert play.incidents == {}
    assert len(play.notes("field_missing")) == 1


def test_a_value_of_any_length_takes_little_room() -> None:
    play = told(Play(ZONES), ("+0s", "x" * 100_000), ("+1s", "x" * 100_000 + "y"), of="zone")
    assert play.periods() == [("+1s", None, 2)]
    assert len(repr(play.run.board.windows)) < 2_000


# -- late and out of order

def test_a_late_event_fires_when_a_window_that_contains_it_is_full() -> None:
    play = told(Play(THREE), ("+0s", None), ("+8m", None), ("+9m", None, "+4m"))
    assert play.periods() == [("+9m", None, 3)]


def test_a_late_event_older_than_the_others_completes_them() -> None:
    play = told(Play(THREE), ("+10m", None), ("+15m", None), ("+16m", None, "+6m"))
    assert play.periods() == [("+16m", None, 3)]


def test_a_count_wholly_in_the_past_fires_and_is_cleared_at_once() -> None:
    """It is told, as a late report."""
    play = told(Play(THREE), ("+0s", None), ("+1m", None), ("+30m", None, "+2m"))
    assert play.periods() == [("+30m", "+30m", 3)]
    assert play.how() == "late report"
    assert play.pages()


def test_windows_keep_their_time_and_an_hour() -> None:
    """Later than that an event is left out, counted and reported."""
    play = told(Play(THREE), ("+0s", None), ("+1m", None), ("+1h10m", None, "+0s"))
    assert play.periods() == [("+1h10m", "+1h10m", 3)]
    play = told(Play(THREE), ("+0s", None), ("+1m", None), ("+1h10m1s", None, "+0s"))
    assert play.incidents == {}
    assert len(play.notes("too_late")) == 1


def test_what_arrives_later_does_not_undo() -> None:
    play = told(Play(THREE), ("+20m", None), ("+21m", None), ("+22m", None), ("+23m", None, "+1m"))
    assert play.periods() == [("+22m", None, 3)]


# -- clearing

def test_it_clears_the_windows_length_after_it_last_held() -> None:
    play = plain(Play(THREE), "+0s", "+1m", "+2m").until("+12m")
    assert play.periods() == [("+2m", "+12m", 3)]
    assert play.how() == "quiet"


def test_an_event_that_does_not_fill_the_window_prolongs_nothing() -> None:
    play = plain(Play(THREE), "+0s", "+1m", "+2m", "+11m30s").until("+1h")
    assert play.periods() == [("+2m", "+12m", 3)]


def test_an_event_that_fills_it_again_prolongs() -> None:
    play = plain(Play(THREE), "+0s", "+1m", "+2m", "+10m").until("+1h")
    assert play.periods() == [("+2m", "+20m", 4)]


def test_clearing_and_event_at_one_instant_the_event_comes_first() -> None:
    play = plain(Play(THREE), "+2m", "+2m", "+2m", "+12m").until("+1h")
    assert play.periods() == [("+2m", "+22m", 4)]


def test_clear_when_ends_it_and_the_events_stay_usable() -> None:
    rule = replace(THREE, clear=Clear(when=match(type="all.clear")))
    play = plain(Play(rule), "+0s", "+1m", "+2m")
    play.event("+3m", type="all.clear", site="s")
    assert play.periods() == [("+2m", "+3m", 3)]
    plain(play, "+4m")
    assert play.periods()[1] == ("+4m", None, 4)


def test_clear_only_takes_the_timer_away() -> None:
    rule = replace(THREE, clear=Clear(when=match(type="all.clear"), only=True))
    assert plain(Play(rule), "+0s", "+1m", "+2m").until("+5h").periods() == [("+2m", None, 3)]


@pytest.mark.parametrize(("clear", "cleared"), [
    (Clear(after=5 * MINUTE), "+7m"), (Clear(hold=5 * MINUTE), "+17m"), (Clear(after=HOUR), "+12m"),
    (Clear(after=HOUR, only=True), "+1h2m"), (Clear(at="until"), "+9m"),
], ids=["after", "hold", "later after", "only after", "at"])
def test_the_ways_of_clear_add_to_its_own(clear: Clear, cleared: str) -> None:
    play = told(Play(replace(THREE, clear=clear)), *((at, "2026-11-22T21:24:00Z") for at in ("+0s", "+1m", "+2m")),
                of="until")
    assert play.until("+9h").periods() == [("+2m", cleared, 3)]


# -- for

def test_for_waits_and_the_timer_of_the_word_ends_the_waiting() -> None:
    rule = word_rule("count", at_least=3, within="10 min", for_="15 min")
    assert plain(Play(rule), "+0s", "+1m", "+2m").until("+1h").incidents == {}
    play = plain(Play(rule), "+0s", "+1m", "+2m", "+8m").until("+17m")
    assert play.periods() == [("+17m", None, 4)]
    assert play.incident().activation.happened == play.run.clock - 15 * MINUTE  # type: ignore[operator]


# -- a person closes

def test_after_a_persons_close_it_is_silent_until_reopen_while_it_lasts() -> None:
    play = plain(Play(THREE), "+0s", "+1m", "+2m")
    play.answer("olena", "resolve", at="+3m")
    plain(play, *(f"+{minute}m" for minute in range(4, 40, 3)))
    assert play.periods() == [("+2m", "+3m", 3), ("+33m", None, 1 + 2)]
    assert play.pages()[:2] == [("+2m", "olena", "telegram"), ("+33m", "olena", "telegram")]


def test_after_a_persons_close_and_its_own_end_it_fires_anew() -> None:
    play = plain(Play(THREE), "+0s", "+1m", "+2m")
    play.answer("olena", "false_alarm", at="+3m")
    plain(play, "+20m", "+21m", "+22m")
    assert play.periods(2) == [("+22m", None, 3)]


def test_a_higher_severity_speaks_up_after_a_close() -> None:
    rule = replace(THREE, severity=SeverityBy("v", {"a": "low", "b": "critical"}))
    play = told(Play(rule), ("+0s", "a"), ("+1m", "a"), ("+2m", "a"))
    play.answer("olena", "resolve", at="+3m")
    told(play, ("+4m", "a"), ("+5m", "b"))
    assert play.incident(2).severity == "critical"
    assert play.periods(2)[0][0] == "+5m"


# -- parameters from fields, missing keys, memory

def test_number_and_window_may_come_from_the_event() -> None:
    rule = word_rule("count", at_least=FieldRef("need"), within=FieldRef("w"))
    play = Play(rule)
    for at, n in (("+0s", 9), ("+1m", 9), ("+2m", 3)):
        play.event(at, type="x", site="s", need=n, w="10 min")
    assert play.periods() == [("+2m", None, 3)]
    play.event("+3m", type="x", site="s", need=3, w="soon")
    assert len(play.notes("no_window")) == 1


def test_without_the_per_field_it_is_left_out_and_reported() -> None:
    play = Play(THREE)
    for at in ("+0s", "+1m", "+2m"):
        play.event(at, type="x")
    assert play.incidents == {}
    assert len(play.notes("key_missing")) == 3


def test_a_key_with_nothing_left_to_count_is_forgotten() -> None:
    play = plain(Play(THREE), "+0s", "+1m")
    assert play.run.board.key_count("rule") == 1
    play.until("+1h12m")
    assert (play.run.board.windows, play.run.board.timers) == ({}, {})


def test_the_memory_of_a_key_is_bounded_and_the_loss_is_reported_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window, "MOST", 10)
    rule = word_rule("count", at_least=3, within="1 h", to=None)
    play = told(Play(rule), *((f"+{second}s", None) for second in range(40)))
    state = play.run.board.windows["rule", "site=s"]
    assert len(state.times) == 10
    assert len(play.notes("window_full")) == 1
    assert play.periods() == [("+2s", None, 40)]
