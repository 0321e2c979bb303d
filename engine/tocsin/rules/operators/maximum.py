"""``maximum``: the highest sample over a stretch of event time."""

from tocsin.rules.numbers import highest
from tocsin.rules.operators.samples import Sample, SampledWord


class MaximumWord(SampledWord):
    """The word ``maximum``."""

    def measure(self, samples: tuple[Sample, ...]) -> Sample:
        return highest(samples)
