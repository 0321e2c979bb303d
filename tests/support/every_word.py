"""Every word of ``when`` in rules of one site, and long stories about them from a seed.

As a program it prints the digest of all changes of a story.
"""

import hashlib
import random
import sys

from msgspec.structs import replace
from tests.support.checked_run import PEOPLE, POLICIES, START, CheckedRun, prepared
from tests.support.city import event_rule, incident_rule, match
from tests.support.words import word_rule

from tocsin.book.book import Content
from tocsin.book.match import Expect, Match
from tocsin.book.rule import Clear, Level, Rule, SequenceStep
from tocsin.book.words import BUILT_WORDS
from tocsin.domain.change import Change
from tocsin.domain.codec import decode_changes
from tocsin.domain.event import Event, Place
from tocsin.domain.input import Answer, Input, Started
from tocsin.domain.time import MINUTE, SECOND

HIGH = Match((Expect("type", "is", "x"), Expect("v", "above", 10)))
X = match(type="x")
DONE = Clear(when=match(type="done"))

ROWS: dict[str, tuple[Rule, ...]] = {
    "event": (event_rule("event", HIGH), event_rule("event-for", HIGH, for_="5 min", clear=DONE)),
    "incident": (incident_rule("incident", "event", for_="10 min"),),
    "count": (word_rule("count", X, at_least=3, within="10 min"),
              word_rule("count", X, id_="count-distinct", at_least=2, within="5 min", distinct="w", for_="2 min"),
              word_rule("count", X, id_="count-near", at_least=3, within="10 min", near=150.0)),
    "level": (word_rule("level", X, of="v", levels=(Level({"above": 5}, "low"), Level({"above": 12}, "critical")),
                        for_="2 min", clear=Clear(compare={"below": 3}), stale_after="1 h"),
              word_rule("level", X, id_="level-holds", holds=HIGH, clear=Clear(hold=MINUTE))),
    "average": (word_rule("average", X, of="v", over="10 min", compare={"above": 7},
                          clear=Clear(compare={"below": 5})),),
    "sum": (word_rule("sum", X, of="v", over="10 min", compare={"at_least": 15}, for_="1 min"),),
    "minimum": (word_rule("minimum", X, of="v", over="10 min", compare={"above": 2}, samples=2),),
    "maximum": (word_rule("maximum", X, of="v", over="10 min", compare={"below": 9}, stale_after="30 min"),),
    "change": (word_rule("change", X, of="v", moves="rises", compare={"at_least": 4}, within="10 min"),
               word_rule("change", X, id_="change-turn", of="w", changes_to="a", clear=DONE)),
    "new": (word_rule("new", X, of="w", over="30 min"),),
    "absence": (word_rule("absence", X, for_="20 min", expected="seen"),),
    "sequence": (word_rule("sequence", Match(), steps=(
        SequenceStep(match(type="x", w="a")), SequenceStep(match(type="x", w="b"), 30 * MINUTE),
        SequenceStep(match(type="done"), 5 * MINUTE, True))),
        word_rule("sequence", Match(), id_="sequence-near", near=150.0, steps=(
            SequenceStep(match(type="x", w="a")), SequenceStep(match(type="x"), 30 * MINUTE)))),
    "together": (word_rule("together", Match(), named={"a": match(type="x", w="a"), "b": HIGH}, within="30 min"),
                 word_rule("together", Match(), id_="together-near", near=150.0, within="30 min", named={
                     "a": match(type="x", w="a"), "b": X})),
}


def rules_of(word: str) -> tuple[Rule, ...]:
    """The rules of a word, named by it; ``incident`` brings the rule that it follows."""
    rules = tuple(replace(rule, id=word) if rule.id == "rule" else rule for rule in ROWS[word])
    return (*rules_of("event"), *rules) if word == "incident" else rules


ALL = tuple(rule for word in ROWS for rule in rules_of(word) if word != "incident") + rules_of("incident")[-1:]


def site(*rules: Rule) -> Content:
    return Content(rules=rules, people={one.id: one for one in PEOPLE}, policies={one.id: one for one in POLICIES})


class WordRun(CheckedRun):
    """A checked run of some rules."""

    def __init__(self, *rules: Rule, restarts: bool = False, checks: bool = True) -> None:
        super().__init__(restarts=restarts, checks=checks)
        self._meaning, self._matcher = prepared(1, site(*rules))
        self.seen: list[list[Change]] = []

    def _apply(self, item: Input, now: int) -> None:
        super()._apply(item, now)
        self.seen.append(decode_changes(self.log[-1]))


def event(number: int, at: int, dice: random.Random, sites: int = 1) -> Event:
    """Something of type x, most often; late, unreadable, without its key now and then."""
    late = dice.choice((0, 0, 0, 0, 1, 60, 600, 4000, 9000))
    data = {"v": dice.choice((1, 2.5, 4, 7, 9.9, 13, 20, "9", None)),
            "w": dice.choice(("a", "b", "c", ["a", "d"], None))}
    return Event(id=f"e{number}", source="s", type=dice.choice(("x", "x", "x", "x", "done", "y")),
                 time=at - late * SECOND, received=at, status=dice.choice((None, None, "firing", "resolved")),
                 location=Place(48.7 + number % 3 * 0.001, 37.5) if number % 7 else None,
                 site=dice.choice((*(f"s{site}" for site in range(sites)), None)), device=dice.choice("ab"),
                 data={name: value for name, value in data.items() if value is not None})


def play(run: WordRun, seed: int, length: int) -> WordRun:
    """Feed ``length`` inputs drawn from a seed, then let six hours pass."""
    dice = random.Random(seed)
    now = START
    for number in range(length):
        now += dice.choice((0, 0, 1, 5, 20, 60, 61, 120, 300, 600, 1800)) * SECOND
        kind = dice.randrange(12)
        if kind < 10 or not run.board.last_incident:
            run.feed(event(number, now, dice), now)
        elif kind == 10:
            incident = dice.randint(1, run.board.last_incident)
            run.put(Answer("olena", incident, dice.choice(("acknowledge", "resolve", "false_alarm")), "console"), now)
        else:
            run.put(Started("1", dice.choice((0, 5, 900)) * SECOND), now)
    run.run_until(now + 6 * 3600 * SECOND)
    return run


def digest(run: WordRun) -> str:
    return hashlib.sha256(b"\n".join(run.log)).hexdigest()


assert set(ROWS) == BUILT_WORDS, "a word without a row in the contract"

if __name__ == "__main__":
    sys.stdout.write(digest(play(WordRun(*ALL, checks=False), int(sys.argv[1]), int(sys.argv[2]))))
