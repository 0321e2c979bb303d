"""The emulated mail server, driven by aiosmtplib."""

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import aiosmtplib
import httpx
import pytest

from tocsin.emulators.server import LoopbackServer
from tocsin.emulators.smtp import SmtpEmulator

OLENA = "olena@city.example"


@pytest.fixture
async def mail() -> AsyncIterator[SmtpEmulator]:
    emulator = SmtpEmulator(size_limit=100_000)
    await emulator.start()
    yield emulator
    await emulator.stop()


def letter(to: str = OLENA, text: str = "Прийняти: http://127.0.0.1:8000/a/abc.\n") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "tocsin@city.example"
    message["To"] = to
    message["Subject"] = "Пожежа на вул. Хрещатик"
    message.set_content(text)
    return message


async def send(mail: SmtpEmulator, message: EmailMessage | None = None, **options: Any) -> Any:
    given = {"hostname": mail.host, "port": mail.port, "start_tls": False, "timeout": 5, **options}
    return await aiosmtplib.send(message or letter(), **given)


async def test_a_mail_arrives_parsed_in_its_mailbox(mail: SmtpEmulator) -> None:
    """Every recipient's mailbox holds the message with its Cyrillic subject and its links."""
    refused, _ = await send(mail, letter(f"{OLENA}, duty@city.example"))
    assert refused == {}
    (message,) = mail.mailbox("OLENA@city.example")
    assert message["Subject"] == "Пожежа на вул. Хрещатик"
    assert len(mail.mailbox("duty@city.example")) == 1
    assert mail.mailbox("nobody@city.example") == []
    assert mail.outbox[0].links == ["http://127.0.0.1:8000/a/abc"]


async def test_a_greylisted_recipient_is_refused_for_now(mail: SmtpEmulator) -> None:
    """451 the first time, for this recipient only; the next attempt passes."""
    mail.greylist(OLENA)
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as refused:
        await send(mail)
    assert refused.value.recipients[0].code == 451
    await send(mail)
    assert len(mail.outbox) == 1


async def test_an_unknown_recipient_is_refused_for_ever(mail: SmtpEmulator) -> None:
    """550 each time, while the other recipient of the same mail gets it."""
    mail.refuse(OLENA)
    for _ in range(2):
        refused, _text = await send(mail, letter(f"{OLENA}, duty@city.example"))
        assert refused[OLENA].code == 550
    assert mail.mailbox(OLENA) == []
    assert len(mail.mailbox("duty@city.example")) == 2


async def test_a_mail_beyond_the_size_limit_gets_552(mail: SmtpEmulator) -> None:
    """The limit counts bytes of the whole message."""
    with pytest.raises(aiosmtplib.SMTPResponseException) as refused:
        await send(mail, letter(text="я" * 200_000))
    assert refused.value.code == 552
    assert mail.outbox == []


@pytest.mark.parametrize(("kind", "arrived"), [("drop", 0), ("drop_after_accept", 1)])
async def test_a_connection_cut_after_data_does_not_tell_whether_it_arrived(
    mail: SmtpEmulator, kind: str, arrived: int
) -> None:
    """The client sees a lost connection either way."""
    mail.faults.add({"method": "DATA", "recipients": OLENA}, kind)
    with pytest.raises((aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPReadTimeoutError)):
        await send(mail)
    assert len(mail.outbox) == arrived


@pytest.mark.parametrize("method", ["CONNECT", "EHLO", "MAIL", "DATA"])
async def test_the_server_can_hang_at_any_command(mail: SmtpEmulator, method: str) -> None:
    """No answer until the rule is released; then the connection is cut and nothing was kept."""
    fault = mail.faults.add({"method": method}, "hang")
    sending = asyncio.create_task(send(mail))
    assert await mail.faults.struck(fault)
    assert not sending.done()
    mail.faults.release(fault)
    with pytest.raises((aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPConnectError)):
        await sending
    assert mail.outbox == []


async def test_a_busy_server_says_so_at_once(mail: SmtpEmulator) -> None:
    """421 at the connection."""
    mail.faults.add({"method": "CONNECT"}, "status", status=421, body="4.3.2 Too many connections")
    with pytest.raises(aiosmtplib.SMTPConnectResponseError) as refused:
        await send(mail)
    assert refused.value.code == 421


async def test_the_password_is_asked_for_and_checked() -> None:
    """Without AUTH 530, with a wrong password 535, with the right one the mail passes."""
    mail = SmtpEmulator(credentials=("tocsin", "secret"))
    await mail.start()
    try:
        with pytest.raises(aiosmtplib.SMTPResponseException) as refused:
            await send(mail)
        assert refused.value.code == 530
        with pytest.raises(aiosmtplib.SMTPAuthenticationError):
            await send(mail, username="tocsin", password="wrong")
        await send(mail, username="tocsin", password="secret")
    finally:
        await mail.stop()
    assert len(mail.outbox) == 1


async def test_starttls_works_and_can_be_refused(tmp_path: Path) -> None:
    """The mail passes encrypted; a refused STARTTLS is 454 to a client that insists on it."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is needed to make the server's certificate")
    key, certificate = str(tmp_path / "key.pem"), str(tmp_path / "certificate.pem")
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    made = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject]
    await asyncio.to_thread(
        subprocess.run, [*made, "-keyout", key, "-out", certificate], check=True, capture_output=True
    )
    server, client = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    server.load_cert_chain(certificate, key)
    client.load_verify_locations(certificate)
    mail = SmtpEmulator(tls=server, credentials=("tocsin", "secret"))
    await mail.start()
    encrypted = {"start_tls": True, "tls_context": client, "username": "tocsin", "password": "secret"}
    try:
        await send(mail, **encrypted)
        assert len(mail.outbox) == 1
        mail.faults.add({"method": "STARTTLS"}, "status", status=454, body="4.7.0 TLS not available")
        with pytest.raises(aiosmtplib.SMTPException, match="TLS not available"):
            await send(mail, **encrypted)
    finally:
        await mail.stop()
    assert len(mail.outbox) == 1


async def test_the_mailboxes_are_shown_over_http(mail: SmtpEmulator) -> None:
    """The practice page's view: subject, text and links."""
    await send(mail)
    server = LoopbackServer(mail.control)
    await server.start()
    try:
        async with httpx.AsyncClient(trust_env=False, base_url=server.url) as http:
            shown = (await http.get("/control/state")).json()["mails"][0]
    finally:
        await server.stop()
    assert (shown["subject"], shown["to"]) == ("Пожежа на вул. Хрещатик", [OLENA])
    assert shown["links"] == ["http://127.0.0.1:8000/a/abc"]
