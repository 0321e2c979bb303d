"""What every channel must do, driven through the providers' emulators over real sockets."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from tests.support.receiver import GONE, SECRET, TAKES, Receiver

from tocsin.clock import SystemClock
from tocsin.domain.errors import (
    DeliveryError,
    PermanentDeliveryError,
    TemporaryDeliveryError,
    UnknownDeliveryError,
)
from tocsin.emulators.faults import Faults
from tocsin.emulators.smtp import SmtpEmulator
from tocsin.emulators.telegram import TelegramEmulator
from tocsin.emulators.twilio import TwilioEmulator
from tocsin.ports import Channel, Outgoing, Rendered
from tocsin_channels import email_smtp, sms_twilio, telegram, webhook

OLENA = 5001
PHONE = "+380501234567"
MAIL = "olena@example.org"
TOKEN = "123456:very-secret-bot-token"
TIMEOUT = 0.3


@dataclass
class Bench:
    """One channel beside its emulator; ``request`` is the fault match of its sending request."""

    channel: Channel
    faults: Faults
    request: dict[str, Any]
    address: str
    nowhere: str
    texts: Callable[[], list[str]]
    secrets: tuple[str, ...]
    stop: Callable[[], Awaitable[None]]


async def telegram_bench() -> Bench:
    emulator = TelegramEmulator()
    emulator.state.token = TOKEN
    emulator.state.add_chat(OLENA, "Олена")
    await emulator.start()
    settings = telegram.TelegramSettings(token=TOKEN, api_base=emulator.url, timeout=TIMEOUT, poll=1)
    return Bench(telegram.CHANNEL(settings, clock=SystemClock()), emulator.faults, {"method": "sendMessage"},
                 str(OLENA), "404", lambda: [message.now.text for message in emulator.state.messages(OLENA)], (TOKEN,),
                 emulator.stop)


async def sms_bench() -> Bench:
    emulator = TwilioEmulator()
    await emulator.start()
    state = emulator.state
    state.landlines.add("+380441234567")
    settings = sms_twilio.SmsSettings.model_validate({
        "account_sid": state.account_sid, "auth_token": state.auth_token, "from": state.numbers[0],
        "api_base": emulator.url, "timeout": TIMEOUT})
    return Bench(sms_twilio.CHANNEL(settings, clock=SystemClock()), emulator.faults, {"method": "create"}, PHONE,
                 "+380441234567", lambda: [sms.body for sms in state.to(PHONE)],
                 (state.auth_token, PHONE, PHONE[1:]), emulator.stop)


async def email_bench() -> Bench:
    emulator = SmtpEmulator()
    await emulator.start()
    emulator.refuse("nobody@example.org")
    settings = email_smtp.EmailSettings.model_validate({
        "host": "127.0.0.1", "port": emulator.port, "starttls": "none", "from": "alarm@example.org",
        "timeout": TIMEOUT})
    return Bench(email_smtp.CHANNEL(settings, clock=SystemClock()), emulator.faults, {"method": "DATA"}, MAIL,
                 "nobody@example.org", lambda: [mail.text for mail in emulator.outbox], (MAIL,), emulator.stop)


async def webhook_bench() -> Bench:
    receiver = Receiver()
    await receiver.start()
    settings = webhook.WebhookSettings(secret=SECRET, timeout=TIMEOUT)
    return Bench(webhook.CHANNEL(settings, clock=SystemClock()), receiver.faults, {"method": "POST"},
                 receiver.url + TAKES, receiver.url + GONE, lambda: [one["text"] for one in receiver.taken],
                 (SECRET, TAKES), receiver.stop)


@pytest.fixture(params=[telegram_bench, sms_bench, email_bench, webhook_bench],
                ids=["telegram", "sms", "email", "webhook"])
async def bench(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Bench]:
    caplog.set_level(logging.DEBUG)
    made: Bench = await request.param()
    yield made
    await made.channel.close()
    await made.stop()
    for record in (*caplog.get_records("setup"), *caplog.get_records("call"), *caplog.records):
        if record.name != "mail.log":  # the emulated mail server's own log
            assert not any(secret in record.getMessage() for secret in made.secrets), record.name


def message(bench: Bench, text: str = "Пожежа: школа 12", *, address: str | None = None) -> Outgoing:
    return Outgoing(7, 1, address or bench.address, Rendered(text, subject="Пожежа"), thread="incident-1",
                    message_id="n7", urgent=True)


async def failure(bench: Bench, outgoing: Outgoing) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await bench.channel.send(outgoing)
    error = caught.value
    assert error.__cause__ is None
    assert error.__context__ is None
    for secret in (*bench.secrets, outgoing.address.lstrip("+")):
        if len(secret) > 4:
            assert secret not in str(error)
            assert secret not in repr(error)
    return error


async def test_a_message_arrives_and_has_the_providers_id(bench: Bench) -> None:
    """What is handed over is in the mailbox, and the channel gives the provider's id for it."""
    handed = await bench.channel.send(message(bench))
    assert handed.provider_id
    assert [text.strip() for text in bench.texts()] == ["Пожежа: школа 12"]


