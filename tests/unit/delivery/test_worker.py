"""The worker: order, pacing, retries, expiry, crashes; on a real store, on a virtual clock."""

import asyncio
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.support.contacts import OLENA, OLENA_PHONE, SECRET, TARAS, content
from tests.support.post import MINUTE, NOON, SECOND, Box, note, police_book, post

from tocsin.clock import VirtualClock
from tocsin.delivery.claim import Sending, claim
from tocsin.delivery.codes import read_button
from tocsin.delivery.outbox import Row
from tocsin.domain.errors import PermanentDeliveryError, TemporaryDeliveryError, UnknownDeliveryError
from tocsin.domain.event import Event
from tocsin.domain.input import Answer, OperatorAction
from tocsin.domain.notification import TAKEN
from tocsin.ports import Handed, Limits, Outgoing, Rendered


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tocsin.db"


def panic(number: int = 1, site: str = "school-12") -> Event:
    return Event(id=str(number), source="gateway", type="alarm.panic", time=NOON, received=NOON, site=site)


async def test_started_and_the_text_are_committed_before_the_first_byte(path: Path) -> None:
    """While the provider is being called the row says started and the attempt holds the text."""
    async with post(path) as office:
        box = Box(office.clock)
        gate = asyncio.Event()
        box.plan[str(OLENA)] = [gate]
        office.serve(box)
        await office.put(note(1))
        await office.until(lambda: bool(box.sent))
        assert office.states() == {1: "started"}
        (state, text), = office.rows("SELECT state, text FROM attempts")
        assert (state, text) == ("started", box.texts[0])
        gate.set()
        await office.advance()
        assert office.states() == {1: "sent"}
        assert office.attempts(1) == [(1, "sent", 0)]


async def test_severity_then_the_last_resort_then_age(path: Path) -> None:
    """The urgent overtakes what was queued before it."""
    async with post(path) as office:
        box = Box(office.clock, concurrency=1)
        await office.put(note(1, severity="low"), note(2, created=NOON - 2), note(3, created=NOON - 1, step=0),
                         note(4, severity="critical"), note(5, created=NOON - 3))
        office.serve(box)
        await office.advance()
        assert box.numbers == [4, 3, 5, 2, 1]


async def test_no_more_sends_at_once_than_the_channel_allows(path: Path) -> None:
    """Telegram's client collapses under many sends; two at a time go out, to different people."""
    async with post(path) as office:
        box = Box(office.clock, concurrency=2)
        gates = [asyncio.Event() for _ in range(4)]
        box.plan = {str(OLENA): list(gates[:2]), str(TARAS): list(gates[2:])}
        await office.put(note(1), note(2), note(3, "taras"), note(4, "taras"))
        office.serve(box)
        await office.until(lambda: box.busy == 2)
        for gate in gates:
            gate.set()
        await office.advance()
        assert box.most_busy == 2
        assert set(office.states().values()) == {"sent"}


async def test_a_system_gets_messages_of_several_incidents_at_once_but_those_of_one_in_order(path: Path) -> None:
    """A storm to one address does not go out one by one; what is said about an incident is not turned round."""
    async with post(path) as office:
        box = Box(office.clock, concurrency=8, limits=Limits(together=True))
        gates = [asyncio.Event() for _ in range(3)]
        box.plan[str(OLENA)] = list(gates)
        await office.put(*(replace(note(number), incident=incident)
                           for number, incident in ((1, 7), (2, 7), (3, 8), (4, 9))))
        office.serve(box)
        await office.until(lambda: box.busy == 3)
        assert box.numbers == [1, 3, 4]
        for gate in gates:
            gate.set()
        await office.advance()
        assert box.numbers == [1, 3, 4, 2]


