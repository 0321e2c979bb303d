"""P1, P2 and P11: what durable ingest costs over HTTP, and what an answer waits for beside it."""

import asyncio
import statistics
import time
from pathlib import Path
from typing import Any

from benchmarks.city import batch_body, event_body
from benchmarks.raw import insert_rate
from benchmarks.wire import Connection, post_all, request, served
from tocsin.clock import SystemClock

BATCHES, PER_BATCH = 400, 100
SINGLES, CONNECTIONS = 8_000, 64
FLOOD, FLOODS = 10_000, 20


def result(name: str, values: list[float], target: float, goal: float, beside: str, *, lower: bool = False,
           **more: Any) -> dict[str, Any]:
    """A row of the table; the median decides."""
    value = statistics.median(values)
    return {"id": name, "value": round(value, 3), "target": target, "goal": goal,
            "met": value <= target if lower else value >= target, "beside": beside, "runs": len(values),
            **({"better": "lower"} if lower else {}), **more}


async def batches_over_http(folder: Path, runs: int) -> dict[str, Any]:
    """P1: batches of 100 over HTTP, dedup and 100 rules on ÷ raw inserts of the same batches."""
    ratios, rates, raws, last = [], [], [], {}
    for _ in range(runs):
        now = SystemClock().now()
        bodies = [[event_body(number, now) for number in range(first, first + PER_BATCH)]
                  for first in range(0, BATCHES * PER_BATCH, PER_BATCH)]
        raws.append(insert_rate(folder, bodies))
        async with served(folder) as engine:
            requests = [request("/v1/events", b"[" + b",".join(batch) + b"]") for batch in bodies]
            seconds, _ = await post_all(engine.port, requests, 8)
        last = engine.stats
        rates.append(BATCHES * PER_BATCH / seconds)
        ratios.append(rates[-1] / raws[-1])
    return result("P1", ratios, 0.60, 0.80, "raw SQLite", rate=round(statistics.median(rates)),
                  raw=round(statistics.median(raws)), spread=[round(ratio, 2) for ratio in sorted(ratios)], engine=last)


async def singles_over_http(folder: Path, runs: int) -> dict[str, Any]:
    """P2: single POSTs on 64 connections ÷ raw commits of one row."""
    ratios, rates, raws, last = [], [], [], {}
    for _ in range(runs):
        now = SystemClock().now()
        bodies = [event_body(number, now) for number in range(SINGLES)]
        raws.append(insert_rate(folder, [[body] for body in bodies[:2_000]]))
        async with served(folder) as engine:
            seconds, _ = await post_all(engine.port, [request("/v1/events", body) for body in bodies], CONNECTIONS)
        last = engine.stats
        rates.append(SINGLES / seconds)
        ratios.append(rates[-1] / raws[-1])
    return result("P2", ratios, 2.0, 3.0, "raw SQLite", rate=round(statistics.median(rates)),
                  raw=round(statistics.median(raws)), spread=[round(ratio, 2) for ratio in sorted(ratios)], engine=last)


async def answers_beside_a_flood(folder: Path, runs: int) -> dict[str, Any]:
    """P11: an answer's POST → committed, p99 in ms, beside batches of 10,000 events that never end."""
    worst = []
    for _ in range(runs):
        now = SystemClock().now()
        async with served(folder) as engine:
            await post_all(engine.port, [request("/v1/events", event_body(0, now))], 1)
            bodies = [request("/v1/events", batch_body(1 + index * FLOOD, FLOOD, now)) for index in range(FLOODS)]
            flood = asyncio.create_task(post_all(engine.port, bodies, 2))
            await asyncio.sleep(0.3)
            _, made = await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", engine.port)
            took: list[float] = []
            while not flood.done():
                began = time.perf_counter()
                await made.send(request("/answer", b"{}"))
                took.append(time.perf_counter() - began)
                await asyncio.sleep(0.01)
            await flood
            made.transport.close()
        worst.append(1000 * sorted(took)[int(len(took) * 0.99)])
    return result("P11", worst, 50.0, 15.0, "10,000-event batches", lower=True,
                  answers=len(took), median=round(1000 * statistics.median(took), 1),
                  spread=[round(value, 1) for value in sorted(worst)], engine=engine.stats)
