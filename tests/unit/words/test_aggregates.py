"""The words ``average``, ``sum``, ``minimum`` and ``maximum``: windows, late samples, decimals, clearing."""

import pytest
from msgspec.structs import replace
from tests.support.city import match
from tests.support.play import Play
from tests.support.words import told, word_rule

from tocsin.book.match import FieldRef
from tocsin.book.rule import Clear
from tocsin.domain.time import HOUR, MINUTE
from tocsin.rules.operators import window

MEAN = word_rule("average", of="v", over="10 min", compare={"above": 10})
SUM = word_rule("sum", of="v", over="10 min", compare={"at_least": 10})


# -- windows

def test_the_average_of_the_samples_in_the_window_fires() -> None:
    assert told(Play(MEAN), ("+0s", 8), ("+1m", 12.1)).periods() == [("+1m", None, 1)]
    assert told(Play(MEAN), ("+0s", 8), ("+1m", 12)).incidents == {}


def test_the_far_end_of_the_window_is_outside() -> None:
    """`over` is (t−D, t]."""
    assert told(Play(SUM), ("+0s", 5), ("+10m", 5)).incidents == {}
    assert told(Play(SUM), ("+0s", 5), ("+9m59s", 5)).periods()


def test_average_needs_two_samples_and_the_others_one() -> None:
    assert told(Play(MEAN), ("+0s", 99)).incidents == {}
    for word in ("sum", "minimum", "maximum"):
        assert told(Play(word_rule(word, of="v", over="10 min", compare={"above": 10})), ("+0s", 99)).periods()


def test_samples_says_how_many_it_takes() -> None:
    rule = replace(MEAN, when=replace(MEAN.when, samples=3))
    assert told(Play(rule), ("+0s", 99), ("+1m", 99)).incidents == {}
    assert told(Play(rule), ("+0s", 99), ("+1m", 99), ("+2m", 99)).periods()


def test_fewer_samples_than_needed_after_a_gap_change_nothing() -> None:
    play = told(Play(MEAN), ("+0s", 20), ("+1m", 20), ("+3h", 1)).until("+4h")
    assert play.periods() == [("+1m", None, 1)]
    told(play, ("+4h1m", 1), ("+4h2m", 1))
    assert play.periods() == [("+1m", "+4h2m", 1)]


def test_minimum_and_maximum_take_the_outermost_sample() -> None:
    low = word_rule("minimum", of="v", over="10 min", compare={"above": 10})
    assert told(Play(low), ("+0s", 5), ("+5m", 20)).incidents == {}
    assert told(Play(low), ("+0s", 5), ("+10m", 20)).periods() == [("+10m", None, 1)]
    high = word_rule("maximum", of="v", over="10 min", compare={"below": 10})
    assert told(Play(high), ("+0s", 5), ("+1m", 12), ("+11m", 9)).periods() == [("+0s", "+1m", 1), ("+11m", None, 1)]


# -- numbers

def test_numbers_are_decimal_as_written() -> None:
    """Ten times 0.1 is 1, and a huge sample that comes and goes leaves no crumbs."""
    rule = word_rule("sum", of="v", over="10 min", compare={"is": 1})
    assert told(Play(rule), *((f"+{second}s", 0.1) for second in range(10))).periods() == [("+9s", None, 1)]
    assert told(Play(rule), ("+0s", 1e22), ("+1s", 0.1), ("+2s", -1e22), ("+3s", 0.9)).periods() == [("+3s", None, 1)]


@pytest.mark.parametrize("value", ["20", None, True, [20], float("inf"), float("nan")])
def test_what_is_no_number_is_left_out_counted_and_reported(value: object) -> None:
    play = told(Play(MEAN), ("+0s", 20), ("+1m", value))
    assert play.incidents == {}
    assert len(play.notes("not_a_number")) == 1


