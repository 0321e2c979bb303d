"""The bell between threads and coroutines."""

import asyncio
import threading

from tocsin.emulators.bell import Bell


async def test_a_ring_from_another_thread_wakes_the_waiter() -> None:
    """What was changed before the ring is seen after it."""
    bell, seen = Bell(), []
    waiting = asyncio.create_task(bell.wait_for(lambda: list(seen), 5))
    await asyncio.sleep(0)

    def change() -> None:
        seen.append(1)
        bell.ring()

    thread = threading.Thread(target=change)
    thread.start()
    assert await waiting == [1]
    thread.join()


async def test_waiting_ends_with_what_was_seen_last() -> None:
    """Without a ring the untrue result comes back."""
    assert await Bell().wait_for(lambda: "", 0.0) == ""


async def test_waiters_that_gave_up_are_forgotten() -> None:
    """Nothing is left behind by waits that ended."""
    bell = Bell()
    await bell.wait_for(lambda: False, 0.0)
    await bell.wait_for(lambda: True)
    assert bell._waiting == []
