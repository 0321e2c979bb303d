"""A provider's answer and what became of it: one page by one channel, through the whole engine to the emulator."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from inspect import isawaitable
from pathlib import Path
from typing import Any, NamedTuple

from tests.support.contacts import SECRET
from tests.support.post import MINUTE, NOON, Box, Post, police_book, post
from tests.support.site import lay_empty_store

from tocsin.api.server import build_app, serve
from tocsin.api.webhooks import sms_routes
from tocsin.book.contacts import LastResort, Policy, Step, Target
from tocsin.delivery.inbound import InboundDesk
from tocsin.delivery.outbox import NEVER
from tocsin.delivery.render import Site
from tocsin.delivery.shelf import Shelf
from tocsin.domain.event import Event
from tocsin.ports import Channel

PAGES = Path(__file__).parents[2] / "docs/channels"
def patience(case: str) -> float:
    """Seconds that the channel waits for an answer: long where one comes, on however busy a machine."""
    return 1.0 if case.startswith("hang") else 20.0


class Became(NamedTuple):
    """What became of Olena's page, in the words of the pages in docs/channels."""

    state: str
    person: str
    message: str
    address: str


Case = Callable[[Any], Any]
"""Makes the emulator behave in one way; may be a coroutine."""


def table(page: str, title: str) -> list[list[str]]:
    """The rows of the first table under a heading of a page, without its own heading."""
    text = (PAGES / page).read_text("utf-8").partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    lines = [line for line in text.split("\n") if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[2:]]


def promised(page: str) -> dict[str, Became]:
    """What a page says becomes of a message, by the name of the case."""
    return {cells[0].strip("`"): Became(*cells[2:]) for cells in table(page, "What becomes of a message")}


@asynccontextmanager
async def office(path: Path, channel: str, other: str) -> AsyncIterator[Post]:
    """Olena is asked by the channel, a minute later by the other one; for two minutes. Maria is the shift head."""
    policy = Policy(id="police", steps=(Step((Target("person", "olena"),), 2 * MINUTE, by=((channel,), (other,))),),
                    last_resort=LastResort((Target("person", "taras"),), 5 * MINUTE, by=((other,),)))
    lay_empty_store(path)
    async with post(path, police_book(policy=policy)) as made:
        made.serve(Box(made.clock, other))
        yield made


async def page(made: Post, channel: Channel, *, url: str = "https://alarm.example.org") -> None:
    """The alarm, and everything that follows at that instant."""
    made.serve(channel, Site(SECRET, url))
    await made.loop.submit_events([Event(id="1", source="gateway", type="alarm.panic", time=NOON, received=NOON,
                                         site="school-12")])
    await later(made)


async def later(made: Post, micros: int = 0) -> None:
    """Time passes, and every send comes to its end, however long that takes."""
    await made.advance(micros)
    await made.until(lambda: not made.rows("SELECT 1 FROM outbox WHERE state = 'started'"))
    await made.advance()


def became(made: Post, channel: str) -> Became:
    """Read from the committed rows."""
    (state, due), = made.rows(f"SELECT state, due FROM outbox WHERE id = 1 AND channel = '{channel}'")
    tries = made.attempts(1)
    now = made.clock.now()
    others = made.rows("SELECT created FROM outbox WHERE id > 1 AND person = 'olena' AND kind = 'page'")
    person = "next way at once" if others else "next way after a minute"
    if state in ("sent", "delivered", "read"):
        message = "done"
    elif due >= NEVER:
        message = "not again"
    elif state == "unknown":
        message = "once more, marked"
    else:
        message = f"again after {round((due - now) / 1_000_000)} s"
    address = "stays"
    for off, moved in made.rows("SELECT json_extract(body, '$.off'), json_extract(body, '$.moved_to') FROM addresses "
                                f"WHERE person = 'olena' AND channel = '{channel}'"):
        address = "off" if off else f"now {moved}"
    return Became(str(state) if len(tries) < 2 else f"{state}, twice", person, message, address)


def desk_of(made: Post) -> InboundDesk:
    return InboundDesk(clock=made.clock, reading=made.store.reading, run_work=made.loop.run_work,
                       submit=made.loop.submit, shelf=Shelf(lambda: made.loop.book, made.store.book), secret=SECRET)


@asynccontextmanager
async def webhooks(made: Post, channel: Callable[[], Any]) -> AsyncIterator[str]:
    """Twilio's two addresses, served; the public URL. ``channel`` gives the one that they belong to."""

    class Late:
        def __getattr__(self, name: str) -> Any:
            return getattr(channel(), name)

    listening = await serve(build_app(sms_routes(Late(), desk_of(made))), "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{listening.port}"
    finally:
        await listening.stop()


async def prepared(case: Case, emulator: Any) -> None:
    """The emulator behaves as the case says."""
    if isawaitable(done := case(emulator)):
        await done
