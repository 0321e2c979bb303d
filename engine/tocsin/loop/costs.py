"""What each rule costs: the inputs it has heard, and its share of the time that they took."""

from collections.abc import Callable, Collection


class Costs:
    """Since the start, by rule: inputs heard and seconds. An input's time is shared equally by the rules that hear it;
    matching and the commit are nobody's. Written by the loop's thread, read by anybody.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self.monotonic = monotonic
        self._of: dict[str, tuple[int, float]] = {}

    def add(self, rules: Collection[str], seconds: float) -> None:
        """These rules have heard one input together."""
        share = seconds / len(rules)
        for rule in rules:
            inputs, before = self._of.get(rule, (0, 0.0))
            self._of[rule] = (inputs + 1, before + share)

    def dearest(self, most: int) -> list[tuple[str, int, float]]:
        """(rule, inputs, seconds) of those that have cost most, the dearest first."""
        found = [(rule, *spent) for rule, spent in self._of.copy().items()]
        return sorted(found, key=lambda one: (-one[2], one[0]))[:most]
