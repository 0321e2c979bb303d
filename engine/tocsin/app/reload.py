"""Reload: changed files become a new book only when they are read, checked and tested; else the old one holds."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import structlog
import watchfiles
from msgspec.structs import replace

from tocsin.app.books import Fit, Try, matcher_of
from tocsin.app.child import PARTS, Read
from tocsin.app.quiet import calendars
from tocsin.book.book import Book, Content, number_book
from tocsin.domain.errors import BookError, Finding, Location, SettingsError, StoreBusyError, StoreError
from tocsin.domain.input import BookLoaded, Rebuilt
from tocsin.loop import Loop
from tocsin.matching.index import IndexMatcher
from tocsin.ports import Clock, Matcher
from tocsin.roster.imported import look_ahead
from tocsin.rules.changed import changed_rules
from tocsin.rules.tables import Tables
from tocsin.store.store import Store

_log = structlog.get_logger("tocsin.app")
_decode = msgspec.json.Decoder(Read).decode
_decode_rebuilt = msgspec.json.Decoder(Rebuilt).decode
SHOWN = 3
READING_S = 600.0
LOOKED_S = 5.0
"""How often folders that come and go are looked for, and calendars that somebody lays there."""

Files = tuple[Read, tuple[Rebuilt, ...]]
Reading = Callable[[], Awaitable[Files]]
"""Reads, checks and tests the files of the site."""


def reading_here(read: Callable[[], Content], try_: Try) -> Reading:
    """Reads in this very process, which does nothing else meanwhile: for demonstrations and stories."""
    async def files() -> Files:
        try:
            content = read()
        except BookError as error:
            return Read(None, error.findings), ()
        failing = try_(content)
        return Read(None if failing else content, failing), ()
    return files


def reading_in_child(config: Path, database: Path) -> Reading:
    """Reads in a child process, which makes changed rules anew as well."""
    async def files() -> Files:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tocsin.app.child", str(config), str(database), stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
        try:
            async with asyncio.timeout(READING_S):
                said, cried = await child.communicate()
        except TimeoutError:
            return _broken(config, f"reading took more than {READING_S / 60:.0f} minutes"), ()
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
        if child.returncode != 0:
            lines = cried.decode("utf-8", "replace").strip().splitlines() or [f"exit code {child.returncode}"]
            return _broken(config, f"the process that reads the files has failed: {lines[-1]}"), ()
        first, *rest = said.splitlines()
        return _decode(first), await asyncio.to_thread(lambda: tuple(map(_decode_rebuilt, rest)))
    return files


def _broken(config: Path, why: str) -> Read:
    return Read(None, (Finding(Location(str(config)), why),))


class Reloader:
    """Takes changed files over. ``tell`` tells the administrators, ``wrap`` makes the engine's matcher of the index,
    ``changed`` hears of a book that came into force and its named things, ``fit`` raises SettingsError for a content
    with which this engine must not run.
    """

    def __init__(self, home: Path, reading: Reading, store: Store, loop: Loop, *, fit: Fit,
                 tell: Callable[[str], Awaitable[None]], wrap: Callable[[Matcher], Matcher],
                 changed: Callable[[Book, Tables], None], clock: Clock) -> None:
        self._home, self._reading, self._store, self._loop, self._clock = home, reading, store, loop, clock
        self._fit, self._tell, self._wrap, self._changed = fit, tell, wrap, changed
        self._turn = asyncio.Lock()
        self._wanted = asyncio.Event()
        self._told: set[str] = set()

    def ask(self) -> None:
        """Look at the files soon."""
        self._wanted.set()

    async def run(self) -> None:
        """Reload whenever it is asked for, until cancelled."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            try:
                await self.reload()
            except StoreBusyError:
                self._wanted.set()
                raise

    async def watch(self) -> None:
        """Ask whenever a file of the site has changed, until cancelled."""
        while True:
            folders = self._folders()
            if not folders:
                folders = [self._home]
            async for changes in watchfiles.awatch(*folders, debounce=500, step=100, yield_on_timeout=True,
                                                   rust_timeout=int(LOOKED_S * 1000)):
                if changes or self._folders() != folders:
                    self.ask()
                if self._folders() != folders:
                    break

    async def poll(self) -> None:
        """Ask whenever a calendar below contacts/ has changed, until cancelled: nobody says so of a network disk."""
        seen = await asyncio.to_thread(calendars, self._home)
        while True:
            await self._clock.sleep(LOOKED_S)
            before, seen = seen, await asyncio.to_thread(calendars, self._home)
            if seen != before:
                self.ask()

    async def reload(self) -> bool:
        """Take the files over; False when they say nothing new or are not fit (the administrators are told why)."""
        async with self._turn:
            read, rebuilt = await self._reading()
            if read.content is None:
                return await self._refuse([str(finding) for finding in read.findings])
            held = self._loop.book
            content = replace(read.content, receipts=held.content.receipts, channels=held.content.channels)
            book = number_book(self._store.last_book() + 1, content)
            if book.hash == held.hash:
                self._told.clear()
                return False
            try:
                self._fit(content)
                await self._load(book, read, rebuilt)
            except StoreBusyError:
                raise
            except (SettingsError, StoreError) as error:
                return await self._refuse(str(error).splitlines())
            self._told.clear()
            _log.info("book.loaded", number=book.number, hash=book.hash[:12])
            return True

    async def _load(self, book: Book, read: Read, rebuilt: tuple[Rebuilt, ...]) -> None:
        content = book.content
        matcher, tables = await asyncio.to_thread(matcher_of, content)
        await asyncio.to_thread(look_ahead, content, self._clock.now())
        changed = changed_rules(self._loop.book.content, content)
        again = IndexMatcher([rule for rule in content.rules if rule.id in changed], tables)
        made = BookLoaded(book.number, book.hash, read.changed, rebuilt, read.since, read.position)
        await self._loop.load_book(book, self._wrap(matcher), made=made if read.position else None, again=again)
        self._changed(book, tables)

    async def _refuse(self, reasons: list[str]) -> bool:
        """The old book holds; the same reasons are told once."""
        _log.warning("book.refused", reasons=reasons)
        more = f" (and {len(reasons) - SHOWN} more)" if len(reasons) > SHOWN else ""
        shown = "; ".join(reasons[:SHOWN])
        sentence = f"The changed files were not taken over, the rules of before hold: {shown}{more}"
        if sentence not in self._told:
            self._told.add(sentence)
            await self._tell(sentence)
        return False

    def _folders(self) -> list[Path]:
        return [path for part in PARTS if (path := self._home / part).is_dir()]