async def test_pacing_per_chat_lets_others_pass(path: Path) -> None:
    """Thirty messages to one person do not hold up another's; the burst goes at once, the rest at the chat's pace."""
    async with post(path) as office:
        box = Box(office.clock, limits=Limits(per_address=((3, 3 * SECOND),), overall=((30, SECOND),)))
        await office.put(*(note(number) for number in range(1, 31)), note(31, "taras", severity="low"))
        office.serve(box)
        await office.advance()
        assert sorted(box.numbers) == [1, 2, 3, 31]
        await office.advance(27 * SECOND)
        starts = [at for at, outgoing in box.sent if outgoing.address == str(OLENA)]
        assert len(starts) == 30
        assert starts[-1] == NOON + 27 * SECOND


async def test_pacing_survives_a_restart(path: Path) -> None:
    """The limits of the last minute are rebuilt from the attempts."""
    limits = Limits(per_address=((3, 60 * SECOND),))
    async with post(path) as office:
        box = Box(office.clock, limits=limits)
        await office.put(*(note(number) for number in range(1, 6)))
        office.serve(box)
        await office.advance()
        assert len(box.sent) == 3
        await office.kill()
        again = Box(office.clock, limits=limits)
        office.serve(again)
        await office.advance(59 * SECOND)
        assert again.sent == []
        await office.advance(SECOND)
        assert len(again.sent) == 2


async def test_retry_after_holds_that_chat_only(path: Path) -> None:
    """A chat that asks to wait is left alone so long; other chats are served meanwhile."""
    async with post(path) as office:
        box = Box(office.clock)
        box.plan[str(OLENA)] = [TemporaryDeliveryError("wait", retry_after=20 * SECOND)]
        await office.put(note(1))
        office.serve(box)
        await office.advance()
        await office.put(note(2), note(3, "taras"))
        await office.advance(19 * SECOND)
        assert box.numbers == [1, 3]
        await office.advance(SECOND)
        assert box.numbers == [1, 3, 1, 2]


async def test_temporary_trouble_backs_off_and_then_arrives(path: Path) -> None:
    """1, 2, 4 seconds later, each try a row of its own; the last one says sent."""
    async with post(path) as office:
        box = Box(office.clock)
        box.plan[str(OLENA)] = [TemporaryDeliveryError("busy")] * 3
        await office.put(note(1, expires=NOON + 10 * MINUTE))
        office.serve(box)
        await office.advance(10 * SECOND)
        gaps = [later - earlier for (earlier, _), (later, _) in zip(box.sent, box.sent[1:], strict=False)]
        assert all(0.8 <= gap / SECOND / plain <= 1.2 for gap, plain in zip(gaps, (1, 2, 4), strict=True))
        assert [state for _, state, _ in office.attempts(1)] == ["failed_temporary"] * 3 + ["sent"]
        assert office.states() == {1: "sent"}


async def test_a_channel_that_does_not_come_back_is_given_up_and_the_message_repeated(path: Path) -> None:
    """After two minutes the outcome is unknown; the next try carries the mark, and nobody else waited."""
    async with post(path) as office:
        box = Box(office.clock)
        never = asyncio.Event()
        box.plan[str(OLENA)] = [never]
        office.serve(box)
        await office.put(note(1, expires=NOON + 10 * MINUTE))
        await office.advance(60 * SECOND)
        await office.put(note(2, "taras"))
        await office.advance(59 * SECOND)
        assert office.states() == {1: "started", 2: "sent"}
        await office.advance(SECOND)
        assert office.states()[1] == "unknown"
        assert office.reason(1) == "The channel did not come back; it may have been sent."
        await office.advance(2 * SECOND)
        assert office.attempts(1) == [(1, "unknown", 0), (2, "sent", 1)]
        assert "ПОВТОР" in box.texts[-1]


async def test_an_expired_message_is_not_sent_and_says_why(path: Path) -> None:
    """When the step's time is over the row is expired, with the last failure as its reason."""
    async with post(path) as office:
        box = Box(office.clock)
        box.plan[str(OLENA)] = [TemporaryDeliveryError("the line is busy")] * 20
        await office.put(note(1, expires=NOON + 60 * SECOND), note(2, "taras", expires=NOON - 1))
        office.serve(box)
        await office.advance(2 * MINUTE)
        assert office.states() == {1: "expired", 2: "expired"}
        assert "the line is busy" in office.reason(1)
        assert 2 not in box.numbers
        assert max(at for at, _ in box.sent) < NOON + 60 * SECOND
        assert office.rows("SELECT count(*) FROM journal WHERE kind = 'receipt'") == [(2,)]