def test_the_tested_number_is_known_to_texts() -> None:
    play = told(Play(replace(MEAN, say="{{ value }}")), ("+0s", 10.1), ("+1m", 10.2))
    assert play.incident().values["value"] == 10.15


# -- late

def test_a_late_sample_makes_the_newest_be_judged_again() -> None:
    play = told(Play(MEAN), ("+0s", 8), ("+5m", 11), ("+6m", 30, "+4m"))
    assert play.periods() == [("+6m", None, 1)]
    assert play.incident().activation.happened == play.run.clock - MINUTE  # type: ignore[operator]


def test_a_late_sample_that_makes_it_untrue_clears_it_as_a_late_report() -> None:
    """What arrives after a firing never undoes it."""
    play = told(Play(MEAN), ("+0s", 8), ("+5m", 13), ("+6m", 1, "+4m"))
    assert (play.periods(), play.how()) == ([("+5m", "+6m", 1)], "late report")
    assert len(play.pages()) >= 1


def test_a_late_sample_outside_the_newest_ones_window_changes_nothing() -> None:
    play = told(Play(MEAN), ("+30m", 8), ("+35m", 13), ("+36m", 1, "+20m"))
    assert play.periods() == [("+35m", None, 1)]


def test_later_than_the_window_and_an_hour_is_left_out() -> None:
    play = told(Play(MEAN), ("+2h", 8), ("+2h1m", 99, "+50m"))
    assert len(play.notes("too_late")) == 1


def test_a_sum_wholly_in_the_past_is_told_and_cleared_at_once() -> None:
    play = told(Play(SUM), ("+0s", 5), ("+30m", 5, "+1m"))
    assert (play.periods(), play.how()) == ([("+30m", "+30m", 1)], "late report")


# -- clearing

def test_an_average_clears_when_the_comparison_says_so() -> None:
    play = told(Play(MEAN), ("+0s", 20), ("+1m", 20), ("+2m", -40))
    assert (play.periods(), play.how()) == ([("+1m", "+2m", 1)], "back to normal")


def test_hysteresis_asks_the_same_number() -> None:
    play = told(Play(replace(MEAN, clear=Clear(compare={"below": 5}))), ("+0s", 20), ("+1m", 20), ("+2m", -20),
                ("+3m", -10))
    assert play.periods() == [("+1m", "+3m", 1)]


def test_silence_never_clears_an_average_but_stale_after_does() -> None:
    assert told(Play(MEAN), ("+0s", 20), ("+1m", 20)).until("+90h").periods() == [("+1m", None, 1)]
    rule = replace(MEAN, when=replace(MEAN.when, stale_after=HOUR))
    play = told(Play(rule), ("+0s", 20), ("+1m", 20)).until("+90h")
    assert (play.periods(), play.how()) == ([("+1m", "+1h1m", 1)], "no data")


def test_a_sum_clears_by_timer_after_it_last_held() -> None:
    play = told(Play(SUM), ("+0s", 12), ("+2m", 1), ("+3m", -9)).until("+1h")
    assert (play.periods(), play.how()) == ([("+0s", "+12m", 2)], "quiet")


def test_a_low_sum_ends_only_as_clear_says() -> None:
    rule = word_rule("sum", of="v", over="10 min", compare={"below": 3}, clear=Clear(compare={"at_least": 5}))
    play = told(Play(rule), ("+0s", 1)).until("+9h")
    assert play.periods() == [("+0s", None, 1)]
    told(play, ("+9h1m", 4), ("+9h2m", 4))
    assert play.periods() == [("+0s", "+9h2m", 1)]


@pytest.mark.parametrize(("clear", "cleared"), [
    (Clear(after=5 * MINUTE), "+6m"), (Clear(hold=5 * MINUTE), "+7m"), (Clear(after=HOUR, only=True), "+1h2m"),
], ids=["after", "hold", "only after"])
def test_the_ways_of_clear(clear: Clear, cleared: str) -> None:
    low = () if clear.after == 5 * MINUTE else (("+2m", -99),)
    play = told(Play(replace(MEAN, clear=clear)), ("+0s", 20), ("+1m", 20), *low)
    assert play.until("+9h").periods() == [("+1m", cleared, 1)]


