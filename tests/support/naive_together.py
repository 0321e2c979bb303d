"""What ``together`` means, over the full history, as plainly as possible: every choice of events is tried."""

from dataclasses import dataclass, field
from itertools import product

from tests.support.naive_life import LATE, Report
from tests.support.naive_sequence import Came, WaitingLife


@dataclass
class NaiveTogether:
    """One key; ``names`` are the kinds that must all be there."""

    life: WaitingLife
    names: tuple[str, ...]
    within: int
    heard: list[Came] = field(default_factory=list)
    pauses: list[tuple[int, int]] = field(default_factory=list)
    carried: set[int] = field(default_factory=set)

    def hear(self, now: int, one: Came) -> None:
        oldest = now - self.within - LATE
        if one.time < oldest:
            return
        self.heard.append(one)
        usable = [other for other in self.heard if other.time >= oldest]
        choices = [[other for other in usable if name in other.kinds] for name in self.names]
        groups = [group for group in product(*choices)
                  if one in group and len({other.number for other in group}) == len(self.names)
                  and max(other.time for other in group) - min(other.time for other in group) <= self.within]
        if not groups:
            self.life.touch(now)
            return
        soonest = min(max(other.time for other in group) for group in groups)
        chosen = max((group for group in groups if max(other.time for other in group) == soonest),
                     key=lambda group: [(other.time, other.number) for other in group])
        if self.life.idle():
            self.carried = set()
        new = {other.number for other in chosen} - self.carried
        self.carried |= new
        newest = max(chosen, key=lambda other: (other.time, other.number))
        self.life.true_since(Report(now, newest.time, len(new), newest.until), one.arrival)

    def resumed(self, clock: int) -> None:
        """It listens again."""

    def run(self, clock: int, before: int) -> int:
        """Let all deadlines before an instant pass; clearings come before firings."""
        while True:
            found = [(max(at, self.life.touched), rank, what) for at, rank, what in self.life.deadlines()]
            if not found or min(found)[0] >= before:
                return clock
            at, _, what = min(found)
            clock = max(clock, at)
            self.life.due(clock, what)
