"""``minimum``: the lowest sample over a stretch of event time."""

from tocsin.rules.numbers import lowest
from tocsin.rules.operators.samples import Sample, SampledWord


class MinimumWord(SampledWord):
    """The word ``minimum``."""

    def measure(self, samples: tuple[Sample, ...]) -> Sample:
        return lowest(samples)
