"""The webhook channel: what is posted, how it is signed, and what each answer means."""

import base64
from collections.abc import AsyncIterator

import pytest
from tests.support.receiver import SECRET, TAKES, Receiver

from tocsin.clock import SystemClock
from tocsin.domain.errors import (
    PermanentDeliveryError,
    TemporaryDeliveryError,
    UnknownDeliveryError,
)
from tocsin.ports import Outgoing, Rendered
from tocsin_channels.webhook import CHANNEL, Webhook, WebhookSettings, key_of, mac_of, signature
from tocsin_channels.webhook_outcomes import answered

NOW = 1_795_000_000_000_000


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def webhook() -> AsyncIterator[Webhook]:
    made = CHANNEL(WebhookSettings(secret=SECRET), clock=SystemClock())
    yield made
    await made.close()


def page(receiver: Receiver, attempt: int = 1, path: str = TAKES) -> Outgoing:
    shown = Rendered("Пожежа: школа 12\nУкриття", subject="Пожежа: школа 12", link="https://alarm.example.org/answer/abc")
    return Outgoing(7, attempt, receiver.url + path, shown, thread="incident-3.ab", message_id="n7.ab", urgent=True)


async def test_the_body_says_everything_that_another_system_needs(webhook: Webhook, receiver: Receiver) -> None:
    """Stable id, incident, attempt, text, and the link by which it may answer."""
    await webhook.send(page(receiver))
    assert receiver.taken == [{
        "id": "n7.ab", "incident": "incident-3.ab", "notification": 7, "attempt": 1, "urgent": True,
        "subject": "Пожежа: школа 12", "text": "Пожежа: школа 12\nУкриття",
        "link": "https://alarm.example.org/answer/abc"}]


async def test_every_attempt_has_the_same_id_so_that_repeats_are_recognised(webhook: Webhook,
                                                                            receiver: Receiver) -> None:
    """webhook-id stays, whatever the attempt; the provider's id is the same."""
    handed = [await webhook.send(page(receiver, attempt)) for attempt in (1, 2)]
    assert [headers["webhook-id"] for headers in receiver.headers] == ["n7.ab", "n7.ab"]
    assert {one.provider_id for one in handed} == {"n7.ab"}


async def test_a_receiver_with_another_secret_refuses_and_the_address_lives(receiver: Receiver) -> None:
    """The sentence says where the secret stands; the address is not switched off."""
    stranger = CHANNEL(WebhookSettings(secret="another-secret-altogether"), clock=SystemClock())
    with pytest.raises(PermanentDeliveryError, match=r"channels\.webhook\.secret") as caught:
        await stranger.send(page(receiver))
    assert not caught.value.address_dead
    assert receiver.taken == []
    await stranger.close()


async def test_redirects_are_not_followed(webhook: Webhook, receiver: Receiver) -> None:
    """A message goes to the address in the contacts or nowhere."""
    receiver.faults.add({}, "status", status=307)
    with pytest.raises(PermanentDeliveryError, match="elsewhere"):
        await webhook.send(page(receiver))


async def test_a_path_that_is_not_there_is_permanent_but_lives(webhook: Webhook, receiver: Receiver) -> None:
    """404 may be a system that is being set up anew."""
    with pytest.raises(PermanentDeliveryError) as caught:
        await webhook.send(page(receiver, path="/elsewhere"))
    assert not caught.value.address_dead


async def test_retry_after_is_obeyed(webhook: Webhook, receiver: Receiver) -> None:
    """429 with Retry-After: 7 waits seven seconds for this address."""
    receiver.faults.add({}, "retry_after", retry_after=7)
    with pytest.raises(TemporaryDeliveryError) as caught:
        await webhook.send(page(receiver))
    assert caught.value.retry_after == 7_000_000


@pytest.mark.parametrize("status, kind", [
    (408, TemporaryDeliveryError), (425, TemporaryDeliveryError), (429, TemporaryDeliveryError),
    (500, TemporaryDeliveryError), (503, TemporaryDeliveryError), (504, UnknownDeliveryError),
    (301, PermanentDeliveryError), (400, PermanentDeliveryError), (401, PermanentDeliveryError),
    (404, PermanentDeliveryError), (410, PermanentDeliveryError), (422, PermanentDeliveryError)])
def test_each_status_has_its_outcome(status: int, kind: type[Exception]) -> None:
    """Only 2xx is taken; a gateway's timeout may have let the message through."""
    assert type(answered(status, "", NOW)) is kind


@pytest.mark.parametrize("text, wait", [
    ("0", 0), ("12", 12_000_000), ("999999999999999", 3_600_000_000), ("Wed, 18 Nov 2026 11:07:10 GMT", 30_000_000),
    ("Wed, 18 Nov 2026 01:00:00 GMT", 0), ("soon", None), ("", None), ("-5", None), ("١٢", None)])
def test_retry_after_in_both_spellings(text: str, wait: int | None) -> None:
    """Seconds or a date; an hour at most; nonsense names nothing."""
    error = answered(503, text, 1_795_000_000_000_000)
    assert isinstance(error, TemporaryDeliveryError)
    assert error.retry_after == wait


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_what_was_taken_is_no_failure(status: int) -> None:
    """Every 2xx."""
    assert answered(status, "", NOW) is None


def test_the_signature_is_that_of_the_standards_own_example() -> None:
    """The example of the Standard Webhooks specification."""
    mac = mac_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    assert signature(mac, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body) == (
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")


def test_a_secret_that_is_no_base64_signs_as_it_is() -> None:
    """Both spellings of a secret work."""
    assert key_of("just-a-text") == b"just-a-text"
    assert key_of("whsec_" + base64.b64encode(b"abc").decode()) == b"abc"
    assert key_of("whsec_***") == b"whsec_***"
