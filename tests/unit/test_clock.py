"""Time: never back, ahead is followed, waits wake in order."""

import asyncio

from tocsin.clock import SystemClock, VirtualClock
from tocsin.domain.time import HOUR, MINUTE, SECOND

NOON = 1_795_000_000 * SECOND


class Machine:
    """A wall clock and a monotonic clock to be set by hand, in microseconds."""

    def __init__(self) -> None:
        self.wall, self.steady = NOON, 0

    def passes(self, micros: int) -> None:
        self.wall += micros
        self.steady += micros

    def clock(self, last: int = 0, skews: list[int] | None = None) -> SystemClock:
        return SystemClock(last, None if skews is None else skews.append,
                           wall=lambda: self.wall * 1000, steady=lambda: self.steady * 1000)


def test_time_is_the_wall_clock_while_that_is_right() -> None:
    """Nothing is reported."""
    machine, skews = Machine(), []
    clock = machine.clock(skews=skews)
    machine.passes(HOUR)
    assert clock.now() == NOON + HOUR
    assert skews == []


def test_a_wall_clock_set_back_is_not_followed() -> None:
    """Time runs on by the monotonic clock; the difference is reported, once a minute at most."""
    machine, skews = Machine(), []
    clock = machine.clock(skews=skews)
    machine.wall -= HOUR
    machine.passes(SECOND)
    assert clock.now() == NOON + SECOND
    machine.passes(SECOND)
    assert clock.now() == NOON + 2 * SECOND
    assert skews == [-HOUR]
    machine.passes(2 * MINUTE)
    clock.now()
    assert skews == [-HOUR, -HOUR]
    machine.passes(HOUR)
    machine.wall += HOUR
    assert clock.now() == machine.wall


def test_a_wall_clock_set_forward_is_followed_and_reported() -> None:
    """Once: from then on it is right."""
    machine, skews = Machine(), []
    clock = machine.clock(skews=skews)
    machine.wall += HOUR
    assert clock.now() == NOON + HOUR
    machine.passes(10 * MINUTE)
    assert clock.now() == NOON + HOUR + 10 * MINUTE
    assert skews == [HOUR]


def test_time_goes_on_from_the_newest_entry() -> None:
    """A machine whose clock was set back while the engine was down."""
    machine = Machine()
    clock = machine.clock(last=NOON + HOUR)
    assert clock.now() == NOON + HOUR
    machine.passes(SECOND)
    assert clock.now() == NOON + HOUR + SECOND
    other = machine.clock()
    other.not_before(NOON + 2 * HOUR)
    machine.passes(SECOND)
    assert other.now() == NOON + 2 * HOUR + SECOND


async def test_a_virtual_clock_wakes_sleepers_in_the_order_of_their_deadlines() -> None:
    """Each sees the instant it slept for; one that sleeps again on the way is woken again."""
    clock = VirtualClock(NOON)
    seen: list[tuple[str, int]] = []

    async def sleeper(name: str, *naps: int) -> None:
        for nap in naps:
            await clock.sleep(nap)
            seen.append((name, (clock.now() - NOON) // SECOND))

    tasks = [asyncio.create_task(one) for one in (sleeper("b", 3, 1), sleeper("a", 2), sleeper("c", 9))]
    await clock.advance(5 * SECOND)
    assert seen == [("a", 2), ("b", 3), ("b", 4)]
    assert clock.now() == NOON + 5 * SECOND
    await clock.advance(5 * SECOND)
    assert seen[-1] == ("c", 9)
    await asyncio.gather(*tasks)


async def test_a_virtual_clock_stops_at_the_deadlines_of_those_who_joined() -> None:
    """And waits until they have settled."""
    clock = VirtualClock(NOON)
    stops: list[int] = []

    class Joined:
        dues = [NOON + SECOND, NOON + 3 * SECOND]

        def next_due(self) -> int | None:
            return self.dues[0] if self.dues else None

        async def settle(self) -> None:
            while self.dues and self.dues[0] <= clock.now():
                stops.append(self.dues.pop(0))

    clock.join(Joined())
    await clock.advance(2 * SECOND)
    assert stops == [NOON + SECOND]
    await clock.advance(2 * SECOND)
    assert stops == [NOON + SECOND, NOON + 3 * SECOND]
