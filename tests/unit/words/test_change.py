"""The word ``change``: rises and falls within a time; from one value to another."""

import pytest
from msgspec.structs import replace
from tests.support.city import match
from tests.support.play import Play
from tests.support.words import told, word_rule

from tocsin.book.rule import Clear
from tocsin.domain.time import MINUTE

RISES = word_rule("change", of="v", moves="rises", compare={"at_least": 1}, within="30 min")
FALLS = word_rule("change", of="v", moves="falls", compare={"at_least": 1}, within="30 min")
OPENS = word_rule("change", of="v", changes_from="shut", changes_to="open")


# -- rises and falls

def test_it_fires_when_the_value_is_so_much_above_the_lowest() -> None:
    assert told(Play(RISES), ("+0s", 3.1), ("+10m", 2.1), ("+20m", 3.1)).periods() == [("+20m", None, 1)]
    assert told(Play(RISES), ("+0s", 2.1), ("+10m", 3.0)).incidents == {}


def test_numbers_are_decimal_as_written() -> None:
    """3.1 − 2.1 is 1.0, and 0.3 − 0.1 is 0.2."""
    tight = word_rule("change", of="v", moves="rises", compare={"at_least": 0.2}, within="30 min")
    assert told(Play(tight), ("+0s", 0.1), ("+1m", 0.3)).periods()


def test_both_ends_of_within_are_inside() -> None:
    assert told(Play(RISES), ("+0s", 1), ("+30m", 2)).periods() == [("+30m", None, 1)]
    assert told(Play(RISES), ("+0s", 1), ("+30m1s", 2)).incidents == {}


def test_falls_looks_down_from_the_highest() -> None:
    assert told(Play(FALLS), ("+0s", 5), ("+1m", 4.5), ("+2m", 4)).periods() == [("+2m", None, 1)]
    assert told(Play(FALLS), ("+0s", 4), ("+1m", 5)).incidents == {}


def test_one_sample_is_not_enough_after_a_gap() -> None:
    play = told(Play(RISES), ("+0s", 1), ("+10m", 2), ("+3h", 9))
    assert play.periods() == [("+10m", None, 1)]


def test_it_clears_when_the_rise_is_over_or_as_clear_says() -> None:
    assert told(Play(RISES), ("+0s", 1), ("+10m", 2), ("+20m", 1.9)).periods() == [("+10m", "+20m", 1)]
    rule = replace(RISES, clear=Clear(compare={"below": 0.1}))
    play = told(Play(rule), ("+0s", 1), ("+10m", 2), ("+20m", 1.9), ("+40m", 1.9))
    assert play.periods() == [("+10m", "+40m", 1)]


def test_a_late_sample_makes_the_newest_be_judged_again() -> None:
    assert told(Play(RISES), ("+0s", 2), ("+10m", 2.5), ("+11m", 1, "+5m")).periods() == [("+11m", None, 1)]


def test_silence_never_clears_it() -> None:
    assert told(Play(RISES), ("+0s", 1), ("+10m", 2)).until("+90h").periods() == [("+10m", None, 1)]


# -- from and to

def test_it_fires_on_the_change_from_one_value_to_the_other() -> None:
    play = told(Play(OPENS), ("+0s", "shut"), ("+1m", "shut"), ("+2m", "open"), ("+3m", "open"))
    assert play.periods() == [("+2m", None, 1)]


def test_another_change_is_not_meant() -> None:
    assert told(Play(OPENS), ("+0s", "ajar"), ("+1m", "open"), ("+2m", "shut")).incidents == {}


def test_without_from_and_to_every_change_is_meant() -> None:
    rule = word_rule("change", of="v")
    assert told(Play(rule), ("+0s", 1), ("+1m", 1.0), ("+2m", "1"), ("+3m", 2)).periods() == [("+2m", None, 2)]


def test_the_first_value_is_no_change() -> None:
    rule = word_rule("change", of="v", changes_to="open")
    assert told(Play(rule), ("+0s", "open")).incidents == {}


def test_it_is_momentary() -> None:
    """It clears 15 min after its last firing."""
    play = told(Play(OPENS), ("+0s", "shut"), ("+1m", "open"), ("+2m", "shut"), ("+3m", "open")).until("+1h")
    assert play.periods() == [("+1m", "+18m", 2)]
    rule = replace(OPENS, clear=Clear(after=2 * MINUTE))
    assert told(Play(rule), ("+0s", "shut"), ("+1m", "open")).until("+1h").periods() == [("+1m", "+3m", 1)]


def test_a_late_sample_becomes_the_one_before_the_newest() -> None:
    play = told(Play(OPENS), ("+0s", "ajar"), ("+5m", "open"), ("+6m", "shut", "+4m"))
    assert play.periods() == [("+6m", None, 1)]


def test_the_same_change_is_told_once_whatever_comes_late() -> None:
    play = told(Play(OPENS), ("+0s", "shut"), ("+5m", "open"), ("+6m", "shut", "+4m"))
    assert play.periods() == [("+5m", None, 1)]


def test_a_door_that_stood_shut_for_three_weeks_is_remembered() -> None:
    assert told(Play(OPENS), ("+0s", "shut"), ("+21d", "open")).periods() == [("+21d", None, 1)]


def test_for_asks_that_the_new_value_stays() -> None:
    rule = replace(OPENS, when=replace(OPENS.when, for_=5 * MINUTE))
    assert told(Play(rule), ("+0s", "shut"), ("+1m", "open"), ("+3m", "shut")).until("+1h").incidents == {}
    assert told(Play(rule), ("+0s", "shut"), ("+1m", "open"), ("+3m", "open")).until("+6m").periods() == [
        ("+6m", None, 1)]


@pytest.mark.parametrize("value", [None, ["open"], {"a": 1}])
def test_without_a_plain_value_it_is_left_out_and_reported(value: object) -> None:
    play = told(Play(OPENS), ("+0s", "shut"), ("+1m", value), ("+2m", "open"))
    assert play.periods() == [("+2m", None, 1)]
    assert len(play.notes("field_missing")) == 1


def test_after_a_persons_close_the_next_change_opens_anew() -> None:
    play = told(Play(OPENS), ("+0s", "shut"), ("+1m", "open"))
    play.answer("olena", "resolve", at="+2m")
    told(play, ("+3m", "shut"), ("+4m", "open"))
    assert play.periods(2) == [("+4m", None, 1)]


def test_a_state_with_clear_when_has_no_fifteen_minutes() -> None:
    rule = word_rule("change", of="v", changes_to="open", to=None, clear=Clear(when=match(type="done")))
    assert told(Play(rule), ("+0s", "shut"), ("+1m", "open")).until("+9h").periods() == [("+1m", None, 1)]
