"""What ``sequence`` means, over the full history, as plainly as possible: every chain is tried."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.support.naive_event import SETTLE
from tests.support.naive_life import LATE, Life, Report

AGAIN = 15 * 60_000_000


@dataclass(frozen=True)
class Step:
    """``kind`` is what an event must be of, ``within`` microseconds, ``negated`` for a ``not``."""

    kind: str
    within: int = 0
    negated: bool = False


@dataclass(frozen=True)
class Came:
    """An event: when it arrived, its time, what it is; ``number`` is its place in the order of arrival."""

    arrival: int
    time: int
    kinds: str
    number: int
    until: int | None = None


@dataclass(frozen=True)
class Chain:
    """Events that take the positive steps; ``after`` are for each ``not`` the event before it and its last instant."""

    events: tuple[Came, ...]
    after: tuple[tuple[str, Came, int], ...]
    completed: Came
    ready: int

    def happened(self) -> int:
        return max([self.events[-1].time, *(end for _, _, end in self.after)])

    def rank(self) -> tuple[object, ...]:
        start, end = self.events[0], self.events[-1]
        return (-start.time, -start.number, end.time, end.number, [(one.time, one.number) for one in self.events[1:-1]])


class WaitingLife(Life):
    """``for`` counts ``settle`` from the receipt that completed the chain, which may be before the firing."""

    def true_since(self, report: Report, received: int) -> None:
        self.true(report)
        self.reports[-1] = Report(received, report.since, report.events, report.until)
        self.touched = report.now

    def touch(self, now: int) -> None:
        """What fires nothing puts off ``clear: {after}``, and not the 15 minutes after the last firing."""
        if self.way.after is not None:
            super().touch(now)


def over_by(since: int, wait: int, pauses: list[tuple[int, int]]) -> int:
    """When a silence since ``since`` has lasted for ``wait``, pauses not counted."""
    over = since + wait
    for start, end in pauses:
        if end > since and start <= over:
            over = max(over + end - max(start, since), end + min(wait, AGAIN))
    return over


@dataclass
class NaiveSequence:
    """One key. ``pauses`` are the times when nothing could be heard."""

    life: WaitingLife
    steps: tuple[Step, ...]
    heard: list[Came] = field(default_factory=list)
    pauses: list[tuple[int, int]] = field(default_factory=list)
    done: set[int] = field(default_factory=set)
    waiting: dict[int, list[Chain]] = field(default_factory=dict)
    told: list[Chain] = field(default_factory=list)
    carried: set[int] = field(default_factory=set)

    def longest(self) -> int:
        positive = [index for index, step in enumerate(self.steps) if not step.negated]
        return sum(step.within for index, step in enumerate(self.steps) if not step.negated or index > positive[-1])

    def hear(self, now: int, one: Came) -> bool:
        """Whether it makes the condition true at once."""
        if one.time < now - self.longest() - LATE:
            return False
        self.heard.append(one)
        self.contradict(now, one)
        if any(step.kind in one.kinds and not step.negated for step in self.steps):
            self.life.touch(now)
        chains = [chain for chain in self.completed_by(now, one) if not self.broken(chain)]
        fits = [chain for chain in chains if chain.ready < now or not chain.after]
        if fits:
            self.fire(now, min(fits, key=Chain.rank))
            return True
        if chains:
            self.waiting[one.number] = chains
        return False

    def completed_by(self, now: int, one: Came) -> list[Chain]:
        oldest = now - self.longest() - LATE
        return [self.chain(events, one) for events in self.choices((), [
            other for other in self.heard if other.time >= oldest]) if one in events]

    def choices(self, taken: tuple[Came, ...], usable: list[Came]) -> Iterator[tuple[Came, ...]]:
        """Every way to give the positive steps to different events in order, each within its time."""
        positive = [step for step in self.steps if not step.negated]
        if len(taken) == len(positive):
            yield taken
            return
        step = positive[len(taken)]
        for one in usable:
            if step.kind not in one.kinds or one in taken:
                continue
            if taken and not 0 <= one.time - taken[-1].time <= step.within:
                continue
            if taken and any(one.time <= self.over(taken[-1].time, wait.within) for wait in self.nots(len(taken))):
                continue
            yield from self.choices((*taken, one), usable)

    def nots(self, number: int) -> list[Step]:
        """The ``not`` steps behind the positive step ``number`` (from 1)."""
        found, seen = [], 0
        for step in self.steps:
            seen += not step.negated
            if step.negated and seen == number:
                found.append(step)
        return found

    def over(self, since: int, wait: int) -> int:
        """When a ``not`` is over: what was not listened to does not count."""
        return over_by(since, wait, self.pauses)

    def chain(self, events: tuple[Came, ...], completed: Came) -> Chain:
        after, ready = [], 0
        for number, one in enumerate(events, 1):
            for step in self.nots(number):
                end = self.over(one.time, step.within)
                after.append((step.kind, one, end))
                ready = max([ready, end, *(other.arrival + SETTLE for other in events[:number])])
        return Chain(events, tuple(after), completed, ready)

    def broken(self, chain: Chain) -> bool:
        return any(self.inside(one, kind, before, end) for kind, before, end in chain.after for one in self.heard)

    def inside(self, one: Came, kind: str, before: Came, end: int) -> bool:
        late_tie = one.time == before.time and one.number > before.number
        return kind in one.kinds and (before.time < one.time <= end or late_tie)

    def fire(self, now: int, chain: Chain) -> None:
        if self.life.idle():
            self.carried, self.told = set(), []
        new = {one.number for one in chain.events} - self.carried
        self.carried |= new
        self.told.append(chain)
        self.life.true_since(Report(now, chain.happened(), len(new), chain.events[-1].until), chain.completed.arrival)

    def contradict(self, now: int, one: Came) -> None:
        """A late report ends the condition when no firing of it is left that it does not contradict."""
        if self.life.idle() or not self.told or self.life.way.only:
            return
        self.told = [chain for chain in self.told if not any(self.inside(one, *span) for span in chain.after)]
        if not self.told:
            self.life.false(now, one.time)

    # the ends of ``not`` steps

    def deadline(self) -> int | None:
        chains = [chain for waiting in self.waiting.values() for chain in waiting]
        return min((self.again(chain).ready for chain in chains), default=None)

    def again(self, chain: Chain) -> Chain:
        """The chain as it stands now: a pause may have put it off."""
        return self.chain(chain.events, chain.completed)

    def due(self, now: int) -> None:
        for number in sorted(self.waiting):
            chains = [again for chain in self.waiting[number] if not self.broken(again := self.again(chain))]
            fits = [chain for chain in chains if chain.ready <= now]
            self.waiting[number] = chains
            if fits:
                del self.waiting[number]
                self.fire(now, min(fits, key=Chain.rank))
        self.waiting = {number: chains for number, chains in self.waiting.items() if chains}

    def resumed(self, clock: int) -> None:
        """It listens again."""

    def run(self, clock: int, before: int) -> int:
        """Let all deadlines before an instant pass; clearings come before firings, ``for`` before ``not``.

        The ends of a condition are on the engine's clock, so never before it began; ``for`` may be over by then.
        """
        while True:
            found = [(at if rank else max(at, self.life.touched), rank, what)
                     for at, rank, what in self.life.deadlines()]
            if (at := self.deadline()) is not None:
                found.append((at, 1, "not"))
            if not found or min(found)[0] >= before:
                return clock
            at, _, what = min(found)
            clock = max(clock, at)
            if what == "not":
                self.due(clock)
            else:
                self.life.due(clock, what)
