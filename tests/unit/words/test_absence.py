"""The word ``absence``: since when it counts, late beats, lists that change, downtime, clearing."""

from typing import Any

from msgspec.structs import replace
from tests.support.city import content, match, micros
from tests.support.play import START, Play
from tests.support.words import word_rule

from tocsin.book.book import Table, number_book
from tocsin.book.calendars import DAYS
from tocsin.book.match import FieldRef
from tocsin.book.rule import Clear, Gate, Rule
from tocsin.core.board import Board, apply
from tocsin.core.step import step
from tocsin.domain.input import Started
from tocsin.domain.time import MINUTE, SECOND, format_instant
from tocsin.rules.meaning import Meaning

SENSORS = Table(("device", "site", "phone"), ({"device": "d1", "site": "mill", "phone": "101"},
                                             {"device": "d2", "site": "dam"}))


def rule(expected: str = "sensors.device", *, wait: Any = "5 min", per: tuple[Any, ...] = ("device",),
         **more: Any) -> Rule:
    return word_rule("absence", match(type="beat"), per=per, expected=expected,
                     for_=micros(wait) if isinstance(wait, str) else wait, **more)


def story(one: Rule, table: Table = SENSORS, **more: Any) -> Play:
    """The rule listens from +0s on, when something comes that is none of its own."""
    play = Play(one, lists={"sensors": table}, **more)
    play.event("+0s", type="other")
    return play


def beat(play: Play, at: str, device: str = "d1", happened: str | None = None, **fields: Any) -> Play:
    play.event(at, happened=happened, type="beat", device=device, **fields)
    return play


def opened(play: Play, device: str = "d1") -> list[tuple[str | None, str | None]]:
    """The activations of one key: (at, cleared)."""
    return [(at, cleared) for number, incident in play.incidents.items() if incident.key.get("device") == device
            for at, cleared, _ in play.periods(number)]


# -- since when

def test_a_listed_key_that_never_speaks_is_silent_from_the_start() -> None:
    play = story(rule())
    assert play.just_before("+5m").incidents == {}
    play.until("+5m")
    assert (opened(play), opened(play, "d2")) == ([("+5m", None)], [("+5m", None)])


def test_the_first_start_of_an_engine_is_the_start_of_its_rules() -> None:
    book = content(rule(), lists={"sensors": SENSORS})
    board = Board()
    apply(board, step(board, Meaning(number_book(1, book)), Started("1"), START))
    assert sorted(timer.due for timer in board.timers.values()) == [START + 5 * MINUTE] * 2


def test_it_counts_from_when_the_key_was_last_heard() -> None:
    play = beat(beat(story(rule()), "+4m"), "+4m30s", "d2")
    assert opened(play.until("+9m")) == [("+9m", None)]
    assert opened(play, "d2") == []


def test_unlisted_keys_are_not_watched() -> None:
    play = beat(story(rule()), "+1m", "stranger").until("+1h")
    assert opened(play, "stranger") == []
    assert [key for _, key in play.run.board.windows if "stranger" in key] == []


def test_seen_watches_what_was_heard_once() -> None:
    play = beat(story(rule("seen")), "+1m")
    assert opened(play.until("+1h")) == [("+6m", None)]
    assert len(play.incidents) == 1


def test_without_per_there_is_one_silence_for_the_whole_rule() -> None:
    play = story(rule("", per=()))
    play.event("+2m", type="beat")
    assert play.until("+7m").periods() == [("+7m", None, 1)]


def test_the_row_supplies_the_per_fields_and_what_texts_ask_for() -> None:
    play = story(rule(per=("site", "device"), say="{{ device }} {{ phone }} {{ note }}")).until("+5m")
    first = play.incident(1)
    assert (first.key, first.values) == ({"site": "mill", "device": "d1"}, {"device": "d1", "phone": "101"})


def test_the_newest_beat_is_told_before_the_row() -> None:
    play = beat(story(rule(say="{{ phone }} {{ battery }}")), "+1m", phone="999", battery=3).until("+6m")
    told = next(one for one in play.incidents.values() if one.key == {"device": "d1"})
    assert told.values == {"phone": "999", "battery": 3}


def test_the_only_per_field_is_given_by_the_named_column() -> None:
    play = story(rule("sensors.device", per=("unit",))).until("+5m")
    assert {one.key["unit"] for one in play.incidents.values()} == {"d1", "d2"}


def test_a_beat_without_the_per_field_is_left_out_and_reported() -> None:
    play = story(rule())
    play.event("+1m", type="beat")
    assert len(play.notes("key_missing")) == 1
    assert opened(play.until("+5m")) == [("+5m", None)]


def test_a_resolved_event_is_no_beat_unless_the_match_names_the_status() -> None:
    assert opened(beat(story(rule()), "+4m", status="resolved").until("+5m")) == [("+5m", None)]


def test_each_key_may_have_its_own_time() -> None:
    """From the row while it was never heard, then from its beat; a beat that says nothing leaves it."""
    table = Table(("device", "every"), ({"device": "d1", "every": "2 min"}, {"device": "d2", "every": "-"}))
    play = story(rule(wait=FieldRef("every")), table)
    play.until("+2m")
    assert opened(play) == [("+2m", None)]
    beat(play, "+3m", every="10 min")
    beat(play, "+4m")
    assert opened(play.until("+14m")) == [("+2m", "+3m"), ("+14m", None)]
    beat(play, "+15m", "d2")
    assert len(play.notes("no_window")) == 1
    beat(play, "+16m", "d2", every=60)
    assert opened(play.until("+17m"), "d2") == [("+17m", None)]


# -- beats

