"""The watchdog as a real process beside a real store, with real clients against the emulated providers."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from tocsin.emulators.mailboxes import Emulators
from tocsin.store import Store, open_store

T = TypeVar("T")
PHONE = "+380501234507"
SECONDS = 30.0
COMMAND = (sys.executable, "-c", "from tocsin.cli import main; main()")
PEOPLE = """
people:
  admin: {{name: Sam Admin, language: en, phone: "{phone}", email: admin@example.org}}
  maria: {{name: Марія, language: uk, email: maria@example.org}}
"""


class Site:
    """A home, its store with a heartbeat that the test gives, and the emulated providers."""

    def __init__(self, home: Path, emulators: Emulators) -> None:
        self.home, self.emulators = home, emulators
        self.path = home / "tocsin.db"
        self.store: Store = open_store(self.path)
        self._beats = 0
        (home / "contacts").mkdir()
        self.write_people()
        self.write_config()

    def write_people(self, phone: str = PHONE) -> None:
        (self.home / "contacts" / "people.yaml").write_text(PEOPLE.format(phone=phone), "utf-8")

    def write_config(self, **more: str) -> None:
        urls, sms = self.emulators.urls, self.emulators.sms.state
        (self.home / "config.yaml").write_text(f"""
site: {{name: Краматорськ, time_zone: Europe/Kyiv}}
storage: {{url: "sqlite:///tocsin.db"}}
channels:
  sms: {{account_sid: {sms.account_sid}, auth_token: "${{TWILIO}}", from: "{sms.numbers[0]}", api_base: "{urls.sms}"}}
  email: {{host: {urls.email_host}, port: {urls.email_port}, starttls: none, from: alarm@example.org}}
roles: {{duty_office: [{{person: maria}}], shift_head: [{{person: maria}}], administrators: [{{person: admin}}]}}
watchdog: {{to: [{{person: admin}}, {{person: maria}}], after: {more.get("after", "2 s")}}}
allow_endpoint: [127.0.0.1]
{more.get("tail", "")}
""", "utf-8")

    def beat(self) -> None:
        self._beats += 1
        self.store.begin()
        self.store.put_meta("alive", str(self._beats))
        self.store.commit()

    @asynccontextmanager
    async def watchdog(self) -> AsyncIterator[asyncio.subprocess.Process]:
        """The process, ready; ended by SIGTERM, which it must take well."""
        process = await asyncio.create_subprocess_exec(
            *COMMAND, "watchdog", "--config", str(self.home / "config.yaml"), stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "TWILIO": self.emulators.sms.state.auth_token})
        errors = asyncio.create_task(read(process, ready := asyncio.Event()))
        done, _ = await asyncio.wait({errors, asyncio.create_task(ready.wait())}, timeout=SECONDS,
                                     return_when=asyncio.FIRST_COMPLETED)
        assert ready.is_set(), errors.result() if done else "the watchdog did not start"
        try:
            yield process
            assert process.returncode is None
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
            await process.wait()
            said = await errors
        assert process.returncode == 0, said
        assert "Traceback" not in said
        assert PHONE not in said
        assert self.emulators.sms.state.auth_token not in said + self.log.read_text("utf-8")

    @property
    def log(self) -> Path:
        return self.path.with_name("tocsin.db.watchdog.log")

    def words(self) -> list[str]:
        return [json.loads(line)["what"] for line in self.log.read_text("utf-8").splitlines()]

    async def logged(self, word: str) -> None:
        """Wait until the watchdog has written this down."""
        async with asyncio.timeout(SECONDS):
            while word not in self.words():  # noqa: ASYNC110 - another process writes the file
                await asyncio.sleep(0.05)

    async def sms(self, words: str) -> str:
        """The first SMS that holds these words, once it is there."""
        state = self.emulators.sms.state
        return await found(state.changed.wait_for(
            lambda: next((sms.body for sms in state.to(PHONE) if words in sms.body), ""), SECONDS))

    async def mail(self, address: str, words: str) -> str:
        """The first e-mail to this address with these words in its subject."""
        box = self.emulators.email
        return await found(box.changed.wait_for(
            lambda: next((str(mail["Subject"]) for mail in box.mailbox(address) if words in mail["Subject"]), ""),
            SECONDS))


async def found(waiting: "asyncio.Future[str] | object") -> str:
    text: str = await waiting  # type: ignore[misc]  # a coroutine of the bell
    assert text, "it never came"
    return text


async def read(process: asyncio.subprocess.Process, ready: asyncio.Event) -> str:
    assert process.stderr is not None
    said = ""
    async for line in process.stderr:
        said += line.decode()
        if "started after=" in said:
            ready.set()
    return said


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with Emulators() as emulators:
        site = Site(tmp_path, emulators)
        yield site
        site.store.close()


async def beating(site: Site, enough: Callable[[], bool]) -> None:
    """Beat as an engine does until the test has seen enough."""
    while not enough():
        site.beat()
        await asyncio.sleep(0.1)


async def test_when_the_heart_stops_sms_and_email_arrive_and_when_it_beats_again_too(site: Site) -> None:
    """By real providers' clients, each person in their language; silent while it beats."""
    async with site.watchdog():
        rounds = iter(range(40))
        await beating(site, lambda: next(rounds, None) is None)       # 4 s, twice the time allowed
        assert site.emulators.sms.state.outbox == []
        assert site.emulators.email.outbox == []
        sms = await site.sms("stands still")
        assert "Краматорськ" in sms
        await site.mail("admin@example.org", "ALERT: Tocsin stands still")
        await site.mail("maria@example.org", "УВАГА: система оповіщення стоїть")
        again = asyncio.create_task(site.sms("runs again"))
        await beating(site, again.done)
        await again
        await site.mail("maria@example.org", "знову працює")
    assert site.words()[0] == "started"
    assert {"stands", "told", "moves"} <= set(site.words())


