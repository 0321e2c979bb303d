"""One input, one step: dispatch only."""

from tocsin.core.board import Board
from tocsin.domain.change import Change
from tocsin.domain.input import Input
from tocsin.rules.meaning import Meaning


def step(board: Board, meaning: Meaning, item: Input, now: int) -> list[Change]:
    """What this input changes, as new values; ``now`` in microseconds on the engine's clock.

    Pure: the board is read, never written. An exception means that the input is poison and nothing of it holds.
    """
    raise NotImplementedError
