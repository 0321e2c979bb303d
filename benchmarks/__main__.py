"""``python -m benchmarks``: the budget's table and build/bench.json. ``--quick`` runs each thing once."""

import argparse
import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from benchmarks import ingest, keys, peers, recorded, rules, timers, windows

MEASURES: dict[str, Callable[[Path, int], Coroutine[Any, Any, Any]]] = {
    "P1": ingest.batches_over_http,
    "P2": ingest.singles_over_http,
    "P3": rules.number_of_rules,
    "P4": peers.rows,
    "P7": timers.deadlines,
    "P7 escalating": timers.escalations,
    "P9": windows.rule_events,
    "P10": recorded.backtests,
    "P11": ingest.answers_beside_a_flood,
    "idle key": keys.memory,
    "compile": rules.compiled,
}


def _told(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Print rows as soon as they are there."""
    for row in rows:
        floor = f"{'≤' if row.get('better') == 'lower' else '≥'} {row['target']}"
        print(f"{row['id']:14} {row['value']:>9}   floor {floor:<7} goal {row['goal']:<6} "
              f"{'met' if row['met'] else 'NOT MET':8} beside {row['beside']}, {row['runs']} runs", flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help="measures to run; all when none is named", default=[])
    parser.add_argument("--quick", action="store_true", help="one run each")
    parser.add_argument("--runs", type=int, default=5)
    chosen = parser.parse_args()
    build = Path("build")
    build.mkdir(exist_ok=True)
    rows: list[dict[str, Any]] = []
    for name, measure in MEASURES.items():
        if not chosen.names or name in chosen.names:
            measured: Any = asyncio.run(measure(build, 1 if chosen.quick else chosen.runs))
            rows += _told(measured if isinstance(measured, list) else [measured])
    (build / "bench.json").write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
