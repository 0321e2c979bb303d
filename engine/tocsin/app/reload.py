"""Reload: changed files become a new book only when they are read, checked and tested; else the old one holds."""

import asyncio
import sys
from collections.abc import Awaitable, Callable

import msgspec
import structlog
import watchfiles
from msgspec.structs import replace

from tocsin.app.books import matcher_of
from tocsin.app.child import Read
from tocsin.book.book import Book, Content, number_book
from tocsin.loop import Loop
from tocsin.settings import Settings
from tocsin.store.store import Store

_log = structlog.get_logger("tocsin.app")
_decode = msgspec.json.Decoder(Read).decode
PARTS = ("rules", "contacts", "templates")
SHOWN = 3

Tell = Callable[[str], Awaitable[None]]
"""Tells the administrators one sentence."""


class Reloader:
    """Watches the files of a site; ``changed`` hears of a book that came into force."""

    def __init__(self, settings: Settings, store: Store, loop: Loop, tell: Tell,
                 changed: Callable[[Book], None]) -> None:
        self._settings, self._store, self._loop = settings, store, loop
        self._tell, self._changed = tell, changed
        self._turn = asyncio.Lock()

    async def watch(self) -> None:
        """Reload whenever a file of rules/, contacts/ or templates/ has changed, until cancelled."""
        folders = [path for part in PARTS if (path := self._settings.home / part).is_dir()]
        async for _ in watchfiles.awatch(*folders, debounce=500, step=100):
            await self.reload()

    async def reload(self) -> bool:
        """Take the files over; False when nothing has changed or they are not fit (the administrators are told)."""
        async with self._turn:
            found = await self._read()
            if found.content is None:
                shown = "; ".join(str(finding) for finding in found.findings[:SHOWN])
                more = len(found.findings) - SHOWN
                _log.warning("book.refused", findings=[str(finding) for finding in found.findings])
                await self._tell(f"The changed files were not taken over, the rules of before hold: {shown}"
                                 + (f" (and {more} more)" if more > 0 else ""))
                return False
            book = number_book(self._store.last_book() + 1, self._fitted(found.content))
            if book.hash == self._loop.book.hash:
                return False
            matcher, _ = await asyncio.to_thread(matcher_of, book.content)
            await self._loop.load_book(book, matcher)
            self._changed(book)
            _log.info("book.loaded", number=book.number, hash=book.hash[:12])
            return True

    def _fitted(self, content: Content) -> Content:
        """The content with what depends on this process's own settings (practice turns the ways out elsewhere)."""
        held = self._loop.book.content
        return replace(content, receipts=held.receipts, channels=held.channels)

    async def _read(self) -> Read:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tocsin.app.child", str(self._settings.path), stdout=asyncio.subprocess.PIPE)
        said, _ = await child.communicate()
        if child.returncode != 0:
            raise RuntimeError(f"the child that reads the files ended with {child.returncode}")
        return _decode(said)
