"""What the loop measures of itself, for metrics."""

from bisect import bisect_left
from collections.abc import Callable

from tocsin.loop.costs import Costs

BOUNDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0, 5.0)
SIZES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0)


class Spread:
    """How a measured quantity is spread: ``buckets`` counts values up to each of ``bounds``, the last what is above."""

    def __init__(self, bounds: tuple[float, ...] = BOUNDS) -> None:
        self.bounds = bounds
        self.buckets = [0] * (len(bounds) + 1)
        self.count, self.total, self.worst, self.last = 0, 0.0, 0.0, 0.0

    def add(self, value: float) -> None:
        self.count += 1
        self.total += value
        self.last = value
        if value > self.worst:
            self.worst = value
        self.buckets[bisect_left(self.bounds, value)] += 1


class Stats:
    """Counters since the start; durations in seconds. Written by the loop's thread, read by anybody."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self.costs = Costs(monotonic)
        self.inputs: dict[str, int] = {}
        self.duplicates = self.conflicts = self.rejected = self.rematched = self.refused = self.works = 0
        self.forgotten = 0
        """Inputs whose repetition would not be recognised any more, before their time."""
        self.batch = Spread(SIZES)
        self.step = Spread()
        self.commit = Spread()
        self.lateness = Spread()
        """How late deadlines were stepped."""
        self.lag = Spread()
        """How late the event loop heard of a commit."""
        self.position = 0
        self.at = 0