async def test_an_unclear_outcome_is_repeated_once_and_marked(path: Path) -> None:
    """A timeout after the request was written: one repeat that says so, then no more."""
    async with post(path) as office:
        box = Box(office.clock)
        box.plan[str(OLENA)] = [UnknownDeliveryError("no answer"), UnknownDeliveryError("no answer")]
        await office.put(note(1))
        office.serve(box)
        await office.advance(5 * MINUTE)
        assert len(box.sent) == 2
        assert "ПОВТОР" not in box.texts[0]
        assert "ПОВТОР" in box.texts[1]
        assert office.attempts(1) == [(1, "unknown", 0), (2, "unknown", 1)]
        assert office.states() == {1: "unknown"}
        assert "Twice without a clear outcome" in office.reason(1)


@pytest.mark.parametrize("moment", ["before the claim", "during the send", "before the outcome"])
async def test_a_crash_loses_nothing_and_repeats_only_what_was_in_flight(path: Path, moment: str) -> None:
    """Killed at any of the three moments: everything arrives; only in-flight sends come twice, and are marked."""
    clock = VirtualClock(NOON)
    async with post(path, clock=clock) as office:
        box = Box(clock, concurrency=1)
        await office.put(note(1), note(2, "taras"), note(3))
        if moment == "during the send":
            box.plan[str(OLENA)] = [asyncio.Event()]
            office.serve(box)
            await office.until(lambda: bool(box.sent))
        elif moment == "before the outcome":
            worker = office.serve(box)
            worker._sender._run_work = lambda work: asyncio.Event().wait()  # type: ignore[assignment]  # a commit that never ends
            await office.until(lambda: bool(box.sent) and not box.busy)
        await office.kill()
    first = list(box.texts)
    async with post(path, clock=clock) as office:
        box = Box(clock)
        office.serve(box)
        await office.advance(MINUTE)
        assert set(office.states().values()) == {"sent"}
        texts = first + box.texts
        for number in (1, 2, 3):
            mine = [text for text in texts if f"school-{number}" in text]
            twice = number == 1 and moment != "before the claim"
            assert len(mine) == (2 if twice else 1)
            assert [("ПОВТОР" in text or "REPEATED" in text) for text in mine] == ([False, True] if twice else [False])
        if moment != "before the claim":
            assert office.attempts(1) == [(1, "unknown", 0), (2, "sent", 1)]


async def test_what_was_withdrawn_in_flight_is_not_sent_again(path: Path) -> None:
    """Answered while the provider was slow: the failed try is not repeated."""
    async with post(path) as office:
        box = Box(office.clock)
        gate = asyncio.Event()
        box.plan[str(OLENA)] = [gate]
        office.serve(box)
        await office.loop.submit_events([panic()])
        await office.until(lambda: bool(box.sent))
        (incident,), = office.rows("SELECT id FROM incidents")
        await office.loop.submit(Answer("taras", incident, "acknowledge", "console"))
        await office.kill()
        again = Box(office.clock)
        office.serve(again)
        await office.advance(MINUTE)
        page, = [number for number, kind in office.rows("SELECT id, kind FROM outbox") if kind == "page"]
        assert office.states()[page] == "withdrawn"
        assert page not in again.numbers


