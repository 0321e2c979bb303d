"""Messages as real systems send them, through the ways in that they would take."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import msgspec
import pytest
from tests.support.memory_intake import MemoryIntake
from tests.support.notes import Notes
from tests.support.ways_in import ALERTS, ALERTS_TOKEN, GATEWAY, TOKEN

from tocsin.api.ingest import ingest_routes
from tocsin.api.server import build_app
from tocsin.clock import VirtualClock
from tocsin.domain.event import Event
from tocsin.domain.time import MINUTE, parse_instant
from tocsin.sources.door import open_doors
from tocsin.sources.mqtt import PROFILES
from tocsin.sources.normal import Normaliser

PAYLOADS = Path(__file__).parents[2].parent / "shared" / "data" / "payloads"
NOW = parse_instant("2026-11-22T20:00:00Z") + MINUTE

pytestmark = pytest.mark.skipif(not PAYLOADS.is_dir(), reason="the real payloads (../shared/data/payloads) are absent")


@pytest.fixture
def intake() -> MemoryIntake:
    return MemoryIntake()


@pytest.fixture
async def client(intake: MemoryIntake) -> AsyncIterator[httpx.AsyncClient]:
    clock, notes = VirtualClock(NOW), Notes()
    app = build_app(ingest_routes(open_doors((GATEWAY, ALERTS), clock, notes), intake, clock, notes))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://tocsin") as one:
        yield one


def broker_events(profile: str, topic: str, payload: bytes) -> list[Event]:
    reading = PROFILES[profile].read(topic, payload)
    return [Normaliser("broker").event(raw, NOW) for raw in reading.events]


async def test_alertmanager(client: httpx.AsyncClient, intake: MemoryIntake) -> None:
    """The webhook of version 4 opens one alert of one camera."""
    answer = await client.post("/v1/alertmanager", content=(PAYLOADS / "alertmanager_webhook_v4.json").read_bytes(),
                               headers={"Authorization": f"Bearer {ALERTS_TOKEN}", "Content-Type": "application/json"})
    assert answer.status_code == 202
    event = intake.events[0]
    assert (event.type, event.status, event.severity, event.text, event.data["camera"], event.time) == (
        "alertmanager.alert", "firing", "warning", "Camera park-07 offline", "park-07", NOW - MINUTE + 123_456)


async def test_cloudevents_structured_and_binary_are_one_event(client: httpx.AsyncClient, intake: MemoryIntake) -> None:
    """The same gas reading in both forms; the structured one also names its subject."""
    answer = await client.post("/v1/events", content=(PAYLOADS / "cloudevents_structured.json").read_bytes(), headers={
        "Authorization": f"Bearer {TOKEN}", "Content-Type": "application/cloudevents+json"})
    assert answer.status_code == 202
    head, _, body = (PAYLOADS / "cloudevents_binary_http.txt").read_text().partition("\n\n")
    headers = dict(line.split(": ", 1) for line in head.splitlines()[2:])
    answer = await client.post("/v1/events", content=body, headers={**headers, "Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 202
    structured, binary = intake.events
    assert (structured.id, structured.origin, structured.type, structured.time) == (
        binary.id, binary.origin, binary.type, binary.time)
    assert structured.data == {"ch4_lel_pct": 12.5, "subject": "school-24/boiler"}
    assert binary.data == {"ch4_lel_pct": 12.5}


@pytest.mark.parametrize("file, topic, type, key, value", [
    ("frigate_events.json", "frigate/events", "frigate.object", "sub_label", "John Smith"),
    ("frigate_reviews.json", "frigate/reviews", "frigate.review", "severity", "alert"),
    ("frigate_lpr.json", "frigate/tracked_object_update", "frigate.plate", "plate", "123ABC"),
])
def test_frigate(file: str, topic: str, type: str, key: str, value: str) -> None:
    """Objects, reviews and plates are read; times of years ago are claimed, not believed."""
    event, = broker_events("frigate", topic, (PAYLOADS / file).read_bytes())
    assert (event.type, event.data[key], event.time) == (type, value, NOW)
    assert event.claimed_time is not None


def lines(file: str) -> list[tuple[str, bytes]]:
    pairs = (line.split(" ", 1) for line in (PAYLOADS / file).read_text().splitlines() if line.strip())
    return [(topic, payload.encode()) for topic, payload in pairs]


def test_zigbee2mqtt() -> None:
    """Contacts, leaks and smoke are readings; a lost device fires."""
    events = [event for topic, payload in lines("zigbee2mqtt.txt")
              for event in broker_events("zigbee2mqtt", topic, payload)]
    assert [(event.type, event.site, event.device, event.status) for event in events] == [
        ("zigbee2mqtt.reading", "school24", "school24/door_back", None),
        ("zigbee2mqtt.reading", "school24", "school24/boiler_leak", None),
        ("zigbee2mqtt.reading", "school24", "school24/hall_smoke", None),
        ("zigbee2mqtt.offline", "school24", "school24/hall_smoke", "firing"),
        ("zigbee2mqtt.offline", None, "bridge", "resolved")]
    assert (events[1].data["battery"], events[2].data["smoke"]) == (100.0, True)


def test_tasmota() -> None:
    """Last wills resolve and fire; telemetry with a local time gets the receive time."""
    events = [event for topic, payload in lines("tasmota.txt")
              for event in broker_events("tasmota", topic, payload)]
    assert [(event.type, event.status, event.time) for event in events] == [
        ("tasmota.offline", "resolved", NOW), ("tasmota.offline", "firing", NOW),
        ("tasmota.sensor", None, NOW), ("tasmota.state", None, NOW)]
    assert events[2].data["AHT1X-0x38"]["Temperature"] == 24.7


async def test_the_air_raid_streams(client: httpx.AsyncClient, intake: MemoryIntake) -> None:
    """A month of air-raid alerts as NDJSON: every line an event, its time kept as claimed."""
    folder = PAYLOADS.parent / "streams"
    for file in sorted(folder.glob("air-raid-*.jsonl")):
        answer = await client.post("/v1/events", content=file.read_bytes(), headers={
            "Authorization": f"Bearer {TOKEN}", "Content-Type": "application/x-ndjson"})
        assert answer.json()["rejected"] == []
    sent = [msgspec.json.decode(line) for file in sorted(folder.glob("air-raid-*.jsonl"))
            for line in file.read_bytes().splitlines()]
    assert [(event.id, event.origin, event.claimed_time) for event in intake.events] == [
        (one["id"], one["source"], parse_instant(one["time"])) for one in sent]
