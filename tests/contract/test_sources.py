"""What every way in promises: confirmed means committed, a crash means redelivery, bad input means a sentence."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import paho.mqtt.publish
import pytest
from prometheus_client import CollectorRegistry
from tests.support.broker import broker
from tests.support.memory_intake import MemoryIntake
from tests.support.notes import Notes
from tests.support.source_process import committed
from tests.support.ways_in import (
    ALERTS,
    GATEWAY,
    HTTP_WAYS,
    PANEL_BAD,
    PANEL_GOOD,
    PANEL_TOPIC,
    HttpWay,
    panel,
)
from tests.support.wire import Wire, wire

from tocsin.api.health import health_routes
from tocsin.api.ingest import ingest_routes
from tocsin.api.server import build_app, serve
from tocsin.clock import VirtualClock
from tocsin.domain.time import SECOND, parse_instant
from tocsin.sources.config import SourceConfig
from tocsin.sources.door import open_doors
from tocsin.sources.mqtt import MqttSource, Rejected
from tocsin.sources.normal import Normaliser

NOW = parse_instant("2026-11-22T20:00:10Z")
ROOT = Path(__file__).parents[2]
http_ways = pytest.mark.parametrize("way", HTTP_WAYS, ids=[way.name for way in HTTP_WAYS])


@pytest.fixture(scope="module")
def mqtt_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with broker(tmp_path_factory.mktemp("broker")) as port:
        yield port


@pytest.fixture
def intake() -> MemoryIntake:
    return MemoryIntake()


@pytest.fixture
async def client(intake: MemoryIntake) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a server with a source of each HTTP kind."""
    clock, notes = VirtualClock(NOW), Notes()
    doors = open_doors((GATEWAY, ALERTS), clock, notes)
    server = await serve(build_app([*ingest_routes(doors, intake, clock, notes),
                                    *health_routes("practice", CollectorRegistry(), list, list)]), "127.0.0.1", 0)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", timeout=30) as one:
        yield one
    await server.stop()


