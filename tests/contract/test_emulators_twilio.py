"""The emulated Twilio, driven by twilio's own client and judged by its own signature validator."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.types import Receive, Scope, Send
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from tocsin.emulators.forms import header, parameters_of
from tocsin.emulators.server import LoopbackServer
from tocsin.emulators.twilio import TwilioEmulator
from tocsin.emulators.twilio_state import DEFAULT_NUMBER, ReplyError, TwilioState

PHONE = "+380671234567"
TEXT = "Пожежа. Відповідь: 4821"


class Customer:
    """The customer's server: keeps every webhook that Twilio's own validator accepts."""

    def __init__(self) -> None:
        self.server = LoopbackServer(self)
        self.validator = RequestValidator(TwilioState().auth_token)
        self.received: list[dict[str, Any]] = []
        self.twiml = "<Response/>"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        form = await parameters_of(scope, receive)
        good = self.validator.validate(self.server.url + scope["path"], form, header(scope, b"x-twilio-signature"))
        assert good, "the signature is wrong"
        self.received.append(form)
        body = self.twiml.encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/xml")]})
        await send({"type": "http.response.body", "body": body})

    def statuses(self) -> list[str]:
        return [form["MessageStatus"] for form in self.received]


class RedirectedHttpClient(TwilioHttpClient):
    """twilio's own HTTP client, sent to the emulator instead of api.twilio.com."""

    def __init__(self, url: str) -> None:
        super().__init__(pool_connections=False, timeout=5)
        self.url = url

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        return super().request(method, url.replace("https://api.twilio.com", self.url), *args, **kwargs)


@pytest.fixture
async def customer() -> AsyncIterator[Customer]:
    customer = Customer()
    await customer.server.start()
    yield customer
    await customer.server.stop()


@pytest.fixture
async def twilio(customer: Customer) -> AsyncIterator[TwilioEmulator]:
    emulator = TwilioEmulator(TwilioState(incoming_url=customer.server.url + "/sms"))
    await emulator.start()
    yield emulator
    await emulator.stop()


async def create(twilio: TwilioEmulator, customer: Customer | None = None, **changed: Any) -> Any:
    state = twilio.state
    client = Client(
        changed.pop("user", state.account_sid),
        changed.pop("password", state.auth_token),
        changed.pop("account", state.account_sid),
        http_client=RedirectedHttpClient(twilio.url),
    )
    given = {"to": PHONE, "from_": DEFAULT_NUMBER, "body": TEXT, **changed}
    if customer is not None:
        given["status_callback"] = customer.server.url + "/status"
    return await asyncio.to_thread(client.messages.create, **given)


async def refusal(twilio: TwilioEmulator, **changed: Any) -> tuple[int, int]:
    with pytest.raises(TwilioRestException) as refused:
        await create(twilio, **changed)
    return refused.value.status, refused.value.code


async def test_the_real_client_sends_and_the_callbacks_follow(twilio: TwilioEmulator, customer: Customer) -> None:
    """201 with the documented resource, then sent and delivered, signed; nothing for the first status."""
    sent = await create(twilio, customer)
    assert sent.sid.startswith("SM")
    assert len(sent.sid) == 34
    assert (sent.status, sent.error_code, sent.num_segments, sent.direction) == ("queued", None, "1", "outbound-api")
    assert sent.date_created.tzinfo is not None
    await twilio.state.settled()
    assert customer.statuses() == ["sent", "delivered"]
    assert customer.received[0]["MessageSid"] == sent.sid
    assert "ErrorCode" not in customer.received[1]
    assert [sms.body for sms in twilio.state.to(PHONE)] == [TEXT]


async def test_a_message_can_be_fetched(twilio: TwilioEmulator) -> None:
    """GET shows the current status; an unknown SID is not found."""
    sent = await create(twilio)
    await twilio.state.settled()
    client = Client(twilio.state.account_sid, twilio.state.auth_token, http_client=RedirectedHttpClient(twilio.url))
    fetched = await asyncio.to_thread(client.messages(sent.sid).fetch)
    assert (fetched.status, fetched.body) == ("delivered", TEXT)
    with pytest.raises(TwilioRestException) as missing:
        await asyncio.to_thread(client.messages("SM" + "0" * 32).fetch)
    assert (missing.value.status, missing.value.code) == (404, 20404)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"password": "wrong"}, (401, 20003)),
        ({"account": "AC" + "9" * 32}, (404, 20404)),
        ({"to": "112"}, (400, 21211)),
        ({"to": "0671234567"}, (400, 21211)),
        ({"from_": "+380"}, (400, 21212)),
        ({"from_": "+380440000000"}, (400, 21606)),
        ({"body": ""}, (400, 21602)),
        ({"body": "я" * 1601}, (400, 21617)),
        ({"to": "+380442780000"}, (400, 21614)),
    ],
)
async def test_what_twilio_refuses_is_refused(
    twilio: TwilioEmulator, changed: dict[str, Any], expected: tuple[int, int]
) -> None:
    """Each refusal has Twilio's HTTP status and error code, and nothing is sent."""
    twilio.state.landlines.add("+380442780000")
    assert await refusal(twilio, **changed) == expected
    assert twilio.state.messages == []


async def test_the_longest_body_passes(twilio: TwilioEmulator) -> None:
    """1600 Cyrillic letters are 24 segments of 67."""
    sent = await create(twilio, body="я" * 1600)
    assert sent.num_segments == "24"


async def test_too_many_requests_a_second_answer_429() -> None:
    """The limit counts requests, and time is the emulator's own."""
    time = [1_000.0]
    emulator = TwilioEmulator(TwilioState(per_second=2, now=lambda: time[0]))
    await emulator.start()
    try:
        await create(emulator)
        await create(emulator)
        assert await refusal(emulator) == (429, 20429)
        time[0] += 1.0
        await create(emulator)
    finally:
        await emulator.stop()


