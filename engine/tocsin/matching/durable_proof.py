"""Which slots durable-rules may be asked: each is tried in a process that may die of it."""

from collections.abc import Callable, Sequence

from tocsin.matching.durable_process import ChildLost, DurableProcess
from tocsin.matching.durable_talk import Plan, Prove
from tocsin.matching.slots import Slot

LONGEST_PLAN = 60.0
LONGEST_PROOF = 5.0
"""Seconds; the compiler of durable-rules may loop for ever."""


def prove_slots(slots: Sequence[Slot], start: Callable[[], DurableProcess],
                stopped: Callable[[], bool]) -> dict[int, str]:
    """Number → reason of every slot that is not to be asked; ChildLost when durable-rules cannot be used at all.

    Every shard is built by ``start``'s process under a time limit and answers two examples a rule, one that it must
    match and one that it must not. A shard that ends its process is left out whole.
    """
    left_out: dict[int, str] = {}
    process: DurableProcess | None = None
    next_shard = 0
    while not stopped():
        process = start()
        answer = process.ask(Plan(tuple(slots)), LONGEST_PLAN)
        left_out |= answer.left_out
        shards = answer.shards
        try:
            while next_shard < len(shards) and not stopped():
                next_shard += 1
                for _, number, fired in process.ask(Prove(next_shard - 1), LONGEST_PROOF).differ:
                    left_out[number] = f"durable-rules {'fires' if fired else 'does not fire'} on its example"
        except ChildLost as lost:
            left_out |= dict.fromkeys(shards[next_shard - 1], f"durable-rules failed on it: {lost}")
            continue
        process.kill()
        break
    return left_out
