"""One engine: store, loop, ways in, ways out, started and stopped in the order that loses nothing."""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from prometheus_client import CollectorRegistry
from starlette.routing import BaseRoute

from tocsin.api.answers import answer_routes
from tocsin.api.health import health_routes
from tocsin.api.ingest import ingest_routes
from tocsin.api.metrics import CountingReport
from tocsin.api.server import Listening, build_app, serve
from tocsin.api.webhooks import sms_routes
from tocsin.app.books import Start, Try, matcher_of, start_book
from tocsin.app.tasks import Tasks
from tocsin.app.ways_in import brokers_of, doors_of, source_configs
from tocsin.app.ways_out import open_channels
from tocsin.book.book import Content
from tocsin.clock import SystemClock
from tocsin.delivery.answer_page import AnswerPage
from tocsin.delivery.inbound import InboundDesk
from tocsin.delivery.render import Renderer, Site
from tocsin.delivery.shelf import Shelf
from tocsin.delivery.worker import Worker
from tocsin.domain.errors import SettingsError, StoreError
from tocsin.domain.input import OperatorAction
from tocsin.loop import Limits, Loop
from tocsin.settings import Settings
from tocsin.sources.mqtt import Rejected
from tocsin.store.journal import Sealer
from tocsin.store.store import Mode, Store, open_store
from tocsin.watch.observe import poison
from tocsin.watch.probes import LoopLag, Probe, Skew, audits, channels, disk, wal
from tocsin.watch.schedule import Job, Schedule
from tocsin.watch.watchman import Watchman

_log = structlog.get_logger("tocsin.app")
_LIMITS = Limits()


