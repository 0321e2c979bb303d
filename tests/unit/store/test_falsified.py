"""Whatever somebody changes in the store by hand, `tocsin verify` names the row: table by table, column by column."""

import asyncio
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table
from tests.support.city import event_rule, match
from tests.support.gates import active
from tests.support.site import Site, site_of
from tests.support.town import PANIC, town

from tocsin.domain.input import OperatorAction
from tocsin.domain.time import MINUTE
from tocsin.store import journal, tables
from tocsin.store.journal import Sealer
from tocsin.store.verify import verify

UNPROVEN = {
    "meta.secret": "chance made it", "meta.alive": "the heartbeat is no input", "meta.observed": "measured, no input",
    "meta.starts": "opening is no input", "meta.opened": "a note", "meta.mode": "only that it is one of the two",
    "attempts.id": "a name only: notification and number say which attempt it is",
    "attempts.address": "what was sent where stands in the attempt alone",
    "attempts.text": "what was sent where stands in the attempt alone",
    "attempts.started": "only its order", "attempts.ended": "only its order",
    "attempts.detail": "only where the message repeats it",
    "outbox.due": "of what is to be tried again: the provider may have named the time",
}
"""Columns (of meta: keys) that no other row and no input gives, and why."""

WHICH = {"outbox": "state = 'sent' AND kind = 'page'",
         "attempts": "notification IN (SELECT id FROM outbox WHERE state = 'sent' AND kind = 'page')",
         "journal": "effect IS NOT NULL AND identity IS NOT NULL", "incidents": "closed IS NOT NULL"}
"""The row that is changed, where the first one says little."""

CAMERA = event_rule("camera", match(type="camera.offline"), to="patrol", say="Камера: {{ site }}",
                    member=("unit",), unless=(active("panic-button", "site"),))
COLUMNS = [(table, column.name) for table in tables.metadata.sorted_tables if table.name != "meta"
           for column in table.columns]
