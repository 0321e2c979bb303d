"""P4 and P5: an incident from its POST to the message in a channel, beside Alertmanager; the two run in turn."""

import asyncio
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.ingest import result
from benchmarks.rivals import ALERTMANAGER, Rival, running
from benchmarks.wire import Connection

SINGLES, CONNECTIONS = 4_000, 64
BATCHES, PER_BATCH, BATCHING = 80, 100, 8
STEADY_PER_S, STEADY = 100, 1_000
WARM = 200
"""Incidents before the clock runs: connections are open, code and templates are loaded."""


class Measured:
    """One run of one rival: ``rate`` incidents a second from the first POST to the last message, ``cpu_ms`` of CPU for
    each, and the sorted seconds from each POST to its message."""

    def __init__(self, rate: float, cpu_ms: float, rss_mb: float, seconds: list[float]) -> None:
        self.rate, self.cpu_ms, self.rss_mb, self.seconds = rate, cpu_ms, rss_mb, sorted(seconds)

    @property
    def p99_ms(self) -> float:
        return 1000 * self.seconds[int(len(self.seconds) * 0.99)]


async def rows(folder: Path, runs: int) -> list[dict[str, Any]]:
    """All rows of P4 and P5; [] with a word about it where Alertmanager is not installed."""
    if ALERTMANAGER is None:
        print("P4, P5         left out: prometheus-alertmanager is not installed (Debian: apt install "
              "prometheus-alertmanager)", flush=True)
        return []
    singles, batches, steady = [await _pairs(folder, runs, work) for work in (_singles, _batches, _steady)]
    return [
        _higher("P4 singles", singles, 0.7, 1.0), _higher("P4 batches", batches, 1.5, 3.0),
        _lower("P4 CPU singles", singles, "cpu_ms", 1.0, 0.7), _lower("P4 CPU batches", batches, "cpu_ms", 1.0, 0.7),
        _lower("P5 at 100/s", steady, "p99_ms", 2.5, 1.2), _lower("P5 saturated", singles, "p99_ms", 0.25, 0.05),
    ]


Pairs = list[tuple[Measured, Measured]]


def _higher(name: str, pairs: Pairs, floor: float, goal: float) -> dict[str, Any]:
    return _row(name, pairs, "rate", floor, goal, lower=False)


def _lower(name: str, pairs: Pairs, what: str, floor: float, goal: float) -> dict[str, Any]:
    return _row(name, pairs, what, floor, goal, lower=True)


def _row(name: str, pairs: Pairs, what: str, floor: float, goal: float, *, lower: bool) -> dict[str, Any]:
    ours, theirs = ([float(getattr(one, what)) for one in each] for each in zip(*pairs, strict=True))
    ratios = [our / their for our, their in zip(ours, theirs, strict=True)]
    return result(name, ratios, floor, goal, "Alertmanager", lower=lower, unit=what,
                  tocsin=round(statistics.median(ours), 3), alertmanager=round(statistics.median(theirs), 3),
                  spread=[round(ratio, 3) for ratio in sorted(ratios)])


async def _pairs(folder: Path, runs: int, work: Any) -> Pairs:
    """Each run measures both, now the one first, now the other."""
    pairs: Pairs = []
    for number in range(runs):
        order = ("tocsin", "alertmanager") if number % 2 == 0 else ("alertmanager", "tocsin")
        made = {name: await _measure(name, folder, work) for name in order}
        pairs.append((made["tocsin"], made["alertmanager"]))
    return pairs


async def _measure(name: str, folder: Path, work: Any) -> Measured:
    async with running(name, folder) as rival:
        await _post(rival, [[number] for number in range(WARM)], 16)
        await rival.sink.until(WARM)
        cpu = rival.cpu_s
        posted: dict[int, float] = await work(rival)
        await rival.sink.until(WARM + len(posted))
        cpu, rss = rival.cpu_s - cpu, rival.rss_mb
    came = rival.sink.came
    took = [came[number] - at for number, at in posted.items()]
    whole = max(came[number] for number in posted) - min(posted.values())
    return Measured(len(posted) / whole, 1000 * cpu / len(posted), rss, took)


async def _singles(rival: Rival) -> dict[int, float]:
    return await _post(rival, [[number] for number in range(WARM, WARM + SINGLES)], CONNECTIONS)


async def _batches(rival: Rival) -> dict[int, float]:
    last = WARM + BATCHES * PER_BATCH
    return await _post(rival, [range(first, first + PER_BATCH) for first in range(WARM, last, PER_BATCH)], BATCHING)


async def _steady(rival: Rival) -> dict[int, float]:
    """So many a second, whatever the answers do."""
    posted: dict[int, float] = {}
    free = await _connected(rival, 32)
    began = time.monotonic()
    sending: set[asyncio.Task[None]] = set()
    for index in range(STEADY):
        await asyncio.sleep(max(0.0, began + index / STEADY_PER_S - time.monotonic()))
        number = WARM + index
        data = rival.post([number])
        connection = free.pop() if free else (await _connected(rival, 1))[0]
        posted[number] = time.monotonic()
        task = asyncio.create_task(_send(connection, data))
        sending.add(task)
        task.add_done_callback(sending.discard)
        task.add_done_callback(lambda _, one=connection: free.append(one))
    await asyncio.gather(*sending)
    for connection in free:
        connection.transport.close()
    return posted


async def _post(rival: Rival, groups: Sequence[Sequence[int]], connections: int) -> dict[int, float]:
    """Post each group on the next free connection; the instant at which each number was posted."""
    posted: dict[int, float] = {}
    waiting = iter([(group, rival.post(group)) for group in groups])

    async def run(connection: Connection) -> None:
        for group, data in waiting:
            posted.update(dict.fromkeys(group, time.monotonic()))
            await _send(connection, data)

    made = await _connected(rival, connections)
    await asyncio.gather(*(run(connection) for connection in made))
    for connection in made:
        connection.transport.close()
    return posted


async def _send(connection: Connection, data: bytes) -> None:
    status, body = await connection.send(data)
    assert status in (200, 202), (status, body[:300])


async def _connected(rival: Rival, count: int) -> list[Connection]:
    loop = asyncio.get_running_loop()
    return [(await loop.create_connection(Connection, "127.0.0.1", rival.port))[1] for _ in range(count)]
