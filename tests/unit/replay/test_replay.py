"""Replay: the clock of recorded events, what it shows as lines of JSON, and two months of real air-raid alerts."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.city import content, event_rule, incident_rule, match, person, policy, step

from tocsin.book.book import number_book
from tocsin.book.rule import SeverityBy
from tocsin.cli.replay import replay_file
from tocsin.domain.errors import EventError
from tocsin.domain.event import Event
from tocsin.domain.input import Answer
from tocsin.domain.time import format_instant, parse_instant
from tocsin.matching.index import IndexMatcher
from tocsin.replay.ledger import Ledger
from tocsin.replay.recording import read_recording
from tocsin.replay.run import Run
from tocsin.rules.meaning import Meaning
from tocsin.rules.tables import Tables
from tocsin.sources.normal import Normaliser
from tocsin.sources.raw import decode_plain

STREAMS = Path(__file__).parents[4] / "shared" / "data" / "streams"
PANIC = event_rule("panic", match(type="panic"))
SMOKE = event_rule("smoke", match(type="smoke"), to=None)


def normalise(source: str, raw: dict[str, Any], received: int, believed: bool) -> Event:
    return Normaliser(source, buffers=believed).event(raw, received)


def replayed(lines: list[dict[str, Any]] | bytes, *rules: Any, until: str = "",
             **more: Any) -> tuple[Ledger, Run, list[str]]:
    """The run of these lines: its ledger, itself, and the instants at which its clock showed the events."""
    book = content(*rules, **more)
    ledger = Ledger()
    run = Run(Meaning(number_book(1, book)), IndexMatcher(book.rules, Tables.of(book)), ledger)
    body = lines if isinstance(lines, bytes) else b"\n".join(msgspec.json.encode(line) for line in lines)
    shown = []
    for event, at in read_recording(body.split(b"\n"), normalise):
        run.feed(event, at)
        shown.append(format_instant(at)[11:19])
    if until:
        run.run_until(parse_instant(until))
    return ledger, run, shown


def panic(time: str, **more: Any) -> dict[str, Any]:
    return {"type": "panic", "site": "school", "time": f"2026-11-22T{time}Z", **more}


def first_line(ledger: Ledger) -> dict[str, Any]:
    return ledger.stories()[0].line()


# -- the lines

def test_a_line_says_what_happened_in_the_words_of_the_design() -> None:
    scaled = SeverityBy("data.urgency", {"a": "high", "b": "critical"})
    rule = event_rule("panic", match(type="panic"), per=("site", "zone"), severity=scaled)
    lines = [panic("21:15:00", data={"zone": 7, "urgency": "a"}), panic("21:15:10", data={"zone": "7", "urgency": "b"}),
             panic("21:40:00.5", data={"zone": 8, "urgency": "a"})]
    ledger, _, _ = replayed(lines, rule, policies=(policy("police", step("olena", within="10 min"), every="30 min"),))
    assert msgspec.json.encode(first_line(ledger)).decode() == (
        '{"incident":1,"rule":"panic","key":{"site":"school","zone":"7"},"severity":"critical","activations":'
        '[{"at":"2026-11-22T21:15:00Z","cleared":"2026-11-22T21:30:10Z","events":2}],"notifications":['
        '{"at":"2026-11-22T21:15:00Z","kind":"page","policy":"police","step":1,"to":"olena","channel":"telegram"},'
        '{"at":"2026-11-22T21:15:10Z","kind":"raised","policy":"police","step":1,"to":"olena","channel":"telegram"},'
        '{"at":"2026-11-22T21:25:10Z","kind":"raised","policy":"police","step":0,"to":"duty","channel":"sms"},'
        '{"at":"2026-11-22T21:30:10Z","kind":"cleared","policy":"","step":0,"to":"olena","channel":"telegram"},'
        '{"at":"2026-11-22T21:30:10Z","kind":"cleared","policy":"","step":0,"to":"duty","channel":"sms"}],'
        '"suppressed":[]}')
    assert ledger.stories()[1].line()["activations"] == [
        {"at": "2026-11-22T21:40:00.5Z", "cleared": None, "events": 1}]


def test_what_was_not_told_is_there_with_its_reason() -> None:
    ledger, _, _ = replayed([panic("21:15:00")], PANIC, policies=(policy("police", step("on_call:none")),))
    assert first_line(ledger)["suppressed"] == [
        {"at": "2026-11-22T21:15:00Z", "reason": "step 1 of police reached nobody"}]


def test_an_incident_that_opens_again_keeps_its_line() -> None:
    lines = [{"type": "smoke", "site": "s", "device": "d", "status": status, "time": f"2026-11-22T{time}Z"}
             for status, time in (("firing", "10:00:00"), ("resolved", "10:01:00"), ("firing", "10:02:00"))]
    ledger, _, _ = replayed(lines, event_rule("smoke", match(type="smoke")))
    assert [story.line()["activations"] for story in ledger.stories()] == [[
        {"at": "2026-11-22T10:00:00Z", "cleared": "2026-11-22T10:01:00Z", "events": 1},
        {"at": "2026-11-22T10:02:00Z", "cleared": None, "events": 1}]]


def test_the_engines_notices_and_edited_copies_are_no_notifications() -> None:
    ledger, run, _ = replayed([panic("21:15:00")], PANIC)
    run.put(Answer("olena", 1, "accept", "telegram", 1), (run.clock or 0) + 1_000_000)
    assert [told["kind"] for told in first_line(ledger)["notifications"]] == ["page"]


# -- the clock

def test_the_clock_is_the_newest_time_so_far() -> None:
    _, run, shown = replayed([panic("10:00:00"), panic("09:00:00"), panic("10:05:00"), panic("10:04:00")], PANIC)
    assert shown == ["10:00:00", "10:00:00", "10:05:00", "10:05:00"]
    assert (run.events, run.late) == (4, 2)


def test_a_late_event_fires_at_the_clock() -> None:
    late = {**panic("09:00:00"), "site": "hospital"}
    ledger, _, _ = replayed([panic("10:00:00"), late], PANIC)
    assert ledger.stories()[1].line()["activations"][0]["at"] == "2026-11-22T10:00:00Z"


def test_received_is_the_clock_where_a_line_has_it() -> None:
    _, _, shown = replayed([panic("10:00:00", received="2026-11-22T10:00:30Z"),
                            panic("10:01:00", received="2026-11-22T10:20:00Z"), panic("10:02:00")], PANIC)
    assert shown == ["10:00:30", "10:20:00", "10:20:00"]


def test_the_clock_never_goes_back() -> None:
    _, _, shown = replayed([panic("10:00:00", received="2026-11-22T10:00:30Z"),
                            panic("10:00:00", id="b", received="2026-11-22T10:00:10Z")], PANIC)
    assert shown == ["10:00:30", "10:00:30"]


def test_the_claimed_time_rule_applies_to_lines_with_received() -> None:
    """2 min ahead or 24 h behind is not believed: the receive time is used."""
    lines = [panic("10:05:00", received="2026-11-22T10:00:00Z"),
             {**panic("10:05:00"), "site": "b", "time": "2026-11-20T10:00:00Z", "received": "2026-11-22T10:01:00Z"},
             {**panic("10:05:00"), "site": "c", "time": "2026-11-22T10:03:00Z", "received": "2026-11-22T10:01:00Z"}]
    seen: list[Event] = []
    for event, _ in read_recording([msgspec.json.encode(line) for line in lines], normalise):
        seen.append(event)
    assert [(one.time == one.received, one.claimed_time is not None) for one in seen] == [
        (True, True), (True, True), (False, False)]


def test_without_received_any_time_is_believed() -> None:
    """A recording of years ago, and one whose second event is a month late."""
    lines = [panic("10:00:00"), {**panic("10:00:00"), "site": "b", "time": "2026-10-22T10:00:00Z"}]
    seen = [event for event, _ in read_recording([msgspec.json.encode(line) for line in lines], normalise)]
    assert [event.claimed_time for event in seen] == [None, None]
    assert format_instant(seen[1].time) == "2026-10-22T10:00:00Z"


@pytest.mark.parametrize(("line", "sentence"), [
    (b'{"type": "x", "text": "\xff"}', "line 1: the text is not valid UTF-8"),
    (b'{"type": "x"', "line 1: this is not JSON: it ends too early"),
    (b"[" * 100_000, "line 1: the JSON is nested too deeply"), (b'{"a": 1e999}', "line 1: a value cannot be used"),
])
def test_a_line_that_is_no_json_is_named_with_its_reason(line: bytes, sentence: str) -> None:
    with pytest.raises(EventError, match=sentence):
        list(read_recording([line], normalise, decode_plain))


def test_a_line_without_time_happens_at_the_clock() -> None:
    nameless = {"type": "panic", "site": "b"}
    _, _, shown = replayed([panic("10:00:00"), nameless], PANIC)
    assert shown == ["10:00:00", "10:00:00"]
    with pytest.raises(EventError, match="line 1: the first event needs a `time` or a `received`"):
        replayed([nameless], PANIC)


@pytest.mark.parametrize("line", [b"{", b"[]", b'{"type": 7, "time": "2026-11-22T10:00:00Z"}', b'{"time": "yesterday"}',
                                  b'{"type": "a", "time": "2026-11-22T10:00:00Z", "sight": 1}', b"\xff\xfe"])
def test_a_line_that_is_no_event_is_named(line: bytes) -> None:
    good = msgspec.json.encode(panic("10:00:00"))
    with pytest.raises(EventError, match=r"^line 3: "):
        replayed(good + b"\n\n" + line, PANIC)


def test_blank_lines_a_byte_order_mark_and_windows_ends_are_fine() -> None:
    body = b"\xef\xbb\xbf" + msgspec.json.encode(panic("10:00:00")) + b"\r\n\r\n" + msgspec.json.encode(
        panic("10:00:01")) + b"\r\n"
    _, run, _ = replayed(body, PANIC)
    assert run.events == 2


# -- timers

def test_timers_due_before_an_event_run_before_it() -> None:
    ledger, _, _ = replayed([panic("10:00:00"), panic("10:15:01")], PANIC)
    assert len(first_line(ledger)["activations"]) == 2


def test_timers_at_an_events_instant_run_after_it() -> None:
    """Events come before timers at the same instant."""
    ledger, _, _ = replayed([panic("10:00:00"), panic("10:15:00")], PANIC)
    assert first_line(ledger)["activations"] == [{"at": "2026-11-22T10:00:00Z", "cleared": None, "events": 2}]


def test_timers_at_an_instant_run_when_a_later_one_is_reached() -> None:
    ledger, _, _ = replayed([panic("10:00:00"), panic("10:01:00", site="b"), panic("10:01:00.000001", site="c")], PANIC)
    pages = [told for told in first_line(ledger)["notifications"] if told["kind"] == "page"]
    assert [(told["at"], told["to"]) for told in pages] == [
        ("2026-11-22T10:00:00Z", "olena"), ("2026-11-22T10:01:00Z", "taras")]


def test_timers_due_exactly_at_the_end_or_at_until_do_not_run() -> None:
    ledger, _, _ = replayed([panic("10:00:00"), panic("10:01:00", site="b")], PANIC)
    assert len(first_line(ledger)["notifications"]) == 1
    for until, pages in (("2026-11-22T10:01:00Z", 1), ("2026-11-22T10:01:00.000001Z", 2)):
        ledger, _, _ = replayed([panic("10:00:00")], PANIC, until=until)
        assert len(first_line(ledger)["notifications"]) == pages


def test_without_until_it_ends_at_the_last_event() -> None:
    ledger, run, _ = replayed([panic("10:00:00")], PANIC)
    assert format_instant(run.clock or 0) == "2026-11-22T10:00:00Z"
    assert first_line(ledger)["activations"][0]["cleared"] is None


def test_until_ends_it_though_the_file_goes_on(tmp_path: Path) -> None:
    """An event at that instant is still in, what comes later is not."""
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"\n".join(msgspec.json.encode(panic(time)) for time in ("10:00:00", "10:02:00", "10:03:00")))
    ledger, run = replay_file(content(PANIC), file, parse_instant("2026-11-22T10:02:00Z"))
    assert run.events == 2
    assert [told["at"] for told in first_line(ledger)["notifications"]] == [
        "2026-11-22T10:00:00Z", "2026-11-22T10:01:00Z"]


def test_every_message_counts_as_delivered() -> None:
    """No receipt is missing in a replay: a person's next channel waits its minute."""
    olena = person("olena", "sms", "email", by=("sms", "email"))
    ledger, _, _ = replayed([panic("10:00:00")], PANIC, people=(olena,), until="2026-11-22T10:00:59Z",
                            policies=(policy("police", step("olena", within="10 min"), last=("olena",)),))
    assert [told["channel"] for told in first_line(ledger)["notifications"]] == ["sms"]