async def test_what_was_withdrawn_during_a_failing_send_is_not_tried_again(path: Path) -> None:
    """Answered while the provider was slow to say no: there is no second try."""
    async with post(path) as office:
        box = Box(office.clock)
        gate = asyncio.Event()
        box.plan[str(OLENA)] = [gate, TemporaryDeliveryError("busy")]
        office.serve(box)
        await office.loop.submit_events([panic()])
        await office.until(lambda: bool(box.sent))
        (incident,), = office.rows("SELECT id FROM incidents")
        await office.loop.submit(Answer("taras", incident, "acknowledge", "console"))
        gate.set()
        await office.advance(MINUTE)
        (number, state, reason), = office.rows("SELECT id, state, reason FROM outbox WHERE kind = 'page'")
        assert (state, box.numbers.count(number)) == ("withdrawn", 1)
        assert "answered" in reason


async def test_a_try_that_would_come_too_late_is_not_waited_for(path: Path) -> None:
    """The provider asks for longer than the message is worth: it expires at once, and the next way starts."""
    async with post(path) as office:
        box = Box(office.clock)
        box.plan[str(OLENA)] = [TemporaryDeliveryError("wait", retry_after=60 * SECOND)]
        office.serve(box)
        await office.put(note(1, expires=NOON + 30 * SECOND))
        await office.advance()
        assert office.states() == {1: "expired"}
        assert office.rows("SELECT count(*) FROM journal WHERE kind = 'receipt'") == [(1,)]


async def test_a_blocked_chat_starts_the_next_channel_at_once(path: Path) -> None:
    """403 blocked: the address is off, the shift head may be told, and the SMS leaves in the same second."""
    async with post(path) as office:
        telegram, sms = Box(office.clock), Box(office.clock, "sms")
        telegram.plan[str(OLENA)] = [PermanentDeliveryError("blocked", address_dead=True)]
        office.serve(telegram)
        office.serve(sms)
        await office.loop.submit_events([panic()])
        await office.advance()
        assert [outgoing.address for _, outgoing in sms.sent] == [OLENA_PHONE]
        assert sms.sent[0][0] == NOON
        assert office.rows("SELECT person, channel FROM addresses") == [("olena", "telegram")]
        await office.loop.submit_events([panic(2, "school-13")])
        await office.advance()
        assert [outgoing.address for _, outgoing in telegram.sent] == [str(OLENA)]
        assert len(sms.sent) == 2


async def test_expiry_of_a_page_starts_the_next_way(path: Path) -> None:
    """Telegram away for the whole step: the way after it is taken, and the reason is on record."""
    async with post(path) as office:
        telegram, sms = Box(office.clock), Box(office.clock, "sms")
        telegram.plan[str(OLENA)] = [TemporaryDeliveryError("away")] * 99
        office.serve(telegram)
        office.serve(sms)
        await office.loop.submit_events([panic()])
        await office.advance(6 * MINUTE)
        assert OLENA_PHONE in [outgoing.address for _, outgoing in sms.sent]
        assert str(TARAS) in [outgoing.address for _, outgoing in telegram.sent]
        assert not [row for row in office.rows("SELECT state, reason FROM outbox") if row[0] != "sent" and not row[1]]


async def test_no_address_or_an_address_that_is_off_fails_at_once(path: Path) -> None:
    """Nothing is tried where nothing can arrive, and each row says why."""
    people = {**content().people}
    people["taras"] = replace(people["taras"], addresses={})
    async with post(path, police_book(people=people)) as office:
        await office.loop.submit(OperatorAction("admin", "address_off", {"person": "olena", "channel": "telegram",
                                                                         "reason": "new phone"}))
        box = Box(office.clock)
        office.serve(box)
        await office.put(note(101), note(102, "taras"), note(103, "stranger"))
        await office.advance()
        assert box.sent == []
        assert {number: state for number, state in office.states().items() if number > 100} == dict.fromkeys(
            (101, 102, 103), "failed_permanent")
        assert "switched off: new phone" in office.reason(101)
        assert "no address" in office.reason(102)
        assert "not in the contacts" in office.reason(103)


async def test_a_moved_chat_is_remembered(path: Path) -> None:
    """A group that became a supergroup: the new id is used from the next message on."""
    async with post(path) as office:
        box = Box(office.clock)
        box.plan[str(OLENA)] = [Handed("-1005/1", moved_to="-1005")]
        office.serve(box)
        await office.put(note(1))
        await office.advance()
        await office.put(note(2))
        await office.advance()
        assert [outgoing.address for _, outgoing in box.sent] == [str(OLENA), "-1005"]