async def test_a_reply_reaches_the_webhook_signed(twilio: TwilioEmulator, customer: Customer) -> None:
    """An incoming message has Twilio's parameters, and the TwiML answer goes back to the phone."""
    customer.twiml = "<Response><Message>Дякуємо</Message><Message><Body>Ще</Body></Message></Response>"
    posted = await twilio.state.reply(PHONE, "4821 їду")
    assert posted is not None
    assert posted.status == 200
    (form,) = customer.received
    assert (form["From"], form["To"], form["Body"]) == (PHONE, DEFAULT_NUMBER, "4821 їду")
    assert (form["NumSegments"], form["NumMedia"], form["SmsStatus"]) == ("1", "0", "received")
    assert form["MessageSid"] == form["SmsSid"]
    assert [sms.body for sms in twilio.state.to(PHONE)] == ["Дякуємо", "Ще"]
    with pytest.raises(ReplyError):
        await twilio.state.reply("112", "1")


async def test_stop_unsubscribes_and_start_subscribes_again(twilio: TwilioEmulator, customer: Customer) -> None:
    """STOP alone stops, is told to the customer and answered by Twilio; 'stop it' is no keyword."""
    await twilio.state.reply(PHONE, "stop it")
    await create(twilio)
    await twilio.state.reply(PHONE, " stop ")
    assert await refusal(twilio) == (400, 21610)
    assert twilio.state.to(PHONE)[-1].body.startswith("You have successfully been unsubscribed")
    await twilio.state.reply(PHONE, "START")
    await create(twilio)
    assert [form["Body"] for form in customer.received] == ["stop it", " stop ", "START"]


class TestFaults:
    """What goes wrong on request."""

    @pytest.mark.parametrize(
        ("outcome", "code", "seen"),
        [("undelivered", 30003, ["sent", "undelivered"]), ("failed", 30008, ["failed"])],
    )
    async def test_a_message_can_fail_after_it_was_accepted(
        self, twilio: TwilioEmulator, customer: Customer, outcome: str, code: int, seen: list[str]
    ) -> None:
        """The last callback carries the error code."""
        twilio.faults.add({"method": "outcome", "To": PHONE}, "outcome", outcome=outcome, code=code)
        await create(twilio, customer)
        await twilio.state.settled()
        assert customer.statuses() == seen
        assert customer.received[-1]["ErrorCode"] == str(code)
        assert twilio.state.outbox[0].as_json()["error_code"] == code

    @pytest.mark.parametrize(
        ("kind", "seen"),
        [
            ("shuffle", ["delivered", "sent"]),
            ("duplicate", ["sent", "sent", "delivered", "delivered"]),
            ("lose", []),
        ],
    )
    async def test_callbacks_come_in_disorder(
        self, twilio: TwilioEmulator, customer: Customer, kind: str, seen: list[str]
    ) -> None:
        """Out of order, twice, or never; the message itself is delivered all the same."""
        twilio.faults.add({"method": "callback"}, kind)
        await create(twilio, customer)
        await twilio.state.settled()
        assert customer.statuses() == seen
        assert twilio.state.outbox[0].status == "delivered"

    async def test_an_incoming_message_can_come_twice(self, twilio: TwilioEmulator, customer: Customer) -> None:
        """Both posts carry the same MessageSid."""
        twilio.faults.add({"method": "incoming"}, "duplicate")
        await twilio.state.reply(PHONE, "4821")
        assert len(customer.received) == 2
        assert customer.received[0] == customer.received[1]

    @pytest.mark.parametrize(("kind", "arrived"), [("drop", 0), ("drop_after_accept", 1)])
    async def test_a_cut_connection_does_not_tell_whether_it_was_accepted(
        self, twilio: TwilioEmulator, kind: str, arrived: int
    ) -> None:
        """The client sees a broken connection either way."""
        twilio.faults.add({"method": "create"}, kind)
        with pytest.raises(OSError, match="Connection"):
            await create(twilio)
        assert len(twilio.state.outbox) == arrived

    async def test_server_errors_and_limits(self, twilio: TwilioEmulator) -> None:
        """A 503 and a 429 by rule, then it passes."""
        twilio.faults.add({"method": "create", "To": PHONE}, "status", status=503)
        twilio.faults.add({"method": "create"}, "retry_after")
        assert (await refusal(twilio))[0] == 503
        assert await refusal(twilio) == (429, 20429)
        await create(twilio)

    async def test_a_customer_that_is_down_is_tried_twice(self, twilio: TwilioEmulator) -> None:
        """A refused connection is retried once and then given up, without harm to the message."""
        twilio.state.incoming_url = "http://127.0.0.1:9/sms"
        posted = await twilio.state.reply(PHONE, "4821")
        assert posted is not None
        assert posted.status == 0
        assert posted.error


async def test_phones_act_over_http(twilio: TwilioEmulator, customer: Customer) -> None:
    """The practice page's controls: read the messages, reply."""
    await create(twilio)
    async with httpx.AsyncClient(trust_env=False, base_url=twilio.url) as http:
        shown = (await http.get("/control/state")).json()
        assert shown["messages"][0]["body"] == TEXT
        replied = await http.post("/control/reply", json={"from": PHONE, "body": "4821"})
        assert replied.json() == {"ok": True, "result": {"status": 200, "error": ""}}
        assert (await http.post("/control/reply", json={"from": "112", "body": "1"})).status_code == 409
    assert customer.received[0]["Body"] == "4821"
