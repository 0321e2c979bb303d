"""The normaliser: what a sender wrote becomes an event, or a sentence that the sender can act on."""

import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.notes import Notes

from tocsin.domain.errors import EventError
from tocsin.domain.event import Event, Place
from tocsin.domain.time import DAY, HOUR, MINUTE, SECOND, format_instant, parse_instant
from tocsin.sources.normal import Normaliser
from tocsin.sources.raw import RawEvent, decode_raw

NOW = parse_instant("2026-11-22T21:15:03Z")


def event(notes: Notes | None = None, received: int = NOW, buffers: bool = False, **raw: Any) -> Event:
    return Normaliser("gateway", buffers=buffers, report=notes).event({"type": "alarm.panic", **raw}, received)


def test_only_type_is_required() -> None:
    """An event of nothing but a type takes the token's source, the receive time and an id of its own."""
    made = event()
    assert (made.source, made.type, made.time, made.received, made.untimed) == (
        "gateway", "alarm.panic", NOW, NOW, True)
    assert made.id


def test_everything_sent_arrives() -> None:
    """Each field of the language reaches the event, a source in the body as origin."""
    made = event(id="7", source="panel-3", time="2026-11-22T21:15:00Z", status="firing", site="school-12",
                 device="btn-4", severity="critical", text="Кнопка", data={"plate": "АН1234ВС"},
                 location={"lat": 48.7389, "lon": 37.5562, "accuracy_m": 20})
    assert made == Event(
        id="7", source="gateway", type="alarm.panic", time=NOW - 3 * SECOND, received=NOW, status="firing",
        site="school-12", device="btn-4", severity="critical", location=Place(48.7389, 37.5562, 20.0),
        text="Кнопка", data={"plate": "АН1234ВС"}, origin="panel-3")


def test_a_location_meets_its_areas() -> None:
    """Areas are derived from the location at arrival."""
    normaliser = Normaliser("gateway", areas=lambda lat, lon, accuracy: (f"{lat} {lon} {accuracy}",))
    made = normaliser.event({"type": "x", "location": {"lat": 48, "lon": 37}}, NOW)
    assert made.areas == ("48.0 37.0 None",)


def test_an_id_from_content_is_the_same_for_what_was_sent_twice() -> None:
    """Without an id, two sendings of one timed event get one id, and any difference gets another."""
    sent = {"time": "2026-11-22T21:15:00Z", "data": {"a": 1, "b": 2}}
    again = {"time": "2026-11-22T21:15:00Z", "data": {"b": 2, "a": 1}}
    assert event(**sent).id == event(received=NOW + HOUR, **again).id
    assert event(**sent).id != event(**{**sent, "site": "s"}).id
    assert event(**sent).id != event(**{**sent, "time": "2026-11-22T21:15:01Z"}).id
    assert event(**sent).id != event(**{**sent, "source": "panel"}).id


def test_without_id_and_time_nothing_is_a_duplicate() -> None:
    """Two presses that say the same, without id and time, are two events."""
    assert event(site="school-12").id != event(site="school-12").id


@pytest.mark.parametrize("offset, buffers, believed", [
    (2 * MINUTE, False, True), (2 * MINUTE + SECOND, False, False), (2 * MINUTE + SECOND, True, False),
    (-DAY, False, True), (-DAY - SECOND, False, False), (-DAY - SECOND, True, True), (-400 * DAY, True, True),
    (11 * 365 * DAY, False, False),
])
def test_a_time_that_cannot_be_true_is_kept_as_claimed(offset: int, buffers: bool, believed: bool) -> None:
    """More than 2 min ahead, or 24 h behind without buffers, the receive time is used and the source reported."""
    notes = Notes()
    made = event(notes, buffers=buffers, time=format_instant(NOW + offset))
    assert (made.time, made.claimed_time) == ((NOW + offset, None) if believed else (NOW, NOW + offset))
    assert [(source, kind) for source, kind, _ in notes.said] == ([] if believed else [("gateway", "clock")])


