"""The emulated mail server: takes everything, keeps it in mailboxes, misbehaves on request.

Built on aiosmtpd (the package's ``demo`` extra). Faults are asked before each command's work, with the
command's name as ``method``: CONNECT, EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA.
"""

import asyncio
import ssl
import time
from collections.abc import Callable
from email.message import EmailMessage
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.types import ASGIApp

from tocsin.domain.errors import TocsinError
from tocsin.emulators.bell import Bell
from tocsin.emulators.control import fault_routes, get
from tocsin.emulators.faults import Fault, Faults
from tocsin.emulators.mail import Mail, parse, shown_mail
from tocsin.emulators.server import listen

if TYPE_CHECKING:
    from tocsin.emulators.smtp_session import FaultySmtp


class SmtpEmulator:
    """A mail server on ``host``:``port``; ``outbox`` holds every accepted message, oldest first.

    ``credentials`` (user, password) demand AUTH; ``tls`` offers STARTTLS, and then AUTH needs it;
    ``size_limit`` is bytes, answered with 552 beyond; ``now`` gives seconds of Unix time.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        credentials: tuple[str, str] | None = None,
        tls: ssl.SSLContext | None = None,
        size_limit: int = 10 * 1024 * 1024,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.host = host
        self.port = port
        self.credentials = credentials
        self.tls = tls
        self.size_limit = size_limit
        self.now = now
        self.faults = Faults()
        self.outbox: list[Mail] = []
        self.changed = Bell()
        self.sessions: set[FaultySmtp] = set()
        self.control: ASGIApp = Starlette(
            routes=[
                get("/control/state", lambda: {"mails": [shown_mail(mail) for mail in self.outbox[-100:]]}),
                *fault_routes(self.faults),
            ]
        )
        self._wanted_port = port
        self._server: asyncio.Server | None = None

    def mailbox(self, address: str) -> list[EmailMessage]:
        """Every message that was accepted for this address, oldest first; case does not matter."""
        wanted = address.casefold()
        return [m.message for m in self.outbox if wanted in (to.casefold() for to in m.recipients)]

    def greylist(self, recipient: str, times: int = 1) -> Fault:
        """Refuse this recipient with 451 so many times."""
        text = "4.7.1 Greylisted, please try again later"
        return self.faults.add({"method": "RCPT", "recipient": recipient}, "status", status=451, body=text, times=times)

    def refuse(self, recipient: str) -> Fault:
        """Refuse this recipient with 550, for ever."""
        text = "5.1.1 No such user here"
        return self.faults.add({"method": "RCPT", "recipient": recipient}, "status", status=550, body=text, times=None)

    def keep(self, sender: str, recipients: list[str], content: bytes) -> Mail:
        """Put a message into its recipients' mailboxes."""
        mail = Mail(sender, recipients, parse(content), self.now(), size=len(content))
        self.outbox.append(mail)
        self.changed.ring()
        return mail

    async def start(self) -> None:
        try:
            from tocsin.emulators.smtp_session import session
        except ModuleNotFoundError as error:
            raise TocsinError('the emulated mail server needs aiosmtpd: run pip install "tocsin[demo]".') from error
        taken = listen(self.host, self._wanted_port)
        self.port = taken.getsockname()[1]
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: session(self, loop), sock=taken)

    async def stop(self) -> None:
        self.faults.clear()
        if self._server is None:
            return
        self._server.close()
        for session in list(self.sessions):
            session.abort()
        await self._server.wait_closed()
        await asyncio.sleep(0)
        self._server = None
