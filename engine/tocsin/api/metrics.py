"""What stands in the metrics: the Report that counts events by source, and what rules cost."""

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

Say = Callable[[str, str, str], None]
"""Source, kind of the notice, sentence; must neither block nor raise."""

OLD = "retained"
"""The outcome of what a broker had kept: it says nothing about whether the source speaks."""


DEAREST = 100
"""So many rules stand in the metrics, those that have cost most."""


class RuleCosts(Collector):
    """``tocsin_rule_inputs_total{rule}`` and ``tocsin_rule_seconds_total{rule}`` of those that ``dearest`` gives as
    (rule, inputs, seconds).
    """

    def __init__(self, registry: CollectorRegistry, dearest: Callable[[int], list[tuple[str, int, float]]]) -> None:
        self._dearest = dearest
        registry.register(self)

    def collect(self) -> Iterator[CounterMetricFamily]:
        inputs = CounterMetricFamily("tocsin_rule_inputs", "Events and deadlines that a rule has heard.",
                                     labels=["rule"])
        seconds = CounterMetricFamily("tocsin_rule_seconds", "A rule's share of the time that these took.",
                                      labels=["rule"])
        for rule, count, share in self._dearest(DEAREST):
            inputs.add_metric([rule], count)
            seconds.add_metric([rule], share)
        yield inputs
        yield seconds


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
