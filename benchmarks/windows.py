"""P9: the words over several events beside the rule types of ElastAlert 2, which gets a virtual environment of its own.

Both are given the same events in one process each, without storage: every event concerns each of the 1,000 rules, so a
rule-event is a window that one rule has looked at. What Elasticsearch does for ElastAlert is not counted.
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.ingest import result
from tocsin.book.book import Content, number_book
from tocsin.book.match import Expect, Match
from tocsin.book.rule import PerKey, Rule, When
from tocsin.core.board import Board, apply
from tocsin.core.draft import Draft
from tocsin.core.listening import begins
from tocsin.core.step import step
from tocsin.domain.event import Event
from tocsin.domain.input import Arrival
from tocsin.domain.time import MINUTE, SECOND
from tocsin.matching.index import IndexMatcher
from tocsin.rules.meaning import Meaning
from tocsin.rules.tables import Tables

RULES, EVENTS, SITES = 1_000, 200, 40
START = 1_764_000_000 * SECOND
_MATCH = Match((Expect("type", "is", "x"),))
_decode = msgspec.json.Decoder(Event).decode

WORDS: dict[str, When] = {
    "frequency": When("count", match=_MATCH, at_least=1_000, within=10 * MINUTE),
    "cardinality": When("count", match=_MATCH, at_least=50, within=10 * MINUTE, distinct="device"),
    "flatline": When("absence", match=_MATCH, for_=10 * MINUTE, expected="seen"),
    "change": When("change", match=_MATCH, of="w", changes_from="shut", changes_to="open"),
}
"""By the rule type of ElastAlert that does the same."""

_THEIRS = """
import datetime, json, sys, time
from elastalert.ruletypes import CardinalityRule, ChangeRule, FlatlineRule, FrequencyRule
frame, start = datetime.timedelta(minutes=10), datetime.datetime(2026, 11, 24, tzinfo=datetime.timezone.utc)
kinds = {
    "frequency": (FrequencyRule, dict(num_events=1000)),
    "cardinality": (CardinalityRule, dict(cardinality_field="device", max_cardinality=50)),
    "flatline": (FlatlineRule, dict(threshold=1)),
    "change": (ChangeRule, dict(compound_compare_key=["w"], ignore_null=True)),
}
rules, events, sites = map(int, sys.argv[1:])
rates = {}
for name, (kind, options) in kinds.items():
    made = [kind(dict(options, timeframe=frame, query_key="site", timestamp_field="@timestamp", name=name, alert=[],
                      realert=datetime.timedelta(0))) for _ in range(rules // len(kinds))]
    data = [{"@timestamp": start + datetime.timedelta(seconds=number), "type": "x", "site": f"site-{number % sites}",
             "device": f"sensor-{number % sites}", "v": 21.5, "w": "shut"} for number in range(events)]
    began = time.process_time()
    for event in data:
        for rule in made:
            rule.add_data([event])
    rates[name] = len(made) * events / (time.process_time() - began)
print(json.dumps(rates))
"""


async def rule_events(folder: Path, runs: int) -> list[dict[str, Any]]:
    """The row P9; [] with a word about it where ElastAlert 2 cannot be installed."""
    python = _installed(folder)
    if python is None:
        print("P9             left out: elastalert2 could not be installed from PyPI", flush=True)
        return []
    ours, theirs = [], []
    for _ in range(runs):
        ours.append(_ours())
        said = subprocess.run([python, "-c", _THEIRS, str(RULES), str(EVENTS), str(SITES)], capture_output=True,
                              check=True, text=True)
        theirs.append(json.loads(said.stdout))
    ratios = [_whole(our) / _whole(their) for our, their in zip(ours, theirs, strict=True)]
    return [result("P9", ratios, 20, 100, "ElastAlert 2's rule types", tocsin=_rounded(ours[-1]),
                   elastalert=_rounded(theirs[-1]), spread=[round(ratio, 2) for ratio in sorted(ratios)])]


def _ours() -> dict[str, float]:
    """Rule-events a second of CPU, by word."""
    rates = {}
    for name, when in WORDS.items():
        count = RULES // len(WORDS)
        content = Content(rules=tuple(Rule(id=f"{name}-{number}", say="{{ site }}", when=when, per=(PerKey("site"),),
                                           severity="high", escalate_to=("board",)) for number in range(count)))
        meaning, matcher = Meaning(number_book(1, content)), IndexMatcher(content.rules, Tables.of(content))
        board = Board()
        draft = Draft(board)
        begins(draft, meaning, START)
        apply(board, draft.changes)
        events = [_event(number) for number in range(EVENTS)]
        began = time.process_time()
        for event in events:
            apply(board, step(board, meaning, Arrival(event, matcher.match(event), 1), event.time))
        rates[name] = count * EVENTS / (time.process_time() - began)
    return rates


def _event(number: int) -> Event:
    at = START + number * SECOND
    return _decode(json.dumps({
        "id": str(number), "source": "gateway", "type": "x", "time": at, "received": at,
        "site": f"site-{number % SITES}", "device": f"sensor-{number % SITES}",
        "data": {"v": 21.5, "w": "shut"}}).encode())


def _whole(rates: dict[str, float]) -> float:
    """Of equally many rules of each word together."""
    return len(rates) / sum(1 / rate for rate in rates.values())


def _rounded(rates: dict[str, float]) -> dict[str, int]:
    return {name: round(rate) for name, rate in rates.items()}


def _installed(folder: Path) -> str | None:
    """The interpreter of an environment with ElastAlert 2; kept beside the results, for it takes minutes to make."""
    python = folder / "elastalert" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder / "elastalert")], check=True)
    found = [python, "-c", "import elastalert.ruletypes"]
    if subprocess.run(found, capture_output=True, check=False).returncode:
        subprocess.run([python, "-m", "pip", "-q", "install", "elastalert2", "pytz"], capture_output=True, check=False)
    return None if subprocess.run(found, capture_output=True, check=False).returncode else str(python)
