"""How a condition begins, waits, holds and ends, written plainly from the design's text for one key.

The words' own references say when it is true and until when; every deadline is computed anew from the reports.
"""

from dataclasses import dataclass, field

from tests.support.naive_event import QUIET, SETTLE, Told, Way, periods

HOUR = 3_600_000_000
LATE = HOUR


@dataclass(frozen=True)
class Report:
    """The condition is true by what was heard at ``now``: since which event time, with how many events."""

    now: int
    since: int
    events: int = 1
    until: int | None = None


@dataclass
class Life:
    """One key's condition. ``told`` is everything it says, in order."""

    way: Way
    momentary: bool = False
    told: list[Told] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    active: bool = False
    touched: int = 0
    ends: int | None = None
    holding: int | None = None
    stale: int | None = None

    def idle(self) -> bool:
        return not (self.active or self.reports)

    def waiting(self) -> bool:
        return bool(self.reports) and not self.active

    def since(self) -> int:
        return min(one.since for one in self.reports)

    def newest(self) -> Report:
        """The report of the newest happening; of several, the one that came last."""
        latest = max(one.since for one in self.reports)
        return [one for one in self.reports if one.since == latest][-1]

    def true(self, one: Report, ends: int | None = None) -> None:
        """``ends``: by a timer of the word's own; one that is past makes this a late report."""
        if ends is not None and ends < one.now and not self.way.only:
            self.late_report(one, ends)
            return
        if ends is not None:
            self.ends = max(ends, self.ends or 0)
        self.reports.append(one)
        self.touched = one.now
        if self.active or self.way.wait is None:
            self.active, self.holding = True, None
            self.say(one.now, "fired", one.since, one.events)

    def late_report(self, one: Report, over: int) -> None:
        if self.active:
            self.touched = one.now
            self.say(one.now, "fired", one.since, one.events)
        elif self.idle() and (self.way.wait is None or over > one.since + self.way.wait):
            self.say(one.now, "fired", one.since, one.events)
            self.say(one.now, "cleared", over)

    def touch(self, now: int) -> None:
        """An event of the rule's match that makes nothing true."""
        self.touched = now

    def false(self, now: int, happened: int, normal: bool = True) -> None:
        """Not true any more; ``normal``: nor does hysteresis keep it active."""
        if self.waiting():
            wait = self.way.wait or 0
            if happened > self.since() + wait and not normal:
                self.due(now, "for")
                return
            if happened > self.since() + wait:
                self.say(now, "fired", self.since() + wait, sum(one.events for one in self.reports))
                self.say(now, "cleared", happened)
            self.over()
        elif self.active and self.holding is None and normal:
            self.end(now, happened)
        elif not normal:
            self.touch(now)

    def all_clear(self, now: int, time: int) -> None:
        """``clear: {when}`` counts only after firing, and not when it is older than what fired."""
        if self.active and time >= self.newest().since:
            self.ends = None
            if self.holding is None:
                self.end(now, time)

    def end(self, now: int, happened: int) -> None:
        if self.way.hold:
            self.holding = now + self.way.hold
        else:
            self.say(now, "cleared", happened)
            self.over()

    def over(self) -> None:
        self.active, self.reports, self.ends, self.holding, self.stale = False, [], None, None, None

    def say(self, now: int, what: str, held: int, events: int = 0) -> None:
        self.told.append(Told(now, what, held, events))

    # deadlines: (instant, 0 for clearings or 1 for firings, what)

    def deadlines(self) -> list[tuple[int, int, str]]:
        found: list[tuple[int, int, str]] = []
        if self.stale is not None and not self.idle():
            found.append((self.stale, 0, "stale"))
        if self.waiting():
            wait = self.way.wait or 0
            found.append((min(max(one.since + wait, one.now + SETTLE) for one in self.reports), 1, "for"))
            if self.ends is not None:
                found.append((self.ends, 0, "ends"))
        elif self.active and self.holding is not None:
            found.append((self.holding, 0, "hold"))
        elif self.active:
            until = self.newest().until if self.way.at else None
            if self.way.after is not None:
                found.append((self.touched + self.way.after, 0, "own"))
            if until is not None:
                found.append((until, 0, "own"))
            if self.ends is not None and not self.way.only:
                found.append((self.ends, 0, "ends"))
            replaced = self.way.only or self.way.after is not None or until is not None
            if self.momentary and not replaced and not (self.way.state and self.way.when):
                last = max(one.now for one in self.told if one.what == "fired")
                found.append((last + QUIET, 0, "ends"))
        return found

    def due(self, now: int, what: str) -> None:
        if what == "for":
            self.active, self.touched = True, now
            self.say(now, "fired", self.since() + (self.way.wait or 0), sum(one.events for one in self.reports))
        elif what == "hold":
            self.say(now, "cleared", now)
            self.over()
        elif what == "own":
            self.ends = None
            self.end(now, now)
        elif what == "stale":
            self.stale = None
            self.false(now, now)
        else:
            self.false(now, self.ends if self.waiting() and self.ends is not None else now)

    def run(self, clock: int, before: int) -> int:
        """Let the deadlines before an instant pass; the clock then. At one instant clearings come before firings."""
        while True:
            found = [(max(at, clock), rank, what) for at, rank, what in self.deadlines()]
            if not found or min(found)[0] >= before:
                return clock
            clock, _, what = min(found)
            self.due(clock, what)


__all__ = ["HOUR", "LATE", "Life", "Report", "Way", "periods"]
