"""The connection to a broker: which acknowledgement belongs to which message."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress

import paho.mqtt.publish
import pytest
from tests.support.broker import broker
from tests.support.ways_in import PANEL_TOPIC, panel
from tests.support.wire import Wire, wire

from tocsin.sources.config import SourceConfig
from tocsin.sources.mqtt_link import Delivery, Link


@pytest.fixture(scope="module")
def mqtt_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with broker(tmp_path_factory.mktemp("broker")) as port:
        yield port


class Ear:
    """A link whose deliveries are taken one by one; nothing is acknowledged unasked."""

    def __init__(self, config: SourceConfig) -> None:
        self.said: asyncio.Queue[str] = asyncio.Queue()
        self._heard: asyncio.Queue[Delivery] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        self.link = Link(config, ("alarm/#",), lambda one: loop.call_soon_threadsafe(self._heard.put_nowait, one),
                         lambda sentence: loop.call_soon_threadsafe(self.said.put_nowait, sentence))

    async def next(self) -> Delivery:
        async with asyncio.timeout(30):
            return await self._heard.get()


@asynccontextmanager
async def ear(config: SourceConfig) -> AsyncIterator[Ear]:
    made = Ear(config)
    made.link.start()
    try:
        yield made
    finally:
        await asyncio.to_thread(made.link.stop)


async def publish(port: int, payload: bytes) -> None:
    await asyncio.to_thread(paho.mqtt.publish.single, PANEL_TOPIC, payload, 1, False, "127.0.0.1", port)


async def subscribed(port: int, one: Ear, line: Wire) -> None:
    """Return when the link hears the broker and everything said until then is acknowledged."""
    sent = 0
    heard: list[Delivery] = []
    while not heard:
        await publish(port, b"hello")
        sent += 1
        with suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                heard.append(await one.next())
    await publish(port, b"end of hello")
    while heard[-1].payload != b"end of hello":
        heard.append(await one.next())
    for delivery in heard:
        one.link.done(delivery)
    await line.sees_acknowledgements(len(heard))
    line.acknowledged.clear()


async def test_a_repetition_of_what_is_being_committed_is_left_out(mqtt_port: int) -> None:
    """Sent again on the same connection while it waits, a message is delivered and acknowledged once."""
    async with wire(mqtt_port) as line, ear(panel(line.port, "same")) as one:
        await subscribed(mqtt_port, one, line)
        await publish(mqtt_port, b"first")
        first = await one.next()
        await line.sees_repetitions(line.repeated + 1)
        await publish(mqtt_port, b"second")
        second = await one.next()
        assert (first.payload, second.payload) == (b"first", b"second")
        one.link.done(first)
        one.link.done(second)
        await line.sees_acknowledgements(2)
        assert line.acknowledged == [first.number, second.number]


async def test_an_acknowledgement_is_good_for_its_own_connection_only(mqtt_port: int) -> None:
    """On the next connection the number may belong to another message, which would be lost."""
    async with wire(mqtt_port) as line, ear(panel(line.port, "next")) as one:
        await subscribed(mqtt_port, one, line)
        await publish(mqtt_port, b"first")
        first = await one.next()
        await line.cut()
        await line.open()
        again = await one.next()
        assert (again.payload, again.repeated, again.connection) == (b"first", True, first.connection + 1)
        one.link.done(first)
        await publish(mqtt_port, b"second")
        second = await one.next()
        one.link.done(second)
        await line.sees_acknowledgements(1)
        assert line.acknowledged == [second.number]
        one.link.done(again)
        await line.sees_acknowledgements(2)
        assert line.acknowledged == [second.number, again.number]


async def test_too_many_waiting_messages_stay_at_the_broker(mqtt_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full queue blocks: the rest comes when there is room, and nothing is discarded."""
    monkeypatch.setattr("tocsin.sources.mqtt_link.WAITING", 2)
    async with wire(mqtt_port) as line, ear(panel(line.port, "full")) as one:
        await publish(mqtt_port, b"before")
        held: list[Delivery] = []
        while len(held) < 2:
            await publish(mqtt_port, b"x")
            with suppress(TimeoutError):
                async with asyncio.timeout(0.3):
                    held.append(await one.next())
        await publish(mqtt_port, b"end")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await one.next()
        payloads = [delivery.payload for delivery in held]
        while payloads[-1] != b"end":
            one.link.done(held.pop(0))
            held.append(await one.next())
            payloads.append(held[-1].payload)
        for delivery in held:
            one.link.done(delivery)
        await line.sees_acknowledgements(len(payloads))


async def test_a_broker_that_is_away_is_told_once_and_found_again(mqtt_port: int) -> None:
    """Starting needs no broker; it is named once, not at each attempt, and its return is told."""
    line = Wire(mqtt_port)
    await line.open()
    await line.cut()
    async with ear(panel(line.port, "away")) as one:
        async with asyncio.timeout(30):
            assert "cannot be reached" in await one.said.get()
            await line.open()
            assert "again" in await one.said.get()
        assert one.said.empty()
    await line.cut()
