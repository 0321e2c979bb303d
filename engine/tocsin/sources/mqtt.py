"""Events from an MQTT broker: QoS 1, acknowledged only after commit.

Retained messages are what the broker repeats to each new subscriber: old news, dropped, except where a message
tells how things are (availability, mapped topics with a status); then it counts when it differs from what was last
known. A message without id and time is an event of its own; one that the broker sends again keeps the id it got
first, as long as this process lives. A message that is no event is recorded by ``reject`` and acknowledged: it would
be none the next time either. While the engine cannot commit, or the source is over its quota, its messages stay
unacknowledged, so that the broker keeps the rest.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from hashlib import blake2b
from typing import TypeVar

from msgspec import Struct

from tocsin.domain.errors import EventError, SettingsError, StoreError
from tocsin.domain.event import Event
from tocsin.ports import Clock, Intake
from tocsin.sources.config import SourceConfig
from tocsin.sources.mqtt_link import Delivery, Link
from tocsin.sources.normal import Normaliser, fresh_id
from tocsin.sources.profile import Profile, Reading
from tocsin.sources.profile_frigate import PROFILE as FRIGATE
from tocsin.sources.profile_tasmota import PROFILE as TASMOTA
from tocsin.sources.profile_zigbee2mqtt import PROFILE as ZIGBEE2MQTT
from tocsin.sources.quota import Quota
from tocsin.sources.report import Report
from tocsin.sources.topics import mapped

PROFILES = {"frigate": FRIGATE, "zigbee2mqtt": ZIGBEE2MQTT, "tasmota": TASMOTA}

BATCH = 256
PAUSES = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds between the attempts to commit; the last one repeats."""
REMEMBERED_TOPICS = 100_000

T = TypeVar("T")


class Rejected(Struct, frozen=True):
    """A message that is no event: for the record, since its sender cannot be told."""

    source: str
    topic: str
    payload: bytes
    error: str


Reject = Callable[[Rejected], Awaitable[None]]
"""Records a rejected message; StoreError when it cannot now."""


def profile_of(config: SourceConfig) -> Profile:
    """How this source's messages are read. SettingsError for a profile that does not exist."""
    if not config.profile:
        return mapped(config.topics)
    if config.profile not in PROFILES:
        raise SettingsError(f"{config.name} has the profile {config.profile}: there are {', '.join(PROFILES)}")
    return PROFILES[config.profile]


class MqttSource:
    """One broker's topics as a Source."""

    def __init__(self, config: SourceConfig, normaliser: Normaliser, clock: Clock, report: Report, reject: Reject, *,
                 fresh_id: Callable[[], str] = fresh_id) -> None:
        self._config = config
        self._profile = profile_of(config)
        self._normaliser = normaliser
        self._clock = clock
        self._report = report
        self._reject = reject
        self._fresh_id = fresh_id
        self._quota = Quota(config.allowance, clock.monotonic)
        self._stamps: dict[int, tuple[bytes, str]] = {}
        self._known: dict[str, bytes] = {}

    async def run(self, intake: Intake) -> None:
        """Take messages in until cancelled."""
        loop = asyncio.get_running_loop()
        waiting: asyncio.Queue[Delivery] = asyncio.Queue()
        link = Link(
            self._config, self._profile.topics,
            lambda delivery: _quietly(loop, partial(waiting.put_nowait, delivery)),
            lambda sentence: _quietly(loop, partial(self._report.say, self._config.name, "connection", sentence)))
        link.start()
        try:
            while True:
                batch = [await waiting.get()]
                while len(batch) < BATCH and not waiting.empty():
                    batch.append(waiting.get_nowait())
                await self._take(batch, intake)
                for delivery in batch:
                    link.done(delivery)
        finally:
            await asyncio.shield(asyncio.to_thread(link.stop))

    async def _take(self, batch: Sequence[Delivery], intake: Intake) -> None:
        events: list[Event] = []
        for delivery in batch:
            received = self._clock.now()
            try:
                events.extend(self._events(delivery, received))
            except EventError as error:
                self._report.count(self._config.name, "rejected")
                rejected = Rejected(self._config.name, delivery.topic or "", delivery.payload, str(error))
                await self._until_committed(partial(self._reject, rejected))
        if not events:
            return
        while (seconds := self._quota.take(len(events))) > 0:
            self._report.count(self._config.name, "throttled")
            await self._clock.sleep(seconds)
        fates = await self._until_committed(partial(intake.submit_events, events))
        duplicates = sum(fate.duplicate for fate in fates)
        self._report.count(self._config.name, "accepted", len(events) - duplicates)
        self._report.count(self._config.name, "duplicate", duplicates)

    def _events(self, delivery: Delivery, received: int) -> list[Event]:
        if delivery.topic is None:
            raise EventError("the topic is not UTF-8")
        try:
            reading = self._profile.read(delivery.topic, delivery.payload)
        except RecursionError:
            raise EventError("the payload is nested too deeply") from None
        if not self._is_news(delivery, delivery.topic, reading):
            self._report.count(self._config.name, "retained" if delivery.retained else "ignored")
            return []
        if reading.note:
            self._report.say(self._config.name, "clock", reading.note)
        stamp = self._stamp(delivery)
        return [self._normaliser.event(
            raw if raw.get("id") or raw.get("time") else {**raw, "id": f"{stamp}.{number}"}, received)
            for number, raw in enumerate(reading.events)]

    def _is_news(self, delivery: Delivery, topic: str, reading: Reading) -> bool:
        if not reading.events:
            return False
        if not reading.state:
            return not delivery.retained
        known = self._known.pop(topic, None)
        self._known[topic] = delivery.payload
        if len(self._known) > REMEMBERED_TOPICS:
            del self._known[next(iter(self._known))]
        return not (delivery.retained and known == delivery.payload)

    def _stamp(self, delivery: Delivery) -> str:
        """A fresh name for the message; the one it had when the broker sends it again."""
        if not delivery.qos:
            return self._fresh_id()
        content = blake2b(f"{delivery.topic}\0".encode() + delivery.payload, digest_size=16).digest()
        if delivery.repeated:
            before, stamp = self._stamps.get(delivery.number, (b"", ""))
            if before == content:
                return stamp
        stamp = self._fresh_id()
        self._stamps[delivery.number] = (content, stamp)
        return stamp

    async def _until_committed(self, commit: Callable[[], Awaitable[T]]) -> T:
        attempt = 0
        while True:
            try:
                return await commit()
            except StoreError as error:
                self._report.count(self._config.name, "uncommitted")
                self._report.say(self._config.name, "uncommitted",
                                 f"messages of {self._config.name} wait at the broker, nothing is lost: {error}")
            await self._clock.sleep(PAUSES[min(attempt, len(PAUSES) - 1)])
            attempt += 1


def _quietly(loop: asyncio.AbstractEventLoop, call: Callable[[], object]) -> None:
    """Run in the loop's thread, unless the loop has ended: then the broker keeps the message."""
    if not loop.is_closed():
        loop.call_soon_threadsafe(call)
