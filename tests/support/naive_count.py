"""What ``count`` means, over the full history, as plainly as possible."""

from dataclasses import dataclass, field

from tests.support.naive_life import LATE, Life, Report


@dataclass(frozen=True)
class Counted:
    """A matching event: its time, and the values that ``distinct`` counts (None without ``distinct``)."""

    time: int
    values: tuple[str, ...] | None = None


@dataclass
class NaiveCount:
    life: Life
    least: int
    within: int
    heard: list[Counted] = field(default_factory=list)

    def hear(self, now: int, one: Counted, until: int | None = None) -> None:
        remembered = now - self.within - LATE
        if one.time < remembered or one.values == ():
            return
        self.heard.append(one)
        usable = [other for other in self.heard if other.time >= remembered]
        reached = []
        for end in (other.time for other in usable):
            inside = [other for other in usable if end - self.within <= other.time <= end]
            if end - self.within <= one.time <= end and self.enough(inside):
                reached.append((end, len(inside)))
        if not reached:
            self.life.touch(now)
            return
        events = max(size for _, size in reached) if self.life.idle() else 1
        self.life.true(Report(now, min(reached)[0], events, until), max(reached)[0] + self.within)

    def enough(self, inside: list[Counted]) -> bool:
        if inside[0].values is None:
            return len(inside) >= self.least
        return len({value for one in inside for value in one.values or ()}) >= self.least
