"""Triggers: they go on whatever a job does, and end when they are stopped."""

import asyncio

import pytest

from tocsin.watch.schedule import Job, Schedule


async def test_jobs_run_again_after_they_failed_and_the_failure_is_told() -> None:
    """A job that raises the first time runs a second time."""
    runs: asyncio.Queue[str] = asyncio.Queue()
    failures: list[tuple[str, str]] = []

    async def careless() -> None:
        await runs.put("careless")
        raise OSError("no disk")

    def plain() -> None:
        runs.put_nowait("plain")

    schedule = Schedule([Job("careless", careless, every=0.01), Job("plain", plain, every=0.01)],
                        broken=lambda name, error: failures.append((name, str(error))))
    schedule.start()
    seen: list[str] = []
    while seen.count("careless") < 2 or seen.count("plain") < 2:
        seen.append(await asyncio.wait_for(runs.get(), 10))
    await schedule.stop()
    assert failures[0] == ("careless", "no disk")


async def test_stopping_ends_what_runs() -> None:
    """A job that never returns does not hold the process."""
    begun, ended = asyncio.Event(), asyncio.Event()

    async def endless() -> None:
        begun.set()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            ended.set()

    schedule = Schedule([Job("endless", endless, every=0.01)], time_zone="Europe/Kyiv")
    schedule.start()
    await asyncio.wait_for(begun.wait(), 10)
    await schedule.stop()
    assert ended.is_set()


async def test_a_job_never_runs_beside_itself() -> None:
    """The next time is left out while one is still at it."""
    at_once, most, runs = 0, 0, asyncio.Queue[int]()

    async def slow() -> None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        for _ in range(50):
            await asyncio.to_thread(lambda: None)
        at_once -= 1
        await runs.put(most)

    schedule = Schedule([Job("slow", slow, every=0.001)])
    schedule.start()
    for _ in range(3):
        assert await asyncio.wait_for(runs.get(), 10) == 1
    await schedule.stop()


async def test_a_daily_job_waits_for_its_time_of_day() -> None:
    """In the site's zone."""
    schedule = Schedule([Job("retention", lambda: None, at="03:30")], time_zone="Europe/Kyiv")
    schedule.start()
    assert schedule._scheduler is not None
    (job,) = schedule._scheduler.get_jobs()
    assert (job.next_run_time.hour, job.next_run_time.minute, str(job.next_run_time.tzinfo)) == (3, 30, "Europe/Kyiv")
    assert job.misfire_grace_time is None
    await schedule.stop()


def test_a_job_needs_one_of_every_and_at() -> None:
    """Neither or both is a mistake of the one who wires it."""
    for given in ({}, {"every": 1.0, "at": "03:30"}):
        with pytest.raises(ValueError, match="needs every or at"):
            Job("x", lambda: None, **given)  # type: ignore[arg-type]  # the two keys