KEYS = ("mode", "secret", "tables", "alive", "starts", "book", "position")


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with rows in every table, sealed in part; nobody has it open."""
    path = asyncio.run(life(tmp_path_factory.mktemp("lived")))
    with closing(sqlite3.connect(path)) as whole:
        whole.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


async def life(folder: Path) -> Path:
    async with site_of(folder, town(PANIC, CAMERA)) as site:
        await live(site)
        return site.path


async def live(site: Site) -> None:
    submit = site.engine.loop.submit
    await site.event()
    await site.event("camera.offline", status="firing", unit="1")
    await site.event("camera.offline", site="park", status="firing", unit="1")
    await site.telegram("olena").expects("Тривожна").presses("Беру")
    await submit(OperatorAction("sam", "address_off", {"person": "taras", "channel": "sms", "reason": "STOP"}))
    await submit(OperatorAction("sam", "silence", {
        "rule": "camera", "reason": "work", "until": site.clock.now() + MINUTE}))
    await site.advance(minutes=2)
    size, journal.ROWS = journal.ROWS, 4
    sealer = Sealer(site.engine.store, site.engine.loop.run_work, site.clock)
    for _ in range(2):
        assert await sealer.seal_due(now=site.clock.now() + 2 * MINUTE)
    journal.ROWS = size
    await site.event(site="school-13")
    await site.telegram("olena").expects("school-13").presses("Хибна тривога")
    await site.event("camera.offline", site="school-13", status="firing", unit="1")
    await site.event(site="school-14")
    await site.event("camera.offline", site="school-14", status="firing", unit="1")
    await site.advance(seconds=10)


@pytest.fixture
def copy(lived: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(lived, tmp_path / "t.db"))


def changed(path: Path, text: str, *values: Any) -> None:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute(text, values).rowcount
        connection.commit()


def other(value: Any) -> Any:
    """A value of the same type that is not this one; of a missing one, one."""
    if isinstance(value, str):
        return value + "x"
    if isinstance(value, bytes):
        return value[:-1] + bytes([value[-1] ^ 1])
    return (value or 0) + 1000


@pytest.mark.parametrize("table, name", COLUMNS, ids=[f"{table.name}.{name}" for table, name in COLUMNS])
def test_a_value_changed_by_hand_is_named(copy: Path, table: Table, name: str) -> None:
    """Every column of every table, also those that come later."""
    assert verify(copy).ok
    where = f" WHERE {WHICH[table.name]}" if table.name in WHICH else ""
    keys = " AND ".join(f'"{column.name}" IS ?' for column in table.primary_key)
    with closing(sqlite3.connect(copy)) as connection:
        connection.row_factory = sqlite3.Row
        row = connection.execute(f"SELECT * FROM {table.name}{where} LIMIT 1").fetchone()
        assert row is not None, f"the story leaves nothing in {table.name}"
    changed(copy, f'UPDATE {table.name} SET "{name}" = ? WHERE {keys}', other(row[name]),
            *(row[column.name] for column in table.primary_key))
    findings = verify(copy).findings
    if f"{table.name}.{name}" in UNPROVEN:
        return
    assert findings, f"{table.name}.{name} can be changed unnoticed"
    place = {"journal": "osition ", "segments": "egment", "segment_parts": "egment"}.get(table.name, table.name)
    assert place in findings[0]


@pytest.mark.parametrize("key", KEYS)
def test_what_the_store_knows_of_itself(copy: Path, key: str) -> None:
    """Key by key."""
    changed(copy, "UPDATE meta SET value = value || '1' WHERE key = ?", key)
    assert bool(verify(copy).findings) != (f"meta.{key}" in UNPROVEN and key != "mode")


@pytest.mark.parametrize("table", tables.metadata.sorted_tables, ids=lambda table: str(table.name))
def test_a_row_taken_away_is_named(copy: Path, table: Table) -> None:
    """The first and the last one of every table."""
    if table.name == "identities":
        return  # what repetitions are recognised by is forgotten after a day
    for order in ("ASC", "DESC"):
        path = Path(shutil.copy(copy, copy.with_name(f"{order}.db")))
        keys = ", ".join(f'"{column.name}"' for column in table.primary_key)
        by = ", ".join(f'"{column.name}" {order}' for column in table.primary_key)
        if table.name == "segment_parts":
            continue  # its time may be over: then verify says from where only the chain could be checked
        changed(path, f"DELETE FROM {table.name} WHERE ({keys}) IN (SELECT {keys} FROM {table.name} "
                      f"{'WHERE key <> ' + repr('alive') if table.name == 'meta' else ''} ORDER BY {by} LIMIT 1)")
        assert verify(path).findings, f"the {order} row of {table.name} can be taken away unnoticed"


def test_the_end_of_the_journal_taken_away_is_named(copy: Path) -> None:
    """Some rows or all behind the last segment."""
    for count in (1, 3, 1000):
        path = Path(shutil.copy(copy, copy.with_name(f"{count}.db")))
        changed(path, "DELETE FROM journal WHERE position > (SELECT max(position) FROM journal) - ?", count)
        assert "meta, key position: value is" in verify(path).findings[0] or "is missing" in verify(path).findings[0]


def test_rows_of_the_journal_inserted_or_exchanged_are_named(copy: Path) -> None:
    """At the end, and two neighbours in each other's place."""
    more = Path(shutil.copy(copy, copy.with_name("more.db")))
    changed(more, 'INSERT INTO journal SELECT position + 1, "at", kind, body, effect, state, reason, identity '
                  "FROM journal ORDER BY position DESC LIMIT 1")
    assert "osition" in verify(more).findings[0]
    with closing(sqlite3.connect(copy)) as connection:
        first, second = (row[0] for row in connection.execute(
            "SELECT position FROM journal WHERE effect IS NOT NULL ORDER BY position LIMIT 2"))
    for old, new in ((first, -1), (second, first), (-1, second)):
        changed(copy, "UPDATE journal SET position = ? WHERE position = ?", new, old)
    assert "osition" in verify(copy).findings[0]
