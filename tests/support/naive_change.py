"""What ``change`` from one value to another means, over the full history of a key's samples, as plainly as possible."""

from dataclasses import dataclass, field
from typing import Any

from tests.support.naive_level import DAY
from tests.support.naive_life import Life, Report


@dataclass
class NaiveTurn:
    """``old`` and ``new`` are what is asked for, None for anything."""

    life: Life
    old: Any = None
    new: Any = None
    heard: list[tuple[int, Any]] = field(default_factory=list)
    told: list[tuple[int, Any]] = field(default_factory=list)

    def hear(self, now: int, time: int, value: Any, until: int | None = None) -> None:
        if value is None or isinstance(value, list):
            return
        if self.life.idle() and self.heard and max(at for at, _ in self.heard) + 30 * DAY < now:
            self.heard = []
        mine = (time, value)
        self.heard.append(mine)
        ordered = sorted(self.heard, key=lambda one: one[0])
        newest, before = ordered[-1], ordered[-2] if len(ordered) > 1 else None
        concerned = mine is newest or mine is before
        if not concerned or before is None:
            self.life.touch(now)
            return
        asked = self.old in (None, before[1]) and self.new in (None, newest[1])
        told = any(one is newest for one in self.told)
        if kind(before[1]) != kind(newest[1]) and asked and not told:
            self.told.append(newest)
            self.life.true(Report(now, newest[0], until=until))
        elif self.life.waiting() and mine is newest and kind(before[1]) != kind(newest[1]):
            self.life.false(now, time)
        else:
            self.life.touch(now)


def kind(value: Any) -> tuple[str, Any]:
    """Values are the same when they are of one kind and equal."""
    return ("number" if type(value) in (int, float) else type(value).__name__, value)
