"""``sum``: the sum of the samples over a stretch of event time."""

from decimal import Decimal

from tocsin.book.rule import Rule
from tocsin.rules.numbers import near_total, total
from tocsin.rules.operators.samples import Sample, SampledWord


class SumWord(SampledWord):
    """The word ``sum``. Nothing that comes makes it clear but ``clear``: it is over when ``over`` has passed since it
    last held. One that asks for a low sum is not even over then, for silence makes a sum only lower.
    """

    falls_short = False

    def __init__(self, rule: Rule, names: tuple[str, ...]) -> None:
        super().__init__(rule, names)
        self.timed = not {"below", "at_most"} & rule.when.compare.keys()

    def measure(self, samples: tuple[Sample, ...]) -> Decimal:
        return total(samples)

    def nearly(self, samples: tuple[Sample, ...]) -> tuple[float, float]:
        return near_total(samples)
