"""The word ``together``: any order, another event for each name, texts by name, clearing, memory."""

from typing import Any

from tests.support.city import match, micros
from tests.support.play import Play
from tests.support.words import word_rule

from tocsin.book.match import FieldRef
from tocsin.book.rule import Clear, Rule
from tocsin.domain.time import HOUR, MINUTE
from tocsin.rules.operators import together


def rule(within: Any = "5 min", *, named: Any = None, **more: Any) -> Rule:
    names = named if named is not None else {"smoke": match(type="smoke"), "heat": match(type="heat")}
    return word_rule("together", named=names, within=micros(within) if isinstance(within, str) else within, **more)


FIRE = rule()
EITHER = rule(named={"one": match(type=["smoke", "heat"]), "other": match(type="smoke")})


def heard(play: Play, *events: tuple[str, str] | tuple[str, str, str], **fields: Any) -> Play:
    """(arrival, type) or (arrival, type, when it happened), at site s."""
    for at, kind, *happened in events:
        play.event(at, happened=happened[0] if happened else None, **{"type": kind, "site": "s", **fields})
    return play


def test_it_fires_when_the_last_name_is_met_whichever_it_is() -> None:
    assert heard(Play(FIRE), ("+0s", "smoke"), ("+5m", "heat")).periods() == [("+5m", None, 2)]
    assert heard(Play(FIRE), ("+0s", "heat"), ("+5m", "smoke")).periods() == [("+5m", None, 2)]


def test_within_is_inclusive_and_not_more() -> None:
    assert heard(Play(FIRE), ("+0s", "smoke"), ("+5m1s", "heat")).until("+1h").incidents == {}


def test_one_name_however_often_is_not_enough() -> None:
    assert heard(Play(FIRE), ("+0s", "smoke"), ("+1m", "smoke")).until("+1h").incidents == {}


def test_a_late_event_completes_what_happened_around_it() -> None:
    assert heard(Play(FIRE), ("+10m", "smoke"), ("+30m", "heat", "+6m")).periods() == [("+30m", None, 2)]


def test_later_than_the_time_and_an_hour_is_left_out_and_reported() -> None:
    play = heard(Play(FIRE), ("+0s", "smoke"), ("+65m1s", "heat", "+0s"))
    assert (play.incidents, len(play.notes("too_late"))) == ({}, 1)


def test_an_event_that_fits_two_names_counts_for_one() -> None:
    assert heard(Play(EITHER), ("+0s", "smoke")).until("+1h").incidents == {}
    assert heard(Play(EITHER), ("+0s", "smoke"), ("+1m", "heat")).periods() == [("+1m", None, 2)]
    assert heard(Play(EITHER), ("+0s", "smoke"), ("+1m", "smoke")).periods() == [("+1m", None, 2)]


def test_three_names_need_three_events_though_each_fits_two() -> None:
    """It is a matching, not a count: a and b can only be met by the first two, so c needs the third."""
    three = rule(named={"a": match(type=["x", "y"]), "b": match(type=["x", "y"]), "c": match(type=["y", "z"])})
    assert heard(Play(three), ("+0s", "x"), ("+1m", "y")).incidents == {}
    assert heard(Play(three), ("+0s", "x"), ("+1m", "y"), ("+2m", "y")).periods() == [("+2m", None, 3)]
    assert heard(Play(three), ("+0s", "z"), ("+1m", "z"), ("+2m", "x")).until("+3m").incidents == {}


def test_events_stay_usable_and_join() -> None:
    play = heard(Play(FIRE), ("+0s", "smoke"), ("+1m", "heat"), ("+2m", "heat"))
    assert play.periods() == [("+1m", None, 3)]
    assert len(play.pages()) == 1


def test_texts_name_the_events_by_their_match() -> None:
    play = Play(rule(say="{{ smoke.device }} {{ heat.device }} {{ device }} {{ first.device }} {{ smoke.room.no }}"))
    play.event("+0s", type="smoke", site="s", device="d1", room={"no": 4})
    play.event("+1m", type="heat", site="s", device="d2")
    assert play.incident().values == {"smoke.device": "d1", "heat.device": "d2", "device": "d2", "first.device": "d1",
                                      "smoke.room.no": 4}


def test_the_newest_event_of_each_name_is_told() -> None:
    play = Play(rule(say="{{ smoke.device }}"))
    for at, device in (("+0s", "d1"), ("+1m", "d2")):
        play.event(at, type="smoke", site="s", device=device)
    play.event("+2m", type="heat", site="s")
    assert play.incident().values == {"smoke.device": "d2"}


def test_each_key_for_itself_and_without_the_field_left_out() -> None:
    play = Play(FIRE)
    play.event("+0s", type="smoke", site="s")
    play.event("+1m", type="heat", site="other")
    play.event("+2m", type="heat")
    assert play.incidents == {}
    assert len(play.notes("key_missing")) == 1


def test_a_resolved_event_counts_for_no_name() -> None:
    assert heard(heard(Play(FIRE), ("+0s", "smoke"), status="resolved"), ("+1m", "heat")).incidents == {}


def test_the_time_may_come_from_the_event_that_completes_it() -> None:
    play = Play(rule(FieldRef("slack")))
    play.event("+0s", type="smoke", site="s", slack="1 h")
    play.event("+2m", type="heat", site="s", slack="1 min")
    assert play.incidents == {}
    play.event("+3m", type="heat", site="s", slack="3 min")
    assert play.periods() == [("+3m", None, 2)]
    play.event("+4m", type="heat", site="s")
    assert len(play.notes("no_window")) == 1


def test_it_clears_fifteen_minutes_after_the_last_firing() -> None:
    play = heard(Play(FIRE), ("+0s", "smoke"), ("+1m", "heat"), ("+3m", "smoke"), ("+12m", "smoke"))
    assert play.until("+1h").periods() == [("+1m", "+18m", 3)]


def test_it_may_be_cleared_by_an_event() -> None:
    play = heard(Play(rule(clear=Clear(when=match(type="quiet"), only=True))), ("+0s", "smoke"), ("+1m", "heat"),
                 ("+40m", "quiet"))
    assert play.periods() == [("+1m", "+40m", 2)]


def test_for_waits_from_the_event_that_completed_it() -> None:
    play = heard(Play(rule(for_="2 min")), ("+0s", "smoke"), ("+1m", "heat"))
    assert play.until("+5m").periods() == [("+3m", None, 2)]


def test_a_key_at_rest_is_forgotten() -> None:
    play = heard(Play(FIRE), ("+0s", "smoke")).until("+3h")
    assert (dict(play.run.board.windows), play.timers()) == ({}, [])


def test_a_flood_under_one_name_forgets_nothing_under_another(monkeypatch: Any) -> None:
    monkeypatch.setattr(together, "MOST", 20)
    play = heard(Play(rule("2 h")), ("+0s", "smoke"))
    for number in range(40):
        play.event(f"+{number + 1}s", type="heat", site="s")
    window = play.run.board.windows["rule", "site=s"]
    assert (len(play.notes("window_full")), len(window.parts["heat"]), len(window.parts["smoke"])) == (1, 10, 1)


def test_an_hour_of_lateness_is_remembered() -> None:
    assert together.TogetherWord(FIRE, ())._keep(together.TogetherState()) == 5 * MINUTE + HOUR
