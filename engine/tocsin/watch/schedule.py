"""Triggers for what does not change state by itself or only enqueues an input. Never holds a deadline.

APScheduler keeps these in memory only: what is missed while the process is down is simply due again later.
"""

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Iterable
from zoneinfo import ZoneInfo

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger
from msgspec import Struct

DEFAULTS = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
_log = logging.getLogger("tocsin.watch")

Broken = Callable[[str, Exception], None]


class Job(Struct, frozen=True):
    """``run`` every so many seconds, or daily at ``at`` ("03:30", in the site's zone)."""

    name: str
    run: Callable[[], Awaitable[None] | None]
    every: float = 0
    at: str = ""

    def __post_init__(self) -> None:
        if (self.every > 0) == bool(self.at):
            raise ValueError(f"the job {self.name} needs every or at, one of the two")


class Schedule:
    """Runs jobs on the event loop. A job that raises is told to ``broken`` and runs again at its next time."""

    def __init__(self, jobs: Iterable[Job], *, time_zone: str = "UTC", broken: Broken | None = None) -> None:
        self._jobs, self._zone = tuple(jobs), ZoneInfo(time_zone)
        self._broken = broken or _to_log
        self._scheduler: AsyncIOScheduler | None = None
        self._running: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin, inside a running event loop; every interval job runs its first time after one interval."""
        quiet = logging.getLogger("tocsin.watch.schedule")
        quiet.setLevel(logging.ERROR)  # "skipped: maximum number of running instances" is what max_instances is for
        scheduler = AsyncIOScheduler(job_defaults=DEFAULTS, timezone=self._zone, logger=quiet)
        for job in self._jobs:
            scheduler.add_job(self._run, self._trigger(job), args=(job,), id=job.name)
        scheduler.start()
        self._scheduler = scheduler

    async def stop(self) -> None:
        """Trigger nothing more and end what runs."""
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=False)
            self._scheduler = None
        for task in tuple(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _trigger(self, job: Job) -> IntervalTrigger | CronTrigger:
        if job.every:
            return IntervalTrigger(seconds=job.every, timezone=self._zone)
        hour, _, minute = job.at.partition(":")
        return CronTrigger(hour=int(hour), minute=int(minute or 0), timezone=self._zone)

    async def _run(self, job: Job) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        try:
            result = job.run()
            if inspect.isawaitable(result):
                await result
        except Exception as error:  # noqa: BLE001 - supervised: a job that fails must not end its repetitions
            self._broken(job.name, error)
        finally:
            self._running.discard(task)


def _to_log(name: str, error: Exception) -> None:
    _log.warning("the job %s failed: %s: %s", name, type(error).__name__, error)
