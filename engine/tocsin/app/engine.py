"""One engine: store, loop, ways in, ways out, started and stopped in the order that loses nothing."""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import structlog
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette

from tocsin.api.acting import Acting
from tocsin.api.answers import answer_routes
from tocsin.api.drills import drill_routes
from tocsin.api.health import health_routes
from tocsin.api.incidents import incident_routes
from tocsin.api.ingest import ingest_routes
from tocsin.api.metrics import CountingReport, RuleCosts
from tocsin.api.rosters import roster_routes
from tocsin.api.server import Listening, build_app, serve
from tocsin.api.silences import silence_routes
from tocsin.api.webhooks import sms_routes
from tocsin.app.books import Fit, Start, Try, matcher_of, start_book
from tocsin.app.reload import Reading, Reloader, reading_here
from tocsin.app.second import SecondOpinions
from tocsin.app.tasks import Tasks
from tocsin.app.watching import Watching
from tocsin.app.ways_in import brokers_of, doors_of, operators_of, source_configs
from tocsin.app.ways_out import WaysOut, open_channels
from tocsin.book.book import Book, Content
from tocsin.clock import EngineClock, SystemClock
from tocsin.delivery.render import Site
from tocsin.delivery.say import say_of
from tocsin.domain.errors import SettingsError, StoreError
from tocsin.domain.event import Event
from tocsin.domain.input import OperatorAction
from tocsin.domain.time import MINUTE
from tocsin.loop import Limits, Loop
from tocsin.loop.tuning import tune
from tocsin.ports import Channel
from tocsin.roster.imported import look_ahead
from tocsin.rules.tables import Tables
from tocsin.settings import Settings
from tocsin.sources.mqtt import Rejected
from tocsin.store.store import Mode, Store, open_store
from tocsin.watch.observe import implausible, poison, rule_error

SAID_AGAIN = MINUTE
"""The same notice is logged at most this often."""

_log = structlog.get_logger("tocsin.app")
_LIMITS = Limits()