async def test_a_late_message_says_so(path: Path) -> None:
    """Created more than two minutes before it could leave."""
    async with post(path) as office:
        await office.put(note(1), note(2, "taras", created=NOON - 3 * MINUTE))
        box = Box(office.clock)
        office.serve(box)
        await office.advance()
        late, = [text for text in box.texts if "This message is late" in text]
        assert "school-2" in late


@pytest.mark.parametrize("kind", ["closed", "cleared", "joined"])
async def test_news_is_not_told_to_those_who_never_heard_of_it(path: Path, kind: str) -> None:
    """Whose every message failed hears nothing of the end either; the row says why."""
    async with post(path) as office:
        box = Box(office.clock)
        box.plan[str(OLENA)] = [PermanentDeliveryError("gone")]
        office.serve(box)
        await office.put(note(1), note(2, "taras"))
        await office.advance()
        await office.put(note(3, kind=kind), note(4, "taras", kind=kind))
        await office.advance()
        assert office.states() == {1: "failed_permanent", 2: "sent", 3: "withdrawn", 4: "sent"}
        assert "ever reached" in office.reason(3)


async def test_news_waits_for_a_page_that_is_still_on_its_way(path: Path) -> None:
    """The end is not told before the beginning."""
    async with post(path) as office:
        box = Box(office.clock)
        box.plan[str(OLENA)] = [TemporaryDeliveryError("busy", retry_after=5 * SECOND)]
        office.serve(box)
        await office.put(note(1))
        await office.advance()
        await office.put(note(2, kind="cleared", severity="critical"))
        await office.advance(10 * SECOND)
        assert box.numbers == [1, 1, 2]


async def test_every_copy_shows_who_took_it(path: Path) -> None:
    """All pages are edited: the answers go away, the taker's own copy offers what comes next."""
    async with post(path) as office:
        box = Box(office.clock)
        office.serve(box)
        await office.put(note(1), note(2, "taras"))
        await office.advance()
        await office.put(note(3, "", kind=TAKEN, who="taras", word="accept", at=NOON, eta=5 * MINUTE))
        await office.advance()
        edits = {outgoing.edits: outgoing.message for _, outgoing in box.sent if outgoing.edits}
        assert set(edits) == {f"{OLENA}/1", f"{TARAS}/2"}
        olenas, taras = edits[f"{OLENA}/1"], edits[f"{TARAS}/2"]
        assert "school-1" in olenas.text
        assert "Взято: Taras Shevchuk, 13:06 EET, прибуття через 5 хв" in olenas.text
        assert "Taken: Taras Shevchuk" in taras.text
        assert olenas.buttons == ()
        assert [read_button(SECRET, token) for _, _, token in taras.buttons] == [
            (2, "arrived"), (2, "resolve"), (2, "false_alarm")]
        assert office.states()[3] == "sent"


async def test_a_copy_that_was_in_flight_is_edited_afterwards(path: Path) -> None:
    """Taken while one page was still with the provider: that copy shows it too in the end."""
    async with post(path) as office:
        box = Box(office.clock)
        gate = asyncio.Event()
        box.plan[str(TARAS)] = [gate]
        office.serve(box)
        await office.put(note(1), note(2, "taras"))
        await office.until(lambda: len(box.sent) == 2)
        await office.put(note(3, "", kind=TAKEN, who="olena", word="accept", at=NOON))
        await office.until(lambda: office.states()[3] == "sent")
        gate.set()
        await office.advance()
        assert [outgoing.address for _, outgoing in box.sent if outgoing.edits] == [str(OLENA), str(TARAS)]


