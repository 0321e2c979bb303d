"""Keys at rest: one deadline a minute forgets them all, some at a time, and nothing that still matters."""

import pytest
from msgspec import Raw
from msgspec.structs import replace
from tests.support.checked_run import restored
from tests.support.play import START, Play
from tests.support.words import word_rule

from tocsin.core import correlate
from tocsin.core.resting import forget_of
from tocsin.domain.change import WindowDropped
from tocsin.domain.event import Place
from tocsin.domain.input import TimerDue
from tocsin.domain.time import MINUTE

COUNT = word_rule("count", at_least=2, within="10 min")
"""A key is remembered for 70 minutes after its last event."""


def heard(play: Play, sites: int, at: str = "+30s") -> Play:
    for number in range(sites):
        play.event(at, type="x", site=f"site-{number}")
    return play


def keys(play: Play) -> list[str]:
    return [key for _, key in play.run.board.windows if not key.startswith("\x1e")]


def test_all_keys_of_a_rule_that_rest_from_the_same_minute_on_have_one_deadline() -> None:
    play = heard(Play(COUNT), 40)
    assert [timer.kind for timer in play.run.board.timers.values()] == ["rests"]
    assert (len(keys(play)), keys(play.until("+70m29s"))) == (40, keys(heard(Play(COUNT), 40)))
    play.until("+71m1s")
    assert (keys(play), play.run.board.timers) == ([], {})


def test_many_keys_are_forgotten_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever answers meanwhile does not wait for them all."""
    monkeypatch.setattr(correlate, "_MOST_AT_A_TIME", 10)
    play = heard(Play(COUNT), 25).until("+71m1s")
    dropped = [sum(isinstance(change, WindowDropped) for change in changes)
               for _, item, changes in play.steps if isinstance(item, TimerDue)]
    assert dropped == [10, 10, 5]
    assert (keys(play), play.run.board.timers) == ([], {})


def test_a_key_that_was_heard_again_is_looked_at_later() -> None:
    play = heard(Play(COUNT), 3)
    play.event("+40m", type="x", site="site-1")
    assert keys(play.until("+71m1s")) == ["site=site-1"]
    assert keys(play.until("+111m1s")) == []


def test_a_place_counts_as_forgotten_before_anybody_looked() -> None:
    """At 70 min 40 s nothing is remembered of the first corner, so that a shot close to it is a corner of its own."""
    play = Play(replace(COUNT, when=replace(COUNT.when, near=150.0), per=()))
    for at, metres in (("+30s", 0), ("+70m40s", 100), ("+70m50s", 100)):
        play.event(at, type="x", location=_metres_north(metres))
    assert [one.key for one in play.incidents.values()] == [{"near": "48.7009,37.5"}]


def test_what_a_restart_reads_back_is_forgotten_at_the_same_instant() -> None:
    play = heard(Play(COUNT), 3)
    play.run.board = restored(play.run.board)
    assert [key for _, key in play.run.board.windows] == [f"site=site-{number}" for number in range(3)]
    assert keys(play.until("+71m1s")) == []


def test_a_deadline_of_one_key_from_before_still_counts() -> None:
    """Stores of earlier versions hold one for each key."""
    play = heard(Play(COUNT), 1)
    board = play.run.board
    window = board.windows["rule", "site=site-0"]
    assert isinstance(window, Raw)
    assert START + 70 * MINUTE < forget_of(window) < START + 71 * MINUTE
    timer = next(iter(board.timers.values()))
    board.timers.clear()
    old = replace(timer, id="2|forget|rule|site=site-0", kind="forget", key="site=site-0", due=forget_of(window))
    board.timers[old.id] = old
    play.run._due[:] = [(old.due, old.id)]
    assert keys(play.until("+71m1s")) == []


def _metres_north(metres: float) -> Place:
    return Place(48.7 + metres / 111_195, 37.5)
