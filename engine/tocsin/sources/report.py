"""What sources tell about themselves: counts for the metrics and sentences for the operator."""

from typing import Protocol


class Report(Protocol):
    """Where sources count and say what they noticed; neither may block or raise."""

    def count(self, source: str, outcome: str, number: int = 1) -> None:
        """``outcome``: accepted, duplicate, rejected, throttled, refused, uncommitted, retained, ignored."""

    def say(self, source: str, kind: str, sentence: str) -> None:
        """One thing a person should see; ``kind`` groups them: clock, rejected, refused, truncated, connection."""


class Unreported:
    """A Report that keeps nothing."""

    def count(self, source: str, outcome: str, number: int = 1) -> None:
        pass

    def say(self, source: str, kind: str, sentence: str) -> None:
        pass
