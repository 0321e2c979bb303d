"""Sources from the settings: doors for those that come by HTTP, brokers for those that are listened to."""

from collections.abc import Callable

from tocsin.api.operators import Operators
from tocsin.ports import Clock
from tocsin.settings import Settings, Source, Topic
from tocsin.sources.config import Allowance, SourceConfig, StatusWords, TopicMap
from tocsin.sources.door import Doors, open_doors
from tocsin.sources.mqtt import MqttSource, Reject
from tocsin.sources.normal import Areas, Normaliser
from tocsin.sources.report import Report
from tocsin.sources.tokens import hash_token


def source_configs(settings: Settings) -> tuple[SourceConfig, ...]:
    """What config.yaml says of each source, in the sources' own words."""
    return tuple(_config(name, source) for name, source in settings.sources.items())


def doors_of(configs: tuple[SourceConfig, ...], clock: Clock, report: Report, areas: Areas) -> Doors:
    """The doors that the sources' tokens open."""
    return open_doors(configs, clock, report, areas)


def operators_of(settings: Settings, doors: Doors) -> Operators:
    """The operators whom their tokens name."""
    return Operators({name: one.token_hash or hash_token(one.token.get_secret_value() if one.token else "")
                      for name, one in settings.operators.items()}, doors)


def brokers_of(configs: tuple[SourceConfig, ...], clock: Clock, report: Report, reject: Reject,
               areas: Callable[[float, float, float | None], tuple[str, ...]]) -> tuple[MqttSource, ...]:
    """The sources that the engine itself listens to."""
    return tuple(
        MqttSource(config, Normaliser(config.name, buffers=config.buffers, areas=areas, report=report), clock, report,
                   reject)
        for config in configs if config.kind == "mqtt")


def _config(name: str, source: Source) -> SourceConfig:
    token = source.token.get_secret_value() if source.token is not None else ""
    return SourceConfig(
        name=name, kind=source.kind, token_hash=source.token_hash or (hash_token(token) if token else ""),
        url=source.url, username=source.username,
        password=source.password.get_secret_value() if source.password is not None else "",
        client_id=source.client_id or f"tocsin-{name}", profile=source.profile or "",
        topics=tuple(_topic(topic) for topic in source.topics), buffers=source.buffers,
        allowance=Allowance(float(source.quota.per_second), source.quota.burst))


def _topic(topic: Topic) -> TopicMap:
    status = topic.status
    return TopicMap(topic.topic, topic.type, topic.map, topic.only,
                    None if status is None else StatusWords(status.of, status.firing, status.resolved))