async def test_an_address_that_does_not_exist_is_permanent_and_dead(bench: Bench) -> None:
    """The next channel is to start at once, and the address is to be switched off."""
    error = await failure(bench, message(bench, address=bench.nowhere))
    assert isinstance(error, PermanentDeliveryError)
    assert error.address_dead


async def test_an_address_that_is_none_is_permanent(bench: Bench) -> None:
    """Nonsense and emergency numbers are refused, here or by the provider."""
    error = await failure(bench, message(bench, address="112"))
    assert isinstance(error, PermanentDeliveryError)
    assert error.address_dead
    assert bench.texts() == []


@pytest.mark.parametrize("status", [500, 503])
async def test_trouble_at_the_provider_is_temporary(bench: Bench, status: int) -> None:
    """A provider that says it cannot now is asked again later; the next try succeeds."""
    bench.faults.add(bench.request, "status", status=451 if bench.request["method"] == "DATA" else status)
    error = await failure(bench, message(bench))
    assert isinstance(error, TemporaryDeliveryError)
    await bench.channel.send(message(bench))
    assert len(bench.texts()) == 1


async def test_too_fast_is_temporary(bench: Bench) -> None:
    """Being asked to wait is no failure of the address."""
    bench.faults.add(bench.request, "retry_after", retry_after=7)
    error = await failure(bench, message(bench))
    assert isinstance(error, TemporaryDeliveryError)
    if bench.channel.name == "telegram":
        assert error.retry_after == 7_000_000


async def test_silence_after_the_request_is_unknown(bench: Bench) -> None:
    """No answer in time: the provider may have the message, and the channel says exactly that."""
    hang = bench.faults.add(bench.request, "hang")
    error = await failure(bench, message(bench))
    bench.faults.release(hang)
    assert isinstance(error, UnknownDeliveryError)


async def test_a_connection_cut_after_acceptance_is_unknown(bench: Bench) -> None:
    """The message is in the mailbox, but the channel cannot know it; it neither fails nor succeeds."""
    bench.faults.add(bench.request, "drop_after_accept")
    error = await failure(bench, message(bench))
    assert isinstance(error, UnknownDeliveryError)
    assert len(bench.texts()) == 1


async def test_a_provider_that_is_not_there_is_temporary(bench: Bench) -> None:
    """Before the first byte nothing can have been delivered."""
    await bench.stop()
    error = await failure(bench, message(bench))
    assert isinstance(error, TemporaryDeliveryError)


async def test_a_channel_works_again_after_every_failure(bench: Bench) -> None:
    """Connections that were cut or hung are not kept."""
    for kind in ("drop", "drop_after_accept", "hang"):
        fault = bench.faults.add(bench.request, kind)
        await failure(bench, message(bench))
        bench.faults.release(fault)
        await bench.channel.send(message(bench, "Знову"))
    assert [text.strip() for text in bench.texts()].count("Знову") == 3


@pytest.mark.parametrize("text", ["\ud800 розірвано", "a\x00b\x1b[31m", "<b>не закрито", "& <script>alert(1)</script>"])
async def test_bad_text_is_never_lost_silently(bench: Bench, text: str) -> None:
    """Text that no template should make is delivered somehow, or permanently refused with the address alive."""
    refused: list[PermanentDeliveryError] = []
    try:
        await bench.channel.send(message(bench, text))
    except PermanentDeliveryError as error:
        refused.append(error)
    assert len(bench.texts()) + len(refused) == 1
    assert not any(error.address_dead for error in refused)


async def test_many_at_once_all_arrive(bench: Bench) -> None:
    """As many sends at once as the channel allows do not disturb each other."""
    limit = min(bench.channel.concurrency, 3)
    await asyncio.gather(*(bench.channel.send(message(bench, f"№{number}")) for number in range(limit)))
    assert sorted(text.strip() for text in bench.texts()) == sorted(f"№{number}" for number in range(limit))


async def test_making_a_channel_needs_no_network(bench: Bench) -> None:
    """A channel whose provider is away can be made and closed."""
    other = type(bench.channel)(bench.channel._settings, clock=SystemClock())  # type: ignore[call-arg, attr-defined]  # a protocol has no constructor
    await other.close()
