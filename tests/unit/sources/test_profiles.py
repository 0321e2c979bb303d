"""The broker profiles: what messages of Frigate, Zigbee2MQTT and Tasmota mean."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.domain.errors import EventError
from tocsin.sources.config import StatusWords, TopicMap
from tocsin.sources.mqtt import PROFILES
from tocsin.sources.normal import Normaliser
from tocsin.sources.profile import Profile, Reading, topic_fits, without_overlap
from tocsin.sources.topics import mapped

FRIGATE, ZIGBEE, TASMOTA = (PROFILES[name] for name in ("frigate", "zigbee2mqtt", "tasmota"))
START, FRAME, END = 1607123955.475377, 1607123962.082975, 1607123970.5


def one(profile: Profile, topic: str, payload: Any) -> dict[str, Any]:
    body = payload if isinstance(payload, bytes) else msgspec.json.encode(payload)
    reading = profile.read(topic, body)
    assert len(reading.events) == 1
    return reading.events[0]


def tracked(phase: str, **more: Any) -> dict[str, Any]:
    after = {"id": "1607-mx", "camera": "front", "label": "person", "start_time": START, "frame_time": FRAME,
             "end_time": None, "sub_label": None, "thumbnail": "x" * 99, **more}
    return {"type": phase, "before": after, "after": after}


def test_frigate_follows_one_object_from_new_to_end() -> None:
    """new and update fire, end resolves, all under one id, each at its own instant and without a device."""
    phases = [one(FRIGATE, "frigate/events", tracked("new", frame_time=START)),
              one(FRIGATE, "frigate/events", tracked("update")),
              one(FRIGATE, "frigate/events", tracked("end", end_time=END))]
    assert [(event["id"], event["status"], event["time"]) for event in phases] == [
        ("1607-mx", "firing", "2020-12-04T23:19:15.475377Z"), ("1607-mx", "firing", "2020-12-04T23:19:22.082975Z"),
        ("1607-mx", "resolved", "2020-12-04T23:19:30.5Z")]
    assert all("device" not in event for event in phases)
    assert phases[1]["data"] == {
        "id": "1607-mx", "camera": "front", "label": "person", "start_time": START, "frame_time": FRAME,
        "end_time": None, "sub_label": None, "phase": "update"}


def test_frigate_never_ends_an_object_before_it_was_last_seen() -> None:
    """An end_time older than the last frame would be older than the firing, and the end would be ignored."""
    assert one(FRIGATE, "frigate/events", tracked("end", end_time=FRAME - 5))["time"] == "2020-12-04T23:19:22.082975Z"


def test_frigate_sub_labels_are_text() -> None:
    """A pair of name and score becomes two keys."""
    data = one(FRIGATE, "frigate/events", tracked("new", sub_label=["Bob", 0.79]))["data"]
    assert (data["sub_label"], data["sub_label_score"]) == ("Bob", 0.79)


def test_frigate_reviews_carry_their_severity() -> None:
    """A review fires from its start to its end with Frigate's word for its severity."""
    after = {"id": "r1", "camera": "front", "start_time": START, "end_time": None, "severity": "alert", "data": {}}
    event = one(FRIGATE, "frigate/reviews", {"type": "update", "after": after})
    assert (event["type"], event["severity"], event["status"]) == ("frigate.review", "alert", "firing")


def test_frigate_plates_are_events_of_their_own() -> None:
    """A recognised plate is no revision of the object that carries it."""
    event = one(FRIGATE, "frigate/tracked_object_update", {
        "type": "lpr", "id": "1607-mx", "plate": "123ABC", "score": 0.95, "camera": "drive", "timestamp": START})
    assert (event["type"], event["id"], event["data"]["plate"]) == ("frigate.plate", "1607-mx/lpr", "123ABC")


