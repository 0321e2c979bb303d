"""docs/channels/email.md: what becomes of a message, row by row, against the emulated mail server."""

import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from tests.support.answers import Case, became, later, office, page, patience, prepared, promised
from tests.support.post import SECOND

from tocsin.clock import SystemClock
from tocsin.domain.errors import PermanentDeliveryError
from tocsin.emulators.smtp import SmtpEmulator
from tocsin.ports import Outgoing, Rendered
from tocsin_channels.email_smtp import Email, EmailSettings

PAGE, FIXTURE = "email.md", "mail"
OLENA = "olena@example.org"


def says(command: str, status: int, words: str, **how: object) -> Case:
    """The server answers one command so."""
    def prepare(mail: SmtpEmulator) -> None:
        mail.faults.add({"method": command}, "status", status=status, body=words, **how)  # type: ignore[arg-type]
    return prepare


def fault(command: str, kind: str, **how: object) -> Case:
    def prepare(mail: SmtpEmulator) -> None:
        mail.faults.add({"method": command}, kind, **how)  # type: ignore[arg-type]  # options by name
    return prepare


CASES: dict[str, Case] = {
    "taken": lambda mail: None,
    "rcpt-450-busy": says("RCPT", 450, "4.2.0 Mailbox busy"),
    "rcpt-451-greylisted": lambda mail: mail.greylist(OLENA),
    "rcpt-452-full": says("RCPT", 452, "4.2.2 Mailbox full"),
    "rcpt-550-unknown": lambda mail: mail.refuse(OLENA),
    "rcpt-550-plain": says("RCPT", 550, "No such user"),
    "rcpt-550-policy": says("RCPT", 550, "5.7.1 Relaying denied"),
    "rcpt-550-disabled": says("RCPT", 550, "5.2.1 Mailbox disabled"),
    "rcpt-551-moved": says("RCPT", 551, "User not local"),
    "rcpt-552-full": says("RCPT", 552, "5.2.2 Mailbox full"),
    "rcpt-553-name": says("RCPT", 553, "5.1.3 Bad address syntax"),
    "rcpt-554": says("RCPT", 554, "5.7.0 Refused"),
    "mail-451": says("MAIL", 451, "4.3.0 Try later"),
    "mail-530-login": lambda mail: setattr(mail, "credentials", ("alarm", "secret")),
    "mail-550-sender": says("MAIL", 550, "5.7.1 Sender refused"),
    "mail-552-size": says("MAIL", 552, "5.3.4 Message too big"),
    "data-451": says("DATA", 451, "4.3.0 Try later"),
    "data-452-storage": says("DATA", 452, "4.3.1 Out of storage"),
    "data-552-size": lambda mail: setattr(mail, "size_limit", 500),
    "data-554-spam": says("DATA", 554, "5.7.1 Looks like spam"),
    "connect-421": says("CONNECT", 421, "4.3.2 Too many connections"),
    "connect-554": says("CONNECT", 554, "No SMTP service here"),
    "ehlo-421": says("EHLO", 421, "4.3.2 Closing"),
    "starttls-missing": lambda mail: None,
    "starttls-454": says("STARTTLS", 454, "4.7.0 TLS not available"),
    "starttls-untrusted": lambda mail: None,
    "auth-535": lambda mail: setattr(mail, "credentials", ("alarm", "secret")),
    "auth-454": says("AUTH", 454, "4.7.0 Temporary authentication failure", times=None),
    "hang-connect": fault("CONNECT", "hang"),
    "hang-rcpt": fault("RCPT", "hang"),
    "hang-data": fault("DATA", "hang"),
    "cut-rcpt": fault("RCPT", "drop"),
    "cut-data": fault("DATA", "drop"),
    "cut-after-data": fault("DATA", "drop_after_accept"),
    "refused-connection": lambda mail: mail.stop(),
    "twice-unclear": fault("DATA", "drop", times=2),
}
LATER = {"twice-unclear": 2 * SECOND}
"""How long the story goes on after the first try."""
SETTINGS: dict[str, dict[str, object]] = {
    "starttls-missing": {"starttls": "required"},
    "starttls-454": {"starttls": "required"},
    "starttls-untrusted": {"starttls": "required"},
    "auth-535": {"username": "alarm", "password": "wrong"},
    "auth-454": {"username": "alarm", "password": "secret"},
}
WITH_TLS = ("starttls-454", "starttls-untrusted")


