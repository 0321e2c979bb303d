"""The Report that counts into the metrics and passes sentences on."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter

Say = Callable[[str, str, str], None]
"""Source, kind of the notice, sentence; must neither block nor raise."""

OLD = "retained"
"""The outcome of what a broker had kept: it says nothing about whether the source speaks."""


class CountingReport:
    """Counts ``tocsin_source_events_total{source, outcome}``; ``say`` gets every sentence, ``heard`` each source that
    has just spoken.
    """

    def __init__(self, registry: CollectorRegistry, say: Say, heard: Callable[[str], None] | None = None) -> None:
        self._events = Counter("tocsin_source_events", "Events by source and by what became of them.",
                               ("source", "outcome"), registry=registry)
        self._children: dict[tuple[str, str], Counter] = {}
        self._heard = heard
        self.say = say

    def count(self, source: str, outcome: str, number: int = 1) -> None:
        child = self._children.get((source, outcome))
        if child is None:
            child = self._children[source, outcome] = self._events.labels(source, outcome)
        child.inc(number)
        if self._heard is not None and outcome != OLD:
            self._heard(source)
