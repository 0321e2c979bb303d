"""docs/channels/sms.md: what becomes of a message, row by row, against the emulated Twilio."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.answers import Case, became, later, office, page, patience, prepared, promised, webhooks
from tests.support.contacts import OLENA_PHONE
from tests.support.post import SECOND

from tocsin.emulators.twilio import TwilioEmulator
from tocsin_channels.sms_twilio import Sms, SmsSettings

PAGE, FIXTURE = "sms.md", "twilio"
CREATE = {"method": "create"}


def refused(code: int) -> Case:
    return lambda twilio: twilio.state.refuse(OLENA_PHONE, code)


def fault(kind: str, match: str = "create", **how: object) -> Case:
    """The fault strikes the first try, or the first message's life afterwards."""
    def prepare(twilio: TwilioEmulator) -> None:
        twilio.faults.add({"method": match}, kind, **how)  # type: ignore[arg-type]  # options by name
    return prepare


def ends(outcome: str, code: int) -> Case:
    return fault("outcome", "outcome", outcome=outcome, code=code)


CASES: dict[str, Case] = {
    "delivered": lambda twilio: None,
    "sent-only": fault("hang", "outcome"),
    "callbacks-unordered": fault("shuffle", "callback"),
    "callbacks-twice": fault("duplicate", "callback"),
    "callbacks-lost": fault("lose", "callback"),
    "21211-invalid": refused(21211),
    "21214-unreachable": refused(21214),
    "21217-invalid": refused(21217),
    "21408-region": refused(21408),
    "21608-trial": refused(21608),
    "21610-unsubscribed": refused(21610),
    "21611-queue-full": refused(21611),
    "21612-route": refused(21612),
    "21614-landline": refused(21614),
    "21635-landline": refused(21635),
    "21606-own-number": lambda twilio: setattr(twilio.state, "numbers", ("+380440000113",)),
    "20003-login": lambda twilio: setattr(twilio.state, "auth_token", "another"),
    "20005-account": refused(20005),
    "20404-account": fault("status", status=404, body={"code": 20404, "message": "not found", "status": 404}),
    "20429-too-fast": fault("retry_after"),
    "408-timeout": fault("status", status=408),
    "500-error": fault("status", status=500),
    "503-page": fault("status", status=503, body="<html>Service Unavailable</html>"),
    "504-gateway": fault("status", status=504),
    "400-other": fault("status", status=400, body={"code": 29999, "message": "something new", "status": 400}),
    "no-json": fault("status", status=201, body="<html>Maintenance</html>"),
    "30001-queue": ends("failed", 30001),
    "30002-suspended": ends("failed", 30002),
    "30003-phone-off": ends("undelivered", 30003),
    "30004-blocked": ends("undelivered", 30004),
    "30005-unknown": ends("undelivered", 30005),
    "30006-landline": ends("undelivered", 30006),
    "30007-filtered": ends("undelivered", 30007),
    "30008-unknown": ends("undelivered", 30008),
    "30010-price": ends("failed", 30010),
    "30034-unregistered": ends("undelivered", 30034),
    "21610-after": ends("failed", 21610),
    "hang": fault("hang"),
    "cut-before": fault("drop"),
    "cut-after": fault("drop_after_accept"),
    "refused-connection": lambda twilio: twilio.server.stop(),
    "no-tls": lambda twilio: None,
    "twice-unclear": fault("drop", times=2),
}
LATER = {"twice-unclear": 2 * SECOND, "callbacks-lost": 30 * SECOND, "sent-only": 30 * SECOND}
"""How long the story goes on after the first try."""


@pytest.fixture
async def twilio() -> AsyncIterator[TwilioEmulator]:
    emulator = TwilioEmulator()
    await emulator.start()
    yield emulator
    await emulator.stop()


def test_the_page_has_these_rows_and_no_others() -> None:
    assert list(promised(PAGE)) == list(CASES)


@pytest.mark.parametrize("case", CASES)
async def test_what_becomes_of_a_message(case: str, twilio: TwilioEmulator, tmp_path: Path) -> None:
    """State, person, message and address are as the page says."""
    state = twilio.state
    given = {"account_sid": state.account_sid, "auth_token": state.auth_token, "from": state.numbers[0]}
    base = twilio.url.replace("http:", "https:") if case == "no-tls" else twilio.url
    await prepared(CASES[case], twilio)
    settings = SmsSettings.model_validate({**given, "api_base": base, "timeout": patience(case)})
    made: list[Sms] = []
    path = tmp_path / "store" / "tocsin.db"
    async with office(path, "sms", "telegram") as desk, webhooks(desk, lambda: made[0]) as url:
        made.append(Sms(settings, clock=desk.clock, public_url=url))
        await page(desk, made[0], url=url)
        if case != "sent-only":
            await state.settled()
        await desk.advance()
        await later(desk, LATER.get(case, 0))
        assert became(desk, "sms") == promised(PAGE)[case]
        await made[0].close()
