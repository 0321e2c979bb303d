"""What holds for every story: pure, repeatable, restorable, never silent, never paged for what is covered.

TOCSIN_EXAMPLES=5000 looks longer.
"""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from tests.support.checked_run import START, CheckedRun, event, picture, smaller_book
from tests.support.scenario import FOLK, WORDS, act, digest, play

from tocsin.domain.input import Answer, OperatorAction, Receipt, Started
from tocsin.domain.time import SECOND

EXAMPLES = int(os.environ.get("TOCSIN_EXAMPLES", "60"))


@pytest.mark.parametrize("seed", range(EXAMPLES // 10))
def test_every_step_is_pure_repeatable_and_idempotent_and_nobody_is_forgotten(seed: int) -> None:
    play(CheckedRun(), seed, 120)


@pytest.mark.parametrize("seed", range(EXAMPLES // 10))
def test_a_restart_between_any_two_inputs_changes_nothing_that_follows(seed: int) -> None:
    straight = play(CheckedRun(checks=False), seed, 120)
    restarted = play(CheckedRun(checks=False, restarts=True), seed, 120)
    assert restarted.log == straight.log
    assert picture(restarted.board) == picture(straight.board)


def test_incidents_come_into_each_state_of_the_page_and_into_no_other() -> None:
    """docs/life.md, first table."""
    reached: set[str] = set()
    for seed in range(max(12, EXAMPLES // 10)):
        reached |= play(CheckedRun(checks=False), seed, 120).states
    page = (Path(__file__).parents[3] / "docs" / "life.md").read_text("utf-8")
    assert sorted(reached) == sorted(re.findall(r"^\| `([^`]+, [^`]+|closed)` \|", page, re.M))


def test_two_processes_with_different_hash_seeds_decide_the_same() -> None:
    """No iteration over a set reaches a decision."""
    found = set()
    for hash_seed in ("1", "2"):
        done = subprocess.run([sys.executable, "-m", "tests.support.scenario", "7", "300"], capture_output=True,
                              text=True, check=True, env={**os.environ, "PYTHONHASHSEED": hash_seed})
        found.add(done.stdout)
    assert found == {digest(play(CheckedRun(checks=False), 7, 300))}


class EveryInput(RuleBasedStateMachine):
    """All inputs in any order; the checks are the run's own."""

    @initialize(restarts=st.booleans(), book=st.integers(0, 1))
    def begin(self, restarts: bool, book: int) -> None:
        self.run = CheckedRun(book, restarts=restarts)
        self.count = 10

    def now(self) -> int:
        return self.run.clock or START

    @rule(kind=st.sampled_from(["panic", "smoke", "door", "all.clear"]), site=st.sampled_from(["s1", "s2", None]),
          status=st.sampled_from([None, "firing", "resolved"]), device=st.sampled_from("ab"),
          late=st.sampled_from([0, 0, 3, 90]), urgency=st.sampled_from("abcd"))
    def an_event(self, **fields: Any) -> None:
        self.count += 1
        self.run.feed(event(self.count, self.now(), **fields), self.now())

    @rule(person=st.sampled_from(FOLK), incident=st.integers(0, 5), word=st.sampled_from(WORDS),
          channel=st.sampled_from(["telegram", "sms", "console"]))
    def an_answer(self, person: str, incident: int, word: str, channel: str) -> None:
        number = max(1, self.run.board.last_incident - incident)
        self.run.put(Answer(person, number, word, channel, 0 if channel == "console" else 1), self.now())

    @rule(back=st.integers(0, 8), state=st.sampled_from(["delivered", "failed_permanent", "expired"]),
          dead=st.booleans())
    def a_receipt(self, back: int, state: str, dead: bool) -> None:
        if len(self.run.messages) > back:
            one = self.run.messages[-1 - back].notification
            self.run.put(Receipt(one.id, state, one.incident, one.person, one.channel, address_dead=dead), self.now())

    @rule(data=st.data())
    def an_operator(self, data: st.DataObject) -> None:
        what = act(lambda words: data.draw(st.sampled_from(words)), self.now())
        self.run.put(OperatorAction("op", *what), self.now())

    @rule()
    def another_book(self) -> None:
        self.count += 1
        smaller_book(self.run, self.count)

    @rule()
    def a_restart(self) -> None:
        self.run.put(Started("1", SECOND), self.now())

    @rule(seconds=st.sampled_from([1, 5, 30, 60, 61, 300, 900, 1800]))
    def time_passes(self, seconds: int) -> None:
        until = self.now() + seconds * SECOND
        self.run.run_timers(until + 1)
        self.run.clock = until


TestEveryInput = EveryInput.TestCase
TestEveryInput.settings = settings(max_examples=EXAMPLES, stateful_step_count=40, deadline=None,
                                   suppress_health_check=[HealthCheck.too_slow])
