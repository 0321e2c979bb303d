"""What ``absence`` means for one key, over its full history, as plainly as possible."""

from dataclasses import dataclass, field

from tests.support.naive_event import SETTLE
from tests.support.naive_life import Life, Report
from tests.support.naive_sequence import Came, over_by


@dataclass
class NaiveAbsence:
    """``begins`` and ``ends`` (the first instant outside) say when the key is listed: None, None is for ``seen``."""

    life: Life
    wait: int
    begins: int | None = None
    ends: int | None = None
    pauses: list[tuple[int, int]] = field(default_factory=list)
    heard: list[Came] = field(default_factory=list)
    listed: bool = False
    began: int = 0
    looked: bool = False
    told: bool = False

    def expected(self, now: int) -> bool:
        if self.begins is None:
            return True
        return self.begins <= now and (self.ends is None or now < self.ends)

    def hear(self, now: int, one: Came) -> None:
        if not self.expected(now) or one.time < self.last():
            return
        self.heard.append(one)
        self.told = False
        if self.life.way.only:
            self.life.touch(now)
        else:
            self.life.false(now, one.time)

    def last(self) -> int:
        """When it was last heard, or began to be expected."""
        times = [one.time for one in self.heard] + ([self.began] if self.listed else [])
        return max(times, default=0)

    def over(self) -> int:
        return over_by(self.last(), self.wait, self.pauses)

    def deadlines(self) -> list[tuple[int, int, str]]:
        found = [(max(at, self.life.touched), rank, what) for at, rank, what in self.life.deadlines()]
        if (self.heard or self.listed) and not self.told:
            settled = [one.arrival + SETTLE for one in self.heard[-1:]]
            found.append((max([self.over(), *settled]), 1, "absence"))
        if self.begins is not None and not self.looked:
            found.append((self.begins, 2, "start"))
        if (self.heard or self.listed) and self.ends is not None:
            found.append((self.ends, 2, "end"))
        return found

    def due(self, now: int, what: str) -> None:
        if what == "absence":
            self.told = True
            until = self.heard[-1].until if self.heard else None
            self.life.true(Report(now, self.over(), 1, until))
        elif what == "start":
            self.began, self.looked = now, True
            if self.expected(now) and not self.heard:
                self.listed, self.told = True, False
        elif what == "end":
            if self.life.active:
                self.life.say(now, "cleared", now)
            self.life.over()
            self.heard, self.listed, self.told = [], False, False
        else:
            self.life.due(now, what)

    def resumed(self, clock: int) -> None:
        """After a pause the list is looked at first."""
        for at, _, what in self.deadlines():
            if what in ("start", "end") and at <= clock:
                self.due(clock, what)

    def run(self, clock: int, before: int) -> int:
        while True:
            found = self.deadlines()
            if not found or min(found)[0] >= before:
                return clock
            at, _, what = min(found)
            clock = max(clock, at)
            self.due(clock, what)
