"""All three emulators and the page with their mailboxes, started and stopped together."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route

from tocsin.emulators.control import get
from tocsin.emulators.server import LoopbackServer
from tocsin.emulators.smtp import SmtpEmulator
from tocsin.emulators.telegram import TelegramEmulator
from tocsin.emulators.telegram_state import TelegramState
from tocsin.emulators.twilio import TwilioEmulator
from tocsin.emulators.twilio_state import TwilioState

T = TypeVar("T")
PAGE = Path(__file__).with_name("page.html")
# Scripts and styles are in the page itself; nothing is ever fetched from elsewhere.
_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'"


@dataclass(frozen=True, slots=True)
class Urls:
    """Where everything listens; URLs have no slash at their end.

    ``telegram`` + "/bot" is a Bot API client's base URL; ``sms`` stands for https://api.twilio.com.
    """

    telegram: str
    sms: str
    email_host: str
    email_port: int
    page: str


class Emulators:
    """Telegram, SMS and e-mail on loopback; ports of 0 are free ones, known after ``start``.

    In a running loop: ``async with Emulators() as emulators`` (or ``start`` and ``stop``).
    In a thread of its own: ``with Emulators().in_thread() as emulators``, and then touch the states
    through ``call`` only.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        telegram_port: int = 0,
        sms_port: int = 0,
        email_port: int = 0,
        page_port: int = 0,
        telegram: TelegramState | None = None,
        sms: TwilioState | None = None,
        email: SmtpEmulator | None = None,
    ) -> None:
        self.telegram = TelegramEmulator(telegram, host=host, port=telegram_port)
        self.sms = TwilioEmulator(sms, host=host, port=sms_port)
        self.email = email or SmtpEmulator(host=host, port=email_port)
        self._page = LoopbackServer(self._page_app(), host=host, port=page_port)
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def urls(self) -> Urls:
        """Where everything listens."""
        return Urls(self.telegram.url, self.sms.url, self.email.host, self.email.port, self._page.url)

    async def start(self) -> None:
        """Listen on all four ports; when one of them cannot be had, on none."""
        self._loop = asyncio.get_running_loop()
        started: list[Any] = []
        try:
            for part in (self.telegram, self.sms, self.email, self._page):
                await part.start()
                started.append(part)
        except BaseException:  # cancelled too: what listens already is stopped, then it is raised on
            for part in reversed(started):
                await part.stop()
            raise

    async def stop(self) -> None:
        """Let go everything that hangs, close every connection, free the ports."""
        await asyncio.gather(self._page.stop(), self.telegram.stop(), self.sms.stop(), self.email.stop())

    async def __aenter__(self) -> "Emulators":
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def in_thread(self) -> "EmulatorThread":
        """Run in a thread with a loop of its own, for callers without a loop."""
        return EmulatorThread(self)

    def call(self, work: Callable[[], T], seconds: float = 10.0) -> T:
        """Run ``work`` in the emulators' loop and return its result; for other threads."""

        async def run() -> T:
            return work()

        return self.wait(run(), seconds)

    def wait(self, work: Coroutine[Any, Any, T], seconds: float = 10.0) -> T:
        """Run a coroutine in the emulators' loop and return its result; for other threads."""
        if self._loop is None:
            raise RuntimeError("start the emulators first")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(seconds)

    def _page_app(self) -> Starlette:
        async def page(request: Request) -> Response:
            return HTMLResponse(PAGE.read_text("utf-8"), headers={"content-security-policy": _POLICY})

        def urls() -> dict[str, Any]:
            where = self.urls
            return {
                "telegram": where.telegram,
                "sms": where.sms,
                "email": f"{where.email_host}:{where.email_port}",
                "now": int(time.time()),
            }

        return Starlette(
            routes=[
                Route("/", page),
                get("/control/urls", urls),
                Mount("/telegram", self.telegram.control),
                Mount("/sms", self.sms.control),
                Mount("/email", self.email.control),
            ]
        )


class EmulatorThread:
    """A context manager that runs ``Emulators`` in a daemon thread."""

    def __init__(self, emulators: Emulators) -> None:
        self._emulators = emulators
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._done: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="emulators", daemon=True)

    def __enter__(self) -> Emulators:
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise self._failure
        return self._emulators

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        done = self._done
        if done is not None:
            self._emulators.call(done.set)
        self._thread.join(timeout=10)

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._done = asyncio.Event()
        try:
            await self._emulators.start()
        except Exception as failure:  # noqa: BLE001  # handed to the thread that waits, which raises it
            self._failure = failure
            return
        finally:
            self._ready.set()
        await self._done.wait()
        await self._emulators.stop()
