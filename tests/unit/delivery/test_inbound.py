"""What people send: who may answer what, what they are told, and what changes."""

import asyncio
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.support.contacts import OLENA, OLENA_PHONE, SECRET, TARAS, TARAS_PHONE
from tests.support.post import MINUTE, NOON, SECOND, Box, Post, note, police_book, post

from tocsin.book.book import Roles
from tocsin.book.contacts import Target
from tocsin.delivery.codes import button_token
from tocsin.delivery.inbound import InboundDesk
from tocsin.delivery.lockout import Lockout
from tocsin.delivery.shelf import Shelf
from tocsin.delivery.spoken import Spoken, understand
from tocsin.domain.event import Event
from tocsin.domain.input import OperatorAction
from tocsin.domain.time import HOUR
from tocsin.emulators.telegram_html import parse_html
from tocsin.ports import Handed, Inbound


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tocsin.db"


def desk_of(office: Post) -> InboundDesk:
    return InboundDesk(clock=office.clock, reading=office.store.reading, run_work=office.loop.run_work,
                       submit=office.loop.submit, shelf=Shelf(lambda: office.loop.book, office.store.book),
                       secret=SECRET)


async def paged(office: Post, site: str = "school-12", receipts: bool = False) -> tuple[Box, Box]:
    """A panic button was pressed, and Olena was paged by Telegram and SMS."""
    telegram, sms = Box(office.clock), Box(office.clock, "sms", receipts=receipts)
    office.serve(telegram)
    office.serve(sms)
    await office.loop.submit_events([Event(id=site, source="gateway", type="alarm.panic", time=NOON, received=NOON,
                                           site=site)])
    await office.advance(61 * SECOND)
    return telegram, sms


def page_of(office: Post, person: str = "olena", channel: str = "telegram") -> int:
    rows = office.rows("SELECT id, person, channel FROM outbox WHERE kind = 'page' ORDER BY id")
    return int(next(number for number, who, by in rows if (who, by) == (person, channel)))


def press(number: int, word: str = "accept", sender: int = OLENA, reference: str = "1000") -> Inbound:
    return Inbound("telegram", "press", str(sender), reference, token=button_token(SECRET, number, word))


def text(said: str, sender: str = OLENA_PHONE, reference: str = "SM1") -> Inbound:
    return Inbound("sms", "text", sender, reference, text=said)


def response(office: Post) -> str:
    return str(office.rows("SELECT response FROM incidents")[0][0])


async def test_a_press_by_the_paged_person_takes_the_incident(path: Path) -> None:
    """The incident is acknowledged when the reply is given, and the reply says what was taken."""
    async with post(path) as office:
        await paged(office)
        reply = await desk_of(office)(press(page_of(office)))
        assert response(office) == "acknowledged"
        assert reply.text == "Ви прийняли: Тривожна кнопка: school-12"


async def test_the_second_press_learns_who_has_it(path: Path) -> None:
    """First answer wins; the next one is told who and since when, in their own language, and is recorded."""
    async with post(path) as office:
        await paged(office)
        await office.advance(2 * MINUTE)
        desk = desk_of(office)
        await desk(press(page_of(office)))
        reply = await desk(press(page_of(office, "taras"), sender=TARAS, reference="1001"))
        assert reply.text == "Already taken by Олена Коваленко at 13:09 EET. Your answer is on record."


async def test_a_press_after_the_end_says_that_it_is_over(path: Path) -> None:
    """A stale button of a closed incident changes nothing."""
    async with post(path) as office:
        await paged(office)
        desk = desk_of(office)
        assert (await desk(press(page_of(office), "false_alarm"))).text == "Закрито: Тривожна кнопка: school-12"
        reply = await desk(press(page_of(office), "accept", reference="1001"))
        assert response(office) == "closed"
        assert reply.text == "Вже закрито: Олена Коваленко, 13:07 EET."
        assert office.rows("SELECT closed IS NULL FROM incidents") == [(0,)]


async def test_declining_asks_the_next_at_once(path: Path) -> None:
    """Cannot: the reply says that somebody else is asked, and the last resort is paged without waiting."""
    async with post(path) as office:
        telegram, _ = await paged(office)
        reply = await desk_of(office)(press(page_of(office), "decline"))
        await office.advance()
        assert reply.text == "Записано: не можете. Шукаємо іншого."
        assert str(TARAS) in [outgoing.address for _, outgoing in telegram.sent]


