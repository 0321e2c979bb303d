"""A backup is whole, of one instant, and the engine goes on from it."""

import os
import shutil
import stat
from pathlib import Path

import pytest
from tests.support.small_site import event, running

from tocsin.domain.errors import StoreError
from tocsin.domain.time import SECOND
from tocsin.store.backup import back_up
from tocsin.store.verify import verify


async def test_a_store_in_use_is_copied_and_an_engine_goes_on_from_the_copy(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is committed while it is copied is not in it; the one file is all that is needed."""
    monkeypatch.setattr("tocsin.store.backup.PAGES", 2)
    path, file = tmp_path / "t.db", tmp_path / "copy.db"
    steps: list[int] = []
    async with running(path) as (loop, store, clock):
        await loop.submit_events([event(n, site=f"s{n}") for n in range(50)])
        await clock.advance(70 * SECOND)
        before = store.restore().position

        def meanwhile(done: int, _: int) -> None:
            store.begin()
            store.put_meta("opened", str(done))
            store.commit()
            steps.append(done)

        made = back_up(path, file, meanwhile)
        await loop.submit_events([event(900)])
    assert len(steps) > 3
    assert made.verdict.ok, made.verdict.findings
    assert (made.position, made.verdict.derived) == (before, before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [name for name in os.listdir(tmp_path) if name.startswith("copy")] == ["copy.db"]
    restored = tmp_path / "restored.db"
    shutil.copy(file, restored)
    async with running(restored, clock) as (loop, _, _):
        assert (await loop.submit_events([event(1, site="s1")]))[0].duplicate
        assert (await loop.submit_events([event(901)]))[0].position == before + 2
    assert verify(restored).ok


async def test_nothing_is_overwritten_and_nothing_half_done_is_left(tmp_path: Path) -> None:
    """A file that exists, a folder that does not, no store."""
    path = tmp_path / "t.db"
    async with running(path) as (loop, _, _):
        await loop.submit_events([event(1)])
        (tmp_path / "there.db").write_text("mine")
        with pytest.raises(StoreError, match="exists already"):
            back_up(path, tmp_path / "there.db")
        with pytest.raises(StoreError, match=r"folder .* does not exist"):
            back_up(path, tmp_path / "none" / "copy.db")
    with pytest.raises(StoreError, match="There is no store"):
        back_up(tmp_path / "none.db", tmp_path / "copy.db")
    assert (tmp_path / "there.db").read_text() == "mine"
    assert not [name for name in os.listdir(tmp_path) if ".part" in name]
