"""A site of one rule and two people, and an engine core running on a real store: for tests below delivery."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tocsin.book.book import Book, Content, number_book
from tocsin.book.contacts import LastResort, Person, Policy, Service, Step, Target
from tocsin.book.match import Expect, Match
from tocsin.book.rule import PerKey, Rule, When
from tocsin.clock import VirtualClock
from tocsin.domain.event import Event
from tocsin.domain.time import MINUTE, SECOND
from tocsin.loop import Loop
from tocsin.matching.index import IndexMatcher
from tocsin.rules.tables import Tables
from tocsin.store import Store, open_store

NOON = 1_795_000_000 * SECOND

PEOPLE = {
    "olena": Person(id="olena", name="Олена", addresses={"telegram": "1", "sms": "+380501234567"},
                    by={"critical": (("telegram",), ("sms",))}),
    "chief": Person(id="chief", name="Chief", addresses={"email": "chief@example.org"}, by={"critical": (("email",),)}),
}
POLICY = Policy(
    id="patrol", steps=(Step((Target("person", "olena"),), 60 * SECOND),),
    last_resort=LastResort((Target("person", "chief"),), 5 * MINUTE, by=(("email",),)))
PANIC = Rule(
    id="panic", say="Panic: {{ site }}", when=When("event", match=Match((Expect("type", "is", "alarm.panic"),))),
    per=(PerKey("site"),), severity="critical", escalate_to=("patrol",))


def content(*rules: Rule) -> Content:
    """The site with these rules, with the panic button alone when none are given."""
    return Content(rules=rules or (PANIC,), people=PEOPLE, policies={"patrol": POLICY},
                   services={"duty-office": Service(id="duty-office", name="Duty office", members=("chief",))})


BOOK = number_book(1, content())


def matcher(book: Book = BOOK) -> IndexMatcher:
    return IndexMatcher(book.content.rules, Tables.of(book.content))


def event(number: int | str = 1, *, at: int = NOON, site: str = "school-12", type: str = "alarm.panic",
          source: str = "gateway", **more: Any) -> Event:
    """One event; equal arguments give the same event."""
    return Event(id=str(number), source=source, type=type, time=more.pop("time", at), received=at, site=site, **more)


@asynccontextmanager
async def running(path: Path, clock: VirtualClock | None = None, book: Book = BOOK,
                  **options: Any) -> AsyncIterator[tuple[Loop, Store, VirtualClock]]:
    """A loop on the store at ``path``, stopped and closed at the end."""
    clock = clock or VirtualClock(NOON)
    store = open_store(path)
    try:
        force = store.book() or book
        loop = Loop(store, clock, force, options.pop("matcher", None) or matcher(force), **options)
        await loop.start()
        try:
            yield loop, store, clock
        finally:
            await loop.stop()
    finally:
        store.close()


def column(store: Store, text: str) -> list[Any]:
    """The first column of a query."""
    with store.reading() as connection:
        return [row[0] for row in connection.exec_driver_sql(text)]