@pytest.mark.parametrize("item, told", [
    (press(1, sender=9999), "Вас немає у списку"),
    (press(1, sender=TARAS), "You were not notified"),
    (Inbound("telegram", "press", str(OLENA), "1", token="AAAA"), "Ця кнопка недійсна"),
    (press(999), "Ця кнопка недійсна"),
])
async def test_nobody_answers_what_they_were_not_asked(path: Path, item: Inbound, told: str) -> None:
    """Strangers, people who were not notified, forged and unknown buttons: refused in words, nothing changes."""
    async with post(path) as office:
        await paged(office)
        reply = await desk_of(office)(item)
        assert reply.text.startswith(told)
        assert response(office) == "unanswered"
        assert office.rows("SELECT count(*) FROM journal WHERE kind = 'answer'") == [(0,)]
        known = item.sender != "9999"
        assert office.rows("SELECT count(*) FROM noted WHERE what = 'not_applied'") == [(int(known),)]


async def test_a_redelivered_press_happens_once(path: Path) -> None:
    """The same update again, also after a restart of the desk: one answer in the journal, the same reply."""
    async with post(path) as office:
        await paged(office)
        replies = [(await desk(press(page_of(office)))).text for desk in (desk_of(office), desk_of(office))]
        assert replies[0] == replies[1]
        assert office.rows("SELECT count(*) FROM journal WHERE kind = 'answer'") == [(1,)]


async def test_an_sms_answers_by_the_code_of_its_notification(path: Path) -> None:
    """The digits of the message and a word in any language; a bare code acknowledges."""
    async with post(path) as office:
        _, sms = await paged(office)
        code = sms.sent[0][1].message.code
        reply = await desk_of(office)(text(f"{code} прийняв, буду за 15 хв"))
        assert reply.text.startswith("Ви прийняли")
        assert response(office) == "acknowledged"
        (body,), = office.rows("SELECT body FROM incidents")
        assert b'"eta":900000000' in bytes(body)


async def test_a_code_is_for_its_person_only(path: Path) -> None:
    """Somebody else's code from one's own number is a miss."""
    async with post(path) as office:
        _, sms = await paged(office)
        reply = await desk_of(office)(text(f"{sms.sent[0][1].message.code} take", TARAS_PHONE))
        assert reply.text.startswith("This code does not fit")
        assert response(office) == "unanswered"


async def test_words_without_a_code_answer_nothing(path: Path) -> None:
    """A caller's number can be forged: without the code even the right words do nothing."""
    async with post(path) as office:
        await paged(office)
        reply = await desk_of(office)(text("прийняв"))
        assert reply.text.startswith("Код не підходить")
        assert response(office) == "unanswered"


async def test_a_bare_one_counts_as_read_and_stops_nothing(path: Path) -> None:
    """The newest SMS is marked read; no receipt reaches the escalation."""
    async with post(path) as office:
        await paged(office)
        reply = await desk_of(office)(text("1"))
        assert reply.text.startswith("Це не відповідь")
        assert office.states()[page_of(office, channel="sms")] == "read"
        assert response(office) == "unanswered"
        assert office.rows("SELECT count(*) FROM journal WHERE kind IN ('answer', 'receipt')") == [(0,)]


async def test_five_wrong_codes_lock_the_number_and_tell_the_shift_head(path: Path) -> None:
    """For an hour not even the right code counts; then it does again."""
    roles = Roles(shift_head=(Target("person", "taras"),))
    people = {name: replace(person, by={"high": (("telegram",),)}) for name, person in
              police_book().content.people.items()}
    async with post(path, police_book(roles=roles, people=people)) as office:
        telegram, sms = await paged(office)
        code = sms.sent[0][1].message.code
        wrong = [f"{number:06d}" for number in range(5) if not f"{number:06d}".startswith(code)]
        desk = desk_of(office)
        told = [(await desk(text(f"{bad} take", reference=f"SM{bad}"))).text for bad in wrong]
        assert told[3].startswith("Код не підходить")
        assert told[4].startswith("Забагато невірних кодів")
        await office.advance()
        shown = [parse_html(message)[0] for message in telegram.texts]
        assert any("Олена Коваленко: п'ять невірних кодів" in message for message in shown)
        desk = desk_of(office)  # as after a restart
        locked = await desk(text(f"{code} take", reference="SM7"))
        assert locked.text.startswith("Забагато невірних кодів")
        assert response(office) == "unanswered"
        assert (await desk(text("hello", reference="SM9"))).text == locked.text
        reasons = [(what, detail) for what, detail in office.rows("SELECT what, detail FROM noted ORDER BY id")]
        assert [what for what, _ in reasons].count("wrong_code") == 5
        assert ("locked_out", "olena by sms: the right code while the number is locked") in reasons
        await office.advance()
        assert any("правильний код" in parse_html(message)[0] for message in telegram.texts)
        await office.advance(HOUR)
        assert (await desk(text(f"{code} take", reference="SM8"))).text.startswith("Ви прийняли")