class Engine:
    """A running site in one process; ``read`` gives the files' content, ``try_`` its failing rule tests.

    ``fit`` raises SettingsError for a content with which it must not run. Later changes of the files are read by
    ``reading``, in this process where it is not given; ``on_book`` hears of each book that comes into force. ``clock``
    and ``channels`` take the place of the machine's clock and of the channels of the settings; ``app`` serves HTTP once
    it is started.
    """

    app: Starlette

    def __init__(self, settings: Settings, mode: Mode, read: Callable[[], Content], try_: Try, *,
                 clock: EngineClock | None = None, limits: Limits = _LIMITS,
                 channels: Mapping[str, Channel] | None = None, fit: Fit = lambda content: None,
                 reading: Reading | None = None) -> None:
        path = settings.storage.path
        if path is None:
            raise SettingsError(f"storage.url in {settings.path} is not a SQLite file: this version keeps its store in "
                                "one, such as sqlite:///var/tocsin.db")
        path.parent.mkdir(parents=True, exist_ok=True)
        self.settings, self.mode = settings, mode
        self.clock: EngineClock = clock or SystemClock()
        self.store: Store = open_store(path, mode)
        try:
            self.start_book: Start = start_book(self.store, read, try_, fit)
            matcher, self._tables = matcher_of(self.start_book.book.content)
            look_ahead(self.start_book.book.content, self.clock.now())
        except BaseException:  # interrupted too: the store must not stay occupied
            self.store.close()
            raise
        self.second = SecondOpinions(self.clock, self._observed)
        self.loop = Loop(self.store, self.clock, self.start_book.book, self.second.beside(matcher), limits=limits)
        self.tasks = Tasks(self.clock)
        self.channels = dict(channels) if channels is not None else open_channels(
            settings, self.clock, settings.http.public_url)
        site = Site(self.store.secret, settings.http.public_url, mode == "practice",
                    bool(settings.channels.sms and settings.channels.sms.transliterate))
        self.ways_out = WaysOut(self.channels, site, self.store, self.loop, self.tasks, self.clock,
                                partial(self._say, "delivery"))
        self.watching = Watching(settings, self.store, self.loop, self.channels, self.tasks, self.clock, limits)
        self.registry = CollectorRegistry()
        RuleCosts(self.registry, self.loop.stats.costs.dearest)
        self.report = CountingReport(self.registry, self._say, self.watching.heard)
        self.reloader = Reloader(
            settings.home, reading or reading_here(read, try_), self.store, self.loop, fit=fit,
            tell=partial(self.tell, "administrators"), wrap=self.second.beside, changed=self._renewed, clock=self.clock)
        self.on_book: list[Callable[[Book], None]] = []
        self.stopped = asyncio.Event()
        self.listening: Listening | None = None
        self._said: dict[tuple[str, str], int] = {}

    async def start(self, *, serving: bool = True, watching: bool = True) -> None:
        """Restore, then let messages leave, then listen to people, then take events in.

        Without ``serving`` no port is opened; without ``watching`` the engine is measured only when asked, and looks at
        the files only now. What had begun is ended when the start fails.
        """
        await self.loop.start()
        try:
            await self._begin(serving=serving, watching=watching)
        except BaseException:  # cancelled too: nothing may go on running without a way to stop it
            await self.stop()
            raise

    async def _begin(self, *, serving: bool, watching: bool) -> None:
        self.loop.on_fatal(self._fatal)
        self.loop.on_poison(self._poisoned)
        self.loop.on_rule_error(self._rule_failed)
        self.loop.on_implausible(self._implausible)
        self.ways_out.send()
        await self._take_over(watching)
        self.ways_out.listen()
        if watching:
            self.watching.start()
            self._judge_by(self.loop.book)
            self._watch_files()
        self.app = self._app()
        if serving:
            self.listening = await serve(self.app, self.settings.http.host, self.settings.http.port)
        for broker in brokers_of(source_configs(self.settings), self.clock, self.report, self._reject, self._areas):
            self.tasks.keep(f"source-{id(broker)}", partial(broker.run, self.loop))
        if serving:
            tune()
        _log.info("engine.started", mode=self.mode, port=self.listening.port if self.listening else None,
                  book=self.loop.book.number)

    async def stop(self) -> None:
        """Take nothing more in, step what waits, end."""
        await self.watching.stop()
        await self.second.stop()
        if self.listening is not None:
            await self.listening.stop()
        await self.tasks.stop()
        await self.loop.stop()
        await self.ways_out.close()
        self.store.close()
        _log.info("engine.stopped")

    async def _take_over(self, watching: bool) -> None:
        """Let the files' book hold before anything else where the stored one is not fit; else see them beside."""
        if (book := self.start_book.next) is not None:
            matcher, tables = matcher_of(book.content)
            await self.loop.load_book(book, self.second.beside(matcher), again=matcher)
            self._renewed(book, tables)
        elif not watching and not self.start_book.read:
            await self.reloader.reload()

    def _watch_files(self) -> None:
        self.tasks.keep("reload", self.reloader.run)
        self.tasks.keep("watch-files", self.reloader.watch)
        self.tasks.keep("poll-calendars", self.reloader.poll)
        if not self.start_book.read:
            self.reloader.ask()

    def _renewed(self, book: Book, tables: Tables) -> None:
        """Another book holds: events are placed in its areas, and judged by it."""
        self._tables = tables
        if self.second.asked:
            self._judge_by(book)
        for hear in self.on_book:
            hear(book)

    def _judge_by(self, book: Book) -> None:
        if self.settings.matching.second_opinion == "durable":
            self.second.judge_by(book)

    async def _observed(self, event: Event) -> None:
        await self.watching.watchman.tell(event)

    def _app(self) -> Starlette:
        doors = doors_of(source_configs(self.settings), self.clock, self.report, self._areas)
        sms: Any = self.channels.get("sms")
        operators = operators_of(self.settings, doors)
        acting = Acting(operators, self.loop, self.store.reading)
        watching, desk = self.watching, self.ways_out.desk
        return build_app([
            *ingest_routes(doors, self.loop, self.clock, self.report),
            *health_routes(self.mode, self.registry, watching.broken, watching.blocked, watching.warnings,
                           watching.silent),
            *silence_routes(acting, self.clock, lambda: self.loop.book.content.site.time_zone),
            *incident_routes(acting, lambda: self.loop.book.content, say_of, self.clock),
            *drill_routes(acting),
            *roster_routes(operators, self.store.secret, lambda: self.loop.book.content, self.clock),
            *answer_routes(self.ways_out.page), *(sms_routes(sms, desk) if sms is not None else ())])

    def _areas(self, lat: float, lon: float, accuracy_m: float | None) -> tuple[str, ...]:
        return self._tables.areas.names(lat, lon, accuracy_m)

    def _fatal(self, error: StoreError) -> None:
        _log.error("engine.fatal", error=str(error))
        self.stopped.set()

    def _poisoned(self, reason: str) -> None:
        _log.error("input.rejected", reason=reason)
        self.tasks.keep("tell-poison", partial(self._tell_poison, reason))

    def _rule_failed(self, rule: str, reason: str) -> None:
        _log.error("rule.failed", rule=rule, reason=reason)
        event = rule_error(rule, reason, self.clock.now())
        self.tasks.keep(f"tell-{rule}", partial(self.watching.watchman.tell, event))

    def _implausible(self, doubt: str) -> None:
        _log.warning("reading.implausible", text=doubt)
        event = implausible(doubt, self.clock.now())
        self.tasks.keep(f"tell-{event.data['reading']}", partial(self.watching.watchman.tell, event))

    async def _tell_poison(self, reason: str) -> None:
        """Tell the duty office by a fixed plain text, and the rules by an event."""
        await self.tell("duty_office", f"An input could not be processed and was set aside, everything else goes on. "
                        f"Tell the administrators: {reason}")
        await self.watching.watchman.tell(poison(reason, self.clock.now()))

    async def tell(self, role: str, text: str) -> None:
        """Tell duty_office, shift_head or administrators a sentence; returns when that is committed."""
        await self.loop.submit(OperatorAction("engine", "notice", {"to": role, "text": text}))

    async def _reject(self, rejected: Rejected) -> None:
        payload = rejected.payload[:2000].decode("utf-8", "replace")
        await self.loop.submit(OperatorAction(rejected.source, "rejected", {
            "topic": rejected.topic, "error": rejected.error, "payload": payload}))

    def _say(self, source: str, kind: str, sentence: str) -> None:
        now = self.clock.now()
        if now - self._said.get((source, kind), 0) > SAID_AGAIN:
            self._said[source, kind] = now
            _log.warning("noticed", source=source, kind=kind, text=sentence)