async def test_an_edit_that_fails_changes_nothing_else(path: Path) -> None:
    """A message that its owner deleted is recorded; the others show it, and the address stays on."""
    async with post(path) as office:
        box = Box(office.clock)
        office.serve(box)
        await office.put(note(1), note(2, "taras"))
        await office.advance()
        box.plan[str(OLENA)] = [PermanentDeliveryError("message to edit not found", address_dead=True)]
        box.plan[str(TARAS)] = [UnknownDeliveryError("no answer")]
        await office.put(note(3, "", kind=TAKEN, who="taras", word="accept", at=NOON))
        await office.advance(MINUTE)
        assert [state for _, state, _ in office.attempts(3)] == ["failed_permanent", "unknown", "sent"]
        assert office.states()[3] == "sent"
        assert office.rows("SELECT * FROM addresses") == []
        assert office.rows("SELECT count(*) FROM journal WHERE kind = 'receipt'") == [(0,)]


async def test_a_channel_that_fails_in_its_own_way_counts_as_unknown(path: Path) -> None:
    """An exception nobody thought of neither stops the worker nor is taken for a success."""
    async with post(path) as office:
        box = Box(office.clock)
        box.plan[str(OLENA)] = [RuntimeError("bug")]
        office.serve(box)
        await office.put(note(1), note(2, "taras"))
        await office.advance(5 * SECOND)
        assert office.attempts(1) == [(1, "unknown", 0), (2, "sent", 1)]
        assert office.states() == {1: "sent", 2: "sent"}
        assert office.reports[0][0] == "channel"


async def test_a_row_that_cannot_be_prepared_does_not_hold_up_the_others(path: Path) -> None:
    """A message that breaks the renderer itself fails for good with a reason; the next one leaves."""
    async with post(path) as office:
        box = Box(office.clock)
        office.serve(box)
        await office.put(replace(note(1), values={"since": 2**62}), note(2, "taras"))
        await office.advance()
        assert office.states() == {1: "failed_permanent", 2: "sent"}
        assert "could not be prepared" in office.reason(1)


async def test_a_storm_is_read_in_pages(path: Path) -> None:
    """A storm to one chat hides neither an urgent message nor a small one to somebody else."""
    async with post(path) as office:
        box = Box(office.clock, limits=Limits(per_address=((1, SECOND),)))
        await office.put(*(note(number, severity="low") for number in range(1, 3001)))
        office.serve(box)
        await office.advance(2 * SECOND)
        await office.put(note(9000, "taras", severity="info"))
        await office.advance()
        assert box.numbers[-1] == 9000
        assert len(box.sent) == 4
        await office.put(note(9001, severity="critical"))
        await office.advance(SECOND)
        assert box.numbers[-1] == 9001


async def test_the_first_of_each_service_leaves_before_the_hundredth_of_another(path: Path) -> None:
    """Of what waits with the same severity, whoever got less in this minute is told first, however much there is."""
    async with post(path) as office:
        box = Box(office.clock, limits=Limits(overall=((1, SECOND),)))
        await office.put(*(replace(note(number, f"p{number}", created=NOON - 9000 + number), turn=number)
                           for number in range(1, 1200)))
        await office.put(note(9000, "olena"), note(9001, "taras"))
        office.serve(box)
        await office.advance(SECOND)
        assert box.numbers == [9000, 9001]


async def test_a_list_of_which_a_line_was_withdrawn_is_written_anew(path: Path) -> None:
    """Between the writing and the claim: nothing of it is claimed, so that nobody reads what is over."""
    async with post(path) as office:
        await office.put(note(1), note(2))
        rows = [Row(note(number), 3, "queued", 0) for number in (1, 2)]
        listed = Sending(rows[0], (Outgoing(1, 1, str(OLENA), Rendered("1, 2"), bundle=1),), (rows[1],))
        await office.loop.run_work(
            lambda connection: connection.exec_driver_sql("UPDATE outbox SET state = 'withdrawn' WHERE id = 2"))
        assert await office.loop.run_work(lambda connection: claim(connection, [listed], NOON)) == []
        assert office.states() == {1: "queued", 2: "withdrawn"}
