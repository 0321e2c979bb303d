"""``average``: the mean of the samples over a stretch of event time."""

from fractions import Fraction
from typing import ClassVar

from tocsin.rules.numbers import near_total, total
from tocsin.rules.operators.samples import Sample, SampledWord


class AverageWord(SampledWord):
    """The word ``average``: every sample weighs the same, however far apart they are."""

    needs: ClassVar[int] = 2

    def measure(self, samples: tuple[Sample, ...]) -> Fraction:
        return Fraction(total(samples)) / len(samples)

    def nearly(self, samples: tuple[Sample, ...]) -> tuple[float, float]:
        found, error = near_total(samples)
        return found / len(samples), error / len(samples)
