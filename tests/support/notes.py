"""A Report that keeps what it was told."""

from collections import Counter


class Notes:
    """``counted`` by (source, outcome); ``said`` as (source, kind, sentence)."""

    def __init__(self) -> None:
        self.counted: Counter[tuple[str, str]] = Counter()
        self.said: list[tuple[str, str, str]] = []

    def count(self, source: str, outcome: str, number: int = 1) -> None:
        self.counted[source, outcome] += number

    def say(self, source: str, kind: str, sentence: str) -> None:
        self.said.append((source, kind, sentence))
