"""A whole site on a clock that only moves when told: the real engine, and providers that keep what they are given.

Whatever a person is told lies in their mailbox until a story ``expects`` it; ``nobody_is_told`` says that nothing else
lies anywhere. Every story ends with the proof of its journal.
"""

import re
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from pydantic import SecretStr
from tests.support.providers import Message, Provider
from tests.support.town import town

from tocsin.app.engine import Engine
from tocsin.book.book import Content
from tocsin.clock import VirtualClock
from tocsin.delivery.statement import rows
from tocsin.domain.codec import decode_incident
from tocsin.domain.event import TOP_LEVEL
from tocsin.domain.incident import Incident
from tocsin.domain.notification import DELIVERED, FAILED_PERMANENT
from tocsin.domain.time import DAY, MINUTE, SECOND, format_duration, parse_instant
from tocsin.ports import Inbound
from tocsin.settings import Http, Operator, Settings, Source, Storage
from tocsin.store import open_store
from tocsin.store.verify import verify
from tocsin.watch.auditor import audit

START = parse_instant("2026-11-24T10:00:00Z")
TOKEN = "token-of-the-gateway"
OPERATOR = "token-of-the-shift-head-0123"
UNITS = {"seconds": SECOND, "minutes": MINUTE, "hours": 60 * MINUTE, "days": DAY}
CHANNELS = ("telegram", "sms", "email")


class Letter:
    """One message that a person holds, and what they do with it."""

    def __init__(self, site: "Site", message: Message, person: str) -> None:
        self._site, self._message, self._person = site, message, person

    @property
    def text(self) -> str:
        return self._message.text

    @property
    def subject(self) -> str:
        return self._message.subject

    @property
    def code(self) -> str:
        """The code that an SMS asks for."""
        found = re.search(r"\d{4,6}(?= =)", self.text)
        assert found is not None, f"there is no code in: {self.text}"
        return found[0]

    @property
    def buttons(self) -> list[str]:
        return list(self._message.buttons)

    @property
    def at(self) -> str:
        """When it came, as ``+2m``."""
        return "+" + format_duration(self._message.at - START)

    def came(self, at: str) -> "Letter":
        assert self.at == at, f"it came at {self.at}: {self.text}"
        return self

    async def presses(self, label: str, *, by: str = "", old: dict[str, str] | None = None, reference: str = "") -> str:
        """Press a button (``by`` somebody else who sees the chat); what the bot answers.

        ``old`` are the buttons of an old copy; with the ``reference`` of before it is the same press again.
        """
        buttons = old if old is not None else self._message.buttons
        assert label in buttons, f"there is no button {label}, only {', '.join(buttons) or 'none'}"
        sender = self._site.address(by or self._person, "telegram")
        provider = self._message.provider
        return await self._site.inbound("telegram", Inbound(
            "telegram", "press", sender, reference or provider.reference(), token=buttons[label],
            provider_id=self._message.id))

    def keeps_its_buttons(self) -> dict[str, str]:
        """The buttons as they are now, for a press on an old copy."""
        return dict(self._message.buttons)

    async def replies(self, text: str) -> str:
        """Answer an SMS; ``{code}`` is the code that it shows."""
        return await self._site.phone(self._person).writes(text.format(code=self.code))

    async def is_delivered(self) -> None:
        await self._receipt(DELIVERED, "delivered")

    async def is_undelivered(self, *, dead: bool = False) -> None:
        """The carrier could not deliver it; ``dead``: nothing ever will be."""
        await self._receipt(FAILED_PERMANENT, "undelivered, error 30005" if dead else "undelivered, error 30003",
                            "dead" if dead else "")

    async def _receipt(self, state: str, detail: str, text: str = "") -> None:
        outgoing = self._message.outgoing
        await self._site.inbound("sms", Inbound(
            "sms", "receipt", outgoing.address, f"{self._message.id}/{detail}", text=text,
            token=str(outgoing.notification), provider_id=self._message.id, state=state, detail=detail))

    async def opens_link(self) -> httpx.Response:
        """Look at the answer page, as a person or a mail scanner does."""
        return await self._site.http.get(self._message.link)

    async def opens_link_and_clicks(self, word: str) -> httpx.Response:
        """Look at the page and press the button whose value is ``word``."""
        page = await self.opens_link()
        assert f'value="{word}"' in page.text, f"there is no button for {word} on the page"
        return await self.clicks(word)

    async def clicks(self, word: str) -> httpx.Response:
        answer = await self._site.http.post(self._message.link, data={"word": word})
        await self._site.settles()
        return answer


