"""``tocsin watchdog``: the second process, which speaks when the engine stands still."""

import asyncio
import logging
import os
import signal
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path

import typer

from tocsin.app.ways_out import open_channels
from tocsin.book.book import Content
from tocsin.book.content import read_content
from tocsin.cli.output import CONFIG, FINE, AsJson, Config, say_error, say_json
from tocsin.clock import SystemClock
from tocsin.domain.errors import BookError, SettingsError, StoreError, TocsinError
from tocsin.ports import Clock
from tocsin.settings import Settings, foreign_endpoints, load_settings
from tocsin.store.reader import Reader
from tocsin.watch.diary import Diary
from tocsin.watch.position import Looks
from tocsin.watch.roll import Roll, ways_of
from tocsin.watch.systemd import Systemd
from tocsin.watch.watchdog import Watchdog

Signature = tuple[tuple[str, int, int], ...]


def add(app: typer.Typer) -> None:
    app.command()(watchdog)


def watchdog(config: Config = CONFIG, as_json: AsJson = False) -> None:
    """Watch the engine from outside; send SMS and e-mail by its own means when it stands still.

    With --json each entry of its log is printed as well.
    """
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    clock = SystemClock()
    home = Home(config, clock)
    roll, path = home.first()
    diary = Diary(path.with_name(path.name + ".watchdog.log"), clock, say_json if as_json else None)
    dog = Watchdog(roll, looks := Looks(path, clock), clock, diary,
                   reread=home.reread, systemd=Systemd.of(os.environ))
    looks.start()
    asyncio.run(until_ended(dog.run))
    raise typer.Exit(FINE)


async def until_ended(run: Callable[[], Coroutine[None, None, None]]) -> None:
    """Run until SIGTERM or Ctrl-C."""
    task = asyncio.create_task(run())
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with suppress(asyncio.CancelledError):
        await task


class Home:
    """The site's files as the watchdog reads them."""

    def __init__(self, config: Path, clock: Clock) -> None:
        self._config, self._clock = config, clock
        self._signature: Signature = ()

    def first(self) -> tuple[Roll, Path]:
        """What to begin with, and where the store lies; TocsinError when nobody could be told.

        With wrong contacts or rules, the people of the stored book are told: a watchdog must start after any reboot.
        """
        self._signature = self._sign()
        settings = load_settings(self._config, environ=os.environ)
        path = settings.storage.path
        if path is None:
            raise SettingsError(f"The watchdog needs a SQLite store: set storage.url in {self._config}.")
        try:
            content, _ = read_content(settings.home, settings)
        except BookError as error:
            if (kept := _stored(path)) is None:
                raise
            content = kept
            say_error(f"{error}\nThe watchdog goes on with the people of the stored rule book.")
        roll = self._roll(settings, content)
        if not ways_of(roll, self._clock.now()):
            raise SettingsError(f"The watchdog could tell nobody: set watchdog.to in {self._config} to people with a "
                                "phone or an e-mail address, and channels.sms or channels.email beside it.")
        return roll, path

    def reread(self) -> Roll | None:
        """A new roll when the files have changed, else None; TocsinError when they are wrong."""
        signature = self._sign()
        if signature == self._signature:
            return None
        self._signature = signature
        settings = load_settings(self._config, environ=os.environ)
        content, _ = read_content(settings.home, settings)
        return self._roll(settings, content)

    def _roll(self, settings: Settings, content: Content) -> Roll:
        if foreign := foreign_endpoints(settings):
            raise SettingsError(f"{', '.join(foreign)} is not the provider's own address: remove api_base, or list its "
                                f"host under allow_endpoint in {self._config}")
        channels = open_channels(settings, self._clock, public_url="")
        return Roll(content, settings.watchdog.to, channels, settings.watchdog.after)

    def _sign(self) -> Signature:
        """Names, sizes and times of the files that say whom to tell and how."""
        found: list[tuple[str, int, int]] = []
        for path in (self._config, *sorted((self._config.parent / "contacts").rglob("*"))):
            with suppress(OSError):
                state = path.stat()
                found.append((str(path), state.st_mtime_ns, state.st_size))
        return tuple(found)


def _stored(path: Path) -> Content | None:
    try:
        reader = Reader(path)
    except StoreError:
        return None
    try:
        book = reader.book()
        return None if book is None else book.content
    except TocsinError:
        return None
    finally:
        reader.close()
