"""durable-rules as an independent second opinion on every event: asynchronous, and never in an alarm's way.

The index decides. Beside it, a process with durable-rules judges the same events from the rules as written, by code
that shares nothing with the index; where the two differ, somebody hears of it. What may go wrong with
durable-rules (docs/adr/0002) stays in its process: it is killed when it hangs, an event that ends it twice is set
aside, and events that come faster than it judges are not judged, but counted.
"""

import queue
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.util import find_spec
from typing import Any

import structlog
from msgspec import Struct

from tocsin.book.rule import Rule
from tocsin.domain.errors import TocsinError
from tocsin.domain.event import Event
from tocsin.domain.input import Hit
from tocsin.matching.durable_process import PROGRAM, ChildLost, DurableProcess
from tocsin.matching.durable_proof import LONGEST_PLAN, prove_slots
from tocsin.matching.durable_talk import Judge, Load, Plan
from tocsin.matching.slots import admits, slots_of
from tocsin.ports import Clock

OnDisagreement = Callable[[Event, str, str, bool, bool], None]
"""Told (event, rule id, slot, index says, durable-rules says), in the thread of the second opinion."""

OnQuarantine = Callable[[Event, str], None]
"""Told (event, what happened) of an event that ended the process twice, in the same thread."""

Offer = tuple[Event, tuple[Hit, ...]]

BATCH = 64
MOST_MEMORY = 1024**3
"""Bytes at which the process is replaced; it holds no state."""

FUTILE_STARTS = 10
"""Starts in a row without one answer, after which there is no second opinion any more."""


class GaveUp(TocsinError):
    """The process cannot be kept alive; the text is what happened last."""


class Standing(Struct, frozen=True):
    """Whether there is a second opinion; ``reason`` says why not, "" when there is."""

    ok: bool
    reason: str = ""


class Counts(Struct):
    """What became of the events offered: ``judged``, ``dropped`` (too fast, or no process) or ``quarantined``.

    ``unsound`` counts (event, slot) pairs that were not compared because of the event's values.
    """

    offered: int = 0
    judged: int = 0
    dropped: int = 0
    quarantined: int = 0
    disagreements: int = 0
    unsound: int = 0
    restarts: int = 0


def log_quarantine(event: Event, what: str) -> None:
    """Write to the log that an event ended the process."""
    structlog.get_logger().error("matching.event_quarantined", event_id=event.id, source=event.source, what=what)


