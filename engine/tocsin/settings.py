"""config.yaml: the settings of a site. Names are those of the language of the files; secrets are never shown."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from tocsin.book.book import Patience, Roles, Site
from tocsin.book.contacts import Target
from tocsin.book.home import read_plain
from tocsin.book.models import record_of
from tocsin.book.node import Mapping as MappingNode
from tocsin.book.node import Node
from tocsin.book.report import Reference, Report, Unreadable
from tocsin.book.scalars import Duration, Size, TimeZone, Whole, value_of
from tocsin.book.secrets import Secrets
from tocsin.book.shape import Json, Many, Names, Record, Shape, Text, Word
from tocsin.book.targets import TARGETS
from tocsin.book.yaml import read_bytes
from tocsin.domain.errors import Finding, Location, SettingsError
from tocsin.domain.notification import CHANNELS
from tocsin.domain.time import DAY, HOUR, SECOND

LANGUAGES = ("uk", "ru", "en")
PROVIDER_HOSTS = frozenset({"api.telegram.org", "api.twilio.com"})
OWN_SOURCE = "tocsin"
"""The source of what the engine observes of itself."""
SHORTEST_SECRET = 24
Micros = Annotated[int, Duration()]
"""A duration as microseconds."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, arbitrary_types_allowed=True)


class _Values(Shape[tuple[Any, ...]]):
    """One value or a list of values, typed as in a match."""

    what = "a value or a list of values"

    def read(self, node: Node, report: Report) -> tuple[Any, ...]:
        if isinstance(node, MappingNode):
            self.refuse(node, report)
        value = value_of(node)
        return tuple(value) if isinstance(value, list) else (value,)

    def schema(self) -> Json:
        return {}


class Storage(_Model):
    """``url`` is a SQLAlchemy URL; a relative SQLite path counts from the folder of config.yaml.

    ``ballast`` is the room in bytes kept for answers and deadlines when the disk is full.
    """

    url: str = Field(default="sqlite:///var/tocsin.db", repr=False)
    ballast: Annotated[int, Size()] = 64 * 10**6

    @property
    def path(self) -> Path | None:
        """The database file, None for a server."""
        return Path(self.url.removeprefix("sqlite:///")) if self.url.startswith("sqlite:///") else None


class Journal(_Model):
    """How long sealed segments are kept: microseconds, bytes, and microseconds for what incidents rest on."""

    keep: Micros = 30 * DAY
    keep_bytes: Annotated[int, Size()] = 20 * 10**9
    keep_incidents: Micros = 3 * 365 * DAY


class Http(_Model):
    """Where the engine listens, and the address under which people and providers reach it ("" when none)."""

    listen: str = "127.0.0.1:8080"
    public_url: str = ""

    @property
    def host(self) -> str:
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        return int(self.listen.rpartition(":")[2])

    @model_validator(mode="after")
    def _check(self) -> Self:
        host, colon, port = self.listen.rpartition(":")
        if not (host and colon and port.isascii() and port.isdigit() and int(port) < 65_536):
            raise ValueError('listen: is HOST:PORT, such as "127.0.0.1:8080"')
        if self.public_url and not re.match(r"https?://[^\s/]+", self.public_url):
            raise ValueError("public_url: is an address such as https://alarm.example.org")
        return self


class TopicStatus(_Model):
    """``status`` of an event by the value at ``of``; a value in neither list leaves the event without status."""

    of: str
    firing: Annotated[tuple[Any, ...], _Values()] = ()
    resolved: Annotated[tuple[Any, ...], _Values()] = ()


class Topic(_Model):
    """How the messages of MQTT topics become events.

    ``topic`` is a filter with ``+`` and ``#``. ``map`` gives for a field of the event (``site``, ``data.zone``, …) the
    place it comes from: ``topic.2`` is the second level of the topic, ``payload`` the whole payload,
    ``payload.a.b`` a value inside a JSON payload; a text in single or double quotes inside is itself. ``only``
    lists, by such a place, the values without which a message is confirmed and left out.
    """

    topic: str
    type: str
    map: dict[str, str] = {}
    only: Annotated[dict[str, tuple[Any, ...]], Names(_Values(), what="the mapping only:")] = {}
    status: TopicStatus | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        for level, part in enumerate(levels := self.topic.split("/"), 1):
            if ("#" in part and (part != "#" or level < len(levels))) or ("+" in part and part != "+"):
                raise ValueError("topic: + stands for one whole level, # for all levels at the end")
        for field, place in self.map.items():
            if not re.fullmatch(r"topic\.[1-9]\d*|payload(\..+)?|'.*'|\".*\"", place):
                raise ValueError(f"map: {field}: takes a place, such as topic.2, payload or payload.name, or a text in "
                                 "quotes inside quotes")
        return self


