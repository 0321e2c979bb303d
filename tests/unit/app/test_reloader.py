"""What becomes of changed files: taken over whole, or refused with the reason told once."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.support.small_site import PANIC, content, running

from tocsin.app.child import Read
from tocsin.app.reload import Files, Reloader, reading_here, reading_in_child
from tocsin.book.book import Book, Content
from tocsin.cli.init import write_home
from tocsin.clock import VirtualClock
from tocsin.domain.errors import BookError, Finding, Location, SettingsError
from tocsin.loop import Loop
from tocsin.ports import Matcher
from tocsin.rules.tables import Tables
from tocsin.store.store import Store, open_store
from tocsin.store.verify import verify

WRONG = Finding(Location("rules/a.yaml", 3, 5), 'unknown key "sya"')
OTHER = Finding(Location("rules/a.yaml", 9, 1), "a tab")


class Hasty(VirtualClock):
    """Sleeps pass at once."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


class Desk:
    """A reloader on a running loop; ``files`` is what is read next."""

    def __init__(self, home: Path, loop: Loop, store: Store) -> None:
        self.files: Files = (Read(content()), ())
        self.told: list[str] = []
        self.changed: list[int] = []
        self.read = 0
        self.reads_on = asyncio.Event()
        self.unfit = ""
        self.reloader = Reloader(home, self._read, store, loop, fit=self._fit, tell=self._tell, wrap=self._wrap,
                                 changed=self._changed, clock=Hasty())
        self.loop = loop

    async def _read(self) -> Files:
        self.read += 1
        self.reads_on.set()
        return self.files

    def _fit(self, _: Content) -> None:
        if self.unfit:
            raise SettingsError(self.unfit)

    async def _tell(self, sentence: str) -> None:
        self.told.append(sentence)

    def _wrap(self, matcher: Matcher) -> Matcher:
        return matcher

    def _changed(self, book: Book, tables: Tables) -> None:
        self.changed.append(book.number)

    async def finds(self, *findings: Finding) -> bool:
        self.files = (Read(None, findings), ())
        return await self.reloader.reload()

    async def reads(self, found: Content) -> bool:
        self.files = (Read(found), ())
        return await self.reloader.reload()


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with running(tmp_path / "t.db") as (loop, store, _):
        yield Desk(tmp_path, loop, store)
    assert verify(tmp_path / "t.db").ok


async def test_a_new_content_comes_into_force_under_the_next_number(desk: Desk) -> None:
    """Whoever places and judges events hears of it."""
    assert await desk.reads(content(replace(PANIC, say="Anew")))
    assert desk.loop.book.number == 2
    assert desk.changed == [2]
    assert desk.told == []


async def test_the_same_content_changes_nothing(desk: Desk) -> None:
    """A file was touched, or saved as it was."""
    assert not await desk.reads(content())
    assert desk.loop.book.number == 1


async def test_the_site_keeps_the_channels_it_has(desk: Desk) -> None:
    """They are opened at the start: what the files' settings say of them holds from the next start on."""
    assert not await desk.reads(replace(content(), channels=("email",), receipts=()))


async def test_a_reason_is_told_once_and_another_one_again(desk: Desk) -> None:
    """Editors save often; administrators need no message for each."""
    for _ in range(3):
        assert not await desk.finds(WRONG)
    assert len(desk.told) == 1
    assert "rules/a.yaml:3:5" in desk.told[0]
    assert "the rules of before hold" in desk.told[0]
    await desk.finds(OTHER)
    assert len(desk.told) == 2
    await desk.finds(WRONG)
    assert len(desk.told) == 2


async def test_after_a_good_book_the_same_mistake_is_told_anew(desk: Desk) -> None:
    await desk.finds(WRONG)
    await desk.reads(content(replace(PANIC, say="Anew")))
    await desk.finds(WRONG)
    assert len(desk.told) == 2


async def test_many_reasons_are_told_as_three_and_a_number(desk: Desk) -> None:
    """A message has to be readable on a telephone."""
    await desk.finds(*(Finding(Location("rules/a.yaml", line), "wrong") for line in range(1, 8)))
    assert desk.told[0].count("rules/a.yaml") == 3
    assert desk.told[0].endswith("(and 4 more)")