# -- repetitions

def test_a_repetition_is_counted_and_applied_once() -> None:
    twice = panic("10:00:00", id="a")
    ledger, run, _ = replayed([twice, panic("10:01:00"), twice], PANIC)
    assert (run.events, run.duplicates, run.late) == (3, 1, 0)
    assert first_line(ledger)["activations"][0]["events"] == 2


def test_the_same_id_with_other_content_is_applied() -> None:
    _, run, _ = replayed([panic("10:00:00", id="a"), panic("10:00:00", id="a", text="more")], PANIC)
    assert (run.events, run.duplicates) == (2, 0)


def test_another_sources_event_is_no_repetition() -> None:
    _, run, _ = replayed([panic("10:00:00", id="a", source="x"), panic("10:00:00", id="a", source="y")], PANIC)
    assert run.duplicates == 0


def test_the_24_hours_count_from_the_first() -> None:
    again = panic("10:00:00", id="a")

    def then(day: int, time: str) -> dict[str, Any]:
        return {"type": "tick", "time": f"2026-11-{day}T{time}Z"}

    _, run, _ = replayed([again, then(23, "09:59:59"), again, then(23, "10:00:00"), again], PANIC)
    assert run.duplicates == 1


def test_without_id_the_content_is_the_id_and_without_both_nothing_repeats() -> None:
    _, run, _ = replayed([panic("10:00:00"), panic("10:00:00"), {"type": "panic"}, {"type": "panic"}], PANIC)
    assert run.duplicates == 1


