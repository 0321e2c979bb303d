"""One SMTP conversation: aiosmtpd's, asking for faults before each command's work."""

import asyncio
from functools import wraps
from typing import TYPE_CHECKING, Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tocsin.emulators.faults import Fault

if TYPE_CHECKING:
    from tocsin.emulators.smtp import SmtpEmulator


class FaultySmtp(SMTP):
    """aiosmtpd's session with the emulator's faults."""

    emulator: "SmtpEmulator"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.emulator.sessions.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self.emulator.sessions.discard(self)
        super().connection_lost(error)

    def abort(self) -> None:
        """Close the connection without one more byte."""
        transport = self._original_transport or self.transport
        if isinstance(transport, asyncio.Transport):
            transport.abort()

    async def fault(self, method: str, **facts: Any) -> tuple[str | None, Fault | None]:
        """The answer that a fault gives instead of the work, or None; and the fault itself."""
        fault = self.emulator.faults.take({"method": method, **facts})
        if fault is None:
            return None, None
        if fault.kind == "status":
            return f"{fault.status} {fault.body or 'refused by a fault'}", fault
        if fault.kind == "retry_after":
            return f"451 4.3.2 Try again in {fault.retry_after} seconds", fault
        if fault.kind == "slow":
            await self.emulator.faults.sleep(fault.seconds)
        if fault.kind == "hang":
            await self.emulator.faults.hang(fault)
        if fault.kind in ("hang", "drop"):
            self.cut()
        return None, fault

    def cut(self) -> None:
        """``abort``, and end the conversation."""
        self.abort()
        raise asyncio.CancelledError

    async def _handle_client(self) -> None:
        said, _ = await self.fault("CONNECT")
        if said is not None:
            await self.push(said)
            self._writer.close()
            return
        await super()._handle_client()

    @wraps(SMTP.smtp_STARTTLS)
    async def smtp_STARTTLS(self, arg: str | None) -> None:
        said, _ = await self.fault("STARTTLS")
        if said is not None:
            await self.push(said)
            return
        await super().smtp_STARTTLS(arg)

    @wraps(SMTP.smtp_AUTH)
    async def smtp_AUTH(self, arg: str | None) -> None:
        said, _ = await self.fault("AUTH")
        if said is not None:
            await self.push(said)
            return
        await super().smtp_AUTH(arg)


class Hooks:
    """What the emulator does at each command."""

    def __init__(self, emulator: "SmtpEmulator") -> None:
        self._emulator = emulator

    async def handle_EHLO(
        self, server: FaultySmtp, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        said, _ = await server.fault("EHLO")
        if said is not None:
            return [said]
        session.host_name = hostname
        return responses

    async def handle_MAIL(
        self, server: FaultySmtp, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        said, _ = await server.fault("MAIL", sender=address)
        if said is not None:
            return said
        if self._emulator.credentials is not None and not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(
        self, server: FaultySmtp, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        said, _ = await server.fault("RCPT", sender=envelope.mail_from, recipient=address)
        if said is not None:
            return said
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: FaultySmtp, session: Session, envelope: Envelope) -> str:
        recipients = list(envelope.rcpt_tos)
        said, fault = await server.fault("DATA", sender=envelope.mail_from, recipients=recipients)
        if said is not None:
            return said
        content = envelope.content
        assert isinstance(content, bytes)  # decode_data is off
        self._emulator.keep(envelope.mail_from or "", recipients, content)
        if fault is not None and fault.kind == "drop_after_accept":
            server.cut()
        return "250 2.0.0 OK: queued"

    async def handle_exception(self, error: Exception) -> str:
        return f"451 4.3.0 the emulator failed: {type(error).__name__}"


def session(emulator: "SmtpEmulator", loop: asyncio.AbstractEventLoop) -> FaultySmtp:
    """A protocol for one connection."""
    credentials = emulator.credentials

    def authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: object) -> AuthResult:
        good = (
            credentials is not None
            and isinstance(given, LoginPassword)
            and (given.login.decode(), given.password.decode()) == credentials
        )
        # Not handled here, so that aiosmtpd answers 535 itself.
        return AuthResult(success=good, handled=False)

    made = FaultySmtp(
        Hooks(emulator),
        loop=loop,
        hostname="mail.emulated.example",
        ident="ESMTP emulator",
        data_size_limit=emulator.size_limit,
        enable_SMTPUTF8=True,
        tls_context=emulator.tls,
        auth_require_tls=emulator.tls is not None,
        authenticator=authenticate,
    )
    made.emulator = emulator
    return made