@pytest.mark.parametrize("profile, topic, payload, type, device, status", [
    (FRIGATE, "frigate/available", b"online", "frigate.offline", "frigate", "resolved"),
    (FRIGATE, "frigate/available", b"stopped", "frigate.offline", "frigate", "firing"),
    (FRIGATE, "frigate/gate/status/detect", b"offline", "frigate.camera_offline", "gate/detect", "firing"),
    (FRIGATE, "frigate/gate/status/detect", b"disabled", "frigate.camera_offline", "gate/detect", "resolved"),
    (ZIGBEE, "zigbee2mqtt/s24/smoke/availability", b'{"state":"offline"}',
     "zigbee2mqtt.offline", "s24/smoke", "firing"),
    (ZIGBEE, "zigbee2mqtt/smoke/availability", b"online", "zigbee2mqtt.offline", "smoke", "resolved"),
    (ZIGBEE, "zigbee2mqtt/bridge/state", b'{"state":"online"}', "zigbee2mqtt.offline", "bridge", "resolved"),
    (TASMOTA, "tele/pump/LWT", b"Offline", "tasmota.offline", "pump", "firing"),
    (TASMOTA, "tele/hall/pump/LWT", b"Online", "tasmota.offline", "hall/pump", "resolved"),
])
def test_availability_fires_while_something_is_away(
        profile: Profile, topic: str, payload: bytes, type: str, device: str, status: str) -> None:
    """Last wills and status topics tell how things are: retained ones count."""
    reading = profile.read(topic, payload)
    assert reading.state
    assert [(event["type"], event["device"], event["status"]) for event in reading.events] == [(type, device, status)]


def test_zigbee_readings_name_site_and_device_and_have_numbers() -> None:
    """The first level of a friendly name is the site; a battery that came as text is a number."""
    event = one(ZIGBEE, "zigbee2mqtt/school24/leak", {"battery": "100.00", "water_leak": False, "action": "100"})
    assert event == {"type": "zigbee2mqtt.reading", "site": "school24", "device": "school24/leak",
                     "data": {"battery": 100.0, "water_leak": False, "action": "100"}}
    assert "site" not in one(ZIGBEE, "zigbee2mqtt/leak", {})


def test_tasmota_local_time_is_not_believed() -> None:
    """A time without a zone is nobody's instant: the receive time is used and the text kept."""
    event = one(TASMOTA, "tele/pump/SENSOR", {"Time": "2020-01-01T00:00:00", "AHT": {"Temperature": 24.7}})
    assert (event["time"], event["data"]["Time"], event["device"]) == (None, "2020-01-01T00:00:00", "pump")
    assert one(TASMOTA, "tele/pump/STATE", {"Time": "2020-01-01T00:00:00+02:00"})["time"] == "2020-01-01T00:00:00+02:00"


@pytest.mark.parametrize("profile, topic, payload", [
    (FRIGATE, "frigate/front/person", b"2"), (ZIGBEE, "zigbee2mqtt/lamp/set", b"{}"), (ZIGBEE, "zigbee2mqtt/lamp", b""),
    (ZIGBEE, "zigbee2mqtt/bridge/logging", b"{}"), (TASMOTA, "tele/pump/INFO1", b"{}"), (TASMOTA, "tele/x", b"1"),
])
def test_what_is_no_event_is_left_out(profile: Profile, topic: str, payload: bytes) -> None:
    """Commands, logs and emptied topics are no events and no errors."""
    assert profile.read(topic, payload) == Reading()


@pytest.mark.parametrize("profile, topic, payload, words", [
    (FRIGATE, "frigate/events", b'{"type":"gone"}', "new, update or end"),
    (FRIGATE, "frigate/events", b"{", "not JSON"),
    (FRIGATE, "frigate/events", b'{"type":"new","after":{}}', "no `id`"),
    (ZIGBEE, "zigbee2mqtt/lamp", b"[1]", "object"),
    (FRIGATE, "frigate/tracked_object_update", b"{}", "is missing"), (TASMOTA, "tele/a/LWT", b"\xff", "UTF-8"),
    (ZIGBEE, "zigbee2mqtt/a/availability", b'{"state":3}', "online or offline"),
    (TASMOTA, "tele/a/SENSOR", b'{"a":' * 150_000, "nested too deeply"),
    (TASMOTA, "tele/a/LWT", b"x" * 1_048_577, "1 MiB"),
])
def test_a_bad_payload_is_explained(profile: Profile, topic: str, payload: bytes, words: str) -> None:
    """Each refusal says what was expected."""
    with pytest.raises(EventError) as caught:
        profile.read(topic, payload)
    assert words in str(caught.value)


PANEL = TopicMap("alarm/+/+/#", "alarm.panic", map={
    "site": "topic.2", "device": "topic.3", "id": "payload.msg.id", "time": "payload.ts", "severity": "'high'",
    "data.zone": "payload.z", "location.lat": "payload.lat", "location.lon": "payload.lon"},
    status=StatusWords("payload.state", ("ON", 1), ("OFF", 0)))


def test_a_mapped_topic_fills_the_named_fields() -> None:
    """Levels of the topic, places in the payload and fixed texts fill fields; the payload is the data."""
    payload = {"msg": {"id": 7}, "ts": 1795377600, "z": 4, "lat": 48.7, "lon": 37.5, "state": "ON"}
    assert one(mapped([PANEL]), "alarm/school-12/btn-4", payload) == {
        "type": "alarm.panic", "site": "school-12", "device": "btn-4", "id": "7", "time": "2026-11-22T20:00:00Z",
        "severity": "high", "status": "firing", "location": {"lat": 48.7, "lon": 37.5},
        "data": {**payload, "zone": 4}}


