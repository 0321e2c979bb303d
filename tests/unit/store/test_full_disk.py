"""A disk that is really full: whoever is to be asked next is asked, in the room that was kept."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.small_site import NOON, column, event, running

from tocsin.clock import VirtualClock
from tocsin.domain.errors import StoreBusyError, StoreError
from tocsin.domain.time import MINUTE, SECOND
from tocsin.loop import Loop
from tocsin.store.ballast import Ballast
from tocsin.store.verify import verify

BALLAST = 6_000_000


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of twelve megabytes; skipped where nobody may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(place)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("only root may mount a small disk")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


async def fill(loop: Loop) -> None:
    """Events until there is no room for another one."""
    for number in range(100, 10_000):
        await loop.submit_events([event(number, type="note", data={"text": "x" * 60_000})])


async def test_the_next_step_is_paged_on_a_full_disk(small_disk: Path) -> None:
    """The commit that finds no room ends the engine; started again it goes on in the ballast: the overdue step is
    asked, then the one after it in its time, while events are refused.
    """
    path, clock = small_disk / "tocsin.db", VirtualClock(NOON)
    kept: Any = Ballast(path, BALLAST)
    async with running(path, clock) as (loop, store, _):
        store.ballast = kept
        assert kept.hold()
        await loop.submit_events([event(1)])
        with pytest.raises(StoreError, match="full"):
            await fill(loop)
        assert kept.short
    await clock.advance(2 * MINUTE)
    async with running(path, clock) as (loop, store, _):
        store.ballast = Ballast(path, BALLAST)
        assert not store.ballast.hold()
        await clock.advance(6 * SECOND)
        assert column(store, "SELECT person FROM outbox WHERE kind = 'page' ORDER BY id") == ["olena", "olena", "chief"]
        with pytest.raises(StoreBusyError, match="for answers: free space"):
            await loop.submit_events([event(2)])
        await clock.advance(5 * MINUTE)
        assert column(store, "SELECT person FROM outbox WHERE kind = 'page' ORDER BY id")[3:] == ["chief"]
    verdict = verify(path)
    assert verdict.ok, verdict.findings
