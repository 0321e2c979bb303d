"""The second opinion with its real process: it hears everything, and nothing that happens to it is in the way."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from subprocess import run

import pytest
from tests.support import poisoned_child

from tocsin.book.match import Expect, Match
from tocsin.book.rule import Rule, When
from tocsin.clock import SystemClock
from tocsin.domain.event import Event
from tocsin.domain.input import Hit
from tocsin.matching import second_opinion
from tocsin.matching.durable_process import ChildLost, DurableProcess
from tocsin.matching.durable_talk import Load, Prove
from tocsin.matching.second_opinion import FUTILE_STARTS, SecondOpinion

POISONED = (sys.executable, "-P", str(Path(poisoned_child.__file__)))
MATCH = Match((Expect("type", "is", "fire"), Expect("v", "above", 5)))
RULE = Rule(id="fire", say="…", when=When("event", match=MATCH))

needs_durable = pytest.mark.skipif(find_spec("durable_rules_engine") is None, reason="durable-rules is not installed")


def event(type="fire", number=1, **data):
    return Event(id=str(number), source="s", type=type, time=0, received=0, data=data)


class Listener:
    """A second opinion with all that it said."""

    def __init__(self, rules=(RULE,), **options):
        self.disagreements, self.quarantined = [], []
        self.opinion = SecondOpinion(rules, SystemClock(), lambda *what: self.disagreements.append(what),
                                     on_quarantine=lambda *what: self.quarantined.append(what),
                                     **{"seconds": 20} | options)

    def started(self):
        self.opinion.start()
        standing = self.opinion.wait_ready(60)
        assert standing.ok, standing.reason
        return self


@pytest.fixture
def listen():
    made = []

    def make(*args, **options):
        made.append(Listener(*args, **options))
        return made[-1]

    yield make
    for one in made:
        one.opinion.stop()


@needs_durable
def test_agreement_is_silent_and_a_disagreement_is_told_both_ways(listen):
    """Right hits say nothing; a hit too few and a hit too many are each told with both verdicts."""
    heard = listen().started()
    hot, cold = event(v=6), event(v=5)
    for an_event, hits in ((hot, (Hit("fire", "event"),)), (cold, ()), (hot, ()), (cold, (Hit("fire", "event"),))):
        assert heard.opinion.offer(an_event, hits)
    heard.opinion.drain()
    assert heard.disagreements == [(hot, "fire", "event", False, True), (cold, "fire", "event", True, False)]
    assert heard.opinion.counts.judged == 4
    assert heard.opinion.counts.disagreements == 2


@needs_durable
@pytest.mark.parametrize("poison", ["poison.crash", "poison.hang"])
def test_an_event_that_ends_the_process_is_set_aside_and_the_others_are_judged(listen, poison):
    """The process is replaced, the event quarantined with what happened, and every other event of the batch judged."""
    heard = listen(program=POISONED, seconds=1.0).started()
    for number in range(10):
        heard.opinion.offer(event(number=number, v=6), ())
    heard.opinion.offer(event(poison), ())
    for number in range(10, 20):
        heard.opinion.offer(event(number=number, v=6), ())
    heard.opinion.drain()
    assert [what[0].type for what in heard.quarantined] == [poison]
    assert [what[0].id for what in heard.disagreements] == [str(number) for number in range(20)]
    counts = heard.opinion.counts
    assert (counts.judged, counts.quarantined, counts.restarts) == (20, 1, 2)
    assert heard.opinion.available().ok


@needs_durable
def test_a_rule_that_fails_before_it_is_used_is_left_out_alone(listen):
    """A rule that ends the process or answers its examples wrongly is left out with the reason; its neighbours not."""
    rules = [Rule(id=kind, say="…", when=When("event", match=Match((Expect("kind", "is", kind),))))
             for kind in ("one", "poison.rule", "poison.silent", "two")]
    heard = listen(rules, program=POISONED).started()
    assert {rule for rule, _ in heard.opinion.left_out} == {"poison.rule", "poison.silent"}
    assert "crashed" in heard.opinion.left_out["poison.rule", "event"]
    assert "does not fire on its example" in heard.opinion.left_out["poison.silent", "event"]
    for rule in rules:
        heard.opinion.offer(event(kind=rule.id), ())
    heard.opinion.drain()
    assert [what[1] for what in heard.disagreements] == ["one", "two"]


@needs_durable
def test_events_that_only_end_the_process_end_the_second_opinion(listen):
    """When start after start comes to nothing it gives up, says so, and goes on taking offers without judging."""
    heard = listen(program=POISONED).started()
    for number in range(FUTILE_STARTS + 2):
        heard.opinion.offer(event("poison.crash", number=number), ())
    heard.opinion.drain()
    heard.opinion._thread.join(60)
    assert not heard.opinion.available().ok
    assert "without an answer" in heard.opinion.available().reason
    assert heard.opinion.offer(event(v=6), ()) is False


@needs_durable
def test_a_full_queue_drops_and_counts_instead_of_waiting(listen):
    """While the process hangs, what does not fit the queue is refused at once and counted."""
    heard = listen(program=POISONED, capacity=5, seconds=60).started()
    taken = [heard.opinion.offer(event("poison.hang"), ())]
    taken += [heard.opinion.offer(event(number=number, v=6), ()) for number in range(200)]
    assert taken.count(False) >= 200 - 64 - 5
    assert heard.opinion.counts.dropped == taken.count(False)


@needs_durable
def test_a_listener_that_raises_does_not_end_the_judging(listen):
    """A failing callback is logged; the next event is judged."""
    def fail(*what):
        raise ZeroDivisionError

    opinion = SecondOpinion([RULE], SystemClock(), fail, seconds=20)
    opinion.start()
    assert opinion.wait_ready(60).ok
    for number in range(2):
        opinion.offer(event(number=number, v=6), ())
        opinion.drain()
    assert opinion.counts.judged == 2
    assert opinion.available().ok
    opinion.stop()


@needs_durable
def test_stop_ends_thread_and_process(listen):
    """After stop nothing is left running, and it says that it was stopped."""
    heard = listen().started()
    process = heard.opinion._process
    heard.opinion.stop()
    assert not Path(f"/proc/{process.pid}").exists()
    assert heard.opinion.available().reason == "it was stopped"
    assert heard.opinion.offer(event(), ()) is False


@needs_durable
def test_stop_does_not_wait_for_a_process_that_hangs(listen):
    """A process that hangs is ended by stop; what still waited is dropped, not judged."""
    heard = listen(program=POISONED, seconds=600).started()
    for _ in range(70):
        heard.opinion.offer(event("poison.hang"), ())
    heard.opinion.stop()
    assert not heard.opinion._thread.is_alive()
    assert heard.opinion.counts.judged == 0


@needs_durable
def test_the_process_is_given_no_secrets(listen, monkeypatch):
    """The environment of the process holds none of the engine's."""
    monkeypatch.setenv("TELEGRAM_TOKEN", "secret")
    heard = listen().started()
    assert b"secret" not in Path(f"/proc/{heard.opinion._process.pid}/environ").read_bytes()


