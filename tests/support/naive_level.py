"""What ``level`` means, over the full history of a key's samples, as plainly as possible."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.support.naive_event import SETTLE
from tests.support.naive_life import HOUR, Life, Report

DAY = 24 * HOUR
AGAIN = 300_000_000

Test = Callable[[Any], bool]


@dataclass
class NaiveLevel:
    """One level; ``usable`` says what is a sample at all, ``clears`` is the comparison of ``clear``."""

    life: Life
    usable: Test
    fires: Test
    clears: Test | None = None
    stale: int | None = None
    heard: list[tuple[int, Any]] = field(default_factory=list)

    def hear(self, now: int, time: int, value: Any, until: int | None = None) -> None:
        life = self.life
        if not self.usable(value):
            return
        known = [other for other, _ in self.heard if not life.idle() or other >= now - DAY]
        if known and time < max(known):
            return
        self.heard.append((time, value))
        if self.fires(value):
            life.true(Report(now, time, until=until))
        else:
            life.false(now, time, not life.way.only if self.clears is None else self.clears(value))
        if self.stale is not None and not life.idle():
            life.stale = now + self.stale


@dataclass
class Waiting:
    """One level by itself: since when the newest samples are in it, from when on it has fired, when it was left."""

    since: int | None = None
    due: int = 0
    fired: bool = False
    left: int | None = None
    again: bool = False


@dataclass
class NaiveLevels:
    """Several levels: ``told`` are (instant, what, number of the level) with what fired, rises or cleared.

    ``levels`` are tests, the higher index the higher severity.
    """

    levels: list[Test]
    wait: int | None
    clears: Test | None = None
    told: list[tuple[int, str, int]] = field(default_factory=list)
    each: list[Waiting] = field(default_factory=list)
    active: bool = False
    highest: int = -1
    newest: int | None = None

    def __post_init__(self) -> None:
        self.each = [Waiting() for _ in self.levels]

    def hear(self, now: int, time: int, value: float) -> None:
        if self.newest is not None and time < self.newest:
            return
        self.newest = time
        inside = [test(value) for test in self.levels]
        entered, held = [], []
        for level, (one, is_in) in enumerate(zip(self.each, inside, strict=True)):
            if is_in and one.since is None:
                one.since, one.again = time, one.left is not None and time - one.left >= AGAIN
                one.due = 0 if self.wait is None else max(time + self.wait, now + SETTLE)
                one.fired = False
                if self.wait is None:
                    entered.append(level)
            elif not is_in and one.since is not None and not one.fired and time > one.since + (self.wait or 0):
                held.append(level)
        if held:
            self.fire(now, held)
        for one, is_in in zip(self.each, inside, strict=True):
            if not is_in and one.since is not None:
                one.left = time if one.fired else one.left
                one.since = None
        if entered:
            self.fire(now, entered)
        if not any(inside) and (not self.active or self.clears is None or self.clears(value)):
            self.clear(now)

    def fire(self, now: int, levels: list[int]) -> None:
        top = max(levels)
        again = any(self.each[level].again for level in levels)
        if not self.active or top > self.highest:
            self.told.append((now, "rises" if self.active else "fired", top))
        elif again:
            self.told.append((now, "rises", self.highest))
        self.active, self.highest = True, max(top, self.highest)
        for level in levels:
            self.each[level].fired, self.each[level].again = True, False

    def clear(self, now: int) -> None:
        if self.active:
            self.told.append((now, "cleared", self.highest))
        self.active, self.highest = False, -1
        self.each = [Waiting() for _ in self.levels]

    def run(self, before: int) -> None:
        """Let what is due before an instant fire."""
        while True:
            waiting = [(one.due, level) for level, one in enumerate(self.each)
                       if one.since is not None and not one.fired and self.wait is not None and one.due < before]
            if not waiting:
                return
            now = min(waiting)[0]
            self.fire(now, [level for due, level in waiting if due == now])
