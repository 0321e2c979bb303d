"""A story on a real store for the reports: a panic button, a telegram that fails, an SMS, an answer, a stopped page."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Connection
from tests.support.small_site import NOON, PANIC, POLICY, content, event, running

from tocsin.book.book import Roles, Site, number_book
from tocsin.book.contacts import Rotation, Schedule, Step, Target
from tocsin.clock import VirtualClock
from tocsin.delivery.outbox import NEVER
from tocsin.domain.input import Answer, Receipt
from tocsin.domain.time import SECOND
from tocsin.loop import Loop
from tocsin.store import Store

ON_CALL = replace(POLICY, steps=(Step((Target("on_call", "patrol"),), 60 * SECOND),))
SITE = replace(
    content(PANIC), site=Site("Краматорськ", "Europe/Kyiv", "uk"), policies={"patrol": ON_CALL},
    roles=Roles(duty_office=(Target("person", "chief"),)),
    schedules={"patrol": Schedule(id="patrol", time_zone="Europe/Kyiv",
                                  rotations=(Rotation(("olena",), 12 * 3600 * SECOND, "2026-01-05 08:00"),))})
BOOK = number_book(1, SITE)

Told = tuple[Loop, Store, VirtualClock]


@asynccontextmanager
async def told_story(path: Path) -> AsyncIterator[Told]:
    """Telegram fails for good, SMS arrives 3 s later and is answered after 20 s; the button is pressed twice."""
    async with running(path, book=BOOK) as (loop, store, clock):
        await loop.submit_events([event(1, device="btn-4", data={"guard": "+380 44"})])
        await attempt(loop, 1, NOON, "failed_permanent", address="1", detail="Telegram refused this chat: blocked.")
        await loop.submit(Receipt(1, "failed_permanent", 1, "olena", "telegram"))
        await clock.advance(3 * SECOND)
        await attempt(loop, 2, clock.now(), "sent", address="+380501234567", text="Panic: school-12. Reply 4821")
        await loop.submit_events([event(2, at=clock.now(), device="btn-4")])
        await clock.advance(20 * SECOND)
        await loop.submit(Answer("olena", 1, "accept", "sms", notification=2, eta=6 * 60 * SECOND))
        yield loop, store, clock


async def attempt(loop: Loop, number: int, at: int, state: str, *, address: str, detail: str = "",
                  text: str = "Panic: school-12") -> None:
    """As the delivery worker leaves it: the row's state and one try."""

    def work(connection: Connection) -> Any:
        run = connection.exec_driver_sql
        run("UPDATE outbox SET state = ?, reason = ?, tries = tries + 1, due = ? WHERE id = ?",
            (state, detail or None, NEVER, number))
        run("INSERT INTO attempts (notification, number, started, ended, state, address, detail, text) "
            "VALUES (?, 1, ?, ?, ?, ?, ?, ?)", (number, at, at + SECOND, state, address, detail or None, text))

    await loop.run_work(work)
