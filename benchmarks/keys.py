"""Memory of an idle key of a window: 100,000 keys heard of once, over all words that keep windows."""

import gc
import tracemalloc
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.ingest import result
from tocsin.book.book import Content, number_book
from tocsin.book.match import Expect, Match
from tocsin.book.rule import PerKey, Rule, SequenceStep, When
from tocsin.core.board import Board, apply
from tocsin.core.draft import Draft
from tocsin.core.listening import begins
from tocsin.core.step import step
from tocsin.domain.change import TimerSet
from tocsin.domain.event import Event
from tocsin.domain.input import Arrival
from tocsin.domain.time import HOUR, MINUTE, SECOND
from tocsin.loop.deadlines import Deadlines
from tocsin.matching.index import IndexMatcher
from tocsin.rules.meaning import Meaning
from tocsin.rules.tables import Tables

KEYS = 100_000
SPREAD = 55 * MINUTE
"""The keys are first heard of one after the other over this time."""
START = 1_764_000_000 * SECOND

_decode = msgspec.json.Decoder(Event).decode


def _match(type_: str) -> Match:
    return Match((Expect("type", "is", type_),))


WORDS: dict[str, When] = {
    "count": When("count", match=_match("count"), at_least=5, within=10 * MINUTE),
    "distinct": When("count", match=_match("distinct"), at_least=5, within=10 * MINUTE, distinct="w"),
    "level": When("level", match=_match("level"), of="v", compare={"above": 50}),
    "average": When("average", match=_match("average"), of="v", over=HOUR, compare={"above": 50}),
    "sum": When("sum", match=_match("sum"), of="v", over=HOUR, compare={"above": 500}),
    "rises": When("change", match=_match("rises"), of="v", moves="rises", compare={"at_least": 20}, within=HOUR),
    "turns": When("change", match=_match("turns"), of="w", changes_from="shut", changes_to="open"),
    "new": When("new", match=_match("new"), of="w", over=24 * HOUR),
    "sequence": When("sequence", steps=(SequenceStep(_match("sequence")),
                                        SequenceStep(_match("next"), within=10 * MINUTE))),
    "together": When("together", named={"a": _match("together"), "b": _match("other")}, within=10 * MINUTE),
}


def content() -> Content:
    """One rule for each word, a key for each site."""
    return Content(rules=tuple(Rule(id=word, say="{{ site }}", when=when, per=(PerKey("site"),), severity="high",
                                    escalate_to=("board",), limits={"keys": KEYS}) for word, when in WORDS.items()))


def fill(keys: int) -> dict[str, float]:
    """Bytes by word that a key takes in the board and among the deadlines."""
    book = number_book(1, content())
    meaning, matcher = Meaning(book), IndexMatcher(book.content.rules, Tables.of(book.content))
    board = Board()
    deadlines = Deadlines(board)
    draft = Draft(board)
    begins(draft, meaning, START)
    apply(board, draft.changes)
    found: dict[str, float] = {}
    each = keys // len(WORDS)
    for word in WORDS:
        for number in (-1, *range(each)):
            if number == 0:
                gc.collect()
                before = tracemalloc.get_traced_memory()[0]
            at = START + max(0, number) * (SPREAD // each)
            body = (f'{{"id":"{word}-{number}","source":"gateway","type":"{word}","time":{at},"received":{at},'
                    f'"site":"site-{number:06d}","device":"sensor-{number}","data":{{"v":21.5,"w":"shut"}}}}')
            event = _decode(body.encode())
            changes = step(board, meaning, Arrival(event, matcher.match(event), 1), at)
            apply(board, changes)
            for change in changes:
                if isinstance(change, TimerSet):
                    deadlines.add(change.timer)
        gc.collect()
        found[word] = (tracemalloc.get_traced_memory()[0] - before) / each
        assert board.key_count(word) == each + 1
    return found


async def memory(folder: Path, runs: int) -> dict[str, Any]:
    """Bytes for each idle key on average, all words alike."""
    tracemalloc.start()
    try:
        found = fill(KEYS)
    finally:
        tracemalloc.stop()
    return result("idle key", [sum(found.values()) / len(found)], 300, 300, f"{KEYS:,} keys, bytes", lower=True,
                  words={word: round(size) for word, size in found.items()})
