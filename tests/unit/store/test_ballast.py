"""Room kept for when the disk is full: held, given up, taken again."""

from pathlib import Path
from typing import NamedTuple

import pytest
from tests.support.small_site import event, running

from tocsin.domain.errors import StoreBusyError
from tocsin.domain.input import Answer
from tocsin.store import ballast
from tocsin.store.ballast import Ballast

SIZE = 100_000


class Usage(NamedTuple):
    free: int


def test_it_is_held_given_up_remembered_and_held_again_when_there_is_room(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A given up one stays given up over a restart, until twice its room is free."""
    file, one = tmp_path / "t.db.ballast", Ballast(tmp_path / "t.db", SIZE)
    assert one.hold()
    assert (file.stat().st_size, file.stat().st_blocks * 512 >= SIZE, one.short) == (SIZE, True, False)
    one.release()
    assert (file.stat().st_size, one.short) == (0, True)
    again = Ballast(tmp_path / "t.db", SIZE)
    assert again.short
    monkeypatch.setattr(ballast.shutil, "disk_usage", lambda _: Usage(2 * SIZE - 1))
    assert not again.hold()
    monkeypatch.setattr(ballast.shutil, "disk_usage", lambda _: Usage(2 * SIZE))
    assert again.hold()
    assert not again.short


def test_where_there_is_no_room_for_it_nothing_is_kept_and_nothing_refused(tmp_path: Path) -> None:
    """A disk that is smaller than the ballast."""
    small = Ballast(tmp_path / "t.db", 2**60)
    assert not small.hold()
    assert not small.short
    assert not list(tmp_path.iterdir())


async def test_while_it_is_given_up_answers_are_taken_and_events_are_not(tmp_path: Path) -> None:
    """Except what the engine says of itself."""
    async with running(tmp_path / "t.db") as (loop, store, _):
        await loop.submit_events([event(1)])
        store.ballast = Ballast(store.path, SIZE)
        store.ballast.hold()
        store.release()
        with pytest.raises(StoreBusyError, match="for answers: free space"):
            await loop.submit_events([event(2)])
        assert await loop.submit(Answer("olena", 1, "acknowledge", "telegram", notification=1))
        assert (await loop.submit_events([event(3, source="tocsin", type="tocsin.disk")]))[0].position
        store.ballast.hold()
        assert (await loop.submit_events([event(2)]))[0].position