@needs_durable
def test_the_process_ends_when_the_engine_is_gone():
    """An end of its input is the end of the process: no orphan is left."""
    process = DurableProcess(SystemClock())
    process._requests.close()
    assert process._process.wait(20) == 0
    process._answers.close()


def test_without_the_package_everything_else_works(monkeypatch, listen):
    """It says what is missing; offers are counted, not refused with an error."""
    monkeypatch.setattr(second_opinion, "find_spec", lambda name: None)
    heard = listen()
    heard.opinion.start()
    assert "durable-rules is not installed" in heard.opinion.wait_ready(5).reason
    assert heard.opinion.offer(event(), ()) is False
    assert heard.opinion.counts.dropped == 1
    assert not heard.opinion.supports(RULE)


def test_a_program_that_cannot_be_used_is_said(listen):
    """A process that cannot start, or an import that fails in it, is a reason and no exception."""
    heard = listen(program=("/nonexistent/python",))
    heard.opinion.start()
    assert "could not be started" in heard.opinion.wait_ready(30).reason


@needs_durable
def test_an_error_in_the_process_is_an_answer():
    """A request that raises there comes back as what went wrong, and the process is not used again."""
    process = DurableProcess(SystemClock())
    with pytest.raises(ChildLost, match="IndexError"):
        process.ask(Prove(3), 20)
    with pytest.raises((ChildLost, ValueError)):
        process.ask(Load(), 20)


def test_neither_index_nor_second_opinion_imports_the_c_library():
    """The engine's own process never loads durable-rules."""
    code = ("import sys, tocsin.matching.index, tocsin.matching.second_opinion;"
            "sys.exit(any('durable_rules' in name or name.startswith('durable.') for name in sys.modules))")
    assert run([sys.executable, "-c", code], check=False, env=dict(os.environ)).returncode == 0
