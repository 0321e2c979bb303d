"""The engine in a process of its own: store, loop, sealing, HTTP. ``python -m benchmarks.serving PATH RULES``.

Prints its port, then one line of JSON with its own measurements when its standard input ends.
"""

import asyncio
import json
import resource
import sys
from hashlib import sha256
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from benchmarks.city import TOKEN, book_and_matcher
from tocsin.api.ingest import ingest_routes
from tocsin.api.server import build_app, serve
from tocsin.clock import SystemClock
from tocsin.domain.input import Answer
from tocsin.loop import Loop
from tocsin.loop.stats import Spread
from tocsin.loop.tuning import tune
from tocsin.sources.config import Allowance, SourceConfig
from tocsin.sources.door import open_doors
from tocsin.sources.report import Unreported
from tocsin.store import open_store
from tocsin.store.journal import Sealer


def mean(spread: Spread) -> float:
    return spread.total / max(1, spread.count)


async def main(path: Path, rules: int) -> None:
    clock, store = SystemClock(), open_store(path)
    book, matcher = book_and_matcher(rules)
    loop = Loop(store, clock, book, matcher)
    await loop.start()
    sealing = asyncio.create_task(Sealer(store, loop.run_work, clock).run())

    async def answer(request: Request) -> JSONResponse:
        position = await loop.submit(Answer("olena", 1, "acknowledge", "console"))
        return JSONResponse({"position": position})

    config = SourceConfig(name="gateway", kind="http", token_hash=sha256(TOKEN).hexdigest(),
                          allowance=Allowance(1e9, 1_000_000_000))
    doors = open_doors([config], clock, Unreported())
    routes = [*ingest_routes(doors, loop, clock, Unreported()), Route("/answer", answer, methods=["POST"])]
    listening = await serve(build_app(routes), "127.0.0.1", 0)
    tune()
    print(listening.port, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    sealing.cancel()
    await listening.stop()
    await loop.stop()
    stats, usage = loop.stats, resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({
        "inputs": stats.inputs, "batch": mean(stats.batch), "step_ms": 1000 * mean(stats.step),
        "commit_ms": 1000 * mean(stats.commit), "commit_worst_ms": 1000 * stats.commit.worst,
        "lag_ms": 1000 * mean(stats.lag), "cpu_s": usage.ru_utime + usage.ru_stime, "rss_mb": usage.ru_maxrss / 1024,
    }), flush=True)
    store.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
