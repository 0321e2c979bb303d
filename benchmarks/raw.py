"""Raw SQLite, as fast as it goes while every commit is durable: what the engine's ingest is measured against."""

import sqlite3
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path


def insert_rate(folder: Path, batches: Sequence[Sequence[bytes]]) -> float:
    """Rows a second; each batch is one transaction (WAL, synchronous=FULL) of one executemany."""
    with tempfile.TemporaryDirectory(dir=folder) as home:
        connection = sqlite3.connect(Path(home) / "raw.db", isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE event (position INTEGER PRIMARY KEY, at INTEGER NOT NULL, body BLOB NOT NULL)")
        position = 0
        began = time.perf_counter()
        for batch in batches:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT INTO event VALUES (?, ?, ?)", [
                (position + index, 1_795_000_000_000_000, body) for index, body in enumerate(batch)])
            connection.execute("COMMIT")
            position += len(batch)
        seconds = time.perf_counter() - began
        connection.close()
    return position / seconds
