"""The watchdog's shell on a virtual clock: what providers and files do never ends it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from tocsin.book.book import Content, Roles, Site
from tocsin.book.contacts import Person, Rotation, Schedule, Target
from tocsin.clock import VirtualClock
from tocsin.domain.errors import PermanentDeliveryError, SettingsError, TemporaryDeliveryError, UnknownDeliveryError
from tocsin.domain.time import SECOND, parse_instant
from tocsin.ports import Handed, Handler, Limits, Outgoing
from tocsin.watch.diary import Diary
from tocsin.watch.position import LOCKED, MISSING, Seen
from tocsin.watch.roll import Roll, ways_of
from tocsin.watch.standstill import Mark
from tocsin.watch.watchdog import Watchdog

ADMIN = Person(id="admin", name="Sam", language="en", addresses={"sms": "+380501234507", "email": "admin@example.org"})
OKSANA = Person(id="oksana", name="Оксана", language="uk", addresses={"telegram": "5", "email": "oksana@example.org"})
CONTENT = Content(site=Site("Краматорськ", "Europe/Kyiv", "uk"), people={"admin": ADMIN, "oksana": OKSANA},
                  roles=Roles(administrators=(Target("person", "admin"),)))
TO = (Target("person", "admin"), Target("person", "oksana"))


class Line:
    """A channel whose provider does what the test says."""

    concurrency, receipts, edits, limits = 1, False, False, Limits()

    def __init__(self, name: str) -> None:
        self.name = name
        self.sent: list[Outgoing] = []
        self.trouble: Callable[[], None] | None = None
        self.closed = False

    async def send(self, outgoing: Outgoing) -> Handed:
        self.sent.append(outgoing)
        if self.trouble is not None:
            self.trouble()
        return Handed(f"{self.name}-{len(self.sent)}")

    async def listen(self, handler: Handler) -> None:
        raise AssertionError("the watchdog never listens: the engine does")

    async def close(self) -> None:
        self.closed = True


class Bench:
    def __init__(self, path: Path) -> None:
        self.clock = VirtualClock()
        self.sms, self.email, self.telegram = Line("sms"), Line("email"), Line("telegram")
        self.roll = Roll(CONTENT, TO, {line.name: line for line in (self.sms, self.email, self.telegram)})
        self.seen = Seen(Mark(1, 1), mode="live")
        self.files: Any = None
        self.log = path / "tocsin.db.watchdog.log"

    def reread(self) -> Roll | None:
        files, self.files = self.files, None
        if isinstance(files, Exception):
            raise files
        return files

    @property
    def entries(self) -> list[dict[str, Any]]:
        lines = self.log.read_text("utf-8").splitlines() if self.log.exists() else []
        return [json.loads(line) for line in lines]

    def words(self) -> list[str]:
        return [entry["what"] for entry in self.entries]

    async def pass_time(self, seconds: int) -> None:
        await self.clock.advance(seconds * SECOND)


@asynccontextmanager
async def watching(path: Path) -> AsyncIterator[Bench]:
    bench = Bench(path)
    dog = Watchdog(bench.roll, lambda: bench.seen, bench.clock, Diary(bench.log, bench.clock), reread=bench.reread)
    task = asyncio.create_task(dog.run())
    yield bench
    assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert bench.sms.closed


async def test_everybody_hears_in_their_own_language_by_every_channel(tmp_path: Path) -> None:
    """The first SMS segment says what is wrong; the site, since when in its zone, the reason."""
    async with watching(tmp_path) as bench:
        await bench.pass_time(31)
        (sms,) = bench.sms.sent
        assert sms.address == "+380501234507"
        assert sms.message.text.startswith("ALERT: Tocsin stands still since 13:06, alarms are NOT going out! Крам")
        assert "the engine commits nothing" in sms.message.text
        assert sorted(mail.address for mail in bench.email.sent) == ["admin@example.org", "oksana@example.org"]
        (message,) = bench.telegram.sent
        assert message.message.text.startswith("<b>УВАГА: система оповіщення стоїть з 13:06, тривоги НЕ йдуть!")
        assert "<b>УВАГА: система оповіщення стоїть з 13:06, тривоги НЕ йдуть!".__len__() <= 67


async def test_the_end_is_told_with_its_length(tmp_path: Path) -> None:
    """To those who were told."""
    async with watching(tmp_path) as bench:
        await bench.pass_time(600)
        bench.seen = Seen(Mark(2, 2), mode="live")
        await bench.pass_time(2)
        assert "runs again since 13:16 (it stood still for 10 min)" in bench.sms.sent[-1].message.text


async def test_each_mail_has_its_own_identity_and_one_thread(tmp_path: Path) -> None:
    """So that repeats are shown, in one conversation."""
    async with watching(tmp_path) as bench:
        await bench.pass_time(31 + 600)
        mine = [mail for mail in bench.email.sent if mail.address == "admin@example.org"]
        assert len({mail.message_id for mail in mine}) == 3
        assert len({mail.thread for mail in mine}) == 1


async def test_whatever_a_provider_does_the_others_are_told_and_it_is_written_down(tmp_path: Path) -> None:
    """Each kind of failure, and an exception that no channel should raise."""
    for number, trouble in enumerate((TemporaryDeliveryError("Twilio is in trouble."), RuntimeError("boom"),
                                      PermanentDeliveryError("Twilio does not accept the account."))):
        home = tmp_path / str(number)
        home.mkdir()

        def fail(trouble: Exception = trouble) -> None:
            raise trouble

        async with watching(home) as bench:
            bench.sms.trouble = fail
            await bench.pass_time(31 + 120)
            assert len(bench.sms.sent) == 3
            assert len(bench.email.sent) == 2
            failed = [entry for entry in bench.entries if entry["what"] == "failed"]
            assert len(failed) == 3
            assert failed[0]["channel"] == "sms"
            assert (str(trouble) if not isinstance(trouble, RuntimeError) else "RuntimeError") in failed[0]["reason"]


async def test_a_channel_that_hangs_holds_up_nobody_and_is_given_up_after_a_minute(tmp_path: Path) -> None:
    """It is written down as perhaps sent, and tried again."""
    async with watching(tmp_path) as bench:
        send = bench.sms.send

        async def hang(outgoing: Outgoing) -> Handed:
            await send(outgoing)
            await asyncio.get_running_loop().create_future()
            raise AssertionError

        bench.sms.send = hang  # type: ignore[method-assign]  # the provider that never answers
        await bench.pass_time(32)
        assert len(bench.email.sent) == 2
        await bench.pass_time(60)
        assert [e["reason"] for e in bench.entries if e["what"] == "perhaps"] == ["no answer within 60 s"]
        await bench.pass_time(60)
        assert len(bench.sms.sent) == 2


async def test_an_unknown_outcome_is_repeated(tmp_path: Path) -> None:
    """Neither sent nor failed."""

    def lost() -> None:
        raise UnknownDeliveryError("Twilio did not answer in time; it may have the message.")

    async with watching(tmp_path) as bench:
        bench.sms.trouble = lost
        await bench.pass_time(31 + 60)
        assert len(bench.sms.sent) == 2
        assert "perhaps" in bench.words()


async def test_the_reason_is_told(tmp_path: Path) -> None:
    """A missing or locked database is named."""
    async with watching(tmp_path) as bench:
        bench.seen = Seen(None, MISSING)
        await bench.pass_time(31)
        assert "the database file is missing" in bench.sms.sent[0].message.text
        bench.seen = Seen(None, LOCKED)
        await bench.pass_time(300)
        assert "the database is locked" in bench.sms.sent[1].message.text


async def test_practice_says_so_even_when_its_database_is_gone(tmp_path: Path) -> None:
    """The mode stands in every message."""
    async with watching(tmp_path) as bench:
        bench.seen = Seen(Mark(1, 1), mode="practice")
        await bench.pass_time(5)
        bench.seen = Seen(None, MISSING)
        await bench.pass_time(60)
        assert bench.sms.sent[0].message.text.startswith("[PRACTICE] ")


async def until(done: Callable[[], bool], bench: Bench) -> None:
    """Let virtual time pass until a thread has had its turn."""
    for _ in range(200):
        if done():
            return
        await bench.pass_time(10)
        await asyncio.to_thread(bench.clock.now)
    raise AssertionError("it never came")


async def test_changed_files_are_taken_over_when_they_are_valid(tmp_path: Path) -> None:
    """The new address is used, the old channels are closed."""
    async with watching(tmp_path) as bench:
        new = Line("sms")
        moved = replace(ADMIN, addresses={"sms": "+380509999999"})
        bench.files = Roll(replace(CONTENT, people={"admin": moved}), (Target("person", "admin"),), {"sms": new})
        await until(lambda: "reread" in bench.words(), bench)
        await bench.pass_time(60)
        assert [sent.address for sent in new.sent][:1] == ["+380509999999"]
        assert bench.sms.closed
        await new.close()


async def test_the_old_copy_stays_when_the_files_are_wrong_or_leave_nobody(tmp_path: Path) -> None:
    """And the diary says why."""
    async with watching(tmp_path) as bench:
        bench.files = SettingsError("config.yaml:3:1: error: …")
        await until(lambda: "kept_old_copy" in bench.words(), bench)
        bench.files = Roll(replace(CONTENT, people={}), TO, {})
        await until(lambda: bench.words().count("kept_old_copy") == 2, bench)
        bench.files = ValueError("a bug in the reader")
        await until(lambda: bench.words().count("kept_old_copy") == 3, bench)
        sent = len(bench.sms.sent)
        await bench.pass_time(301)
        assert len(bench.sms.sent) > sent


async def test_a_log_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    """The folder of the database is gone with it."""
    async with watching(tmp_path / "gone") as bench:
        await bench.pass_time(31)
        assert len(bench.sms.sent) == 1


def test_whom_it_tells_when_the_list_reaches_nobody() -> None:
    """Administrators, then whoever is on duty, then whoever has an address."""
    lines = {name: Line(name) for name in ("sms", "email")}
    nobody = (Target("on_call", "gap"),)
    assert {way.person for way in ways_of(Roll(CONTENT, nobody, lines), 0)} == {"admin"}
    at = parse_instant("2026-11-22T12:00:00Z")
    duty = replace(CONTENT, roles=Roles(), schedules={"heads": Schedule(
        id="heads", time_zone="Europe/Kyiv", rotations=(Rotation(("oksana",), 3600 * SECOND, "2026-01-05 08:00"),))})
    assert {way.person for way in ways_of(Roll(duty, nobody, lines), at)} == {"oksana"}
    assert {way.person for way in ways_of(Roll(replace(CONTENT, roles=Roles()), nobody, lines), 0)} == {
        "admin", "oksana"}
    assert ways_of(Roll(CONTENT, TO, {}), 0) == ()


def test_a_fact_of_any_text_kind_can_be_written_down(tmp_path: Path) -> None:
    """A Message-ID of the e-mail library is a text of its own kind."""

    class HeaderText(str):
        __slots__ = ()

    diary = Diary(tmp_path / "log", VirtualClock())
    diary.write("told", reason=HeaderText("<1@example.org>"), number=1)
    assert json.loads((tmp_path / "log").read_text())["reason"] == "<1@example.org>"


def test_the_log_is_begun_anew_before_it_grows_large(tmp_path: Path) -> None:
    """The old one is kept beside it."""
    path = tmp_path / "log"
    path.write_bytes(b"x" * (2**20 + 1))
    Diary(path, VirtualClock()).write("started")
    assert path.stat().st_size < 200
    assert (tmp_path / "log.1").stat().st_size > 2**20
