"""The connection to a broker: a persistent session whose messages are acknowledged one by one, by hand.

The client's own thread reads the network. It stands still when too many messages wait to be committed, so that the
broker keeps the rest; what it sent then and lost with the connection, it sends again.
"""

import threading
from collections.abc import Callable
from urllib.parse import urlsplit

import paho.mqtt.client as paho
from msgspec import Struct
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from tocsin.sources.config import SourceConfig

WAITING = 1_000
"""So many messages may be in memory and not yet committed."""
KEEP_ALIVE_SECONDS = 30
RETRY_SECONDS = (1, 30)

_BLOCKED_SECONDS = 0.2


class Delivery(Struct, frozen=True):
    """One message as it arrived; ``connection`` counts connections, since an acknowledgement is good for one only.

    ``topic`` is None when it is not UTF-8. ``repeated`` is the broker's word that it sent the message before.
    """

    topic: str | None
    payload: bytes
    qos: int
    number: int
    repeated: bool
    retained: bool
    connection: int


class Link:
    """Connects, reconnects with growing pauses, subscribes; all methods may be called from any thread.

    ``deliver`` gets each message, ``say`` what a person should know; both are called in the client's thread.
    """

    def __init__(self, config: SourceConfig, filters: tuple[str, ...], deliver: Callable[[Delivery], None],
                 say: Callable[[str], None]) -> None:
        address = urlsplit(config.url)
        self._where = f"{address.hostname}:{address.port or (8883 if address.scheme == 'mqtts' else 1883)}"
        self._filters = filters
        self._deliver = deliver
        self._say = say
        self._room = threading.BoundedSemaphore(WAITING)
        self._lock = threading.Lock()
        self._connection = 0
        self._held: set[int] = set()
        self._stopping = False
        self._told = ""
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id=config.client_id or f"tocsin-{config.name}",
                             clean_session=False, manual_ack=True)
        if username := config.username or address.username:
            client.username_pw_set(username, config.password or address.password)
        if address.scheme == "mqtts":
            client.tls_set()
        client.reconnect_delay_set(*RETRY_SECONDS)
        client.on_connect = self._connected
        client.on_connect_fail = self._failed
        client.on_disconnect = self._disconnected
        client.on_subscribe = self._subscribed
        client.on_message = self._received
        client.connect_async(address.hostname or "", address.port or (8883 if address.scheme == "mqtts" else 1883),
                             KEEP_ALIVE_SECONDS)
        self._client = client

    def start(self) -> None:
        """Begin to connect; returns at once, whether the broker is there or not."""
        self._client.loop_start()

    def stop(self) -> None:
        """End the connection and the thread; blocks. The broker keeps the session and what was not acknowledged."""
        self._stopping = True
        self._client.disconnect()
        self._client.loop_stop()

    def done(self, delivery: Delivery) -> None:
        """Acknowledge a committed message, on the connection it came by, and make room for another."""
        if delivery.qos:
            with self._lock:
                if delivery.connection == self._connection:
                    self._held.discard(delivery.number)
                    self._client.ack(delivery.number, delivery.qos)
        self._room.release()

    def _connected(self, client: paho.Client, userdata: object, flags: paho.ConnectFlags, reason: ReasonCode,
                   properties: Properties | None) -> None:
        if reason.is_failure:
            self._tell(f"the broker {self._where} refuses the connection ({reason}): check username and password")
            return
        if self._told:
            self._tell("")
            self._say(f"connected to the broker {self._where} again")
        client.subscribe([(one, 1) for one in self._filters])

    def _failed(self, client: paho.Client, userdata: object) -> None:
        self._tell(f"the broker {self._where} cannot be reached: trying again, at least every {RETRY_SECONDS[1]} s")

    def _disconnected(self, client: paho.Client, userdata: object, flags: paho.DisconnectFlags, reason: ReasonCode,
                      properties: Properties | None) -> None:
        with self._lock:
            self._connection += 1
            self._held.clear()
        if not self._stopping and not self._told:
            self._tell(f"the connection to the broker {self._where} ended ({reason}): connecting again")

    def _subscribed(self, client: paho.Client, userdata: object, number: int, reasons: list[ReasonCode],
                    properties: Properties | None) -> None:
        for one, reason in zip(self._filters, reasons, strict=False):
            if reason.is_failure:
                self._say(f"the broker {self._where} refuses the topic {one} ({reason}): "
                          "give this user the right to it")

    def _received(self, client: paho.Client, userdata: object, message: paho.MQTTMessage) -> None:
        with self._lock:
            if message.dup and message.mid in self._held:
                return  # a repetition, on the same connection, of what is being committed just now
            if message.qos:
                self._held.add(message.mid)
        while not self._room.acquire(timeout=_BLOCKED_SECONDS):
            if self._stopping:
                return
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = None
        self._deliver(Delivery(topic, bytes(message.payload), message.qos, message.mid, message.dup, message.retain,
                               self._connection))

    def _tell(self, sentence: str) -> None:
        """Say what is wrong with the connection once, not at each attempt."""
        if sentence and sentence != self._told:
            self._say(sentence)
        self._told = sentence
