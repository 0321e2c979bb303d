"""The word ``level``: the newest sample, hysteresis, several levels, silence, ``holds``."""

import pytest
from msgspec.structs import replace
from tests.support.city import match
from tests.support.play import Play
from tests.support.words import told, word_rule

from tocsin.book.match import Expect, FieldRef, Match
from tocsin.book.rule import Clear, Level
from tocsin.domain.time import HOUR, MINUTE

HOT = word_rule("level", of="v", compare={"above": 10})
STEPS = word_rule("level", of="v", levels=(Level({"above": 10}, "high"), Level({"above": 20}, "critical")),
                  clear=Clear(compare={"below": 8}))


# -- the newest sample decides

def test_a_first_sample_beyond_the_level_fires() -> None:
    assert told(Play(HOT), ("+0s", 10.1)).periods() == [("+0s", None, 1)]


def test_at_the_limit_above_does_not_hold_and_at_least_does() -> None:
    assert told(Play(HOT), ("+0s", 10)).incidents == {}
    assert told(Play(word_rule("level", of="v", compare={"at_least": 10})), ("+0s", 10.0)).periods()


def test_further_samples_beyond_join_and_one_that_is_not_clears() -> None:
    play = told(Play(HOT), ("+0s", 11), ("+1m", 12), ("+2m", 9))
    assert play.periods() == [("+0s", "+2m", 2)]
    assert play.how() == "back to normal"


def test_silence_never_clears_it() -> None:
    assert told(Play(HOT), ("+0s", 11)).until("+90h").periods() == [("+0s", None, 1)]


def test_a_late_sample_older_than_the_newest_is_ignored() -> None:
    play = told(Play(HOT), ("+5m", 11), ("+6m", 1, "+4m"), ("+7m", 30, "+5m"))
    assert play.periods() == [("+5m", None, 2)]
    play = told(Play(HOT), ("+5m", 1), ("+6m", 30, "+4m"))
    assert play.incidents == {}


def test_of_two_samples_of_one_instant_the_later_arrival_is_the_newest() -> None:
    assert told(Play(HOT), ("+0s", 11), ("+1s", 1, "+0s")).periods() == [("+0s", "+1s", 1)]


def test_a_sample_from_a_clock_that_is_hours_slow_is_still_the_newest_of_its_key() -> None:
    """Only a key's own samples are compared with one another."""
    assert told(Play(HOT), ("+9h", 11, "+1h"), ("+10h", 3, "+2h")).periods() == [("+9h", "+10h", 1)]


@pytest.mark.parametrize("value", ["11", None, True, [11], {"a": 1}, float("nan")])
def test_what_is_no_number_is_no_sample(value: object) -> None:
    """A sensor that sends a text neither raises nor ends an alarm; it is counted and reported."""
    play = told(Play(HOT), ("+0s", 30), ("+1m", value))
    assert play.periods() == [("+0s", None, 1)]
    assert len(play.notes("not_comparable")) == 1
    assert told(Play(HOT), ("+0s", value)).incidents == {}


def test_numbers_are_decimal_as_written() -> None:
    rule = word_rule("level", of="v", compare={"at_least": 0.3})
    assert told(Play(rule), ("+0s", 0.3)).periods()
    big = word_rule("level", of="v", compare={"above": 9007199254740992})
    assert told(Play(big), ("+0s", 9007199254740993)).periods()


def test_without_the_per_field_the_key_is_unknown_and_it_is_reported() -> None:
    play = Play(HOT)
    play.event("+0s", type="x", v=11)
    assert play.incident().key == {"site": "unknown"}
    assert len(play.notes("key_missing")) == 1


def test_a_resolved_event_is_no_sample_unless_the_match_names_status() -> None:
    play = told(Play(HOT), ("+0s", 11))
    told(play, ("+1m", 1), status="resolved")
    assert play.periods() == [("+0s", None, 1)]


def test_the_limit_may_come_from_the_event() -> None:
    rule = word_rule("level", of="v", compare={"above": FieldRef("limit")})
    play = told(Play(rule), ("+0s", 11), limit=12)
    assert play.incidents == {}
    told(play, ("+1m", 11), limit=10)
    assert play.periods() == [("+1m", None, 1)]


def test_is_compares_texts_and_flags_of_one_kind() -> None:
    door = word_rule("level", of="v", compare={"is": "open"})
    assert told(Play(door), ("+0s", "open"), ("+1m", "shut")).periods() == [("+0s", "+1m", 1)]
    flag = word_rule("level", of="v", compare={"is": True})
    assert told(Play(flag), ("+0s", 1), ("+1m", True)).periods() == [("+1m", None, 1)]