class Engine:
    """A running site in one process; ``read`` gives the files' content, ``try_`` its failing rule tests."""

    def __init__(self, settings: Settings, mode: Mode, read: Callable[[], Content], try_: Try, *,
                 clock: SystemClock | None = None, limits: Limits = _LIMITS) -> None:
        path = settings.storage.path
        if path is None:
            raise SettingsError(f"storage.url in {settings.path} is not a SQLite file: this version keeps its store in "
                                "one, such as sqlite:///var/tocsin.db")
        path.parent.mkdir(parents=True, exist_ok=True)
        self.settings, self.mode = settings, mode
        self.clock = clock or SystemClock()
        self.store: Store = open_store(path, mode)
        try:
            self.start_book: Start = start_book(self.store, read, try_)
            self._matcher, self._tables = matcher_of(self.start_book.book.content)
        except BaseException:
            self.store.close()
            raise
        self.loop = Loop(self.store, self.clock, self.start_book.book, self._matcher, limits=limits)
        self.registry = CollectorRegistry()
        self.report = CountingReport(self.registry, self._say)
        self.channels = open_channels(settings, self.clock, settings.http.public_url)
        self.tasks = Tasks(self.clock)
        self.workers: dict[str, Worker] = {}
        self.listening: Listening | None = None
        self.stopped = asyncio.Event()
        self._schedule: Schedule | None = None
        self._said: dict[tuple[str, str], int] = {}

    async def start(self) -> None:
        """Restore, then let messages leave, then listen to people, then take events in."""
        await self.loop.start()
        self.loop.on_fatal(self._fatal)
        self.loop.on_poison(self._poisoned)
        self._start_delivery()
        if self.start_book.next is not None:
            await self.loop.load_book(self.start_book.next, matcher_of(self.start_book.next.content)[0])
        elif self.start_book.refused:
            await self._tell("administrators", "The rule files were not taken over: "
                             + "; ".join(str(finding) for finding in self.start_book.refused[:3]))
        self._start_listening()
        self._start_watching()
        host, port = self.settings.http.host, self.settings.http.port
        self.listening = await serve(build_app(self._routes()), host, port)
        configs = source_configs(self.settings)
        for broker in brokers_of(configs, self.clock, self.report, self._reject, self._areas):
            self.tasks.keep(f"source-{id(broker)}", partial(broker.run, self.loop))
        _log.info("engine.started", mode=self.mode, port=self.listening.port, book=self.loop.book.number)

    async def stop(self) -> None:
        """Take nothing more in, step what waits, end."""
        if self._schedule is not None:
            await self._schedule.stop()
        if self.listening is not None:
            await self.listening.stop()
        await self.tasks.stop()
        await self.loop.stop()
        for channel in self.channels.values():
            await channel.close()
        self.store.close()
        _log.info("engine.stopped")

    def _start_delivery(self) -> None:
        site = Site(self.store.secret, self.settings.http.public_url, self.mode == "practice",
                    bool(self.settings.channels.sms and self.settings.channels.sms.transliterate))
        shelf = Shelf(lambda: self.loop.book, self.store.book)
        renderer = Renderer(site, lambda place, why: self._say("delivery", place, f"{place}: {why}"))
        for name, channel in self.channels.items():
            worker = Worker(channel, clock=self.clock, reading=self.store.reading, run_work=self.loop.run_work,
                            submit=self.loop.submit, shelf=shelf, site=site, renderer=renderer,
                            report=lambda kind, text: self._say("delivery", kind, text))
            self.workers[name] = worker
            self.tasks.keep(f"send-{name}", worker.run)
        self.loop.on_outbox(self._wake)
        secret = self.store.secret
        self.desk = InboundDesk(clock=self.clock, reading=self.store.reading, run_work=self.loop.run_work,
                                submit=self.loop.submit, shelf=shelf, secret=secret)
        self.page = AnswerPage(clock=self.clock, reading=self.store.reading, shelf=shelf, secret=secret,
                               desk=self.desk, practice=self.mode == "practice")

    def _start_listening(self) -> None:
        for name, channel in self.channels.items():
            self.tasks.keep(f"listen-{name}", partial(channel.listen, self.desk))

    def _start_watching(self) -> None:
        lag, skew = LoopLag(self.clock), Skew(lambda: self.clock.skew)
        path = Path(self.store.path)
        watchman = self.watchman = Watchman(self.loop, self.store.reading, self.loop.run_work, self.clock)
        often: tuple[Probe, ...] = (disk(path.parent), wal(self.store.wal_bytes), lag, skew,
                                    channels(self.store.reading, self.channels, self.clock))
        seldom: tuple[Probe, ...] = (audits(self.store.reading, lambda: self.channels, self.clock),)
        self.tasks.keep("loop-lag", lag.run)
        self.tasks.keep("seal", Sealer(self.store, self.loop.run_work, self.clock).run)
        self._schedule = Schedule((Job("observe", lambda: watchman.observe(often), every=10),
                                   Job("audit", lambda: watchman.observe(seldom), every=30)),
                                  time_zone=self.settings.site.time_zone)
        self._schedule.start()

    def _routes(self) -> list[BaseRoute]:
        doors = doors_of(source_configs(self.settings), self.clock, self.report, self._areas)
        sms: Any = self.channels.get("sms")
        return [*ingest_routes(doors, self.loop, self.clock, self.report),
                *health_routes(self.mode, self.registry, self._alive, self._ready),
                *answer_routes(self.page), *(sms_routes(sms, self.desk) if sms is not None else ())]

    def _areas(self, lat: float, lon: float, accuracy_m: float | None) -> tuple[str, ...]:
        return self._tables.areas.names(lat, lon, accuracy_m)

    def _alive(self) -> list[str]:
        return [str(self.loop.fatal)] if self.loop.fatal is not None else []

    def _ready(self) -> list[str]:
        return list(self.watchman.problems)

    def _wake(self) -> None:
        for worker in self.workers.values():
            worker.wake()

    def _fatal(self, error: StoreError) -> None:
        _log.error("engine.fatal", error=str(error))
        self.stopped.set()

    def _poisoned(self, reason: str) -> None:
        _log.error("input.rejected", reason=reason)
        self.tasks.keep("tell-poison", partial(self._tell_poison, reason))

    async def _tell_poison(self, reason: str) -> None:
        """Tell the duty office by a fixed plain text, and the rules by an event."""
        await self._tell("duty_office", f"An input could not be processed and was set aside, everything else goes on. "
                         f"Tell the administrators: {reason}")
        await self.watchman.tell(poison(reason, self.clock.now()))

    async def _tell(self, role: str, text: str) -> None:
        await self.loop.submit(OperatorAction("engine", "notice", {"to": role, "text": text}))

    async def _reject(self, rejected: Rejected) -> None:
        payload = rejected.payload[:2000].decode("utf-8", "replace")
        await self.loop.submit(OperatorAction(rejected.source, "rejected", {
            "topic": rejected.topic, "error": rejected.error, "payload": payload}))

    def _say(self, source: str, kind: str, sentence: str) -> None:
        now = self.clock.now()
        if now - self._said.get((source, kind), 0) > 60_000_000:
            self._said[source, kind] = now
            _log.warning("noticed", source=source, kind=kind, text=sentence)


