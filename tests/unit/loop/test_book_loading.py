"""A book comes into force in a running engine: what changed rules remember is made from the journal, with proof."""

import asyncio
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.support.small_site import NOON, PANIC, column, content, event, matcher, running

from tocsin.book.book import Book, number_book
from tocsin.book.match import Expect, Match
from tocsin.book.rule import Clear, Rule, When
from tocsin.clock import VirtualClock
from tocsin.core.board import Board
from tocsin.core.step import step
from tocsin.domain.change import Change
from tocsin.domain.entry import Entry
from tocsin.domain.errors import StoreError, StoreRefusedError
from tocsin.domain.input import Answer, BookLoaded, Input
from tocsin.domain.time import HOUR, MINUTE, SECOND, format_instant
from tocsin.loop import Loop, rebuilding
from tocsin.loop import loop as loop_module
from tocsin.loop.batch import Batch
from tocsin.loop.rebuilding import Bounds, Loading
from tocsin.store import Store, journal
from tocsin.store.journal import Sealer
from tocsin.store.verify import verify


def smoke(**more: Any) -> Rule:
    when = When("event", match=Match((Expect("type", "is", "alarm.smoke"),)))
    return replace(PANIC, id="smoke", when=when, **more)


def knocks(least: int, within: int = 10 * MINUTE) -> Rule:
    match = Match((Expect("type", "is", "knock"),))
    return replace(PANIC, id="knocks", when=When("count", match=match, at_least=least, within=within))


def book(number: int, *rules: Rule) -> Book:
    return number_book(number, content(*rules))


async def load(loop: Loop, wanted: Book, **more: Any) -> int:
    return await loop.load_book(wanted, matcher(wanted), **more)


def knock(number: int, at: int, **more: Any) -> Any:
    return event(number, at=at, type="knock", **more)


def opened(store: Store) -> list[str]:
    return [f"{rule} {key} {number}" for rule, key, number in _rows(store, """
        SELECT i.rule, i."key", json_extract(i.body, '$.book') FROM incidents i ORDER BY i.id""")]


def counted(store: Store) -> list[int]:
    """How many events each key of a count remembers."""
    return column(store, "SELECT json_array_length(body, '$.times') FROM windows WHERE body ->> '$.times' IS NOT NULL")


def _rows(store: Store, text: str) -> list[Any]:
    with store.reading() as connection:
        return list(connection.exec_driver_sql(text))


async def test_a_changed_rule_counts_what_the_journal_holds_and_fires_once(tmp_path: Path) -> None:
    """Three of five knocks are enough now; the incident names the new book; the proof gives the same."""
    path = tmp_path / "t.db"
    async with running(path, book=book(1, knocks(5), smoke())) as (loop, store, clock):
        for number in range(3):
            await loop.submit_events([knock(number, clock.now())])
            await clock.advance(MINUTE)
        await loop.submit_events([event(9, at=clock.now(), type="alarm.smoke")])
        untouched = _rows(store, "SELECT * FROM windows WHERE rule = 'smoke'")
        await load(loop, book(2, knocks(3), smoke()))
        assert opened(store) == ["smoke site=school-12 1", "knocks site=school-12 2"]
        assert counted(store) == [3]
        assert _rows(store, "SELECT * FROM windows WHERE rule = 'smoke'") == untouched
        await loop.submit_events([knock(7, clock.now())])
        assert len(opened(store)) == 2
    verdict = verify(path)
    assert verdict.ok, verdict.findings
    assert verdict.derived == verdict.rows


async def test_a_restart_goes_on_from_the_renewed_windows(tmp_path: Path) -> None:
    """One knock before the reload, one after it, one after the restart."""
    path = tmp_path / "t.db"
    async with running(path, book=book(1, knocks(5))) as (loop, store, clock):
        await loop.submit_events([knock(1, clock.now())])
        await load(loop, book(2, knocks(3)))
        await loop.submit_events([knock(2, clock.now())])
    async with running(path) as (loop, store, clock):
        assert loop.book.number == 2
        await loop.submit_events([knock(3, clock.now())])
        assert opened(store) == ["knocks site=school-12 2"]
    assert verify(path).ok


async def held(loop: Loop, *submissions: Any, waiting: int = 1) -> list[Any]:
    """Everything waits in the lanes, ``waiting`` of it in the first, until the thread is let go."""
    entered, free = asyncio.Event(), threading.Event()
    here = asyncio.get_running_loop()

    def block(connection: Any) -> None:
        here.call_soon_threadsafe(entered.set)
        free.wait()

    blocked = loop.run_work(block)
    await entered.wait()
    tasks = [asyncio.ensure_future(one) for one in submissions]
    while len(loop._lanes.answers) < waiting:  # noqa: ASYNC110 - the book is prepared in other threads first
        await asyncio.sleep(0)
    free.set()
    await blocked
    return await asyncio.gather(*tasks)


