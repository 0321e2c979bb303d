"""What ``average``, ``sum``, ``minimum``, ``maximum`` and ``change`` (rises, falls) mean, over the full history.

Every number is a fraction of the decimal as it was written.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from tests.support.naive_life import LATE, Life, Report

Numbers = list[Fraction]

MEASURES: dict[str, Callable[[Numbers], Fraction]] = {
    "average": lambda numbers: sum(numbers, Fraction(0)) / len(numbers),
    "sum": lambda numbers: sum(numbers, Fraction(0)),
    "minimum": min,
    "maximum": max,
    "rises": lambda numbers: numbers[-1] - min(numbers),
    "falls": lambda numbers: max(numbers) - numbers[-1],
}
NEEDS = {"average": 2, "sum": 1, "minimum": 1, "maximum": 1, "rises": 2, "falls": 2}


def written(value: Any) -> Fraction | None:
    """The number that was written, None for what is no number."""
    return Fraction(repr(value)) if type(value) in (int, float) and abs(value) < 10**300 else None


@dataclass
class NaiveSamples:
    """``fires`` and ``clears`` are the comparisons; ``samples`` how many it takes to judge."""

    life: Life
    word: str
    width: int
    fires: Callable[[Fraction], bool]
    clears: Callable[[Fraction], bool] | None = None
    samples: int | None = None
    stale: int | None = None
    low: bool = False
    heard: list[tuple[int, Fraction]] = field(default_factory=list)

    def hear(self, now: int, time: int, value: Any, until: int | None = None) -> None:
        remembered = now - self.width - LATE
        number = written(value)
        if number is None or time < remembered:
            return
        self.heard.append((time, number))
        self.judge(now, time, remembered, until)
        if self.stale is not None and not self.life.idle():
            self.life.stale = now + self.stale

    def judge(self, now: int, time: int, remembered: int, until: int | None) -> None:
        usable = [one for one in self.heard if one[0] >= remembered]
        newest = max(one[0] for one in usable)
        if not self.inside(time, newest):
            self.life.touch(now)
            return
        window = [number for at, number in sorted(usable, key=lambda one: one[0]) if self.inside(at, newest)]
        if len(window) < (self.samples or NEEDS[self.word]):
            self.life.touch(now)
            return
        tested = MEASURES[self.word](window)
        timed = self.word == "sum" and not self.low
        if self.fires(tested):
            self.life.true(Report(now, newest, until=until), newest + self.width if timed else None)
        elif self.clears is not None:
            self.life.false(now, newest, self.clears(tested))
        else:
            self.life.false(now, newest, self.word != "sum" and not self.life.way.only)

    def inside(self, time: int, newest: int) -> bool:
        """`over` is (t−D, t]; `within` is inclusive at both ends."""
        far = newest - self.width
        return far <= time <= newest if self.word in ("rises", "falls") else far < time <= newest
