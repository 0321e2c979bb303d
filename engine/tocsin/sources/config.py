"""What config.yaml says of one source, as the sources read it."""

from msgspec import Struct

from tocsin.domain.time import HOUR


class Allowance(Struct, frozen=True):
    """How much a source may send before it is told to wait."""

    per_second: float = 1_000.0
    burst: int = 20_000


class StatusWords(Struct, frozen=True):
    """Which values of a payload's field mean firing and which resolved; any other value is refused."""

    of: str
    firing: tuple[str, ...] = ("firing",)
    resolved: tuple[str, ...] = ("resolved",)


class TopicMap(Struct, frozen=True):
    """One line of ``map:``: which topics become which event.

    ``topic`` has the wildcards of MQTT (``+``, ``#``) and named levels: ``alarm/{site}/{device}/state``. A name that
    is a top-level field of events fills it, any other becomes a key of ``data``; ``type`` may hold them too.
    ``fields`` maps top-level fields (``lat``, ``lon``, ``accuracy_m`` for the location) to dotted paths in a
    JSON payload. ``state`` says that a retained message is worth an event: it tells how things are.
    """

    topic: str
    type: str
    fields: dict[str, str] = {}
    status: StatusWords | None = None
    state: bool = False


class SourceConfig(Struct, frozen=True, kw_only=True):
    """One source.

    ``token_hash`` is 64 hexadecimal digits. ``url`` (``mqtt://host:port``, ``mqtts://``) with ``username``,
    ``password``, ``client_id`` and ``ca_file`` are for brokers; ``prefix`` is the first level of a profile's topics
    ("" its usual one). ``late`` is microseconds that events of this source may come late.
    """

    name: str
    kind: str
    token_hash: str = ""
    url: str = ""
    username: str = ""
    password: str = ""
    client_id: str = ""
    ca_file: str = ""
    profile: str = ""
    prefix: str = ""
    map: tuple[TopicMap, ...] = ()
    late: int = HOUR
    buffers: bool = False
    allowance: Allowance = Allowance()

    def __repr__(self) -> str:
        return f"SourceConfig({self.name!r}, {self.kind!r})"