async def test_what_must_not_run_is_refused(desk: Desk) -> None:
    """As at the start: a last resort that no channel carries."""
    desk.unfit = "the last resort of the policy patrol reaches nobody"
    assert not await desk.reads(content(replace(PANIC, say="Anew")))
    assert desk.loop.book.number == 1
    assert "reaches nobody" in desk.told[0]


async def test_a_book_that_the_core_cannot_step_is_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*given: Any) -> Any:
        raise ValueError("broken")

    monkeypatch.setattr(desk.loop._cycle, "_step", broken)
    assert not await desk.reads(content(replace(PANIC, say="Anew")))
    assert desk.loop.book.number == 1
    assert "could not be put in force" in desk.told[0]


async def test_asked_while_it_reads_it_reads_once_more(desk: Desk) -> None:
    """However often: what was saved meanwhile is seen by the next reading."""
    free, entered = asyncio.Event(), asyncio.Event()

    async def slow() -> Files:
        desk.read += 1
        entered.set()
        await free.wait()
        return desk.files

    desk.reloader._reading = slow
    running = asyncio.ensure_future(desk.reloader.run())
    desk.reloader.ask()
    await entered.wait()
    for _ in range(5):
        desk.reloader.ask()
    free.set()
    for _ in range(50):
        await asyncio.sleep(0)
    assert desk.read == 2
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


# -- reading


async def test_reading_here_gives_findings_or_failing_tests() -> None:
    def wrong() -> Content:
        raise BookError((WRONG,))

    assert (await reading_here(wrong, lambda found: ())())[0].findings == (WRONG,)
    assert (await reading_here(content, lambda found: (OTHER,))())[0] == Read(None, (OTHER,))
    assert (await reading_here(content, lambda found: ())())[0] == Read(content())


async def test_a_child_reads_checks_and_tests_the_starter_home(tmp_path: Path) -> None:
    """And says in the same form what is wrong with it."""
    write_home(tmp_path / "site")
    open_store(tmp_path / "t.db").close()
    reading = reading_in_child(tmp_path / "site" / "config.yaml", tmp_path / "t.db")
    read, rebuilt = await reading()
    assert read.findings == ()
    assert read.content is not None
    assert len(read.content.rules) > 5
    assert rebuilt == ()
    (tmp_path / "site" / "rules" / "wrong.yaml").write_text("rules:\n  - rule: x\n    sya: y\n", "utf-8")
    read, _ = await reading()
    assert read.content is None
    assert any(finding.where.path == "rules/wrong.yaml" for finding in read.findings)


async def test_a_child_that_fails_is_a_reason_like_any_other(tmp_path: Path) -> None:
    """It cannot find the store: the sentence says so."""
    write_home(tmp_path / "site")
    read, _ = await reading_in_child(tmp_path / "site" / "config.yaml", tmp_path / "none.db")()
    assert read.content is None
    assert "has failed" in read.findings[0].text
    assert "no store" in read.findings[0].text


async def test_a_calendar_that_somebody_lays_into_the_folder_is_seen_by_looking(desk: Desk, tmp_path: Path) -> None:
    """Also behind a link to another disk, where no message about changes comes from; other files do not count."""
    share = tmp_path / "share"
    share.mkdir()
    (tmp_path / "contacts").mkdir()
    (tmp_path / "contacts" / "patrol").symlink_to(share)
    (share / "a.ics").write_text("first", "utf-8")
    tasks = [asyncio.create_task(desk.reloader.run()), asyncio.create_task(desk.reloader.poll())]
    async with asyncio.timeout(20):
        await asyncio.sleep(0)
        (share / "notes.txt").write_text("x", "utf-8")
        for name, text in (("b.ics", "new"), ("b.ics", "longer"), ("a.ics", "")):
            for _ in range(20):
                await asyncio.to_thread(lambda: None)
            desk.reads_on.clear()
            (share / name).write_text(text, "utf-8")
            await desk.reads_on.wait()
    for task in tasks:
        task.cancel()
