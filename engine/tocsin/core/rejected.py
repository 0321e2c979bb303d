"""What holds when the core cannot step an input: a line for the people, and no deadline lost."""

from msgspec.structs import replace

from tocsin.core.board import Board
from tocsin.domain.change import Change, Noted, TimerSet
from tocsin.domain.input import Input, TimerDue
from tocsin.domain.time import MINUTE

AGAIN = MINUTE
"""A deadline whose step failed comes due again after this: a policy never ends in silence."""


def rejection(board: Board, item: Input, now: int, reason: str) -> list[Change]:
    """The changes of an input that was rejected for ``reason``; pure."""
    changes: list[Change] = [Noted(at=now, what="rejected", detail=reason)]
    if isinstance(item, TimerDue) and (timer := board.timers.get(item.id)) is not None:
        changes.append(TimerSet(replace(timer, due=now + AGAIN)))
    return changes