class Quota(_Model):
    """What a source may send before it is told 429: a lasting rate and a burst above it, in events."""

    per_second: Annotated[int, Whole(1)] = 1000
    burst: Annotated[int, Whole(1)] = 10_000


class Source(_Model):
    """A way in. ``token`` or ``token_hash`` (SHA-256 in hexadecimal) for the HTTP kinds; ``url`` for mqtt.

    ``late`` is how late its events may come and still count in windows, ``settle`` how long deadlines wait for
    stragglers, ``silent_after`` how long it may be silent before that is reported, None for ever (all microseconds);
    ``buffers`` says that it sends old events after an outage, with true times.
    """

    kind: Literal["http", "alertmanager", "cloudevents", "mqtt"]
    token: SecretStr | None = None
    token_hash: str = ""
    url: str = Field(default="", repr=False)
    username: str = ""
    password: SecretStr | None = None
    client_id: str = ""
    profile: Literal["frigate", "zigbee2mqtt", "tasmota"] | None = None
    topics: tuple[Topic, ...] = ()
    late: Micros = HOUR
    settle: Annotated[int, Duration(zero=True)] = 5 * SECOND
    silent_after: Micros | None = None
    buffers: bool = False
    quota: Quota = Quota()

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.kind == "mqtt":
            if not re.match(r"mqtts?://[^\s/]+", self.url):
                raise ValueError('an mqtt source needs url: such as "mqtt://127.0.0.1:1883"')
            if self.profile is None and not self.topics:
                raise ValueError("an mqtt source needs profile: (frigate, zigbee2mqtt, tasmota) or topics:")
            return self
        if self.url or self.profile or self.topics:
            raise ValueError(f"url:, profile: and topics: belong to mqtt sources, not to kind {self.kind}")
        if (self.token is None) == (not self.token_hash):
            raise ValueError("a source that sends by HTTP needs token: or token_hash:, one of the two "
                             "(tocsin token new makes them)")
        if self.token is not None and not self.token.get_secret_value().strip():
            raise ValueError("the token is empty")
        if self.token_hash and not re.fullmatch(r"[0-9a-f]{64}", self.token_hash):
            raise ValueError("token_hash is not a SHA-256 in 64 hexadecimal digits: take the one that tocsin token new "
                             "prints")
        return self


class Operator(_Model):
    """Who may act on the engine, such as silence: ``token``, or its SHA-256 in hexadecimal as ``token_hash``."""

    token: SecretStr | None = None
    token_hash: str = ""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.token is None) == (not self.token_hash):
            raise ValueError("an operator needs token: or token_hash:, one of the two (tocsin token new --operator "
                             "makes them)")
        if self.token is not None and not _long_enough(self.token):
            raise ValueError(f"token: takes {SHORTEST_SECRET} characters or more: tocsin token new --operator makes "
                             "one")
        if self.token_hash and not re.fullmatch(r"[0-9a-f]{64}", self.token_hash):
            raise ValueError("token_hash is not a SHA-256 in 64 hexadecimal digits: take the one that tocsin token new "
                             "prints")
        return self


def _long_enough(secret: SecretStr) -> bool:
    """Whether a secret cannot be guessed; one that is still a placeholder is not asked."""
    text = secret.get_secret_value()
    return len(text) >= SHORTEST_SECRET or text.startswith("${")


class Telegram(_Model):
    token: SecretStr
    api_base: str = "https://api.telegram.org"


class Sms(_Model):
    provider: Literal["twilio"] = "twilio"
    account_sid: str
    auth_token: SecretStr
    from_: str = Field(alias="from")
    api_base: str = "https://api.twilio.com"
    transliterate: bool = False


class Email(_Model):
    host: str
    port: Annotated[int, Whole(1, 65_535)] = 587
    starttls: Literal["required", "none", "implicit"] = "required"
    username: str = ""
    password: SecretStr | None = None
    from_: str = Field(alias="from")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not re.fullmatch(r"[^\s@]+@[^\s@]+", self.from_):
            raise ValueError("from: is an e-mail address such as alarm@example.org")
        if bool(self.username) != (self.password is not None):
            raise ValueError("username: and password: belong together")
        return self


class Webhook(_Model):
    secret: SecretStr

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not _long_enough(self.secret):
            raise ValueError(f"secret: takes {SHORTEST_SECRET} characters or more, which both sides keep to themselves")
        return self