@pytest.mark.parametrize("raw, words", [
    ({"type": "has space"}, "`type`"), ({"type": ""}, "`type`"), ({"type": "x" * 201}, "`type`"),
    ({"type": "пожежа"}, "`type`"), ({"type": "a\n"}, "`type`"), ({"type": 5}, "`type` must be text"),
    ({"time": "2026-11-22 21:15"}, "time with a zone"), ({"time": "2026-11-22T25:15:00Z"}, "time with a zone"),
    ({"time": "0001-01-01T00:00:00+14:00"}, "time with a zone"), ({"time": 17}, "`time` must be text"),
    ({"status": "open"}, "firing or resolved"), ({"id": "x" * 257}, "256 are the limit"),
    ({"id": ["x"]}, "`id` must be a whole number or text"), ({"text": "x" * 65_536}, "65535 are the limit"),
    ({"site": "a\x00"}, "NUL"), ({"data": {"a": "\x00"}}, "`data.a` holds a NUL"),
    ({"data": {"a\x00": 1}}, "NUL"), ({"data": {"a": "\ud800"}}, "surrogate"),
    ({"data": [1]}, "`data` must be an object"), ({"data": {"x": math.nan}}, "`data.x` is not a finite number"),
    ({"data": {"x": [math.inf]}}, "`data.x.0` is not a finite number"), ({"data": {"x": 2**64}}, "64 bits"),
    ({"data": {"x": b"1"}}, "bytes"), ({"data": {str(n): n for n in range(254)}}, "more than 253 fields"),
    ({"data": {"a": {str(n): n for n in range(253)}}}, "more than 253 fields"),
    ({"location": {"lat": 91, "lon": 0}}, "between -90 and 90"), ({"location": {"lat": 9, "lon": 181}}, "180"),
    ({"location": {"lat": math.nan, "lon": 0}}, "latitude"), ({"location": {"lat": 1}}, "`location.lon` is missing"),
    ({"location": {"lat": 1, "lon": 1, "alt": 3}}, "`location.alt` is not a field of `location`"),
    ({"location": {"lat": 1, "lon": 1, "accuracy_m": -1}}, "metres"),
    ({"typ": "x"}, "did you mean `type`?"), ({"sevrity": "high"}, "did you mean `severity`?"),
    ({"plate": "x"}, "Your own fields belong under `data`"), ({"areas": ["x"]}, "set by Tocsin itself"),
])
def test_what_is_wrong_is_named(raw: dict[str, Any], words: str) -> None:
    """Every refusal names the field and says what it should be."""
    with pytest.raises(EventError) as caught:
        event(**raw)
    assert words in str(caught.value)


def test_the_limits_themselves_are_allowed() -> None:
    """253 fields, 16 levels, 65,535 characters and an id of 256 pass."""
    deep: Any = 1
    for _ in range(15):
        deep = {"d": deep}
    event(data={"deep": deep, **{str(n): n for n in range(253 - 16)}}, text="x" * 65_535, id="i" * 256)
    with pytest.raises(EventError, match="nested too deeply"):
        event(data={"deep": {"d": deep}})
    with pytest.raises(EventError, match="nested too deeply"):
        event(data={"deep": [[deep]]})


def test_an_empty_text_means_missing() -> None:
    """Blank ids, sites and devices are no values: many devices send every field always."""
    made = event(id=" ", site="", device="", severity="", status="", text="", time="", source="")
    assert made.id.strip()
    assert (made.site, made.device, made.severity, made.status, made.text, made.origin) == (None,) * 6


def test_numbers_as_names_become_text() -> None:
    """An id, site or device sent as a whole number is the same as its digits."""
    made = event(id=12, site=3, device=4)
    assert (made.id, made.site, made.device) == ("12", "3", "4")


@pytest.mark.parametrize("body, words", [
    (b"", "not JSON"), (b"{", "not JSON"), (b'{"type":"a"} x', "not JSON"), (b"[]", "must be an object, not a list"),
    (b'{"type":"a","data":{"x":NaN}}', "not JSON"), (b'{"type":"a","data":{"x":1e999}}', "out of range"),
    (b'{"type":"\xff"}', "UTF-8"), (b'{"type":"\xed\xa0\x80"}', "UTF-8"), (b'{"data":' * 100_000, "nested too deeply"),
    (b'{"type":"a","data":{"x":"\\ud800"}}', "not JSON"), (b"{}", "`type` is missing"),
    (b'{"type":"a","' + b"x" * 70 + b'":1}', "is not a field of an event"),
])
def test_a_body_that_is_no_event_is_explained(body: bytes, words: str) -> None:
    """Malformed JSON, wrong encoding and depth are told apart."""
    with pytest.raises(EventError) as caught:
        decode_raw(body)
    assert words in str(caught.value)
    assert len(str(caught.value)) < 300


@given(st.binary() | st.dictionaries(
    st.sampled_from([*RawEvent.__struct_fields__, "x"]) | st.text(),
    st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
                 lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)),
).map(msgspec.json.encode))
def test_any_body_is_an_event_or_an_event_error(body: bytes) -> None:
    """Whatever bytes arrive, the result is an event that the store can keep, or EventError."""
    try:
        made = Normaliser("gateway").event(decode_raw(body), NOW)
    except EventError as error:
        sentence = str(error)
    else:
        sentence = ""
        assert msgspec.json.decode(msgspec.json.encode(made), type=Event) == made
    assert sentence.isprintable()


@given(st.dictionaries(st.sampled_from(RawEvent.__struct_fields__), st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.binary() | st.text(
        st.characters(codec=None)), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))))
def test_any_values_of_an_adapter_are_an_event_or_an_event_error(raw: dict[str, Any]) -> None:
    """The same holds for plain values, half surrogates, bytes and infinities included."""
    try:
        made = Normaliser("gateway").event({"type": "x", **raw}, NOW)
    except EventError:
        return
    assert msgspec.json.decode(msgspec.json.encode(made), type=Event) == made


def test_a_place_that_is_hardly_known_is_taken_and_reported() -> None:
    """The event counts, its place as sent; of the accuracy five kilometres count."""
    for accuracy, reports in ((0, 0), (5000, 0), (5001, 1)):
        notes = Notes()
        made = event(notes, location={"lat": 48.7, "lon": 37.5, "accuracy_m": accuracy})
        assert made.location == Place(48.7, 37.5, accuracy)
        assert [kind for _, kind, _ in notes.said] == ["accuracy"] * reports