async def test_wrong_codes_count_over_a_restart_and_a_right_one_forgives(path: Path) -> None:
    """Four misses, restart, a right code, restart, four more: nobody is locked out; one more locks."""
    async with post(path) as office:
        _, sms = await paged(office)
        code = sms.sent[0][1].message.code
        wrong = text("000000 take") if not "000000".startswith(code) else text("111111 take")
        for number in range(4):
            await desk_of(office)(replace(wrong, reference=f"A{number}"))
        assert (await desk_of(office)(text(f"{code} what", reference="B"))).text.startswith("Не зрозуміло")
        for number in range(4):
            reply = await desk_of(office)(replace(wrong, reference=f"C{number}"))
        assert reply.text.startswith("Код не підходить")
        assert (await desk_of(office)(replace(wrong, reference="D"))).text.startswith("Забагато")


async def test_the_same_wrong_text_again_is_one_miss(path: Path) -> None:
    """A webhook that Twilio repeats must not lock anybody out."""
    async with post(path) as office:
        await paged(office)
        desk = desk_of(office)
        for _ in range(9):
            reply = await desk(text("000000 take"))
        assert reply.text.startswith("Код не підходить")


@pytest.mark.parametrize("item", [text("STOP"), text(" стоп "), Inbound("sms", "stop", OLENA_PHONE, "SM1"),
                                  Inbound("telegram", "stop", str(OLENA), "1", detail="blocked the bot")])
async def test_stop_switches_the_address_off_and_start_on(path: Path, item: Inbound) -> None:
    """Who says STOP, or blocks the bot, is not written to by that channel until they say START."""
    async with post(path) as office:
        desk = desk_of(office)
        await desk(item)
        (body,), = office.rows("SELECT body FROM addresses")
        assert b'"off":"' in bytes(body)
        await desk(replace(item, kind="start", text="START", reference="2"))
        (body,), = office.rows("SELECT body FROM addresses")
        assert b'"off":"' not in bytes(body)


async def test_writing_to_the_bot_brings_the_address_back(path: Path) -> None:
    """Any private message shows that the chat works."""
    async with post(path) as office:
        await office.loop.submit(OperatorAction("x", "address_off", {"person": "olena", "channel": "telegram"}))
        reply = await desk_of(office)(Inbound("telegram", "text", str(OLENA), "1", text="я тут"))
        assert reply.text == "Відповідайте кнопками під повідомленням."
        (body,), = office.rows("SELECT body FROM addresses")
        assert b'"off":"' not in bytes(body)


async def test_a_stranger_learns_their_number(path: Path) -> None:
    """/start by somebody who is not in the contacts: they get the number that the administrator needs."""
    async with post(path) as office:
        reply = await desk_of(office)(Inbound("telegram", "start", "777", "1"))
        assert "777" in reply.text
        assert (await desk_of(office)(text("hello", "+380990000000"))).text == ""


def status(number: int, state: str, sid: str = "SM1", dead: bool = False) -> Inbound:
    return Inbound("sms", "receipt", OLENA_PHONE, f"{sid}/{state}", token=str(number), provider_id=sid, state=state,
                   text="dead" if dead else "", detail="undelivered, error 30005" if dead else state)


@pytest.mark.parametrize("states, last", [
    (["sent", "delivered"], "delivered"), (["delivered", "sent"], "delivered"),
    (["delivered", "delivered"], "delivered"), (["delivered", "failed_permanent"], "delivered"),
    (["read", "delivered", "sent"], "read"),
    (["failed_permanent", "failed_permanent"], "failed_permanent"), ([""], "sent"),
])
async def test_receipts_never_go_back(path: Path, states: list[str], last: str) -> None:
    """Unordered and repeated receipts: delivered stays delivered, and what says nothing new makes no input."""
    async with post(path) as office:
        await paged(office)
        number, desk = page_of(office, channel="sms"), desk_of(office)
        sid = f"{OLENA_PHONE}/1"
        for state in states:
            await desk(status(number, state, sid))
        assert office.states()[number] == last
        (receipts,), = office.rows("SELECT count(*) FROM journal WHERE kind = 'receipt'")
        assert receipts <= len(set(states) - {"sent", ""})


@pytest.mark.parametrize("states, last", [(["sent"], "sent"), (["delivered"], "delivered"),
                                          (["delivered", "sent"], "delivered")])