# -- clearing

def test_hysteresis_keeps_it_active_between_the_two_limits() -> None:
    rule = replace(HOT, clear=Clear(compare={"below": 8}))
    play = told(Play(rule), ("+0s", 11), ("+1m", 9), ("+2m", 8), ("+3m", 7.9))
    assert play.periods() == [("+0s", "+3m", 1)]


def test_stale_after_ends_it_as_no_data() -> None:
    rule = word_rule("level", of="v", compare={"above": 10}, stale_after="10 min")
    play = told(Play(rule), ("+0s", 11), ("+9m", 11)).until("+1h")
    assert play.periods() == [("+0s", "+19m", 2)]
    assert play.how() == "no data"
    told(play, ("+2h", 12))
    assert play.periods()[1] == ("+2h", None, 1)


def test_an_ignored_sample_is_no_sign_of_life() -> None:
    rule = word_rule("level", of="v", compare={"above": 10}, stale_after="10 min")
    play = told(Play(rule), ("+5m", 11), ("+9m", 11, "+1m")).until("+1h")
    assert play.periods() == [("+5m", "+15m", 1)]


@pytest.mark.parametrize(("clear", "cleared"), [
    (Clear(after=5 * MINUTE), "+6m"), (Clear(hold=5 * MINUTE), "+7m"), (Clear(after=HOUR, only=True), "+1h2m"),
    (Clear(at="until"), "+9m"),
], ids=["after", "hold", "only after", "at"])
def test_the_ways_of_clear(clear: Clear, cleared: str) -> None:
    low = () if clear.at or clear.after == 5 * MINUTE else (("+2m", 1),)
    play = told(Play(replace(HOT, clear=clear)), ("+0s", 11), ("+1m", 12), *low, until="2026-11-22T21:24:00Z")
    assert play.until("+9h").periods() == [("+0s", cleared, 2)]


def test_a_sample_beyond_while_it_is_held_goes_on() -> None:
    play = told(Play(replace(HOT, clear=Clear(hold=5 * MINUTE))), ("+0s", 11), ("+1m", 1), ("+3m", 12)).until("+1h")
    assert play.periods() == [("+0s", None, 2)]


def test_clear_when_ends_it_and_the_next_sample_beyond_fires_again() -> None:
    play = told(Play(replace(HOT, clear=Clear(when=match(type="reset")))), ("+0s", 11))
    play.event("+1m", type="reset", site="s")
    assert play.periods() == [("+0s", "+1m", 1)]
    told(play, ("+2m", 12))
    assert play.periods()[1] == ("+2m", None, 1)


# -- for

WAITS = word_rule("level", of="v", compare={"above": 10}, for_="5 min", clear=Clear(compare={"below": 8}))


def test_for_asks_the_comparison_itself_all_the_time() -> None:
    """`clear` counts only after firing: 9 ends the waiting, though not an active condition."""
    play = told(Play(WAITS), ("+0s", 11), ("+2m", 9), ("+3m", 11)).until("+7m59s")
    assert play.incidents == {}
    told(play.until("+8m"), ("+9m", 9))
    assert play.periods() == [("+8m", None, 1)]


def test_a_late_sample_does_not_touch_a_running_for() -> None:
    play = told(Play(WAITS), ("+2m", 11), ("+3m", 1, "+1m"), ("+4m", 30, "+0s")).until("+1h")
    assert play.periods() == [("+7m", None, 1)]


def test_a_deadline_is_never_sooner_than_five_seconds_after_receipt() -> None:
    play = told(Play(WAITS), ("+10m", 11, "+0s")).until("+1h")
    assert play.periods() == [("+10m5s", None, 1)]


def test_what_held_long_enough_by_its_own_times_is_told_although_over() -> None:
    play = told(Play(WAITS), ("+10m", 11, "+0s"), ("+10m1s", 7, "+6m"))
    assert play.periods() == [("+10m1s", "+10m1s", 1)]


def test_what_held_long_enough_and_is_not_below_clear_is_active() -> None:
    play = told(Play(WAITS), ("+10m", 11, "+0s"), ("+10m1s", 9, "+6m"))
    assert play.periods() == [("+10m1s", None, 1)]


def test_stale_ends_the_waiting_too() -> None:
    rule = replace(WAITS, when=replace(WAITS.when, stale_after=2 * MINUTE))
    assert told(Play(rule), ("+0s", 11)).until("+1h").incidents == {}


# -- several levels

