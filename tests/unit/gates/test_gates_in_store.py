"""What gates keep back and what is silenced survives a restart, and the journal proves it."""

import sqlite3
from pathlib import Path

from msgspec.structs import replace
from tests.support.first_tables import FIRST_TABLES
from tests.support.small_site import NOON, PANIC, column, content, event, running

from tocsin.book.book import Book, number_book
from tocsin.book.match import Expect, Match
from tocsin.book.rule import Gate, Rule, When
from tocsin.domain.input import OperatorAction
from tocsin.domain.time import MINUTE, SECOND
from tocsin.reports import silences
from tocsin.store import open_store
from tocsin.store.verify import verify

RAID = Rule(id="raid", say="raid", when=When("event", match=Match((Expect("type", "is", "raid"),))), per=PANIC.per)


def book() -> Book:
    return number_book(1, content(RAID, replace(PANIC, unless=(Gate(active="raid", same=("site",)),))))


async def test_what_was_kept_back_fires_after_a_restart(tmp_path: Path) -> None:
    """And so does what was silenced, at its end."""
    path = tmp_path / "t.db"
    async with running(path, book=book()) as (loop, store, clock):
        await loop.submit_events([event(1, type="raid", status="firing", device="siren"),
                                  event(2, status="firing", device="door")])
        await loop.submit(OperatorAction("chief", "silence", {
            "rule": "panic", "key": {"site": "museum"}, "until": NOON + 10 * MINUTE, "reason": "works"}))
        await loop.submit_events([event(3, site="museum", status="firing", device="door")])
        assert column(store, "SELECT gate FROM gated") == ["unless"]
        with store.reading() as connection:
            assert [(one.author, one.reason, one.key) for one in silences.lasting(connection)] == [
                ("chief", "works", {"site": "museum"})]
            assert silences.ended(connection) == ()
        assert column(store, "SELECT reason FROM suppressed") == [
            "inhibited by raid {site: school-12}", "silenced by chief: works"]
        now = clock
    assert verify(path).findings == []
    async with running(path, clock=now, book=book()) as (loop, store, clock):
        await loop.submit_events([event(4, at=clock.now(), type="raid", status="resolved", device="siren")])
        await clock.advance(MINUTE + SECOND)
        assert column(store, "SELECT person FROM outbox WHERE incident = 3") == ["olena"]
        assert column(store, "SELECT count(*) FROM gated") == [0]
        await clock.advance(10 * MINUTE)
        assert column(store, "SELECT min(created) FROM outbox WHERE incident = 2") == [NOON + 10 * MINUTE]
        with store.reading() as connection:
            assert silences.lasting(connection) == ()
            assert [one.ended_by for one in silences.ended(connection)] == ["time"]
        found = verify(path)
        assert (found.findings, found.derived) == ([], found.rows)


async def test_a_changed_gate_or_silence_is_found_out(tmp_path: Path) -> None:
    path = tmp_path / "t.db"
    async with running(path, book=book()) as (loop, _, _):
        await loop.submit_events([event(1, type="raid", status="firing", device="siren"),
                                  event(2, status="firing", device="door")])
        await loop.submit(OperatorAction("chief", "silence", {
            "rule": "panic", "until": NOON + 10 * MINUTE, "reason": "works"}))
    for text, sentence in (("DELETE FROM gated", "gate unless: this row is missing"),
                           ("DELETE FROM silences", "silences, id 1: this row is missing")):
        changed = tmp_path / "changed.db"
        changed.write_bytes(path.read_bytes())
        connection = sqlite3.connect(changed)
        connection.execute(text)
        connection.commit()
        connection.close()
        assert sentence in "\n".join(verify(changed).findings)


def test_a_store_of_the_first_tables_is_brought_up_to_date(tmp_path: Path) -> None:
    """It keeps what it holds."""
    path = tmp_path / "t.db"
    open_store(path).close()
    connection = sqlite3.connect(path)
    connection.executescript(f"{FIRST_TABLES} INSERT INTO meta VALUES ('kept', 'yes')")
    connection.close()
    store = open_store(path)
    assert column(store, "SELECT count(*) FROM gated") == column(store, "SELECT count(*) FROM silences") == [0]
    assert column(store, "SELECT value FROM meta WHERE key = 'kept'") == ["yes"]
    store.close()
