"""Probes: each measures one thing and gives samples. Durations in data are in the unit that its name says."""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import takewhile
from pathlib import Path
from typing import Any

from sqlalchemy import text

from tocsin.domain.notification import FAILED_PERMANENT, FAILED_TEMPORARY, UNKNOWN
from tocsin.domain.time import HOUR, MINUTE, SECOND
from tocsin.ports import Clock
from tocsin.watch.auditor import CHECKS, Reading, audit
from tocsin.watch.observe import (
    AUDIT,
    CHANNEL_FAILING,
    CLOCK_SKEW,
    DISK,
    LOOP_LAG,
    MIB,
    SOURCE_SILENT,
    WAL,
    Sample,
)

Probe = Callable[[], Iterable[Sample]]
"""Measures now; may block for a moment, runs in a thread."""

LAG_EVERY_S = 0.5
FEW = 3
_FAILED = (FAILED_TEMPORARY, FAILED_PERMANENT, UNKNOWN)

_ATTEMPTS = text("SELECT o.channel, o.person, a.state, a.detail FROM attempts a JOIN outbox o ON o.id = a.notification "
                 "WHERE a.started > :since AND a.ended IS NOT NULL ORDER BY a.started DESC, a.id DESC LIMIT 500")


def disk(folder: Path) -> Probe:
    """The room that is left where the database lies."""

    def measure() -> Iterator[Sample]:
        free = shutil.disk_usage(folder).free
        yield Sample(DISK, str(folder), free, {"free_mb": free // MIB})

    return measure


def wal(size: Callable[[], int]) -> Probe:
    """The write-ahead log; ``size`` in bytes (Store.wal_bytes)."""

    def measure() -> Iterator[Sample]:
        held = size()
        yield Sample(WAL, "wal", held, {"wal_mb": held // MIB})

    return measure


class LoopLag:
    """How late the event loop gets round to things: the worst since the last sample. ``run`` until cancelled."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._worst = 0.0

    async def run(self) -> None:
        while True:
            before = self._clock.monotonic()
            await self._clock.sleep(LAG_EVERY_S)
            self._worst = max(self._worst, self._clock.monotonic() - before - LAG_EVERY_S)

    def __call__(self) -> Iterator[Sample]:
        worst, self._worst = self._worst, 0.0
        yield Sample(LOOP_LAG, "loop", worst, {"lag_ms": round(worst * 1000)})


class Skew:
    """The wall clock against the engine's: ``heard`` is SystemClock's on_skew, ``current`` what it says now."""

    def __init__(self, current: Callable[[], int]) -> None:
        self._current = current
        self._worst = 0

    def heard(self, skew: int) -> None:
        """A jump, microseconds; kept until the next sample because a jump ahead is followed at once."""
        self._worst = max(self._worst, skew, key=abs)

    def __call__(self) -> Iterator[Sample]:
        skew, self._worst = max(self._worst, self._current(), key=abs), 0
        yield Sample(CLOCK_SKEW, "clock", abs(skew) / SECOND, {"skew_s": round(skew / SECOND)})


class Silences:
    """Sources that are expected to speak: ``limits`` gives for each how long it may be silent, microseconds."""

    def __init__(self, limits: Mapping[str, int], clock: Clock) -> None:
        self._limits, self._clock = dict(limits), clock
        self._last = dict.fromkeys(self._limits, clock.now())

    def heard(self, source: str) -> None:
        """The source has just sent something."""
        if source in self._last:
            self._last[source] = self._clock.now()

    def __call__(self) -> Iterator[Sample]:
        now = self._clock.now()
        for source, limit in self._limits.items():
            silent = now - self._last[source]
            yield Sample(SOURCE_SILENT, source, silent / limit,
                         {"source_name": source, "silent_min": silent // MINUTE, "limit_min": limit // MINUTE})


def channels(reading: Reading, names: Iterable[str], clock: Clock) -> Probe:
    """How many attempts by each channel have failed in the last hour since one went well; no attempts, no sample.

    Permanent failures to one person alone are that person's trouble, not the channel's.
    """
    wanted = tuple(names)

    def measure() -> Iterator[Sample]:
        with reading() as connection:
            rows = connection.execute(_ATTEMPTS, {"since": clock.now() - HOUR}).fetchall()
        for name in wanted:
            if mine := [tuple(row[1:]) for row in rows if row[0] == name]:
                yield _channel(name, mine)

    return measure


def _channel(name: str, newest_first: list[tuple[Any, ...]]) -> Sample:
    failed = list(takewhile(lambda attempt: attempt[1] in _FAILED, newest_first))
    failures = len(failed)
    if len({person for person, _, _ in failed}) < 2 and sum(state != FAILED_PERMANENT for _, state, _ in failed) < FEW:
        failures = min(failures, FEW - 1)
    return Sample(CHANNEL_FAILING, name, failures, {"channel": name, "failures": len(failed)},
                  text=(failed[0][2] or "") if failed else "")


def audits(reading: Reading, alive: Callable[[], Iterable[str]], clock: Clock) -> Probe:
    """The auditor's lapses, one sample a check; ``alive`` gives the channels whose workers run."""

    def measure() -> Iterator[Sample]:
        lapses = audit(reading, clock.now(), set(alive()))
        for check in CHECKS:
            found = [lapse for lapse in lapses if lapse.check == check]
            yield Sample(AUDIT, check, len(found),
                         {"check": check, "lapses": len(found), "subjects": [one.subject for one in found[:10]]},
                         text="; ".join(one.text for one in found[:3]))

    return measure
