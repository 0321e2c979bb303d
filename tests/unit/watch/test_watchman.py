"""The probes on real things, and what the watchman tells a real engine."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.small_site import NOON, column, event, running

from tocsin.clock import VirtualClock
from tocsin.domain.errors import StoreBusyError
from tocsin.domain.time import HOUR, MINUTE, SECOND
from tocsin.watch import probes
from tocsin.watch.observe import CHANNEL_FAILING, DISK, GAUGES, MIB, Sample, poison
from tocsin.watch.watchman import Watchman

LOW = Sample(DISK, "/", 1000 * MIB, {"free_mb": 1000})
FINE = Sample(DISK, "/", 9000 * MIB, {"free_mb": 9000})


def of(*samples: Sample) -> list[probes.Probe]:
    return [lambda: samples]


async def told(store: object) -> list[str]:
    return column(store, "SELECT body FROM journal WHERE kind = 'arrival'")  # type: ignore[arg-type]


async def test_a_change_is_told_once_and_its_end_too(tmp_path: Path) -> None:
    """As journaled events; meanwhile /health says it."""
    async with running(tmp_path / "tocsin.db") as (loop, store, clock):
        man = Watchman(loop, store.reading, loop.run_work, clock)
        for samples in (FINE, LOW, LOW):
            await man.observe(of(samples))
        assert len(await told(store)) == 1
        assert man.problems == ("tocsin.disk /: free_mb 1000",)
        await clock.advance(SECOND)
        await man.observe(of(FINE))
        assert len(await told(store)) == 2
        assert man.problems == ()


async def test_after_a_restart_what_fires_is_not_told_again_and_its_end_is(tmp_path: Path) -> None:
    """The levels are kept in the store."""
    path = tmp_path / "tocsin.db"
    async with running(path) as (loop, store, clock):
        await Watchman(loop, store.reading, loop.run_work, clock).observe(of(LOW))
    async with running(path, VirtualClock(NOON + HOUR)) as (loop, store, clock):
        man = Watchman(loop, store.reading, loop.run_work, clock)
        await man.observe(of(LOW))
        assert len(await told(store)) == 1
        await man.observe(of(FINE))
        assert len(await told(store)) == 2


async def test_what_the_store_cannot_take_now_is_told_in_the_next_round(tmp_path: Path) -> None:
    """A busy store loses nothing that was observed."""
    async with running(tmp_path / "tocsin.db") as (loop, store, clock):

        class Busy:
            async def submit_events(self, events: object) -> list[object]:
                raise StoreBusyError("try again")

        man = Watchman(Busy(), store.reading, loop.run_work, clock)  # type: ignore[arg-type]  # events are all it gets
        await man.observe(of(LOW))
        await man.tell(poison("KeyError at a.py:1", clock.now()))
        man._intake = loop
        await man.observe(of(LOW))
        assert len(await told(store)) == 1


async def test_a_probe_that_fails_does_not_blind_the_others(tmp_path: Path) -> None:
    """The disk is seen although the first probe raises."""
    async with running(tmp_path / "tocsin.db") as (loop, store, clock):

        def broken() -> Iterator[Sample]:
            raise OSError("gone")

        man = Watchman(loop, store.reading, loop.run_work, clock)
        await man.observe([broken, *of(LOW)])
        assert len(await told(store)) == 1


def test_disk_and_wal_are_measured(tmp_path: Path) -> None:
    """In bytes, said in megabytes."""
    (disk,) = probes.disk(tmp_path)()
    assert disk.value > 0
    assert disk.data["free_mb"] == int(disk.value) // MIB
    (wal,) = probes.wal(lambda: 130 * MIB)()
    assert GAUGES[wal.type].level(wal.value, 0) == 1


async def test_a_late_event_loop_is_noticed_until_the_next_sample() -> None:
    """The worst since the last sample."""
    clock = VirtualClock()
    lag = probes.LoopLag(clock)

    async def late(seconds: float) -> None:
        clock._now += round((seconds + 0.8) * SECOND)
        if clock._now > NOON + 2 * SECOND:
            raise TimeoutError

    clock.sleep = late  # type: ignore[method-assign]  # an event loop that gets round to it 0.8 s late
    with pytest.raises(TimeoutError):
        await lag.run()
    (first,) = lag()
    (second,) = lag()
    assert (round(first.value, 3), second.value) == (0.8, 0.0)


def test_a_jump_of_the_clock_is_kept_until_it_is_told() -> None:
    """A jump ahead is followed at once, so that it would be gone a moment later."""
    skew = probes.Skew(lambda: -1500)
    skew.heard(3600 * SECOND)
    assert [sample.data["skew_s"] for _ in range(2) for sample in skew()] == [3600, 0]


async def test_a_source_is_silent_after_its_own_time() -> None:
    """One that was never declared to speak is never silent."""
    clock = VirtualClock()
    silences = probes.Silences({"gateway": 15 * MINUTE}, clock)
    await clock.advance(10 * MINUTE)
    silences.heard("gateway")
    silences.heard("stranger")
    await clock.advance(14 * MINUTE)
    assert [GAUGES[s.type].level(s.value, 0) for s in silences()] == [0]
    await clock.advance(2 * MINUTE)
    assert [(s.device, s.data["silent_min"], GAUGES[s.type].level(s.value, 0)) for s in silences()] == [
        ("gateway", 16, 1)]


@pytest.mark.parametrize(("attempts", "level"), [
    ([("olena", "failed_temporary")] * 3, 1),
    ([("olena", "failed_permanent"), ("chief", "failed_permanent"), ("olena", "unknown")], 1),
    ([("olena", "failed_permanent")] * 5, 0),                    # one person's dead address
    ([("olena", "sent"), *[("chief", "failed_temporary")] * 9], 0),
    ([*[("chief", "failed_temporary")] * 2, ("olena", "sent")], 0),
    ([("olena", "unknown"), ("chief", "failed_temporary")] * 5, 2),
    ([], None),
])
async def test_a_channel_fails_when_nothing_gets_through(tmp_path: Path, attempts: list[tuple[str, str]],
                                                         level: int | None) -> None:
    """Newest attempt first; what only one person's address refuses is not the channel's fault."""
    async with running(tmp_path / "tocsin.db") as (loop, store, clock):
        await loop.submit_events([event(1), event(2, site="museum")])

        def work(connection: object) -> None:
            run = connection.exec_driver_sql  # type: ignore[attr-defined]
            run("UPDATE outbox SET person = 'chief' WHERE id = 2")
            for age, (person, state) in enumerate(attempts):
                run("INSERT INTO attempts (notification, number, started, ended, state, detail) "
                    "VALUES (?, 1, ?, ?, ?, ?)",
                    (1 if person == "olena" else 2, NOON - age, NOON, state, f"it {state}"))

        await loop.run_work(work)
        found = list(probes.channels(store.reading, ["telegram", "sms"], clock)())
        assert [GAUGES[CHANNEL_FAILING].level(one.value, 0) for one in found] == ([] if level is None else [level])


async def test_the_auditor_speaks_as_one_sample_a_check(tmp_path: Path) -> None:
    """So that a lapse becomes a critical event and clears when it is gone."""
    async with running(tmp_path / "tocsin.db") as (loop, store, clock):
        await loop.submit_events([event(1)])
        clock._now += 90 * SECOND  # as if nobody sent and no deadline ran
        man = Watchman(loop, store.reading, loop.run_work, clock)
        await man.observe([probes.audits(store.reading, lambda: ["telegram"], clock)])
        assert any("tocsin.audit not_sent: 1 messages by telegram" in problem for problem in man.problems)
