"""The quota: a source that floods is told to wait before anything of it is accepted."""

from collections.abc import Callable

from tocsin.sources.config import Allowance


class Quota:
    """A token bucket. A batch larger than the burst passes when the bucket is full, and leaves it in debt."""

    def __init__(self, allowance: Allowance, monotonic: Callable[[], float]) -> None:
        self._rate = allowance.per_second
        self._burst = float(allowance.burst)
        self._monotonic = monotonic
        self._left = self._burst
        self._at = monotonic()

    def wait(self, number: int) -> float:
        """Seconds until ``number`` events may come; 0 when they may come now. Takes nothing."""
        now = self._monotonic()
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        missing = min(float(number), self._burst) - self._left
        return max(0.0, missing / self._rate)

    def take(self, number: int) -> float:
        """As ``wait``, but takes the events from the bucket when they may come now."""
        seconds = self.wait(number)
        if seconds == 0.0:
            self._left -= number
        return seconds