async def test_a_deleted_database_is_told_although_the_engine_goes_on_writing_into_it(site: Site) -> None:
    """The engine holds the deleted file open and believes that all is well."""
    async with site.watchdog():
        site.beat()
        site.path.unlink()
        told = asyncio.create_task(site.sms("stands still"))
        await beating(site, told.done)
        assert "the database file is missing" in await told


async def test_a_provider_that_answers_500_does_not_keep_the_others_from_telling(site: Site) -> None:
    """The e-mail arrives, the SMS failure is written down with its reason."""
    refused = site.emulators.sms.faults.add({"method": "create"}, "status", status=500, times=None)
    async with site.watchdog():
        await site.mail("admin@example.org", "ALERT: Tocsin stands still")
        assert await site.emulators.sms.faults.struck(refused)
        assert site.emulators.sms.state.outbox == []
        await site.logged("failed")
    (failed,) = [entry for line in site.log.read_text("utf-8").splitlines()
                 if (entry := json.loads(line))["what"] == "failed"]
    assert (failed["channel"], failed["person"]) == ("sms", "admin")
    assert "HTTP 500" in failed["reason"]


async def test_files_broken_while_it_runs_do_not_cost_it_its_copy(site: Site) -> None:
    """config.yaml becomes rubbish; the people known before are told all the same."""
    site.write_config(after="13 s")
    async with site.watchdog():
        (site.home / "config.yaml").write_text("watchdog: [", "utf-8")
        (site.home / "contacts" / "people.yaml").unlink()
        await site.sms("stands still")
    assert "kept_old_copy" in site.words()


async def test_with_broken_contacts_at_the_start_the_stored_book_is_used(site: Site) -> None:
    """After a reboot nobody is there to repair a file first."""
    from tocsin.book.book import number_book
    from tocsin.book.content import read_content
    from tocsin.settings import load_settings

    environ = {"TWILIO": "x"}
    settings = load_settings(site.home / "config.yaml", environ=environ)
    content, _ = read_content(site.home, settings)
    site.store.begin()
    site.store.put_book(number_book(1, content), 1)
    site.store.commit()
    (site.home / "contacts" / "people.yaml").write_text("people: {admin: {nmae: x}}", "utf-8")
    async with site.watchdog():
        await site.sms("stands still")


async def test_a_real_engine_that_is_killed_is_told(site: Site) -> None:
    """While it runs, idle, nobody hears anything; after kill -9 everybody does."""
    site.store.close()
    site.path.unlink()
    site.write_config(after="8 s", tail='http: {listen: "127.0.0.1:0"}')
    engine = await asyncio.create_subprocess_exec(
        *COMMAND, "run", "--config", str(site.home / "config.yaml"), stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "TWILIO": site.emulators.sms.state.auth_token})
    try:
        assert engine.stderr is not None
        said = b""
        while b"engine.started" not in said:
            line = await asyncio.wait_for(engine.stderr.readline(), SECONDS)
            assert line, said.decode()
            said += line
        async with site.watchdog():
            early = asyncio.create_task(site.sms("stands still"))
            await asyncio.wait({early}, timeout=11)                   # two heartbeats, more than is allowed
            assert not early.done()
            engine.kill()
            assert "the engine commits nothing" in await early
    finally:
        if engine.returncode is None:
            engine.kill()
        await engine.communicate()


async def test_an_engine_started_again_and_again_is_told_although_each_start_commits(site: Site) -> None:
    """Killed by kill -9 soon after each start, as systemd would start it again."""
    site.store.close()
    site.path.unlink()
    site.write_config(after="8 s", tail='http: {listen: "127.0.0.1:0"}')
    open_store(site.path).close()
    async with site.watchdog():
        told = asyncio.create_task(site.sms("stands still"))
        while not told.done():
            engine = await asyncio.create_subprocess_exec(
                *COMMAND, "run", "--config", str(site.home / "config.yaml"), stderr=asyncio.subprocess.PIPE,
                env={**os.environ, "TWILIO": site.emulators.sms.state.auth_token})
            assert engine.stderr is not None
            said = b""
            while b"engine.started" not in said and (line := await engine.stderr.readline()):
                said += line
            assert b"engine.started" in said, said.decode()
            engine.kill()
            await engine.communicate()
        assert "started again and again" in await told


async def test_a_watchdog_that_could_tell_nobody_refuses_to_start(site: Site) -> None:
    """With a sentence that says what to set."""
    text = (site.home / "config.yaml").read_text("utf-8")
    (site.home / "config.yaml").write_text("\n".join(
        line for line in text.splitlines() if not line.startswith(("channels", "  sms", "  email"))), "utf-8")
    process = await asyncio.create_subprocess_exec(
        *COMMAND, "watchdog", "--config", str(site.home / "config.yaml"), stderr=asyncio.subprocess.PIPE)
    _, said = await process.communicate()
    assert process.returncode == 2
    assert "could tell nobody: set watchdog.to" in said.decode()
