"""The word ``new``: a value not seen for the key within a time; silent until the rule has watched for so long."""

from msgspec.structs import replace
from tests.support.play import Play
from tests.support.words import told, word_rule

from tocsin.domain.time import MINUTE
from tocsin.rules.operators import window

NEW = word_rule("new", of="v", over="10 min")


def watched(*heard: tuple[str, object], rule: object = NEW) -> Play:
    """The rule has listened since +0s, when another site spoke."""
    play = Play(rule)
    play.event("+0s", type="x", site="elsewhere", v="0")
    return told(play, *heard)


def test_a_value_not_seen_within_the_time_fires() -> None:
    assert watched(("+10m", "a")).periods() == [("+10m", None, 1)]


def test_a_value_seen_within_the_time_does_not() -> None:
    assert watched(("+9m", "a"), ("+18m59s", "a")).incidents == {}


def test_the_far_end_of_the_window_is_outside() -> None:
    """`over` is (t−D, t]: what was seen exactly so long ago is new again."""
    assert watched(("+9m", "a"), ("+19m", "a")).periods() == [("+19m", None, 1)]


def test_it_is_silent_until_the_rule_has_watched_for_so_long() -> None:
    """`new` has watched since the rule's start: in a replay, since its first event, of whatever kind."""
    assert watched(("+9m59s", "a")).incidents == {}
    play = Play(NEW)
    play.event("+0s", type="something else")
    assert told(play, ("+10m", "a")).periods() == [("+10m", None, 1)]


def test_a_rule_of_a_later_book_watches_from_then_on() -> None:
    play = Play()
    play.event("+0s", type="x", site="s", v="a")
    play.book(NEW, at="+1h")
    told(play, ("+1h9m", "b"), ("+1h10m", "c"))
    assert play.periods() == [("+1h10m", None, 1)]


def test_each_key_has_seen_its_own_values() -> None:
    play = watched(("+11m", "a"))
    told(play, ("+12m", "a"), site="other")
    assert play.periods(2) == [("+12m", None, 1)]


def test_values_compare_as_keys_and_a_list_brings_each() -> None:
    assert watched(("+9m", 12), ("+12m", "12 ")).incidents == {}
    assert watched(("+9m", ["a", "b"]), ("+12m", ["b", "a"]), ("+13m", ["a", "c"])).periods() == [("+13m", None, 1)]


def test_it_is_momentary() -> None:
    assert watched(("+10m", "a"), ("+11m", "b")).until("+2h").periods() == [("+10m", "+26m", 2)]


def test_a_late_value_that_was_seen_since_is_not_new() -> None:
    assert watched(("+9m", "a"), ("+21m", "b")).until("+22m").periods() == [("+21m", None, 1)]
    play = watched(("+20m", "a"))
    play.event("+21m", happened="+15m", type="x", site="s", v="a")
    assert play.periods() == [("+20m", None, 1)]


def test_a_late_value_is_new_at_its_own_time() -> None:
    play = watched(("+30m", "a"))
    play.event("+31m", happened="+20m", type="x", site="s", v="b")
    assert play.periods() == [("+30m", None, 2)]
    assert len(play.notes("too_late")) == 0


def test_what_comes_so_late_that_its_window_is_half_forgotten_is_silent() -> None:
    play = watched(("+3h", "a"))
    play.event("+3h1m", happened="+1h59m", type="x", site="s", v="b")
    assert play.periods() == [("+3h", None, 1)]


def test_without_the_field_it_is_left_out_and_reported() -> None:
    play = watched(("+20m", None))
    assert play.incidents == {}
    assert len(play.notes("field_missing")) == 1


def test_for_delays_it() -> None:
    rule = replace(NEW, when=replace(NEW.when, for_=5 * MINUTE))
    assert watched(("+10m", "a"), rule=rule).until("+15m").periods() == [("+15m", None, 1)]


def test_the_value_is_known_to_texts() -> None:
    assert watched(("+10m", "a"), rule=replace(NEW, say="{{ value }}")).incident().values["value"] == "a"


def test_the_memory_of_a_key_is_bounded_and_the_loss_reported(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(window, "MOST", 10)
    play = watched(*((f"+{second}s", f"v{second}" * 100) for second in range(1, 40)))
    state = play.run.board.windows["rule", "site=s"]
    assert len(state.seen) == 10
    assert all(len(text) <= 64 for text in state.seen)
    assert len(play.notes("window_full")) == 1


def test_a_key_that_has_nothing_to_remember_is_forgotten() -> None:
    play = watched(("+1m", "a")).until("+1h12m")
    assert ("rule", "site=s") not in play.run.board.windows
