"""A crash at any instant loses nothing that was confirmed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.small_site import event, running

from tocsin.store import open_store
from tocsin.store.verify import verify


def crash(path: Path, step: str, count: int, first: int, *, kill_after: int = 0) -> list[str]:
    """Run the child until it dies, or until ``kill_after`` confirmations; the ids it was confirmed."""
    command = [sys.executable, "-m", "tests.support.crash_child", str(path), step, str(count), str(first)]
    confirmed = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if line.endswith("\n"):
                confirmed.append(line.strip())
            if kill_after and len(confirmed) == kill_after:
                os.kill(child.pid, signal.SIGKILL)
    assert child.returncode == -signal.SIGKILL
    return confirmed


def stored(path: Path) -> list[str]:
    """The event ids in the journal, in order."""
    store = open_store(path)
    with store.reading() as connection:
        ids = [row[0] for row in connection.exec_driver_sql(
            "SELECT json_extract(body, '$.event.id') FROM journal WHERE kind = 'arrival' ORDER BY position")]
    store.close()
    return ids


@pytest.mark.parametrize("step", ["before-write", "after-write", "before-commit", "after-commit"])
def test_everything_confirmed_is_there_after_a_crash(tmp_path: Path, step: str) -> None:
    """Killed between the steps of a commit, several times on one store; nothing twice, and the journal verifies."""
    path = tmp_path / "t.db"
    confirmed: list[str] = []
    for turn, count in enumerate((3, 7)):
        confirmed += crash(path, step, count, 1000 * turn)
    ids = stored(path)
    assert set(confirmed) <= set(ids)
    assert len(ids) == len(set(ids))
    if step == "after-commit":
        assert len(ids) > len(confirmed)  # committed, and its senders not yet told
    verdict = verify(path)
    assert verdict.ok, verdict.findings
    assert verdict.derived == verdict.rows


@pytest.mark.parametrize("kill_after", [1, 23, 150])
def test_killed_from_outside_nothing_confirmed_is_lost(tmp_path: Path, kill_after: int) -> None:
    """At whatever the engine just did."""
    path = tmp_path / "t.db"
    confirmed = crash(path, "never", 0, 0, kill_after=kill_after)
    assert len(confirmed) >= kill_after
    assert set(confirmed) <= set(stored(path))
    assert verify(path).ok


async def test_what_was_committed_but_not_answered_is_recognised_when_it_comes_again(tmp_path: Path) -> None:
    """The sender was told nothing, sends again, and it is applied once."""
    path = tmp_path / "t.db"
    confirmed = crash(path, "after-commit", 5, 0)
    silent = [one for one in stored(path) if one not in confirmed]
    assert silent
    async with running(path) as (loop, _, _):
        for name in silent:
            number = int(name.partition("-")[2])
            again = event(name, site=f"site-{number % 5}", source=f"gateway-{name.partition('-')[0]}")
            assert (await loop.submit_events([again]))[0].duplicate


@pytest.mark.parametrize(("work", "every", "deaths"), [("migration", 1, 10), ("retention", 7, 10)])
def test_killed_in_the_middle_of_housekeeping_the_store_is_as_before_or_as_after(
        tmp_path: Path, work: str, every: int, deaths: int) -> None:
    """Before every write of a migration, and of sealing, thinning and letting go; it verifies, the next run ends it."""
    told = subprocess.run([sys.executable, "-m", "tests.support.killed_child", work, str(tmp_path), str(every)],
                          capture_output=True, text=True, timeout=120, check=False)
    assert told.returncode == 0, told.stderr[-2000:]
    assert int(told.stdout) >= deaths
