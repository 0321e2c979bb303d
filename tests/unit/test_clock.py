"""Clocks: a time that never goes back, and one that moves only when told."""

import asyncio

import pytest

from tocsin.clock import SystemClock, VirtualClock
from tocsin.domain.time import HOUR, MINUTE, SECOND

NOON = 1_795_000_000 * SECOND


class Machine:
    """A wall clock that can be set, beside a steady one that cannot; both in microseconds."""

    def __init__(self, *, last: int = 0) -> None:
        self.wall, self.steady = NOON, 0
        self.heard: list[int] = []
        self.clock = SystemClock(last, self.heard.append, wall=lambda: self.wall * 1000,
                                 steady=lambda: self.steady * 1000)

    def passes(self, micros: int) -> int:
        """Time passes; what the clock says then."""
        self.wall += micros
        self.steady += micros
        return self.clock.now()


def test_time_passes_as_on_the_wall():
    """While nobody sets anything."""
    machine = Machine()
    assert machine.passes(MINUTE) == NOON + MINUTE
    assert machine.clock.monotonic() == 60.0
    assert machine.heard == []


def test_a_wall_clock_set_back_is_never_followed():
    """Time runs on by the steady clock, for as long as the wall is behind, and the difference is reported."""
    machine = Machine()
    machine.passes(MINUTE)
    machine.wall -= HOUR
    assert machine.passes(SECOND) == NOON + MINUTE + SECOND
    assert machine.passes(30 * MINUTE) == NOON + 31 * MINUTE + SECOND
    assert machine.clock.skew == -HOUR
    assert machine.heard == [-HOUR, -HOUR]


def test_a_wall_clock_set_back_and_set_right_again():
    """Then both agree."""
    machine = Machine()
    machine.wall -= HOUR
    machine.passes(SECOND)
    machine.wall += HOUR
    assert machine.passes(SECOND) == NOON + 2 * SECOND
    assert machine.clock.skew == 0


def test_a_wall_clock_set_ahead_is_followed():
    """It may have been wrong before; the jump is reported once, at its instant."""
    machine = Machine()
    machine.wall += HOUR
    assert machine.passes(SECOND) == NOON + HOUR + SECOND
    assert machine.passes(SECOND) == NOON + HOUR + 2 * SECOND
    assert machine.heard == [HOUR]
    assert machine.clock.skew == 0


def test_skew_is_reported_at_most_once_a_minute():
    """However often the time is asked for."""
    machine = Machine()
    machine.wall -= HOUR
    for _ in range(100):
        machine.passes(SECOND)
    assert machine.heard == [-HOUR, -HOUR]


def test_a_drift_below_a_second_is_nobodys_business():
    """Every clock drifts."""
    machine = Machine()
    machine.wall -= SECOND // 2
    machine.passes(SECOND)
    assert machine.heard == []


def test_time_goes_on_from_the_newest_entry():
    """A wall clock behind the journal at the start, or one that a restored store knows better."""
    assert Machine(last=NOON + HOUR).passes(SECOND) == NOON + HOUR + SECOND
    machine = Machine()
    machine.clock.not_before(NOON + HOUR)
    assert machine.passes(SECOND) == NOON + HOUR + SECOND
    assert machine.clock.seconds_until(NOON + HOUR + 3 * SECOND) == 2.0
    assert machine.clock.seconds_until(NOON) == 0.0


async def test_sleepers_wake_in_the_order_of_their_deadlines():
    """A virtual clock stops at each of them on its way."""
    clock, woken = VirtualClock(NOON), []

    async def sleeps(seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((seconds, clock.now()))

    tasks = [asyncio.create_task(sleeps(seconds)) for seconds in (30, 10, 20)]
    await clock.advance(25 * SECOND)
    assert woken == [(10, NOON + 10 * SECOND), (20, NOON + 20 * SECOND)]
    await clock.advance(5 * SECOND)
    assert woken[-1] == (30, NOON + 30 * SECOND)
    await asyncio.gather(*tasks)


@pytest.mark.parametrize("cancelled", [0, 1])
async def test_a_sleeper_that_was_cancelled_stops_nobody(cancelled: int):
    """Its deadline is passed without a halt."""
    clock = VirtualClock(NOON)
    tasks = [asyncio.create_task(clock.sleep(10)), asyncio.create_task(clock.sleep(20))]
    await clock.advance(0)
    tasks[cancelled].cancel()
    await clock.advance(MINUTE)
    assert clock.now() == NOON + MINUTE
    assert tasks[1 - cancelled].done()
    assert tasks[cancelled].cancelled()
