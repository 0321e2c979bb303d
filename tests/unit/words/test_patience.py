"""``late`` and ``settle`` of a source: how late its events still count in windows, and how long its deadlines wait."""

from typing import Any

import pytest
from msgspec.structs import replace
from tests.support.checked_run import restored
from tests.support.city import content, event_rule, match, micros
from tests.support.gates import active
from tests.support.play import Play, events_of
from tests.support.words import word_rule

from tocsin.book.book import Patience
from tocsin.book.rule import Rule, SequenceStep
from tocsin.domain.time import HOUR, MINUTE, SECOND
from tocsin.rules.changed import reach
from tocsin.settings import Settings

BUFFERS = Patience(late=3 * HOUR, settle=30 * SECOND)
PROMPT = Patience(late=10 * MINUTE, settle=0)


def told(play: Play, *heard: tuple[str, str, str], **fields: Any) -> Play:
    """(arrival, source, when it happened)."""
    for number, (at, source, happened) in enumerate(heard):
        one, arrival = events_of(at, n=number, happened=happened, **{"type": "x", "site": "s", **fields})
        play.run.feed(replace(one, source=source), arrival)
    return play


def play(rule: Rule, *others: Rule) -> Play:
    return Play(of=content(rule, *others, patience={"buffers": BUFFERS, "prompt": PROMPT}))


@pytest.mark.parametrize("source, late, counts", [
    ("buffers", "+2h59m", True), ("buffers", "+3h11m", False), ("other", "+59m", True), ("other", "+2h", False),
    ("prompt", "+9m", True), ("prompt", "+25m", False)])
def test_each_source_may_be_as_late_as_it_is_said_to_be(source: str, late: str, counts: bool) -> None:
    it = told(play(word_rule("count", at_least=2, within="10 min")), (late, source, "+0s"), (late, source, "+1s"))
    assert bool(it.incidents) is counts
    assert bool(it.notes("too_late")) is not counts


def test_a_window_remembers_for_the_latest_source() -> None:
    """What others said two hours ago completes what comes that late."""
    it = told(play(word_rule("count", at_least=2, within="10 min")), ("+0s", "other", "+0s"), ("+2h", "buffers", "+5m"))
    assert len(it.incidents) == 1


def test_a_new_value_may_be_as_late_as_its_source() -> None:
    rule = word_rule("new", of="device", over="1 h")
    it = told(play(rule), ("+0s", "other", "+0s"), ("+9h", "buffers", "+7h"), device="d")
    assert len(told(it, ("+10h", "other", "+8h"), device="e").incidents) == 1


@pytest.mark.parametrize("source, fires", [("buffers", "+1m30s"), ("other", "+1m5s"), ("prompt", "+1m")])
def test_no_deadline_of_an_event_is_due_before_its_source_has_settled(source: str, fires: str) -> None:
    """A late report has waited long enough already; what would take it back may come."""
    it = told(play(event_rule("rule", match(type="x"), for_="10 s")), ("+1m", source, "+0s"), status="firing")
    assert it.until("+2m").periods() == [(fires, None, 1)]


@pytest.mark.parametrize("source, fires", [("buffers", "+1m30s"), ("other", "+1m5s"), ("prompt", "+1m")])
def test_silence_and_not_steps_wait_for_their_source(source: str, fires: str) -> None:
    silent = word_rule("absence", for_="10 s", expected="seen")
    assert told(play(silent), ("+1m", source, "+0s")).until("+2m").periods()[0][0] == fires
    alone = word_rule("sequence", steps=(SequenceStep(match(type="x")), SequenceStep(
        match(type="y"), within=micros("10 s"), negated=True)))
    assert told(play(alone), ("+1m", source, "+0s")).until("+2m").periods()[0][0] == fires
    level = word_rule("level", of="v", compare={"above": 1}, for_="10 s")
    assert told(play(level), ("+1m", source, "+0s"), v=5).until("+2m").periods()[0][0] == fires


def test_a_restart_changes_nothing_of_it() -> None:
    it = told(play(event_rule("rule", match(type="x"), for_="10 s")), ("+1m", "buffers", "+0s"), status="firing")
    it.run.board = restored(it.run.board)
    assert it.until("+2m").periods() == [("+1m30s", None, 1)]


def test_what_waits_at_a_gate_of_another_rule_settles_too() -> None:
    raid = event_rule("raid", match(type="raid"), to=None)
    door = replace(event_rule("rule", match(type="x"), for_="10 s"), during=(active("raid"),))
    it = play(door, raid)
    it.event("+0s", type="raid", status="firing", device="r")
    told(it, ("+1m", "buffers", "+0s"), status="firing")
    assert [one.opened for one in it.until("+2m").incidents.values() if one.rule == "rule"]
    it.just_before("+3m")


def test_a_changed_rule_is_made_anew_from_as_far_back_as_events_may_come() -> None:
    rule = word_rule("count", at_least=2, within="10 min")
    assert reach(rule, 3 * HOUR) == (reach(rule) or 0) + 2 * HOUR


def test_a_book_takes_from_the_settings_only_what_is_not_as_ever() -> None:
    source = {"kind": "http", "token_hash": "0" * 64}
    settings = Settings.model_validate({"sources": {
        "a": {**source, "late": 3 * HOUR}, "b": source, "c": {**source, "settle": 0}}})
    assert settings.patience == {"a": Patience(late=3 * HOUR), "c": Patience(settle=0)}