async def test_events_of_the_same_commit_are_counted_once_on_either_side(tmp_path: Path) -> None:
    """The book comes first in its lane: what waits is heard under it, what was committed is made from the journal."""
    path = tmp_path / "t.db"
    async with running(path, book=book(1, knocks(9))) as (loop, store, clock):
        await loop.submit_events([knock(1, clock.now()), knock(2, clock.now())])
        more = loop.submit_events([knock(3, clock.now()), knock(4, clock.now())])
        await held(loop, more, load(loop, book(2, knocks(4))))
        assert counted(store) == [4]
        assert opened(store) == ["knocks site=school-12 2"]
    assert verify(path).ok


@pytest.mark.parametrize("refused", [False, True])
async def test_what_is_not_yet_committed_is_heard_too(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: bool) -> None:
    """Events of the very batch, stepped before the book, are in the windows that it brings along; but not one that the
    store refuses, so that the batch is taken again input by input.
    """
    path = tmp_path / "t.db"
    async with running(path, book=book(1, knocks(3))) as (loop, store, clock):
        await loop.submit_events([knock(1, clock.now())])
        batches: list[Any] = []
        original = Batch.take

        def reordered(self: Any, ticket: Any, index: int, prepared: Any, now: int, refused: str = "") -> None:
            """The event that waits is taken first, in the same batch."""
            if isinstance(prepared.item, BookLoaded) and not batches:
                batches.append(self)
                waiting = loop._lanes.head()
                assert waiting is not None
                waiting.next = 1
                original(self, waiting, 0, waiting.items[0], now)
                loop._lanes.took(waiting, 1)
            original(self, ticket, index, prepared, now, refused)

        write = store.write

        def refusing(entries: list[Entry]) -> bool:
            if refused and any(b'"id":"2"' in entry.body and not entry.reason for entry in entries):
                raise StoreRefusedError("for what is in it")
            return write(entries)

        monkeypatch.setattr(Batch, "take", reordered)
        monkeypatch.setattr(store, "write", refusing)
        await held(loop, loop.submit_events([knock(2, clock.now())]), load(loop, book(2, knocks(2))))
        assert batches
        assert column(store, "SELECT kind FROM journal ORDER BY position DESC LIMIT 2") == ["book", "arrival"]
        assert counted(store) == [1 if refused else 2]
        assert opened(store) == ([] if refused else ["knocks site=school-12 2"])
    assert verify(path).ok


