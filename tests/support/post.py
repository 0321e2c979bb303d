"""A post office for the tests of delivery: an engine on a real store, and a channel whose every answer is arranged."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.support.contacts import SECRET, content
from tests.support.small_site import NOON, matcher, running

from tocsin.book.book import Book, number_book
from tocsin.book.contacts import LastResort, Policy, Step, Target
from tocsin.book.match import Expect, Match
from tocsin.book.rule import PerKey, Rule, When
from tocsin.clock import VirtualClock
from tocsin.delivery.render import Renderer, Site
from tocsin.delivery.shelf import Shelf
from tocsin.delivery.statement import rows
from tocsin.delivery.worker import Worker
from tocsin.domain.codec import encode
from tocsin.domain.incident import RANK
from tocsin.domain.notification import QUEUED, Notification
from tocsin.domain.time import MINUTE, SECOND
from tocsin.loop import Loop
from tocsin.ports import Channel, Handed, Handler, Limits, Outgoing
from tocsin.store import Store

SITE = Site(SECRET, "https://alarm.example.org")
PANIC = Rule(
    id="panic-button", say="Тривожна кнопка: {{ site }}", severity="critical", escalate_to=("police",),
    when=When("event", match=Match((Expect("type", "is", "alarm.panic"),))), per=(PerKey("site"),))
POLICE = Policy(
    id="police", steps=(Step((Target("person", "olena"),), 2 * MINUTE, by=(("telegram",), ("sms",))),),
    last_resort=LastResort((Target("person", "taras"),), 5 * MINUTE, by=(("telegram",),)))


def police_book(**changed: Any) -> Book:
    return number_book(1, content(rules=(PANIC,), policies={"police": changed.pop("policy", POLICE)}, **changed))


class Box:
    """A channel into a list. ``plan`` holds, by address, what the next sends do: raise an error, or await an
    event and then do what stands behind it."""

    def __init__(self, clock: VirtualClock, name: str = "telegram", *, concurrency: int = 2, receipts: bool = False,
                 limits: Limits | None = None) -> None:
        self.clock, self.name, self.concurrency, self.receipts = clock, name, concurrency, receipts
        self.limits = limits or Limits()
        self.edits = name == "telegram"
        self.sent: list[tuple[int, Outgoing]] = []
        self.plan: dict[str, list[Exception | asyncio.Event | Handed]] = {}
        self.busy = self.most_busy = 0

    async def send(self, outgoing: Outgoing) -> Handed:
        self.busy += 1
        self.most_busy = max(self.most_busy, self.busy)
        try:
            self.sent.append((self.clock.now(), outgoing))
            planned = self.plan.get(outgoing.address, [])
            step = planned.pop(0) if planned else None
            if isinstance(step, asyncio.Event):
                await step.wait()
                step = planned.pop(0) if planned else None
            if isinstance(step, Exception):
                raise step
            if isinstance(step, Handed):
                return step
            return Handed(outgoing.edits or f"{outgoing.address}/{len(self.sent)}")
        finally:
            self.busy -= 1

    async def listen(self, handler: Handler) -> None: ...

    async def close(self) -> None: ...

    @property
    def texts(self) -> list[str]:
        return [outgoing.message.text for _, outgoing in self.sent]

    @property
    def numbers(self) -> list[int]:
        return [outgoing.notification for _, outgoing in self.sent]


class Post:
    """A running engine with workers; ``reports`` is what they said."""

    def __init__(self, loop: Loop, store: Store, clock: VirtualClock) -> None:
        self.loop, self.store, self.clock = loop, store, clock
        self.reports: list[tuple[str, str]] = []
        self.workers: list[Worker] = []
        self.tasks: list[asyncio.Task[None]] = []

    def serve(self, channel: Channel, site: Site = SITE) -> Worker:
        """Start a worker for the channel."""
        worker = Worker(
            channel, clock=self.clock, reading=self.store.reading, run_work=self.loop.run_work,
            submit=self.loop.submit, shelf=Shelf(lambda: self.loop.book, self.store.book), site=site,
            renderer=Renderer(site, lambda place, why: self.reports.append((place, why))),
            report=lambda what, sentence: self.reports.append((what, sentence)))
        self.loop.on_outbox(worker.wake)
        self.clock.join(worker)
        self.workers.append(worker)
        self.tasks.append(asyncio.create_task(worker.run()))
        return worker

    async def put(self, *notifications: Notification) -> None:
        """Put rows into the outbox as the core would."""
        def work(connection: Any) -> None:
            for one in notifications:
                connection.exec_driver_sql(
                    "INSERT INTO outbox (id, incident, activation, kind, policy, person, channel, rank, created, "
                    "expires, due, state, tries, body, turn) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?)",
                    (one.id, one.incident, one.activation, one.kind, one.policy, one.person, one.channel,
                     RANK[one.severity], one.created, one.expires,
                     one.hold or one.created, QUEUED, encode(one), one.turn))
        await self.loop.run_work(work)
        for worker in self.workers:
            worker.wake()

    def rows(self, text: str) -> list[tuple[Any, ...]]:
        with self.store.reading() as connection:
            return rows(connection, text)

    def states(self) -> dict[int, str]:
        return dict(self.rows("SELECT id, state FROM outbox ORDER BY id"))  # type: ignore[arg-type]  # rows of two

    def reason(self, number: int) -> str:
        return str(self.rows(f"SELECT reason FROM outbox WHERE id = {number}")[0][0])

    def attempts(self, number: int) -> list[tuple[Any, ...]]:
        return self.rows(f"SELECT number, state, repeat FROM attempts WHERE notification = {number} ORDER BY id")

    async def advance(self, micros: int = 0) -> None:
        """Let time pass; with nothing, let everything settle."""
        await self.clock.advance(micros)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Let things happen, without time passing, until this holds."""
        async with asyncio.timeout(30):
            while not holds():  # noqa: ASYNC110 - whatever is waited for, not one event
                await asyncio.sleep(0)

    async def kill(self) -> None:
        """End the workers where they stand, as a crash would."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self.workers, self.tasks = [], []


@asynccontextmanager
async def post(path: Path, book: Book | None = None, clock: VirtualClock | None = None) -> AsyncIterator[Post]:
    """An engine on the store at ``path`` with nobody serving yet."""
    made = book or police_book()
    async with running(path, clock, made, matcher=matcher(made)) as (loop, store, virtual):
        office = Post(loop, store, virtual)
        try:
            yield office
        finally:
            await office.kill()


def note(number: int, person: str = "olena", channel: str = "telegram", *, kind: str = "page", severity: str = "high",
         created: int = NOON, expires: int | None = None, step: int = 1, incident: int = 9,
         **values: Any) -> Notification:
    """A notification with this number."""
    return Notification(id=number, kind=kind, person=person, channel=channel, created=created, incident=incident,
                        activation=1, rule="panic-button", policy="police", step=step, severity=severity,
                        expires=expires, book=1, values={"site": f"school-{number}", "since": created, **values})


__all__ = ["MINUTE", "NOON", "SECOND", "Box", "Post", "note", "police_book", "post"]
