"""Self-observation: from samples to ordinary events of the source ``tocsin``, firing and resolved, with hysteresis."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from tocsin.domain.event import FIRING, RESOLVED, Event

SOURCE = "tocsin"
FINE, WARNING, CRITICAL = 0, 1, 2
WORDS = ("", "warning", "critical")
"""The event's own ``severity``; what it means for an incident is said by the rules."""

DISK, WAL, LOOP_LAG, CLOCK_SKEW = "tocsin.disk", "tocsin.wal", "tocsin.loop_lag", "tocsin.clock_skew"
SOURCE_SILENT, CHANNEL_FAILING, AUDIT = "tocsin.source_silent", "tocsin.channel_failing", "tocsin.audit"
POISON, DISAGREEMENT, RULE_ERROR = "tocsin.poison", "tocsin.disagreement", "tocsin.rule_error"
IMPLAUSIBLE = "tocsin.implausible"

MIB = 2**20
NEVER = float("inf")


class Gauge(Struct, frozen=True):
    """Values from ``warning`` or ``critical`` on are so; what fired is fine again only beyond ``clear``.

    ``below`` turns it round: low values are bad. ``rounds`` is how many samples in a row must agree before it rises.
    """

    warning: float
    critical: float
    clear: float
    below: bool = False
    rounds: int = 1

    def level(self, value: float, before: int) -> int:
        """The level of a value after the level ``before``."""
        sign = -1 if self.below else 1
        if sign * value >= sign * self.critical:
            return CRITICAL
        if sign * value >= sign * self.warning:
            return WARNING
        return FINE if sign * value < sign * self.clear else min(before, WARNING)


GAUGES: Mapping[str, Gauge] = {
    DISK: Gauge(2048 * MIB, 512 * MIB, 3072 * MIB, below=True),             # bytes free
    WAL: Gauge(128 * MIB, 224 * MIB, 96 * MIB),                             # bytes; ingest answers 503 at 256 MiB
    LOOP_LAG: Gauge(0.5, 5.0, 0.2, rounds=2),                               # seconds
    CLOCK_SKEW: Gauge(2.0, 60.0, 1.0),                                      # seconds, whichever way
    SOURCE_SILENT: Gauge(1.0, NEVER, 1.0),                                  # silence as a multiple of silent_after
    CHANNEL_FAILING: Gauge(3, 10, 1),                                       # failures since the last success
    AUDIT: Gauge(NEVER, 1, 1),                                              # lapses found
}


class Sample(Struct, frozen=True):
    """One measured value of ``type`` at ``device`` (a folder, a channel, a source, …) and what rules may say of it."""

    type: str
    device: str
    value: float
    data: dict[str, Any] = {}
    text: str = ""


class Held(Struct, frozen=True, array_like=True):
    """What was last told of one device: its ``level``, and the ``rising`` samples in a row that were worse."""

    level: int
    rising: int = 0


Levels = dict[str, Held]

_encode = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder(Levels).decode


def decide(levels: Levels, samples: Iterable[Sample], now: int) -> tuple[Levels, list[Event]]:
    """The new levels and the events to tell; what was given stays as it was, to be kept until they are committed."""
    after, events = dict(levels), []
    for sample in samples:
        gauge = GAUGES[sample.type]
        key = f"{sample.type} {sample.device}"
        before = after.get(key, Held(FINE))
        level = gauge.level(sample.value, before.level)
        if level > before.level:
            rising = before.rising + 1
            after[key] = Held(before.level, rising) if rising < gauge.rounds else Held(level)
            if rising >= gauge.rounds:
                events.append(_event(sample, FIRING, WORDS[level], now))
        elif level == FINE:
            after.pop(key, None)
            if before.level != FINE:
                events.append(_event(sample, RESOLVED, None, now))
        else:
            after[key] = Held(level)
    return after, events


def encode_levels(levels: Levels) -> str:
    """The text by which levels are kept in the store."""
    return _encode(levels).decode()


def decode_levels(kept: str) -> Levels:
    """Levels as kept; none when there are none, or they cannot be read."""
    try:
        return _decode(kept) if kept else {}
    except msgspec.DecodeError:
        return {}


def _event(sample: Sample, status: str, severity: str | None, now: int) -> Event:
    return Event(id=f"{sample.device}-{now}", source=SOURCE, type=sample.type, time=now, received=now, status=status,
                 device=sample.device, severity=severity, text=sample.text or None, data=sample.data)


def poison(reason: str, now: int) -> Event:
    """An input broke the core and was set aside; ``reason`` begins with the place ("KeyError at x.py:7: …")."""
    place = reason.partition(": ")[0]
    return Event(id=f"{place}-{now}", source=SOURCE, type=POISON, time=now, received=now, text=reason,
                 data={"place": place})


def rule_error(rule: str, reason: str, now: int) -> Event:
    """A rule failed on an input, which the other rules took; ``reason`` begins with the kind ("KeyError: …")."""
    return Event(id=f"{rule}-{now}", source=SOURCE, type=RULE_ERROR, time=now, received=now, text=reason,
                 data={"rule_id": rule, "error": reason.partition(": ")[0]})


def implausible(doubt: str, now: int) -> Event:
    """A value that cannot be was set aside; ``doubt`` begins with type, field and sender ("t f, d: 99 …")."""
    reading = doubt.partition(": ")[0]
    return Event(id=f"{reading}-{now}", source=SOURCE, type=IMPLAUSIBLE, time=now, received=now, text=doubt,
                 data={"reading": reading})


def disagreement(rule: str, event: Event, index: bool, second: bool, now: int) -> Event:
    """The two matchers judge ``event`` differently for ``rule``; the text is the event's own, for a person to judge."""
    said = event.text or ", ".join(part for part in (event.type, event.site, event.device) if part)
    return Event(id=f"{rule}-{event.source}-{event.id}", source=SOURCE, type=DISAGREEMENT, time=now, received=now,
                 text=said, site=event.site, device=event.device,
                 data={"rule_id": rule, "event_id": event.id, "event_source": event.source, "index": index,
                       "second_opinion": second})