def test_with_an_id_but_no_time_a_repetition_is_known_for_5_min() -> None:
    untimed = {"type": "panic", "id": "a"}
    _, run, _ = replayed([panic("10:00:00"), untimed, panic("10:04:59", site="b"), untimed, panic("10:05:00", site="c"),
                          untimed], PANIC)
    assert run.duplicates == 1


# -- two months of alerts

@pytest.mark.skipif(not STREAMS.is_dir(), reason="the recorded streams are not here (../shared/data/streams)")
@pytest.mark.parametrize(("month", "active", "long"), [("2022-04", 238, 7), ("2022-07", 153, 4)])
def test_recorded_air_raid_alerts(month: str, active: int, long: int) -> None:
    """Overlapping oblast, raion and hromada alerts are one active period; who waits 2 h fires for the long ones."""
    raid = event_rule("air-raid", match(type="air_raid.alert"), member=("alert_id",), to=None)
    lasting = incident_rule("long-raid", "air-raid", for_="2h")
    ledger, run, _ = replayed((STREAMS / f"air-raid-{month}.jsonl").read_bytes(), raid, lasting)
    activations = {rule: sum(len(story.activations) for story in ledger.stories() if story.rule == rule)
                   for rule in ("air-raid", "long-raid")}
    assert activations == {"air-raid": active, "long-raid": long}
    assert run.duplicates == 0