@pytest.fixture
async def mail() -> AsyncIterator[SmtpEmulator]:
    emulator = SmtpEmulator()
    await emulator.start()
    yield emulator
    await emulator.stop()


@pytest.fixture(scope="module")
def own_certificate(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A certificate that the server has given itself: no client has a reason to trust it."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is needed to make the server's certificate")
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = str(folder / "key.pem"), str(folder / "certificate.pem")
    subprocess.run([openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-keyout", key, "-out", certificate], check=True, capture_output=True)
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    made.load_cert_chain(certificate, key)
    return made


def test_the_page_has_these_rows_and_no_others() -> None:
    assert list(promised(PAGE)) == list(CASES)


@pytest.mark.parametrize("case", CASES)
async def test_what_becomes_of_a_message(case: str, mail: SmtpEmulator, tmp_path: Path,
                                         own_certificate: ssl.SSLContext) -> None:
    """State, person, message and address are as the page says."""
    if case in WITH_TLS:
        mail.tls = own_certificate
    await prepared(CASES[case], mail)
    settings = EmailSettings.model_validate({"host": "127.0.0.1", "port": mail.port, "starttls": "none",
                                             "from": "alarm@example.org", "timeout": patience(case),
                                             **SETTINGS.get(case, {})})
    async with office(tmp_path / "store" / "tocsin.db", "email", "sms") as made:
        channel = Email(settings, clock=made.clock)
        await page(made, channel)
        await later(made, LATER.get(case, 0))
        assert became(made, "email") == promised(PAGE)[case]
        await channel.close()


async def test_a_greylisted_recipient_gets_it_by_the_next_try(mail: SmtpEmulator, tmp_path: Path) -> None:
    """The second try, a second later, passes; nothing is marked as a repeat, for the first one was refused."""
    mail.greylist(OLENA)
    settings = EmailSettings.model_validate({"host": "127.0.0.1", "port": mail.port, "starttls": "none",
                                             "from": "alarm@example.org"})
    async with office(tmp_path / "store" / "tocsin.db", "email", "sms") as made:
        channel = Email(settings, clock=made.clock)
        await page(made, channel)
        await later(made, 2 * SECOND)
        assert made.attempts(1) == [(1, "failed_temporary", 0), (2, "sent", 0)]
        assert len(mail.mailbox(OLENA)) == 1
        await channel.close()


async def test_each_recipient_has_a_message_of_their_own(mail: SmtpEmulator) -> None:
    """So a server never takes one of two recipients and refuses the other: what is refused is one person's."""
    mail.refuse("taras@example.org")
    settings = EmailSettings.model_validate({"host": "127.0.0.1", "port": mail.port, "starttls": "none",
                                             "from": "alarm@example.org"})
    channel = Email(settings, clock=SystemClock())
    for number, address in enumerate((OLENA, "taras@example.org", OLENA), 1):
        with suppress(PermanentDeliveryError):
            await channel.send(Outgoing(number, 1, address, Rendered("Пожежа", subject="Пожежа")))
    assert [one.recipients for one in mail.outbox] == [[OLENA], [OLENA]]
    await channel.close()


async def test_a_kept_connection_that_the_server_has_closed_is_made_anew_at_once(mail: SmtpEmulator) -> None:
    """Nothing was said on it yet, so nothing can have been taken: it is no failure."""
    settings = EmailSettings.model_validate({"host": "127.0.0.1", "port": mail.port, "starttls": "none",
                                             "from": "alarm@example.org"})
    channel = Email(settings, clock=SystemClock())
    for number in (1, 2):
        await channel.send(Outgoing(number, 1, OLENA, Rendered("Пожежа", subject="Пожежа")))
        for session in list(mail.sessions):
            session.abort()
    assert len(mail.mailbox(OLENA)) == 2
    await channel.close()
