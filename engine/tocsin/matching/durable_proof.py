"""Which slots durable-rules may be asked: each is tried in a process that may die of it."""

from collections.abc import Callable, Sequence

from tocsin.matching.durable_process import ChildLost, DurableProcess
from tocsin.matching.durable_talk import Answer, Plan, Prove
from tocsin.matching.slots import Slot

LONGEST_PLAN = 60.0
LONGEST_PROOF = 5.0
"""Seconds; the compiler of durable-rules may loop for ever."""

Start = Callable[[], DurableProcess]


def prove_slots(slots: Sequence[Slot], start: Start, stopped: Callable[[], bool]) -> dict[int, str]:
    """Number → reason of every slot that is not to be asked; ChildLost when durable-rules cannot be used at all.

    Every shard is built by ``start``'s process under a time limit and answers two examples a rule, one that it must
    match and one that it must not. Of a shard that ends its process every slot is tried alone, and the others again
    together.
    """
    proof = _Proof(tuple(slots), start)
    left_out = dict(proof.plan.left_out)
    for shard, numbers in enumerate(proof.plan.shards):
        if stopped():
            break
        left_out |= proof.wrong_in(shard, numbers)
    proof.end()
    return left_out


class _Proof:
    def __init__(self, slots: tuple[Slot, ...], start: Start) -> None:
        self._slots, self._start = slots, start
        self._process: DurableProcess | None = None
        self.plan = Answer()
        self._begin()

    def end(self) -> None:
        if self._process is not None:
            self._process.kill()

    def wrong_in(self, shard: int, numbers: tuple[int, ...]) -> dict[int, str]:
        wrong = self._try(shard, numbers, ())
        if len(wrong) < len(numbers) or len(numbers) == 1:
            return wrong
        wrong = {}
        for number in numbers:
            wrong |= self._try(shard, (number,), tuple(other for other in numbers if other != number))
        rest = tuple(number for number in numbers if number not in wrong)
        return wrong | (self._try(shard, rest, tuple(wrong)) if rest else {})

    def _try(self, shard: int, numbers: tuple[int, ...], without: tuple[int, ...]) -> dict[int, str]:
        """Number → reason, of these slots of the shard; all of them when the process was lost."""
        try:
            process = self._process or self._begin()
            return _wrong(process.ask(Prove(shard, without), LONGEST_PROOF))
        except ChildLost as lost:
            self._process = None
            return dict.fromkeys(numbers, f"durable-rules failed on it: {lost}")

    def _begin(self) -> DurableProcess:
        process = self._start()
        self.plan = process.ask(Plan(self._slots), LONGEST_PLAN)
        self._process = process
        return process


def _wrong(answer: Answer) -> dict[int, str]:
    return {number: f"durable-rules {'fires' if fired else 'does not fire'} on its example"
            for _, number, fired in answer.differ}