def test_it_clears_when_the_key_speaks() -> None:
    play = beat(story(rule()).until("+5m"), "+8m")
    assert opened(play) == [("+5m", "+8m")]
    assert [one.activation.how for one in play.incidents.values() if one.key == {"device": "d1"}] == ["heard again"]
    assert opened(play.until("+13m")) == [("+5m", "+8m"), ("+13m", None)]


def test_a_late_beat_clears_and_is_due_again_after_settle() -> None:
    play = beat(beat(story(rule()), "+1m").until("+6m"), "+20m", happened="+2m")
    assert opened(play.until("+21m")) == [("+6m", "+20m"), ("+20m5s", None)]
    silent = next(one for one in play.incidents.values() if one.key == {"device": "d1"})
    assert silent.activation.happened == START + 7 * MINUTE


def test_one_older_than_the_last_changes_nothing() -> None:
    play = beat(beat(story(rule()), "+3m"), "+4m", happened="+2m")
    assert opened(play.until("+8m")) == [("+8m", None)]
    assert opened(beat(play, "+9m", happened="+2m30s").until("+30m")) == [("+8m", None)]


def test_the_deadline_waits_for_settle() -> None:
    play = beat(story(rule()), "+4m58s", happened="+1s")
    assert opened(play.until("+6m")) == [("+5m3s", None)]


def test_at_the_instant_the_beat_comes_before_the_deadline() -> None:
    play = beat(story(rule()), "+5m")
    assert opened(play.until("+9m")) == []


# -- lists that change

def test_keys_added_by_a_reload_start_then_and_removed_ones_clear() -> None:
    play = story(rule()).until("+6m")
    more = Table(SENSORS.columns, (SENSORS.rows[1], {"device": "d3", "site": "dam"}))
    play.book(rule(), at="+10m", lists={"sensors": more})
    assert opened(play) == [("+5m", "+10m")]
    play.until("+20m")
    assert (opened(play), opened(play, "d2"), opened(play, "d3")) == (
        [("+5m", "+10m")], [("+5m", None)], [("+15m", None)])
    gone = [incident.activation.how for incident in play.incidents.values() if incident.key == {"device": "d1"}]
    assert gone == ["no longer expected"]


def test_a_row_is_expected_from_its_beginning_to_its_end() -> None:
    table = Table(("device", "from", "until"), ({"device": "d1", "from": format_instant(START + 10 * MINUTE),
                                                 "until": format_instant(START + 20 * MINUTE)},))
    play = beat(story(rule(), table), "+1m")
    assert opened(play.until("+30m")) == [("+15m", "+20m")]
    assert opened(beat(play, "+31m").until("+1h")) == [("+15m", "+20m")]


def test_a_rule_that_is_removed_forgets_its_list() -> None:
    play = story(rule())
    play.book(at="+1m")
    assert (play.run.board.windows, play.timers()) == ({}, [])


# -- downtime

def test_time_without_listening_does_not_count() -> None:
    play = beat(story(rule(wait="1 h")), "+1m")
    play.put(Started("1", 30 * MINUTE), "+31m")
    assert opened(play.until("+2h")) == [("+1h31m", None)]


def test_after_a_pause_it_gives_time_to_speak() -> None:
    """Listening again + min(D, 15 min)."""
    play = beat(story(rule(wait="1 h")), "+1m")
    play.put(Started("1", SECOND), "+1h")
    assert opened(play.until("+2h")) == [("+1h15m", None)]


def test_what_was_silent_before_the_pause_stays_so() -> None:
    play = story(rule()).until("+6m")
    play.put(Started("1", MINUTE), "+7m")
    assert opened(play.until("+1h")) == [("+5m", None)]


def test_silence_counts_only_while_during_is_open() -> None:
    """The hours open at 21:20; the story begins at 21:15."""
    hours = {"time_zone": "UTC", "open": [{"days": list(DAYS), "from": "21:20", "to": "23:59"}]}
    play = story(replace(rule(), during=(Gate(calendar="watched"),)), calendars={"watched": hours})
    assert opened(play.until("+1h")) == [("+10m", None)]


# -- clearing

def test_hold_keeps_it_active_a_little_longer() -> None:
    play = beat(story(rule(clear=Clear(hold=2 * MINUTE))).until("+5m"), "+6m").until("+10m")
    assert opened(play) == [("+5m", "+8m")]


def test_only_takes_the_beat_away_as_an_end() -> None:
    play = beat(story(rule(clear=Clear(after=10 * MINUTE, only=True))).until("+5m"), "+6m")
    assert opened(play.until("+11m")) == [("+5m", None)]
    assert opened(play.until("+21m")) == [("+5m", "+21m")]


def test_after_it_was_ended_by_clear_it_is_silent_until_heard_again() -> None:
    play = story(rule(clear=Clear(after=10 * MINUTE)))
    assert opened(play.until("+2h")) == [("+5m", "+15m")]
    assert opened(beat(play, "+2h1m").until("+3h")) == [("+5m", "+15m"), ("+2h6m", "+2h16m")]


def test_a_person_closes_it_and_it_opens_again_only_after_a_beat() -> None:
    play = story(rule()).until("+5m")
    play.answer("olena", "resolve", at="+6m")
    play.until("+20m")
    assert opened(play)[0] == ("+5m", "+6m")
    beat(play, "+21m")
    assert opened(play.until("+26m"))[-1] == ("+26m", None)


def test_a_key_is_never_forgotten_while_it_is_expected() -> None:
    play = beat(story(rule()), "+1m").until("+30h")
    assert {key for _, key in play.run.board.windows if key.startswith("device")} == {"device=d1", "device=d2"}
    assert play.timers("forget") == []