class SecondOpinion:
    """Judges by durable-rules what the index has judged.

    ``seconds`` is how long one batch of at most 64 events may take, ``capacity`` how many events may wait. ``start``
    and ``stop`` are for one thread, ``offer`` for one other.
    """

    def __init__(self, rules: Sequence[Rule], clock: Clock, on_disagreement: OnDisagreement, *,
                 on_quarantine: OnQuarantine = log_quarantine, capacity: int = 10_000, seconds: float = 2.0,
                 program: tuple[str, ...] = PROGRAM) -> None:
        self._clock, self._seconds, self._program = clock, seconds, program
        self._on_disagreement, self._on_quarantine = on_disagreement, on_quarantine
        self._slots = [(rule.id, slot) for rule in rules for slot in slots_of(rule)]
        self._names = [(rule, slot.name) for rule, slot in self._slots]
        self._numbers: dict[tuple[str, str], int] = {}
        self._left_out: dict[int, str] = {}
        self._queue: queue.Queue[Offer | None] = queue.Queue(capacity)
        self._process: DurableProcess | None = None
        self._stopped = threading.Event()
        self._ready = threading.Event()
        self._futile = 0
        self._reason = "it was not started yet"
        self.counts = Counts()
        self._thread = threading.Thread(target=self._run, name="second-opinion", daemon=True)

    def available(self) -> Standing:
        """Whether events are being judged, and if not, why."""
        return Standing(not self._reason, self._reason)

    def supports(self, rule: Rule) -> bool:
        """Whether durable-rules judges every slot of the rule too; False until it is ready."""
        slots = [(rule.id, slot.name) for slot in slots_of(rule)]
        return bool(slots) and all(slot in self._numbers for slot in slots)

    @property
    def left_out(self) -> dict[tuple[str, str], str]:
        """(rule id, slot) → why durable-rules is not asked; complete once it is ready."""
        return {self._names[number]: reason for number, reason in sorted(self._left_out.items())}

    def start(self) -> None:
        """Prove the rules and judge from then on, in a thread of its own; returns at once."""
        if find_spec("durable_rules_engine") is None:
            self._reason = ("the package durable-rules is not installed: it needs Python below 3.13, a C compiler and "
                            "pip install durable-rules==2.0.28")
            self._ready.set()
            return
        self._reason = "it is starting"
        self._thread.start()

    def wait_ready(self, seconds: float) -> Standing:
        """Wait until the rules are proven and loaded, or cannot be."""
        self._ready.wait(seconds)
        return self.available()

    def offer(self, event: Event, hits: tuple[Hit, ...]) -> bool:
        """Hand over an event with the index's hits; False, and counted, when it will not be judged. Never waits."""
        self.counts.offered += 1
        if self._thread.is_alive():
            with suppress(queue.Full):
                self._queue.put_nowait((event, hits))
                return True
        self.counts.dropped += 1
        return False

    def drain(self) -> None:
        """Wait until every event offered so far has been judged, dropped or set aside."""
        if self._thread.is_alive():
            self._queue.join()

    def stop(self) -> None:
        """End thread and process; events still waiting are not judged."""
        self._stopped.set()
        if self._thread.is_alive():
            with suppress(queue.Full):
                self._queue.put_nowait(None)
            if (process := self._process) is not None:
                process.interrupt()
            self._thread.join()
        self._reason = self._reason or "it was stopped"

    # --- in the thread ---

    def _run(self) -> None:
        try:
            self._prove()
            self._load()
            while not self._stopped.is_set():
                batch = self._gather()
                if batch:
                    self._judge_batch(batch)
        except GaveUp as reason:
            self._reason = str(reason)
            if not self._stopped.is_set():
                structlog.get_logger().error("matching.second_opinion_ended", reason=self._reason)
        except Exception as error:  # noqa: BLE001 - a supervised loop: without a second opinion alarms go on
            self._reason = f"it failed: {error!r}"
            structlog.get_logger().exception("matching.second_opinion_failed")
        finally:
            if self._process is not None:
                self._process.kill()
            self._empty()
            self._ready.set()

    def _start_process(self) -> DurableProcess:
        self._process = DurableProcess(self._clock, self._program)
        return self._process

    def _prove(self) -> None:
        slots = [slot for _, slot in self._slots]
        try:
            self._left_out = prove_slots(slots, self._start_process, self._stopped.is_set)
        except ChildLost as lost:
            raise GaveUp(f"durable-rules cannot be used: {lost}") from lost
        self._numbers = {name: number for number, name in enumerate(self._names) if number not in self._left_out}

    def _load(self) -> DurableProcess:
        """A process that has the rules; raises GaveUp when too many in a row came to nothing."""
        last = "the events end it"
        while self._futile < FUTILE_STARTS and not self._stopped.is_set():
            self._futile += 1
            try:
                process = self._start_process()
                process.ask(Plan(tuple(slot for _, slot in self._slots)), LONGEST_PLAN)
                process.ask(Load(tuple(self._left_out)), LONGEST_PLAN)
            except ChildLost as lost:
                last = str(lost)
                continue
            self._reason = ""
            self._ready.set()
            return process
        if self._stopped.is_set():
            raise GaveUp("it was stopped")
        raise GaveUp(f"durable-rules ended {FUTILE_STARTS} times without an answer: {last}")

    def _gather(self) -> list[Offer]:
        batch = []
        item = self._queue.get()
        while item is not None:
            batch.append(item)
            if len(batch) == BATCH or self._queue.empty():
                return batch
            item = self._queue.get()
        self._queue.task_done()
        return batch

    def _empty(self) -> None:
        with suppress(queue.Empty):
            while True:
                self.counts.dropped += self._queue.get_nowait() is not None
                self._queue.task_done()

    def _judge_batch(self, batch: list[Offer]) -> None:
        try:
            self._judge(batch)
        except ChildLost:
            self._lost()
            for item in batch:
                if not self._stopped.is_set():
                    self._judge_alone(item)
        finally:
            for _ in batch:
                self._queue.task_done()

    def _judge_alone(self, item: Offer) -> None:
        try:
            self._judge([item])
        except ChildLost as lost:
            self._lost()
            self.counts.quarantined += 1
            self._tell(self._on_quarantine, item[0], str(lost))

    def _lost(self) -> None:
        self._process = None
        self.counts.restarts += 1

    def _judge(self, batch: list[Offer]) -> None:
        process = self._process or self._load()
        found = tuple(tuple(number for hit in hits if (number := self._numbers.get((hit.rule, hit.slot))) is not None)
                      for _, hits in batch)
        answer = process.ask(Judge(tuple(event for event, _ in batch), found), self._seconds)
        self._futile = 0
        self.counts.judged += len(batch)
        self.counts.unsound += answer.unsound
        for place, number, durable_says in answer.differ:
            if durable_says and not admits(self._slots[number][1], batch[place][0]):
                continue
            self.counts.disagreements += 1
            self._tell(self._on_disagreement, batch[place][0], *self._names[number], not durable_says, durable_says)
        if answer.memory > MOST_MEMORY:
            process.kill()
            self._process = None

    def _tell(self, listener: Callable[..., None], *what: Any) -> None:
        try:
            listener(*what)
        except Exception:  # noqa: BLE001 - whoever listens must not end the judging
            structlog.get_logger().exception("matching.listener_failed")
