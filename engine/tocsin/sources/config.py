"""What config.yaml says of one source, as the sources read it."""

from typing import Any

from msgspec import Struct


class Allowance(Struct, frozen=True):
    """How much a source may send before it is told to wait."""

    per_second: float = 1_000.0
    burst: int = 20_000


class StatusWords(Struct, frozen=True):
    """``status`` by the value at the place ``of``; a value in neither list leaves the event without status."""

    of: str
    firing: tuple[Any, ...] = ()
    resolved: tuple[Any, ...] = ()


class TopicMap(Struct, frozen=True):
    """How the messages of MQTT topics become events.

    ``topic`` is a filter with ``+`` and ``#``. ``map`` gives for a field of the event (``site``, ``data.zone``,
    ``location.lat``) the place it comes from: ``topic.2`` the second level of the topic, ``payload`` the whole
    payload, ``payload.a.b`` a value inside a JSON payload, a quoted text itself. ``only`` lists by such a place
    the values without which a message is left out.
    """

    topic: str
    type: str
    map: dict[str, str] = {}
    only: dict[str, tuple[Any, ...]] = {}
    status: StatusWords | None = None


class SourceConfig(Struct, frozen=True, kw_only=True):
    """One source.

    ``token_hash`` is 64 hexadecimal digits. ``url`` (``mqtt://host:port``, ``mqtts://``) with ``username``,
    ``password`` and ``client_id`` are for brokers, where messages are read by a ``profile`` or by ``topics``.
    """

    name: str
    kind: str
    token_hash: str = ""
    url: str = ""
    username: str = ""
    password: str = ""
    client_id: str = ""
    profile: str = ""
    topics: tuple[TopicMap, ...] = ()
    buffers: bool = False
    allowance: Allowance = Allowance()

    def __repr__(self) -> str:
        return f"SourceConfig({self.name!r}, {self.kind!r})"