class Mailbox:
    """What one person has by one channel."""

    def __init__(self, site: "Site", channel: str, person: str) -> None:
        self._site, self._channel, self._person = site, channel, person

    @property
    def messages(self) -> list[Message]:
        return self._site.providers[self._channel].to(self._site.address(self._person, self._channel))

    def expects(self, *parts: str) -> Letter:
        """The first message not yet expected, which says all of this."""
        for message in self.messages:
            said = f"{message.subject}\n{message.text}"
            if not message.read and all(part in said for part in parts):
                message.read = True
                return Letter(self._site, message, self._person)
        unread = "\n".join(message.text for message in self.messages if not message.read) or "nothing"
        raise AssertionError(f"{self._person} by {self._channel} expects {' … '.join(parts)}, but has:\n{unread}")

    def is_quiet(self) -> None:
        """Nothing has come that was not expected."""
        assert not [message.text for message in self.messages if not message.read]

    async def writes(self, text: str, kind: str = "text", detail: str = "") -> str:
        """The person writes to us from here; what we answer."""
        provider = self._site.providers[self._channel]
        sender = self._site.address(self._person, self._channel)
        return await self._site.inbound(self._channel, Inbound(
            self._channel, kind, sender, provider.reference(), text=text, detail=detail))


class Site:
    """One site and its people; the providers outlive the engine."""

    def __init__(self, folder: Path, content: Content, clock: VirtualClock | None = None) -> None:
        self.folder, self.content = folder, content
        self.clock = clock or VirtualClock(START)
        self.providers = {name: Provider(name, self.clock.now) for name in content.channels}
        self.proves_itself = True
        self.lives = 0
        self.engine: Engine
        self.http: httpx.AsyncClient

        lay_empty_store(self.path)

    @property
    def path(self) -> Path:
        return self.folder / f"life-{self.lives}" / "tocsin.db"

    # -- the engine

    async def starts(self, refused: Callable[[], Content] | None = None) -> None:
        """Start the engine on what is stored; ``refused`` reads the files in place of the content given."""
        settings = Settings(
            site=self.content.site, storage=Storage(url=f"sqlite:///{self.path}"),
            http=Http(public_url="https://alarm.example.org"),
            operators={"shift": Operator(token=SecretStr(OPERATOR))},
            sources={"gateway": Source(kind="http", token=SecretStr(TOKEN), silent_after=15 * MINUTE)})
        self.engine = Engine(settings, "live", refused or (lambda: self.content), lambda content: (), clock=self.clock,
                             channels=self.providers)
        await self.engine.start(serving=False, watching=False)
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(self.engine.app, raise_app_exceptions=False),
                                      base_url="https://alarm.example.org")
        await self.settles()

    async def stops(self) -> None:
        await self.http.aclose()
        await self.engine.stop()

    async def dies(self) -> None:
        """The power fails at this instant: what is on the disk now is all that is left."""
        before = self.path
        self.lives += 1
        self.path.parent.mkdir(parents=True)
        for suffix in ("", "-wal"):
            if (file := before.with_name(before.name + suffix)).exists():
                shutil.copyfile(file, self.path.with_name(self.path.name + suffix))
        await self.stops()

    async def restarts(self, **after: int) -> None:
        """The power fails; the engine starts again, at once or ``minutes=5`` later."""
        await self.dies()
        if after:
            await self.clock.advance(_micros(after))
        await self.starts()

    async def settles(self) -> None:
        """Return when nothing is left to do at this instant."""
        await self.clock.advance(0)

    async def advance(self, **units: int) -> None:
        """Time passes: ``minutes=5``."""
        await self.clock.advance(_micros(units))

    # -- what comes in

    async def event(self, type: str = "alarm.panic", site: str = "school-12", **fields: Any) -> None:
        """The gateway reports an event; what is no field of events goes into its data."""
        answer = await self.posts(type=type, site=site, **fields)
        assert answer.status_code == 202, answer.text
        await self.settles()

    async def posts(self, **fields: Any) -> httpx.Response:
        """The same without judging the answer."""
        top = {name: value for name, value in fields.items() if name in TOP_LEVEL}
        data = {name: value for name, value in fields.items() if name not in TOP_LEVEL}
        return await self.http.post("/v1/events", json={**top, **({"data": data} if data else {})},
                                    headers={"Authorization": f"Bearer {TOKEN}"})

    async def operator(self, path: str, token: str = OPERATOR, **body: Any) -> httpx.Response:
        """An operator asks something of the engine over HTTP; ``from_`` stands for "from", ``for_`` for "for"."""
        answer = await self.http.post(path, json={name.strip("_"): value for name, value in body.items()},
                                      headers={"Authorization": f"Bearer {token}"})
        await self.settles()
        return answer

    async def inbound(self, channel: str, item: Inbound) -> str:
        reply = await self.providers[channel].sends(item)
        await self.settles()
        return reply

    # -- people

    def address(self, person: str, channel: str) -> str:
        """Where a person is; a number or address as it is when nobody has that name."""
        known = self.content.people.get(person)
        return known.addresses[channel] if known is not None else person

    def telegram(self, person: str) -> Mailbox:
        return Mailbox(self, "telegram", person)

    def phone(self, person: str) -> Mailbox:
        return Mailbox(self, "sms", person)

    def mail(self, person: str) -> Mailbox:
        return Mailbox(self, "email", person)

    def fails(self, channel: str, person: str, fault: Any, **more: Any) -> None:
        """What the provider does with the next messages to a person."""
        self.providers[channel].fails(fault, to=self.address(person, channel), **more)

    def nobody_is_told(self) -> None:
        """Nothing lies in any mailbox but what was expected."""
        unread = [(message.outgoing.address, message.text) for provider in self.providers.values()
                  for message in provider.messages if not message.read]
        assert not unread, f"told as well: {unread}"

    def forget_what_was_told(self) -> None:
        """Everything told so far was expected: the story begins here."""
        for provider in self.providers.values():
            for message in provider.messages:
                message.read = True

    # -- what is committed

    def incident(self, number: int = 1) -> Incident:
        """An incident as committed."""
        return decode_incident(self.rows(f"SELECT body FROM incidents WHERE id = {number}")[0][0])

    def incidents(self) -> list[str]:
        """The rules of all incidents in the order of their opening."""
        return [str(rule) for rule, in self.rows("SELECT rule FROM incidents ORDER BY id")]

    def outbox(self, columns: str = "person, channel, state, reason") -> list[tuple[Any, ...]]:
        return self.rows(f"SELECT {columns} FROM outbox ORDER BY id")

    def notes(self, what: str) -> list[str]:
        """The lines of one kind in the timeline."""
        return [str(detail) for detail, in self.rows(f"SELECT detail FROM noted WHERE what = '{what}' ORDER BY id")]

    def suppressed(self) -> list[str]:
        """Why something was not told, as it is kept."""
        return [str(reason) for reason, in self.rows("SELECT reason FROM suppressed ORDER BY id")]

    def rows(self, text: str) -> list[tuple[Any, ...]]:
        with self.engine.store.reading() as connection:
            return rows(connection, text)

    def keeps_its_promises(self) -> None:
        """No unanswered incident without a deadline, no message without a worker, none unexplained."""
        lapses = audit(self.engine.store.reading, self.clock.now(), CHANNELS)
        assert lapses == []
        unexplained = self.rows("SELECT id, state FROM outbox WHERE reason IS NULL AND state IN "
                                "('failed_permanent', 'failed_temporary', 'expired', 'withdrawn', 'unknown')")
        assert unexplained == []


@cache
def _empty_store() -> bytes:
    """A store with nothing in it: making its tables takes longer than most stories."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "tocsin.db"
        open_store(path).close()
        return path.read_bytes()


def lay_empty_store(path: Path) -> None:
    """Put such a store to this path."""
    path.parent.mkdir(parents=True)
    path.write_bytes(_empty_store())


def _micros(units: dict[str, int]) -> int:
    return sum(UNITS[unit] * number for unit, number in units.items())


@asynccontextmanager
async def site_of(folder: Path, content: Content | None = None,
                  clock: VirtualClock | None = None) -> AsyncIterator[Site]:
    """A running site; at its end it kept its promises and its journal proves it."""
    site = Site(folder, content or town(), clock)
    await site.starts()
    try:
        yield site
        if site.proves_itself:
            site.keeps_its_promises()
    finally:
        await site.stops()
    verdict = verify(site.path)
    assert verdict.ok, verdict.findings
