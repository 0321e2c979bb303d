"""E-mail by SMTP: plain text first, an HTML part with the answer page's link."""

from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from typing import Literal

import aiosmtplib
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, SecretStr

from tocsin.domain.errors import DeliveryError, PermanentDeliveryError
from tocsin.ports import Clock, Handed, Handler, Limits, Outgoing
from tocsin_channels.report import Report, to_log
from tocsin_channels.sendable import sendable
from tocsin_channels.smtp_outcomes import outcome

LONGEST_SUBJECT = 180
FAILURES = (aiosmtplib.SMTPException, OSError, TimeoutError, UnicodeError)


class EmailSettings(BaseModel):
    """``channels.email`` of config.yaml; ``timeout`` in seconds for each exchange."""

    model_config = ConfigDict(extra="forbid", frozen=True, from_attributes=True)

    host: str
    port: int = 587
    starttls: Literal["required", "none", "implicit"] = "required"
    username: str = ""
    password: SecretStr | None = None
    from_: str = Field(validation_alias=AliasChoices("from", "from_"))
    timeout: float = 10.0


def _secret(settings: EmailSettings) -> str:
    return settings.password.get_secret_value() if settings.password is not None else ""


class _Session:
    """One connection: ``stage`` is how far the message in hand got, ``used`` that an earlier one passed, ``refused``
    that the server said no in so many words."""

    def __init__(self, settings: EmailSettings) -> None:
        self._client = aiosmtplib.SMTP(
            hostname=settings.host, port=settings.port, timeout=settings.timeout,
            use_tls=settings.starttls == "implicit", start_tls=settings.starttls == "required",
            username=settings.username or None, password=_secret(settings) or None,
        )
        self.stage = "connect"
        self.used = False
        self.refused = False

    async def transfer(self, sender: str, recipient: str, content: bytes) -> str:
        """Hand one message over; the server's closing words."""
        self.stage = "connect"
        if not self._client.is_connected:
            self.used = False
            await self._client.connect()
        self.stage = "mail"
        wide = not (sender + recipient).isascii()
        options, encoding = (["SMTPUTF8", "BODY=8BITMIME"], "utf-8") if wide else ([], "ascii")
        await self._client.mail(sender, options=options, encoding=encoding)
        self.stage = "rcpt"
        await self._client.rcpt(recipient, encoding=encoding)
        self.stage = "data"
        answer = await self._client.data(content)
        self.used = True
        return answer.message

    async def rest(self) -> bool:
        """Forget a refused message; False when the connection is of no more use."""
        try:
            await self._client.rset()
        except FAILURES:
            return False
        return True

    def close(self) -> None:
        self._client.close()

    async def leave(self) -> None:
        """Say goodbye if anybody still listens."""
        try:
            if self._client.is_connected:
                await self._client.quit()
        except FAILURES:
            self.close()


class Email:
    """One sender at one server, over at most ``concurrency`` connections that are kept."""

    name = "email"
    Settings = EmailSettings
    concurrency = 4
    receipts = False
    edits = False
    limits = Limits(overall=((50, 1_000_000),))

    def __init__(self, settings: EmailSettings, *, clock: Clock, public_url: str = "",
                 report: Report = to_log) -> None:
        self._settings = settings
        self._domain = settings.from_.rpartition("@")[2] or "tocsin.invalid"
        self._idle: list[_Session] = []

    async def send(self, outgoing: Outgoing) -> Handed:
        """One message to one recipient. The Message-ID is the notification's, so that a repeat is recognised."""
        if outgoing.edits:
            raise PermanentDeliveryError("An e-mail cannot be changed after it was sent.", code="edit")
        content = compose(outgoing, self._settings.from_, self._domain)
        session = self._idle.pop() if self._idle else _Session(self._settings)
        keep = False
        try:
            failed = await self._transfer(session, outgoing.address, content.as_bytes())
            keep = failed is None or (session.refused and await session.rest())
        finally:
            if keep:
                self._idle.append(session)
            else:
                session.close()
        if failed is not None:
            raise failed
        return Handed(str(content["Message-ID"]))

    async def _transfer(self, session: _Session, address: str, content: bytes) -> DeliveryError | None:
        """Try; once more where a kept connection turned out to be closed before anything was said."""
        for last in (False, True):
            try:
                await session.transfer(self._settings.from_, address, content)
                return None
            except FAILURES as error:
                was_idle = session.used and session.stage == "mail"
                session.refused = isinstance(error, aiosmtplib.SMTPResponseException)
                if isinstance(error, aiosmtplib.SMTPServerDisconnected) and was_idle and not last:
                    session.close()
                    continue
                return outcome(error, session.stage, _secret(self._settings))
        raise AssertionError("unreachable: the second try always returns")

    async def listen(self, handler: Handler) -> None:
        """Answers come through the answer page; mail sent back, automatic replies above all, answers nothing."""

    async def caught_up(self) -> None:
        """Nothing waits: mail is not fetched."""

    async def close(self) -> None:
        while self._idle:
            await self._idle.pop().leave()


def compose(outgoing: Outgoing, sender: str, domain: str) -> EmailMessage:
    """The MIME message; no header can hold a line break or another control character."""
    shown = outgoing.message
    message = EmailMessage(policy=SMTP_POLICY.clone(cte_type="7bit"))
    message["From"] = Address(addr_spec=_header(sender))
    message["To"] = _recipient(outgoing.address)
    message["Subject"] = _header(shown.subject or shown.text.partition("\n")[0])[:LONGEST_SUBJECT]
    message["Message-ID"] = f"<{_token(outgoing.message_id or f'n{outgoing.notification}')}@{domain}>"
    if outgoing.thread:
        root = f"<{_token(outgoing.thread)}@{domain}>"
        message["References"] = root
        message["In-Reply-To"] = root
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    if outgoing.urgent:
        message["Importance"] = "high"
        message["X-Priority"] = "1"
    message.set_content(sendable(shown.text), cte="base64")
    if shown.html:
        message.add_alternative(sendable(shown.html), subtype="html", cte="base64")
    return message


def _recipient(address: str) -> Address:
    try:
        if address.count("@") == 1 and address == _header(address):
            return Address(addr_spec=address)
    except (ValueError, IndexError, HeaderParseError):
        pass
    raise PermanentDeliveryError("This is not an e-mail address: write it as name@example.org.", code="address",
                                 address_dead=True)


def _header(text: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _token(text: str) -> str:
    return "".join(letter for letter in text if letter.isalnum() or letter in "-._")


CHANNEL = Email

__all__ = ["CHANNEL", "Email", "EmailSettings", "compose"]