def test_the_highest_level_reached_decides_and_a_higher_one_rises() -> None:
    play = told(Play(STEPS), ("+0s", 11), ("+1m", 21))
    assert play.incident().severity == "critical"
    assert play.pages(kind="raised") == [("+1m", "olena", "telegram")]


def test_within_an_activation_the_severity_never_falls() -> None:
    play = told(Play(STEPS), ("+0s", 21), ("+1m", 11))
    assert play.incident().severity == "critical"
    assert play.periods() == [("+0s", None, 2)]


def test_it_clears_when_below_all_levels_and_clear_says_so() -> None:
    assert told(Play(STEPS), ("+0s", 21), ("+1m", 9), ("+2m", 7)).periods() == [("+0s", "+2m", 1)]


def test_each_level_waits_separately() -> None:
    rule = replace(STEPS, when=replace(STEPS.when, for_=5 * MINUTE))
    play = told(Play(rule), ("+0s", 11), ("+3m", 21)).until("+5m")
    assert (play.periods(), play.incident().severity) == ([("+5m", None, 2)], "high")
    play.until("+8m")
    assert play.incident().severity == "critical"
    assert [one[0] for one in play.pages(kind="raised")][:1] == ["+8m"]


def test_a_level_left_in_time_does_not_rise() -> None:
    rule = replace(STEPS, when=replace(STEPS.when, for_=5 * MINUTE))
    play = told(Play(rule), ("+0s", 11), ("+3m", 21), ("+7m", 12)).until("+1h")
    assert play.incident().severity == "high"


def rises(*heard: tuple[str, float]) -> list[str]:
    play = Play(STEPS)
    told(play, heard[0])
    play.answer("olena", "acknowledge", at=heard[0][0])
    told(play, *heard[1:])
    return [at for at, person, _ in play.pages(kind="raised") if person == "olena"]


def test_a_level_entered_again_after_five_minutes_counts_as_a_rise() -> None:
    """It escalates from step one even if acknowledged."""
    assert rises(("+0s", 21), ("+1m", 12), ("+6m", 22)) == ["+6m"]


def test_a_level_entered_again_sooner_is_no_rise() -> None:
    assert rises(("+0s", 21), ("+1m", 12), ("+5m59s", 22)) == []


def test_the_lowest_level_too_when_hysteresis_kept_it_active() -> None:
    assert rises(("+0s", 11), ("+1m", 9), ("+6m", 11)) == ["+6m"]


# -- holds

OPEN = word_rule("level", match(type="x"), holds=Match((Expect("status", "is", "firing"),)))


def test_holds_is_a_match_that_the_newest_event_satisfies() -> None:
    """It names status, so that what says resolved is a sample, of which it is not so."""
    play = told(Play(OPEN), ("+0s", None), status="firing")
    told(play, ("+1m", None), status="resolved")
    assert play.periods() == [("+0s", "+1m", 1)]


# -- a person closes; memory

def test_after_a_persons_close_it_is_silent_until_reopen() -> None:
    play = told(Play(HOT), ("+0s", 11))
    play.answer("olena", "false_alarm", at="+1m")
    told(play, *((f"+{minute}m", 11) for minute in range(2, 30)))
    assert play.periods() == [("+0s", "+1m", 1)]
    play.until("+31m")
    assert play.periods()[1][0] == "+31m"


def test_back_to_normal_after_a_close_the_next_firing_opens_anew() -> None:
    play = told(Play(HOT), ("+0s", 11))
    play.answer("olena", "false_alarm", at="+1m")
    told(play, ("+2m", 1), ("+3m", 11))
    assert play.periods(2) == [("+3m", None, 1)]


def test_a_higher_level_speaks_up_after_a_close() -> None:
    play = told(Play(STEPS), ("+0s", 11))
    play.answer("olena", "resolve", at="+1m")
    told(play, ("+2m", 12), ("+3m", 21))
    assert (play.periods(2), play.incident(2).severity) == ([("+3m", None, 1)], "critical")


def test_a_key_at_rest_is_forgotten_after_a_day_and_an_active_one_never() -> None:
    play = told(Play(HOT), ("+0s", 1)).until("+24h1min")
    assert (play.run.board.windows, play.run.board.timers) == ({}, {})
    play = told(Play(replace(HOT, escalate_to=())), ("+0s", 11)).until("+900h")
    assert ("rule", "site=s") in play.run.board.windows


def test_the_value_is_known_to_texts() -> None:
    play = told(Play(replace(HOT, say="{{ value }} at {{ site }}")), ("+0s", 10.5), ("+1m", 12))
    assert play.incident().values["value"] == 12