async def test_a_commit_refused_for_its_content_hears_nothing_twice(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The batch is taken again input by input; the windows are made for where the book stands then."""
    path = tmp_path / "t.db"
    async with running(path, book=book(1, knocks(9))) as (loop, store, clock):
        await loop.submit_events([knock(1, clock.now())])
        write, refused = store.write, []

        def refusing(entries: list[Entry]) -> bool:
            if not refused and any(entry.kind == "book" for entry in entries):
                refused.append(len(entries))
                raise StoreRefusedError("once")
            return write(entries)

        monkeypatch.setattr(store, "write", refusing)
        await held(loop, loop.submit_events([knock(2, clock.now())]), loop.submit(Answer("x", 1, "decline", "api")),
                   load(loop, book(2, knocks(2))), waiting=2)
        assert refused[0] > 1
        assert loop.book.number == 2
        assert counted(store) == [2]
    assert verify(path).ok


async def test_what_is_over_at_the_books_place_does_not_fire(tmp_path: Path) -> None:
    """Three knocks, half an hour ago: by the new rule they fired and are quiet again."""
    path = tmp_path / "t.db"
    async with running(path, book=book(1, knocks(5))) as (loop, store, clock):
        await loop.submit_events([knock(number, clock.now()) for number in range(3)])
        await clock.advance(30 * MINUTE)
        await load(loop, book(2, knocks(3)))
        assert opened(store) == []
    assert verify(path).ok


async def test_what_is_committed_while_the_book_waits_is_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the last look from beside and the book's turn."""
    path = tmp_path / "t.db"
    async with running(path, book=book(1, knocks(9))) as (loop, store, clock):
        approach = Loading.approach

        def late(self: Loading) -> int:
            return approach(self) if threading.current_thread().name == "tocsin-loop" else 0

        monkeypatch.setattr(Loading, "approach", late)
        await loop.submit_events([knock(1, clock.now())])
        second = book(2, knocks(2))
        made = rebuilding.rebuild(store.history(), loop._meaning(second), ("knocks",), matcher(second), clock.now())
        await loop.submit_events([knock(2, clock.now())])
        await load(loop, second, made=BookLoaded(2, second.hash, ("knocks",), made.result(), made.since, made.position))
        assert opened(store) == ["knocks site=school-12 2"]
    assert verify(path).ok


async def test_a_book_in_between_is_seen_by_the_one_behind_it(tmp_path: Path) -> None:
    """Another word for a moment, at once: the third book's rule is as the first one's, and remembers as much."""
    path = tmp_path / "t.db"
    momentary = replace(knocks(9), when=When("event", match=Match((Expect("type", "is", "knock"),))))
    async with running(path, book=book(1, knocks(9))) as (loop, store, clock):
        await loop.submit_events([knock(number, clock.now()) for number in range(4)])
        await asyncio.gather(load(loop, book(2, momentary)), load(loop, book(3, knocks(9))))
        assert counted(store) == [4]
        assert column(store, "SELECT condition FROM incidents") == ["cleared"]
    assert verify(path).ok


async def test_two_reloads_at_once_hold_one_after_the_other(tmp_path: Path) -> None:
    """Each is made against the book that holds before it."""
    path = tmp_path / "t.db"
    async with running(path, book=book(1, knocks(9))) as (loop, store, clock):
        await loop.submit_events([knock(n, clock.now()) for n in range(4)])
        await asyncio.gather(load(loop, book(2, knocks(5))), load(loop, book(3, knocks(4))))
        assert loop.book.number == 3
        assert opened(store) == ["knocks site=school-12 3"]
        assert column(store, "SELECT number FROM books ORDER BY number") == [1, 2, 3]
    assert verify(path).ok


async def test_a_book_that_cannot_be_stepped_is_refused_and_the_old_one_holds(tmp_path: Path) -> None:
    """The input is set aside with the reason; events go on as before."""
    def fussy(board: Board, meaning: Any, item: Input, now: int) -> list[Change]:
        if isinstance(item, BookLoaded):
            raise ValueError("not this one")
        return step(board, meaning, item, now)

    path = tmp_path / "t.db"
    async with running(path, book=book(1, knocks(2)), step=fussy) as (loop, store, clock):
        with pytest.raises(StoreError, match="old one holds"):
            await load(loop, book(2, knocks(1)))
        assert loop.book.number == 1
        await loop.submit_events([knock(1, clock.now()), knock(2, clock.now())])
        assert opened(store) == ["knocks site=school-12 1"]
        assert column(store, "SELECT number FROM books") == [1]
    assert verify(path).ok


async def test_a_crash_before_the_commit_leaves_the_old_book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The book, its place in the journal and the renewed windows are in one transaction."""
    path, copy = tmp_path / "t.db", tmp_path / "copy" / "t.db"
    async with running(path, book=book(1, knocks(3))) as (loop, store, clock):
        await loop.submit_events([knock(1, clock.now())])
        commit = store.commit

        def dying() -> None:
            if loop._cycle._batch is not None and loop._cycle._batch.loaded:
                copy.parent.mkdir()
                for suffix in ("", "-wal"):
                    shutil.copyfile(f"{path}{suffix}", f"{copy}{suffix}")
            commit()

        monkeypatch.setattr(store, "commit", dying)
        await load(loop, book(2, knocks(1)))
        assert opened(store) == ["knocks site=school-12 2"]
    async with running(copy) as (loop, store, clock):
        assert loop.book.number == 1
        assert opened(store) == []
        await load(loop, book(2, knocks(1)))
        assert opened(store) == ["knocks site=school-12 2"]
    for each in (path, copy):
        verdict = verify(each)
        assert verdict.ok, verdict.findings


async def test_sealed_history_counts_like_hot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several segments back and the hot rows in front of them."""
    monkeypatch.setattr(journal, "ROWS", 4)
    path = tmp_path / "t.db"
    async with running(path, book=book(1, knocks(30, HOUR))) as (loop, store, clock):
        for number in range(10):
            await loop.submit_events([knock(number, clock.now())])
            await clock.advance(SECOND)
        sealer = Sealer(store, loop.run_work, clock)
        assert await sealer.seal_due()
        assert await sealer.seal_due()
        assert column(store, "SELECT count(*) FROM journal")[0] < 11
        await load(loop, book(2, knocks(10, HOUR)))
        assert opened(store) == ["knocks site=school-12 2"]
        assert counted(store) == [10]
    assert verify(path).ok


@pytest.mark.parametrize("sealed", [False, True])
async def test_no_more_is_read_back_than_the_bounds_allow(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sealed: bool) -> None:
    """The newest inputs count; the timeline says since when."""
    monkeypatch.setattr(journal, "ROWS", 11)
    path = tmp_path / "t.db"
    async with running(path, book=book(1, knocks(30))) as (loop, store, clock):
        for number in range(10):
            await loop.submit_events([knock(number, clock.now())])
            await clock.advance(SECOND)
        if sealed:
            assert await Sealer(store, loop.run_work, clock).seal_due()
        original = rebuilding.rebuild
        monkeypatch.setattr(loop_module, "rebuild", lambda *given: original(*given, Bounds(stepped=4)))
        await load(loop, book(2, knocks(4)))
        assert counted(store) == [4]
        since = format_instant(clock.now() - 4 * SECOND)
        notes = column(store, "SELECT detail FROM noted WHERE what = 'rule_changed'")
        assert notes == [f"book 2: made anew from the journal since {since}"]
    assert verify(path).ok


async def test_events_older_than_a_window_are_not_looked_at(tmp_path: Path) -> None:
    """A rule that counts ten minutes is made from the last ten and what may come late, not from all the journal."""
    path = tmp_path / "t.db"
    async with running(path, book=book(1, knocks(30))) as (loop, store, clock):
        await loop.submit_events([knock(1, clock.now())])
        await clock.advance(3 * HOUR)
        await loop.submit_events([knock(2, clock.now())])
        await load(loop, book(2, knocks(1)))
        body = column(store, "SELECT body FROM journal WHERE kind = 'book'")[0]
        assert f'"since":{clock.now() - (10 + 75) * MINUTE}'.encode() in body
        assert opened(store) == ["knocks site=school-12 2"]
    assert verify(path).ok


async def test_what_another_process_made_is_taken_over_and_brought_up_to_date(tmp_path: Path) -> None:
    """Its windows reach up to a position; what came since is heard here."""
    path = tmp_path / "t.db"
    async with running(path, book=book(1, knocks(9))) as (loop, store, clock):
        await loop.submit_events([knock(1, clock.now()), knock(2, clock.now())])
        second = book(2, knocks(3))
        made = rebuilding.rebuild(store.history(), loop._meaning(second), ("knocks",), matcher(second), clock.now())
        await loop.submit_events([knock(3, clock.now())])
        await load(loop, second, made=BookLoaded(2, second.hash, ("knocks",), made.result(), made.since, made.position))
        assert opened(store) == ["knocks site=school-12 2"]
        assert counted(store) == [3]
    assert verify(path).ok


async def test_what_was_made_for_other_changes_is_made_again(tmp_path: Path) -> None:
    """Between the reading and the turn another book came into force: its answer is not used."""
    path = tmp_path / "t.db"
    async with running(path, book=book(1, knocks(9))) as (loop, store, clock):
        await loop.submit_events([knock(1, clock.now()), knock(2, clock.now())])
        second = book(2, knocks(2))
        await load(loop, second, made=BookLoaded(2, second.hash))
        assert opened(store) == ["knocks site=school-12 2"]
    assert verify(path).ok


async def test_a_book_that_changes_no_rule_reads_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other texts, other people: no history is needed."""
    async with running(tmp_path / "t.db", book=book(1, knocks(9))) as (loop, store, _):
        monkeypatch.setattr(rebuilding, "_gather", lambda *given: pytest.fail("the journal was read"))
        await load(loop, book(2, replace(knocks(9), say="Other words")))
        assert b'"changed"' not in column(store, "SELECT body FROM journal WHERE kind = 'book'")[0]


async def test_a_momentary_condition_closed_by_a_person_is_not_brought_back(tmp_path: Path) -> None:
    """The closing is found in the table of incidents, long after it was looked at again."""
    path = tmp_path / "t.db"
    async with running(path, book=book(1, smoke())) as (loop, store, clock):
        await loop.submit_events([event(1, at=clock.now(), type="alarm.smoke")])
        await loop.submit(Answer("olena", 1, "resolve", "telegram", notification=1))
        await clock.advance(10 * MINUTE)
        await load(loop, book(2, smoke(clear=Clear(after=HOUR))))
        assert opened(store) == ["smoke site=school-12 1"]
        assert column(store, "SELECT response FROM incidents") == ["closed"]
    assert verify(path).ok


async def test_the_engine_stops_in_the_midst_of_a_reload(tmp_path: Path) -> None:
    """Whoever waits for the book is not answered for ever; the journal is whole."""
    path = tmp_path / "t.db"
    async with running(path, VirtualClock(NOON), book(1, knocks(9))) as (loop, _, clock):
        await loop.submit_events([knock(1, clock.now())])
        task = asyncio.ensure_future(load(loop, book(2, knocks(2))))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert verify(path).ok