@pytest.mark.parametrize("stopped", [False, True])
async def test_a_receipt_that_is_faster_than_the_answer_settles_the_try(path: Path, states: list[str], last: str, *,
                                                                        stopped: bool) -> None:
    """Whether the provider's answer comes after it or never, because the engine is stopped: row and try agree."""
    async with post(path) as office:
        box, gate = Box(office.clock, "sms", receipts=True), asyncio.Event()
        box.plan[OLENA_PHONE] = [gate, Handed("SM1")]
        office.serve(box)
        await office.put(note(1, channel="sms"))
        await office.until(lambda: bool(box.sent))
        for state in states:
            await desk_of(office)(status(1, state))
        if stopped:
            await office.kill()
        else:
            gate.set()
            await office.advance()
        assert office.rows("SELECT state, provider_id FROM outbox") == [(last, "SM1")]
        assert office.rows("SELECT state, provider_id, ended IS NOT NULL FROM attempts") == [(last, "SM1", 1)]


async def test_an_undelivered_sms_starts_the_next_way_and_switches_the_number_off(path: Path) -> None:
    """The carrier says that the number does not exist: the last resort is paged at once."""
    async with post(path) as office:
        telegram, _ = await paged(office)
        number = page_of(office, channel="sms")
        await desk_of(office)(replace(press(page_of(office), "decline"), reference="5"))
        await desk_of(office)(status(number, "failed_permanent", f"{OLENA_PHONE}/1", dead=True))
        await office.advance()
        assert office.states()[number] == "failed_permanent"
        assert "30005" in office.reason(number)
        assert [tuple(row) for row in office.rows("SELECT person, channel FROM addresses")] == [("olena", "sms")]
        assert str(TARAS) in [outgoing.address for _, outgoing in telegram.sent]


async def test_a_receipt_about_an_older_try_does_not_fail_the_newer_one(path: Path) -> None:
    """The first try's failure comes after the second was sent under another id."""
    async with post(path) as office:
        await paged(office)
        number = page_of(office, channel="sms")
        await desk_of(office)(status(number, "failed_permanent", "SM-older"))
        assert office.states()[number] == "sent"
        await desk_of(office)(status(number, "delivered", "SM-older"))
        assert office.states()[number] == "delivered"


@pytest.mark.parametrize("item", [status(999, "delivered"), replace(status(1, "delivered"), token="x"),
                                  replace(status(1, "delivered"), token="²")])
async def test_a_receipt_about_nothing_changes_nothing(path: Path, item: Inbound) -> None:
    """Unknown numbers, other channels' rows and nonsense are passed over."""
    async with post(path) as office:
        await paged(office)
        before = office.states()
        await desk_of(office)(item)
        assert office.states() == before


@pytest.mark.parametrize("said, meant", [
    ("4821", Spoken("4821", "acknowledge")), (" 4821. ", Spoken("4821", "acknowledge")),
    ("Відповідь 4821 = прийняв", Spoken("4821", "accept")), ("4821 ПРИНЯЛ", Spoken("4821", "accept")),
    ("48215 take", Spoken("48215", "accept")), ("4821 не можу", Spoken("4821", "decline")),
    ("не могу 4821", Spoken("4821", "decline")), ("4821 can’t", Spoken("4821", "decline")),
    ("4821 cannot", Spoken("4821", "decline")), ("4821 ні", Spoken("4821", "decline")),
    ("4821 не прийняв", Spoken("4821", "decline")), ("4821 хибна", Spoken("4821", "false_alarm")),
    ("4821 ложная тревога", Spoken("4821", "false_alarm")), ("4821 false", Spoken("4821", "false_alarm")),
    ("4821 не хибна", Spoken("4821", None)), ("4821 на місці", Spoken("4821", "arrived")),
    ("4821 завершено", Spoken("4821", "resolve")), ("4821 їду, 10 хв", Spoken("4821", "accept", 10 * MINUTE)),
    ("4821 коли?", Spoken("4821", None)), ("прийняв", Spoken("", "accept")), ("", Spoken()),
    ("+380501234567", Spoken()), ("1", Spoken("", None)),
])
def test_what_people_write(said: str, meant: Spoken) -> None:
    """Codes and words in three languages; whatever holds a "not" never takes anything."""
    assert understand(said) == meant


def test_misses_older_than_an_hour_are_forgotten() -> None:
    """Four slips a day lock nobody out."""
    lockout = Lockout()
    assert not any(lockout.missed("x", number * HOUR) for number in range(20))
    assert not any(lockout.missed("y", 1) for _ in range(4))
    lockout.forgive("y")
    assert not any(lockout.missed("y", 2) for _ in range(4))