def test_clear_when_ends_it_and_the_next_true_sample_fires_again() -> None:
    play = told(Play(replace(MEAN, clear=Clear(when=match(type="reset")))), ("+0s", 20), ("+1m", 20))
    play.event("+2m", type="reset", site="s")
    told(play, ("+3m", 20))
    assert play.periods() == [("+1m", "+2m", 1), ("+3m", None, 1)]


# -- for

def test_for_asks_the_comparison_at_every_sample() -> None:
    rule = replace(MEAN, when=replace(MEAN.when, for_=5 * MINUTE), clear=Clear(compare={"below": 5}))
    play = told(Play(rule), ("+0s", 20), ("+1m", 20), ("+3m", -20), ("+4m", 40)).until("+8m59s")
    assert play.incidents == {}
    assert play.until("+9m").periods() == [("+9m", None, 1)]


def test_what_held_long_enough_and_is_not_below_clear_is_active() -> None:
    rule = replace(MEAN, when=replace(MEAN.when, for_=5 * MINUTE), clear=Clear(compare={"below": 5}))
    play = told(Play(rule), ("+10m", 20, "+0s"), ("+10m", 20, "+1m"), ("+10m1s", -20, "+7m"))
    assert play.periods() == [("+10m1s", None, 1)]
    play = told(Play(rule), ("+10m", 20, "+0s"), ("+10m", 20, "+1m"), ("+10m1s", -90, "+7m"))
    assert play.periods() == [("+10m1s", "+10m1s", 1)]


def test_a_sum_that_falls_while_for_runs_waits_no_longer() -> None:
    rule = replace(SUM, when=replace(SUM.when, for_=5 * MINUTE))
    assert told(Play(rule), ("+0s", 12), ("+2m", -9)).until("+1h").incidents == {}
    assert told(Play(rule), ("+0s", 12)).until("+1h").periods() == [("+5m", "+10m", 1)]


# -- fields, keys, memory, people

def test_window_and_limit_may_come_from_the_newest_sample() -> None:
    rule = word_rule("average", of="v", over=FieldRef("w"), compare={"above": FieldRef("limit")})
    play = told(Play(rule), ("+0s", 20), w="10 min", limit=30)
    told(play, ("+2m", 20), w="10 min", limit=15)
    assert play.periods() == [("+2m", None, 1)]
    told(play, ("+3m", 20, "+1m"), w="10 min", limit=99)
    assert play.periods() == [("+2m", None, 2)]


def test_without_the_per_field_it_is_left_out_and_reported() -> None:
    play = Play(SUM)
    play.event("+0s", type="x", v=99)
    assert play.incidents == {}
    assert len(play.notes("key_missing")) == 1


def test_after_a_persons_close_it_is_silent_until_reopen() -> None:
    play = told(Play(MEAN), ("+0s", 20), ("+1m", 20))
    play.answer("olena", "resolve", at="+2m")
    told(play, *((f"+{minute}m", 20) for minute in range(3, 30)))
    assert play.periods() == [("+1m", "+2m", 1)]
    assert play.until("+32m").periods()[1][0] == "+32m"


def test_the_memory_of_a_key_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window, "MOST", 10)
    rule = word_rule("sum", of="v", over="1 h", compare={"above": 1000}, to=None)
    play = told(Play(rule), *((f"+{second}s", second) for second in range(40)))
    state = play.run.board.windows["rule", "site=s"]
    assert state.samples == tuple(range(30, 40))
    assert len(play.notes("window_full")) == 1


def test_a_key_with_nothing_left_is_forgotten() -> None:
    play = told(Play(SUM), ("+0s", 1)).until("+1h11m")
    assert (play.run.board.windows, play.run.board.timers) == ({}, {})