class Panels:
    """The MQTT source on a wire that reads along."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.clock = VirtualClock(NOW)
        self.notes = Notes()
        self.rejected: list[Rejected] = []

    async def reject(self, rejected: Rejected) -> None:
        self.rejected.append(rejected)


@asynccontextmanager
async def panels(wire: Wire, intake: MemoryIntake, client_id: str) -> AsyncIterator[Panels]:
    """The source while it runs."""
    home = Panels(wire)
    source = MqttSource(panel(wire.port, client_id), Normaliser("panels", report=home.notes), home.clock, home.notes,
                        home.reject)
    task = asyncio.create_task(source.run(intake))
    try:
        yield home
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def publish(port: int, payload: bytes, topic: str = PANEL_TOPIC, *, retain: bool = False) -> None:
    await asyncio.to_thread(paho.mqtt.publish.single, topic, payload, 1, retain, "127.0.0.1", port)


async def subscribed(port: int, intake: MemoryIntake, wire: Wire) -> None:
    """Return when the source hears the broker: publish until something of it was committed and acknowledged."""
    number = 0
    while not intake.events:
        number += 1
        await publish(port, b'{"id": "hello-%d", "time": "2026-11-22T20:00:00Z"}' % number)
        with suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                await intake.holds(1)
    await wire.sees_acknowledgements(1)


@http_ways
async def test_http_confirms_only_after_commit(way: HttpWay, client: httpx.AsyncClient, intake: MemoryIntake) -> None:
    """While the commit is pending the sender waits; then it hears how many were accepted."""
    intake.gate.clear()
    sending = asyncio.create_task(client.post(**way.request()))
    await intake.seen.wait()
    for _ in range(3):
        assert (await client.get("/healthz")).status_code == 200
    assert not sending.done()
    intake.gate.set()
    answer = await sending
    assert (answer.status_code, answer.json()) == (202, {"accepted": way.events, "duplicates": 0, "rejected": []})
    assert len(intake.events) == way.events


@http_ways
async def test_http_without_commit_is_no_confirmation(
        way: HttpWay, client: httpx.AsyncClient, intake: MemoryIntake) -> None:
    """An engine that cannot commit says 503 and when to come again; then it succeeds, once however often sent."""
    intake.refusals = 1
    refused = await client.post(**way.request())
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    assert "send it again" in refused.json()["error"]
    assert not intake.events
    assert (await client.post(**way.request())).json()["accepted"] == way.events
    assert (await client.post(**way.request())).json() == {"accepted": 0, "duplicates": way.events, "rejected": []}
    assert len(intake.events) == way.events


@http_ways
async def test_http_bad_input_is_explained(way: HttpWay, client: httpx.AsyncClient, intake: MemoryIntake) -> None:
    """What is no event is refused by a sentence that names what is wrong; the next good one is welcome."""
    answer = await client.post(**way.request(way.bad))
    assert answer.status_code in (400, 422)
    assert way.words in answer.text
    assert not intake.seen.is_set()
    assert (await client.post(**way.request())).status_code == 202


async def test_mqtt_acknowledges_only_after_commit(mqtt_port: int, intake: MemoryIntake) -> None:
    """While the commit is pending the broker hears nothing; then each message is acknowledged."""
    async with wire(mqtt_port) as line, panels(line, intake, "after-commit"):
        await subscribed(mqtt_port, intake, line)
        before, acknowledged = len(intake.events), len(line.acknowledged)
        intake.gate.clear()
        intake.seen.clear()
        await publish(mqtt_port, PANEL_GOOD)
        await intake.seen.wait()
        await publish(mqtt_port, b"{}", "elsewhere")
        assert len(line.acknowledged) == acknowledged
        intake.gate.set()
        await intake.holds(before + 1)
        await line.sees_acknowledgements(acknowledged + 1)
    event = intake.events[-1]
    assert (event.source, event.type, event.site, event.device, event.id) == (
        "panels", "alarm.panic", "school-12", "btn-4", "1")


async def test_mqtt_without_commit_is_no_acknowledgement(mqtt_port: int, intake: MemoryIntake) -> None:
    """While the engine cannot commit, messages stay unacknowledged; then each is applied once."""
    async with wire(mqtt_port) as line, panels(line, intake, "refused") as home:
        await subscribed(mqtt_port, intake, line)
        before, acknowledged = len(intake.events), len(line.acknowledged)
        intake.refusals = 2
        intake.seen.clear()
        await publish(mqtt_port, b"{}")
        await intake.seen.wait()
        await home.clock.advance(SECOND)
        assert (len(line.acknowledged), intake.refusals) == (acknowledged, 0)
        await home.clock.advance(2 * SECOND)
        await line.sees_acknowledgements(acknowledged + 1)
        assert len(intake.events) == before + 1
        assert home.notes.counted["panels", "uncommitted"] == 2
        assert any("nothing is lost" in sentence for _, _, sentence in home.notes.said)


async def test_mqtt_bad_input_is_recorded_and_never_comes_back(mqtt_port: int, intake: MemoryIntake) -> None:
    """A message that is no event is recorded with its reason and acknowledged; the next one is taken."""
    async with wire(mqtt_port) as line, panels(line, intake, "bad") as home:
        await subscribed(mqtt_port, intake, line)
        before, acknowledged = len(intake.events), len(line.acknowledged)
        await publish(mqtt_port, PANEL_BAD)
        await publish(mqtt_port, PANEL_GOOD)
        await line.sees_acknowledgements(acknowledged + 2)
        assert len(intake.events) == before + 1
    assert [(one.topic, one.payload) for one in home.rejected] == [(PANEL_TOPIC, PANEL_BAD)]
    assert "not JSON" in home.rejected[0].error


async def test_mqtt_a_lost_connection_loses_nothing_and_doubles_nothing(mqtt_port: int, intake: MemoryIntake) -> None:
    """Cut between commit and acknowledgement, the broker sends again; even without id and time it is applied once."""
    async with wire(mqtt_port) as line, panels(line, intake, "cut") as home:
        await subscribed(mqtt_port, intake, line)
        before = len(intake.events)
        intake.gate.clear()
        intake.seen.clear()
        await publish(mqtt_port, b'{"zone": 7}')
        await intake.seen.wait()
        await line.cut()
        intake.gate.set()
        await intake.holds(before + 1)
        await publish(mqtt_port, b'{"zone": 8}')
        acknowledged = len(line.acknowledged)
        await line.open()
        await line.sees_acknowledgements(acknowledged + 2)
        assert [event.data for event in intake.events[before:]] == [{"zone": 7}, {"zone": 8}]
        assert intake.duplicates >= 1
        assert [kind for _, kind, _ in home.notes.said].count("connection") >= 2


async def test_mqtt_retained_messages_are_no_news(mqtt_port: int, intake: MemoryIntake) -> None:
    """What the broker repeats to each new subscriber is acknowledged and left out."""
    await publish(mqtt_port, b'{"old": 1}', "alarm/retained/1", retain=True)
    async with wire(mqtt_port) as line, panels(line, intake, "retained") as home:
        await subscribed(mqtt_port, intake, line)
        assert home.notes.counted["panels", "retained"] == 1
        assert all(event.site != "retained" for event in intake.events)
    await publish(mqtt_port, b"", "alarm/retained/1", retain=True)


async def test_mqtt_a_retained_state_counts_when_it_differs_from_what_is_known(
        mqtt_port: int, intake: MemoryIntake) -> None:
    """A device that went away while nobody listened fires at the start, once, however often the broker repeats it."""
    topic = "zigbee2mqtt/school24/smoke/availability"
    notes = Notes()
    await publish(mqtt_port, b"offline", topic, retain=True)
    async with wire(mqtt_port) as line:
        config = SourceConfig(name="zigbee", kind="mqtt", url=f"mqtt://127.0.0.1:{line.port}", profile="zigbee2mqtt")
        source = MqttSource(config, Normaliser("zigbee"), VirtualClock(NOW), notes, Panels(line).reject)
        task = asyncio.create_task(source.run(intake))
        await intake.holds(1)
        await line.sees_acknowledgements(1)
        await line.cut()
        await line.open()
        await line.sees_acknowledgements(2)
        await publish(mqtt_port, b"online", topic, retain=True)
        await intake.holds(2)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    assert [(event.type, event.device, event.status) for event in intake.events] == [
        ("zigbee2mqtt.offline", "school24/smoke", "firing"), ("zigbee2mqtt.offline", "school24/smoke", "resolved")]
    assert notes.counted["zigbee", "retained"] == 1
    await publish(mqtt_port, b"", topic, retain=True)


class Process:
    """The ways in in a process of their own."""

    def __init__(self, journal: Path, mqtt: int, client_id: str, hold: bool) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.source_process", str(journal), str(mqtt), client_id,
             *(["hold"] if hold else [])], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        self.port = int(self._line())

    async def says(self, word: str) -> None:
        """Return when the process has said so."""
        async with asyncio.timeout(30):
            while word not in await asyncio.to_thread(self._line):
                pass

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the process ended"
        return line.strip()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


Run = Callable[[bool], Awaitable[Process]]


@pytest.fixture
async def run(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Run]:
    running: list[Process] = []
    mqtt = request.getfixturevalue("mqtt_port") if "mqtt" in request.node.name else 0

    async def start(hold: bool) -> Process:
        running.append(await asyncio.to_thread(Process, tmp_path / "journal", mqtt, "killed", hold))
        return running[-1]

    yield start
    for process in running:
        process.kill()


async def test_killed_between_receipt_and_commit_http_confirms_nothing(tmp_path: Path, run: Run) -> None:
    """kill -9 after receipt, before commit: the senders hear nothing, send again, and each event is there once."""
    first = await run(True)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{first.port}", timeout=30) as client:
        sending = [asyncio.create_task(client.post(**way.request())) for way in HTTP_WAYS]
        for _ in HTTP_WAYS:
            await first.says("seen")
        first.kill()
        answers = await asyncio.gather(*sending, return_exceptions=True)
    assert all(isinstance(answer, httpx.TransportError) for answer in answers)
    assert committed(tmp_path / "journal") == []
    second = await run(False)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{second.port}", timeout=30) as client:
        for _ in range(2):
            for way in HTTP_WAYS:
                assert (await client.post(**way.request())).status_code == 202
    # The array and NDJSON ways send the single way's event and one more, the CloudEvents ways share theirs.
    assert len(committed(tmp_path / "journal")) == 5


async def test_killed_between_receipt_and_commit_mqtt_is_delivered_again(
        mqtt_port: int, tmp_path: Path, run: Run) -> None:
    """kill -9 after receipt, before commit: the broker sends the message to the next process, unasked."""
    warm = await run(False)
    number = 0
    while not committed(tmp_path / "journal"):
        number += 1
        await publish(mqtt_port, b'{"id": "warm-%d", "time": "2026-11-22T20:00:00Z"}' % number)
    warm.kill()
    before = len(committed(tmp_path / "journal"))
    first = await run(True)
    await publish(mqtt_port, b'{"id": "kept", "time": "2026-11-22T20:00:01Z"}')
    await first.says("seen")
    first.kill()
    assert len(committed(tmp_path / "journal")) == before
    second = await run(False)
    while not any(event.id == "kept" for event in committed(tmp_path / "journal")):
        await second.says("committed")
    assert [event.id for event in committed(tmp_path / "journal")].count("kept") == 1