@pytest.mark.parametrize("state, status", [
    ("ON", "firing"), (1, "firing"), ("OFF", "resolved"), (0, "resolved"), (True, None), ("1", None), (None, None),
])
def test_a_status_is_by_value_and_kind(state: Any, status: str | None) -> None:
    """A value in neither list, or of another kind, leaves the event without status."""
    assert one(mapped([PANEL]), "alarm/a/b", {"state": state})["status"] == status


def test_only_leaves_out_other_messages_and_the_next_line_may_take_them() -> None:
    """The first line whose filter and values fit reads the message."""
    profile = mapped([TopicMap("door/+", "door.open", only={"payload": ("open",)}),
                      TopicMap("door/#", "door.other", only={"payload.kind": (1, "x")})])
    assert one(profile, "door/1", b"open") == {"type": "door.open", "data": {"value": "open"}}
    assert one(profile, "door/1", {"kind": 1})["type"] == "door.other"
    assert profile.read("door/1", b"closed") == Reading()
    assert profile.topics == ("door/#",)


def test_a_time_without_zone_is_noted_not_refused() -> None:
    """An alarm is not lost for a device's way of writing the time."""
    reading = mapped([PANEL]).read("alarm/a/b", b'{"ts": "22.11.2026 20:00"}')
    assert reading.events[0]["time"] is None
    assert "22.11.2026 20:00" in reading.note


@pytest.mark.parametrize("number, instant", [
    (1795377600, "2026-11-22T20:00:00Z"), (1795377600.5, "2026-11-22T20:00:00.5Z"),
    (1795377600123, "2026-11-22T20:00:00.123Z"), (1795377600123456, "2026-11-22T20:00:00.123456Z"),
])
def test_epoch_numbers_are_understood_by_their_size(number: float, instant: str) -> None:
    """Seconds, milliseconds and microseconds since 1970 are told apart."""
    assert one(mapped([PANEL]), "alarm/a/b", {"ts": number})["time"] == instant


@pytest.mark.parametrize("topic, pattern, fits", [
    ("a/b", "a/+", True), ("a/b/c", "a/+", False), ("a", "a/#", True), ("a/b/c", "a/#", True), ("a/b", "#", True),
    ("$SYS/x", "#", False), ("$SYS/x", "+/x", False), ("$SYS/x", "$SYS/#", True), ("b", "a", False),
    ("a/", "a/+", True),
])
def test_topics_fit_filters_as_mqtt_says(topic: str, pattern: str, fits: bool) -> None:
    """+ is one level, # all that follow and the level above, and neither meets the broker's own topics."""
    assert topic_fits(topic.split("/"), pattern.split("/")) is fits


def test_filters_do_not_overlap() -> None:
    """A filter that another covers is not subscribed to: some brokers would send its messages twice."""
    assert without_overlap(["a/#", "a/+", "b", "b", "+/c", "a/+/#"]) == ("a/#", "b", "+/c")
    assert without_overlap(["x/+", "x/#"]) == without_overlap(["x/#", "x/+/#"]) == ("x/#",)


@given(st.sampled_from([FRIGATE, ZIGBEE, TASMOTA, mapped([PANEL])]),
       st.lists(st.sampled_from(["frigate", "zigbee2mqtt", "tele", "alarm", "events", "reviews", "status", "available",
                                 "tracked_object_update", "LWT", "SENSOR", "bridge", "state", "availability", "", "x"])
                | st.text(), min_size=1, max_size=5).map("/".join),
       st.binary() | st.recursive(
           st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
           lambda inner: st.lists(inner) | st.dictionaries(
               st.sampled_from(["type", "after", "id", "state", "Time", "ts", "msg", "lat", "lon", "frame_time", "end",
                                "end_time", "timestamp", "battery", "sub_label"]) | st.text(), inner),
       ).map(msgspec.json.encode))
def test_any_message_is_read_or_an_event_error(profile: Profile, topic: str, payload: bytes) -> None:
    """Whatever topic and payload arrive, the events are good ones or EventError comes out."""
    try:
        for raw in profile.read(topic, payload).events:
            Normaliser("broker").event(raw, 1_795_000_000_000_000)
    except EventError as error:
        sentence = str(error)
    else:
        sentence = ""
    assert sentence.isprintable()