class Channels(_Model):
    telegram: Telegram | None = None
    sms: Sms | None = None
    email: Email | None = None
    webhook: Webhook | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The channels that are set, in the order in which they are tried."""
        return tuple(name for name in CHANNELS if getattr(self, name) is not None)


class Watchdog(_Model):
    """Whom the second process tells when the committed position stands still for ``after`` microseconds."""

    to: Annotated[tuple[Target, ...], TARGETS] = ()
    after: Micros = 30 * SECOND


class Matching(_Model):
    engine: Literal["index"] = "index"
    second_opinion: Literal["durable", "none"] = "durable"


class Settings(_Model):
    """A site's settings, checked; ``path`` is the file and ``home`` its folder, which holds rules/ and contacts/.

    ``references`` are the names of contacts used here, for the reader of the book to resolve; ``missing_secrets``
    names placeholders that were left as they are (only without ``require_secrets``).
    """

    site: Annotated[Site, Record("site:", {
        "name": Text("a name"), "time_zone": TimeZone(), "language": Word(*LANGUAGES, what="the language"),
    }, lambda values: Site(**values))] = Site(time_zone="Europe/Kyiv")
    storage: Storage = Storage()
    journal: Journal = Journal()
    http: Http = Http()
    sources: dict[str, Source] = {}
    operators: dict[str, Operator] = {}
    channels: Channels = Channels()
    roles: Annotated[Roles, Record("roles:", {
        "duty_office": TARGETS, "shift_head": TARGETS, "administrators": TARGETS,
    }, lambda values: Roles(**values))] = Roles()
    watchdog: Watchdog = Watchdog()
    allow_endpoint: Annotated[tuple[str, ...], Many(Text("a host"), single=True)] = ()
    matching: Matching = Matching()
    path: Path = Field(default=Path("config.yaml"), exclude=True)
    references: tuple[Reference, ...] = Field(default=(), exclude=True)
    missing_secrets: tuple[str, ...] = Field(default=(), exclude=True)
    warnings: tuple[Finding, ...] = Field(default=(), exclude=True)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if OWN_SOURCE in self.sources:
            raise ValueError(f'sources: "{OWN_SOURCE}" is the name under which the engine speaks about itself: give '
                             "this source another name")
        return self

    @property
    def patience(self) -> dict[str, Patience]:
        """The sources whose events are waited for longer or shorter than those of all others."""
        found = {name: Patience(source.late, source.settle) for name, source in sorted(self.sources.items())}
        return {name: one for name, one in found.items() if one != Patience()}

    @property
    def home(self) -> Path:
        return self.path.parent


SETTINGS: Record[Settings] = record_of(Settings, "config.yaml")


def load_settings(path: Path, *, environ: Mapping[str, str], require_secrets: bool = True) -> Settings:
    """Read config.yaml; raises SettingsError with every finding of the file.

    ``environ`` gives the secrets; a name it lacks is looked for as a file of the folder TOCSIN_SECRETS, else
    /run/secrets. Without ``require_secrets`` a missing secret stays the placeholder (for ``check`` and practice).
    """
    report = Report()
    try:
        body = read_plain(path)
    except OSError as error:
        raise SettingsError(f"{path} cannot be read ({error.strerror}): give the file with --config, or make a home "
                            "with tocsin init") from None
    settings: Settings | None = None
    secrets = Secrets(environ, required=require_secrets)
    tree = read_bytes(str(path), body, report)
    if tree is None and not report.failed:
        tree = MappingNode((), Location(str(path), 1, 1))
    if tree is not None:
        try:
            settings = SETTINGS.read(secrets.fill(tree, report), report)
        except Unreadable:
            settings = None
    if settings is None or report.failed:
        findings: tuple[Finding, ...] = report.ordered("error")
        raise SettingsError("\n".join(str(finding) for finding in findings), findings)
    return settings.model_copy(update={
        "path": path, "references": tuple(report.references), "missing_secrets": tuple(secrets.missing),
        "warnings": report.ordered("warning"),
        "storage": settings.storage.model_copy(update={"url": _absolute(settings.storage.url, path.parent)}),
    })


def _absolute(url: str, home: Path) -> str:
    """A SQLite URL with its path made absolute from ``home``; any other URL as it is."""
    if not url.startswith("sqlite:///") or url.startswith("sqlite:////") or url.startswith("sqlite:///:memory:"):
        return url
    return f"sqlite:///{(home / url.removeprefix('sqlite:///')).resolve()}"


def foreign_endpoints(settings: Settings) -> tuple[str, ...]:
    """The addresses of providers that live mode must refuse: neither the provider's own nor in allow_endpoint."""
    bases = [channel.api_base for channel in (settings.channels.telegram, settings.channels.sms) if channel is not None]
    allowed = PROVIDER_HOSTS | set(settings.allow_endpoint)
    return tuple(base for base in bases if (urlsplit(base).hostname or base) not in allowed)
