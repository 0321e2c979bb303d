"""Settings of the whole process that suit the loop; the composition root and the benchmarks call this once."""

import gc
import sys

SWITCH_S = 0.0001
YOUNG = 20_000


def tune() -> None:
    """Call after the start, with the book and the board loaded.

    The commit thread gives Python's lock up at each write and would get it back only after the default 5 ms when the
    event loop is busy. What is loaded now stays: the collector need not look at it again, and need not look at the
    young objects of each batch.
    """
    sys.setswitchinterval(SWITCH_S)
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 50)
