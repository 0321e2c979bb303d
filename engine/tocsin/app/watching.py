"""The engine watching itself: what is measured how often, and what of it stands in the way of taking events."""

from collections.abc import Iterable
from pathlib import Path

from tocsin.app.tasks import Tasks
from tocsin.app.ways_out import SENDING
from tocsin.clock import EngineClock
from tocsin.loop import Limits, Loop
from tocsin.settings import Settings
from tocsin.store.ballast import Ballast
from tocsin.store.journal import Sealer
from tocsin.store.retention import Keep, Retention
from tocsin.store.store import Store
from tocsin.watch.probes import LoopLag, Probe, Silences, Skew, audits, channels, disk, wal
from tocsin.watch.schedule import Job, Schedule
from tocsin.watch.unreached import unreached
from tocsin.watch.watchman import Watchman

OBSERVE_S, AUDIT_S, RETENTION_S = 10, 30, 3600


class Watching:
    """``ways_out`` names the channels; ``heard`` is to be called with each source that speaks, ``observe`` and
    ``audit`` are one round each.
    """

    def __init__(self, settings: Settings, store: Store, loop: Loop, ways_out: Iterable[str], tasks: Tasks,
                 clock: EngineClock, limits: Limits) -> None:
        self._store, self._loop, self._tasks, self._clock, self._limits = store, loop, tasks, clock, limits
        silent = {name: source.silent_after for name, source in settings.sources.items()
                  if source.silent_after is not None}
        self._silences = Silences(silent, clock)
        self.heard = self._silences.heard
        skew = Skew(lambda: clock.skew)
        clock.on_skew = skew.heard
        self._lag = LoopLag(clock)
        self._often: tuple[Probe, ...] = (
            disk(Path(store.path).parent), wal(store.wal_bytes), self._lag, skew, self._silences,
            channels(store.reading, ways_out, clock))
        self._seldom: tuple[Probe, ...] = (audits(store.reading, self._sending, clock),)
        self.watchman = Watchman(loop, store.reading, loop.run_work, clock)
        self._unreached: list[str] = []
        self._ballast = store.ballast = Ballast(store.path, settings.storage.ballast)
        kept = settings.journal
        self._retention = Retention(store, loop.run_work, clock,
                                    Keep(kept.keep, kept.keep_bytes, kept.keep_incidents))
        self._schedule = Schedule((Job("observe", self.observe, every=OBSERVE_S),
                                   Job("audit", self.audit, every=AUDIT_S),
                                   Job("ballast", self._hold, every=OBSERVE_S),
                                   Job("retention", self._retention.run, every=RETENTION_S)),
                                  time_zone=settings.site.time_zone)

    def start(self) -> None:
        """Observe and audit from now on, seal the journal, and keep some room for when the disk is full."""
        self._ballast.hold()
        self._tasks.keep("loop-lag", self._lag.run)
        self._tasks.keep("seal", Sealer(self._store, self._loop.run_work, self._clock).run)
        self._schedule.start()

    async def stop(self) -> None:
        await self._schedule.stop()

    def _hold(self) -> None:
        self._ballast.hold()

    async def observe(self) -> None:
        await self.watchman.observe(self._often)

    async def audit(self) -> None:
        await self.watchman.observe(self._seldom)
        self._unreached = unreached(self._store.reading)

    def broken(self) -> list[str]:
        """Why the process has to be started again; [] while it runs."""
        return [str(self._loop.fatal)] if self._loop.fatal is not None else []

    def blocked(self) -> list[str]:
        """Why no events can be taken at present; [] when they can."""
        if self._store.short:
            return ["the disk is full: free space; until then only answers and deadlines are stored"]
        if self._store.wal_bytes() > self._limits.wal:
            return ["the disk does not keep up with what is written: senders are asked to try again"]
        return []

    def warnings(self) -> list[str]:
        """What is wrong without standing in the way of events."""
        return list(self.watchman.problems)

    def silent(self) -> list[str]:
        """Of which incidents nobody could be told when that was last looked at."""
        return list(self._unreached)

    def _sending(self) -> list[str]:
        """The channels whose workers run."""
        return [name.removeprefix(SENDING) for name in self._tasks.alive() if name.startswith(SENDING)]
