"""From samples to events: pure decisions with hysteresis."""

from hypothesis import given
from hypothesis import strategies as st

from tocsin.domain.event import Event
from tocsin.watch.observe import (
    CHANNEL_FAILING,
    CRITICAL,
    DISK,
    GAUGES,
    LOOP_LAG,
    MIB,
    WARNING,
    Gauge,
    Held,
    Levels,
    Sample,
    decide,
    decode_levels,
    disagreement,
    encode_levels,
    poison,
)


def play(type_: str, *values: float) -> list[tuple[int, str | None, str | None]]:
    """(index, status, severity) of the events that these values in turn give."""
    levels: Levels = {}
    told = []
    for index, value in enumerate(values):
        levels, events = decide(levels, [Sample(type_, "x", value)], index)
        told += [(index, event.status, event.severity) for event in events]
    return told


def test_a_disk_that_fills_up_fires_rises_and_resolves_only_well_above_the_limit() -> None:
    """Between the limits nothing is said."""
    assert play(DISK, 9000 * MIB, 2000 * MIB, 1900 * MIB, 2500 * MIB, 400 * MIB, 600 * MIB, 3100 * MIB) == [
        (1, "firing", "warning"), (4, "firing", "critical"), (6, "resolved", None)]


def test_one_late_moment_is_not_a_slow_loop() -> None:
    """Two samples in a row must agree."""
    assert play(LOOP_LAG, 0.9, 0.0, 0.9, 0.0) == []
    assert play(LOOP_LAG, 0.9, 0.9, 0.9, 0.3, 0.1) == [(1, "firing", "warning"), (4, "resolved", None)]


def test_what_is_less_bad_again_is_quiet_and_its_next_rise_is_told() -> None:
    """Critical, warning, critical: two rises; samples that must agree must do so in a row."""
    assert play(CHANNEL_FAILING, 10, 5, 10) == [(0, "firing", "critical"), (2, "firing", "critical")]
    assert play(LOOP_LAG, 0.9, 0.9, 6.0, 0.9, 6.0) == [(1, "firing", "warning")]


def test_a_channel_works_again_with_its_first_success() -> None:
    """Three failures fire, ten are critical."""
    assert play(CHANNEL_FAILING, 2, 3, 5, 10, 2, 0) == [
        (1, "firing", "warning"), (3, "firing", "critical"), (5, "resolved", None)]


def test_devices_are_told_apart() -> None:
    """And each keeps its own level."""
    levels, events = decide({}, [Sample(CHANNEL_FAILING, "sms", 3), Sample(CHANNEL_FAILING, "email", 0)], 5)
    assert [(event.device, event.type, event.source) for event in events] == [("sms", CHANNEL_FAILING, "tocsin")]
    assert levels == {"tocsin.channel_failing sms": Held(WARNING)}


def test_deciding_changes_nothing_that_was_given() -> None:
    """What could not be committed is decided again, and told then."""
    levels: Levels = {}
    for _ in range(2):
        after, events = decide(levels, [Sample(DISK, "/", 0)], 1)
        assert len(events) == 1
    assert levels == {}
    assert after["tocsin.disk /"] == Held(CRITICAL)


def test_levels_survive_a_restart_and_rubbish_is_none() -> None:
    """As text in the store."""
    levels = {"tocsin.disk /": Held(2), "tocsin.loop_lag loop": Held(0, 1)}
    assert decode_levels(encode_levels(levels)) == levels
    assert decode_levels("") == decode_levels("{") == {}


@given(st.lists(st.floats(0, 20_000 * MIB), max_size=40), st.sampled_from(sorted(GAUGES)))
def test_firings_and_resolutions_alternate_as_the_rules_expect(values: list[float], type_: str) -> None:
    """A resolution only after a firing, and each firing after the first is worse than the one before."""
    last = 0
    for _, status, severity in play(type_, *values):
        if status == "resolved":
            assert last > 0
            last = 0
        else:
            level = {"warning": 1, "critical": 2}[severity or ""]
            assert level >= 1
            last = level


@given(st.floats(-10, 10), st.floats(-10, 10), st.integers(0, 2))
def test_a_worse_value_never_gives_a_better_level(one: float, other: float, before: int) -> None:
    """Whichever way round the gauge is."""
    for gauge in (Gauge(2, 5, 1), Gauge(-2, -5, -1, below=True)):
        worse, better = (min(one, other), max(one, other)) if gauge.below else (max(one, other), min(one, other))
        assert gauge.level(worse, before) >= gauge.level(better, before)


def test_two_events_of_one_trouble_are_no_duplicates() -> None:
    """Their ids carry the instant; a poisoned input and a disagreement name what they are about."""
    assert poison("KeyError at key.py:7: 'x'", 1).data == {"place": "KeyError at key.py:7"}
    assert poison("KeyError at key.py:7: 'x'", 1).id != poison("KeyError at key.py:7: 'x'", 2).id
    pressed = Event(id="e1", source="gateway", type="alarm.panic", time=1, received=1, site="school-12")
    told = disagreement("panic-button", pressed, True, False, 9)
    assert (told.text, told.data["rule_id"], told.data["event_id"]) == ("alarm.panic, school-12", "panic-button", "e1")
