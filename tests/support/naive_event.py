"""What the words ``event`` and ``incident`` mean, written plainly from the design's text for one key.

Nothing is fast and nothing is kept that can be asked again of the history: which member fires is looked up among
everything it has said, and every deadline is computed anew from the firings each time.
"""

from dataclasses import dataclass, field

MINUTE = 60_000_000
QUIET = 15 * MINUTE
SETTLE = 5_000_000


@dataclass(frozen=True)
class Heard:
    """An event: ``kind`` is firing or resolved (of a member), plain (no status) or over (it matches ``clear``)."""

    arrival: int
    time: int
    kind: str
    member: str = ""
    until: int | None = None


@dataclass(frozen=True)
class Way:
    """What the rule says: ``for``, and ``clear`` with after, at, hold, only, when; whether it is a state."""

    wait: int | None = None
    after: int | None = None
    at: bool = False
    hold: int | None = None
    only: bool = False
    when: bool = False
    state: bool = False


@dataclass
class Told:
    """A firing or a clearing: when it was decided, and the event time from which it held."""

    now: int
    what: str
    held: int
    events: int = 0


@dataclass
class Naive:
    """The word ``event`` for one key. ``told`` is everything it says, in order."""

    way: Way
    told: list[Told] = field(default_factory=list)
    said: list[Heard] = field(default_factory=list)
    plain: list[Heard] = field(default_factory=list)
    firings: list[Heard] = field(default_factory=list)
    touched: int = 0
    active: bool = False
    over: int | None = None
    holding: int | None = None

    # what is true

    def newest(self, member: str) -> Heard | None:
        """Per member the newest event time decides; ties: arrival."""
        own = [one for one in self.said if one.member == member]
        return [one for one in own if one.time == max(other.time for other in own)][-1] if own else None

    def burning(self) -> list[Heard]:
        """The newest firing of each member that fires."""
        newest = [self.newest(member) for member in dict.fromkeys(one.member for one in self.said)]
        return [one for one in newest if one is not None and one.kind == "firing"]

    def true(self) -> bool:
        return bool(self.plain or self.burning())

    def waiting(self) -> bool:
        return bool(self.firings) and not self.active

    def since(self) -> int:
        return min(one.time for one in self.firings)

    # events

    def hear(self, one: Heard) -> None:
        if one.kind == "over":
            self.all_clear(one)
        elif one.kind == "resolved":
            self.resolved(one)
        else:
            self.firing(one)

    def firing(self, one: Heard) -> None:
        newest = self.newest(one.member)
        if self.over is not None and one.time < self.over:
            self.late_report(one, self.over)
        elif one.kind == "firing" and newest is not None and newest.kind == "resolved" and newest.time > one.time:
            self.late_report(one, newest.time)
        else:
            if one.kind == "firing":
                self.said.append(one)
            else:
                self.plain.append(one)
            self.fire(one)

    def fire(self, one: Heard) -> None:
        self.firings.append(one)
        self.touched = one.arrival
        if self.active or self.way.wait is None:
            self.active = True
            self.holding = None
            self.told.append(Told(one.arrival, "fired", one.time + (self.way.wait or 0), 1))

    def late_report(self, one: Heard, over: int) -> None:
        """A firing that arrives after its own later ``resolved`` opens an incident already cleared."""
        if self.active:
            self.touched = one.arrival
            self.told.append(Told(one.arrival, "fired", one.time + (self.way.wait or 0), 1))
        elif not self.waiting() and (self.way.wait is None or over > one.time + self.way.wait):
            self.told.append(Told(one.arrival, "fired", one.time + (self.way.wait or 0), 1))
            self.told.append(Told(one.arrival, "cleared", over))

    def resolved(self, one: Heard) -> None:
        if self.way.only:
            return
        newest = self.newest(one.member)
        if newest is not None and newest.kind == "firing" and newest.time > one.time:
            return
        self.said.append(one)
        if newest is not None and newest.kind == "firing" and not self.true():
            if self.waiting():
                if one.time > self.since() + (self.way.wait or 0):
                    self.told.append(Told(one.arrival, "fired", self.since() + (self.way.wait or 0), len(self.firings)))
                    self.told.append(Told(one.arrival, "cleared", one.time))
                self.firings = []
            elif self.active and self.holding is None:
                self.end(one.arrival, one.time)

    def all_clear(self, one: Heard) -> None:
        """``clear: {when}`` counts only after firing, and clears and forgets the members."""
        if self.waiting() or (self.active and one.time < max(other.time for other in self.firings)):
            return
        self.over = one.time if self.over is None else max(self.over, one.time)
        self.own_clear(one.arrival, one.time)

    def own_clear(self, now: int, happened: int) -> None:
        gone = {one.member for one in self.burning()}
        self.said = [one for one in self.said if one.member not in gone]
        self.plain = []
        if self.active and self.holding is None:
            self.end(now, happened)

    def end(self, now: int, happened: int) -> None:
        if self.way.hold:
            self.holding = now + self.way.hold
        else:
            self.clear(now, happened)

    def clear(self, now: int, happened: int) -> None:
        self.told.append(Told(now, "cleared", happened))
        self.active, self.holding, self.firings, self.plain = False, None, [], []

    # deadlines

    def deadlines(self) -> list[tuple[int, int, str]]:
        """(instant, 0 for clearings or 1 for firings, what)."""
        if self.waiting():
            wait = self.way.wait or 0
            return [(min(max(one.time + wait, one.arrival + SETTLE) for one in self.firings), 1, "for")]
        if not self.active:
            return []
        if self.holding is not None:
            return [(self.holding, 0, "hold")]
        found = []
        if self.way.after is not None:
            found.append((self.touched + self.way.after, 0, "own"))
        ends = [one.until for one in self.burning()] + [one.until for one in self.plain[-1:]]
        if self.way.at and ends and None not in ends:
            found.append((max(end for end in ends if end is not None), 0, "own"))
        replaced = self.way.after is not None or (self.way.at and self.plain and self.plain[-1].until is not None)
        if self.plain and not (self.way.only or replaced or (self.way.state and self.way.when)):
            found.append((self.touched + QUIET, 0, "quiet"))
        return found

    def due(self, now: int, what: str) -> None:
        if what == "for":
            self.active, self.touched = True, now
            self.told.append(Told(now, "fired", self.since() + (self.way.wait or 0), len(self.firings)))
        elif what == "hold":
            self.clear(now, now)
        elif what == "own":
            self.own_clear(now, now)
        else:
            self.plain = []
            if not self.true():
                self.end(now, now)


@dataclass
class NaiveIncident:
    """The word ``incident`` with ``for``: it hears what another rule has told."""

    wait: int
    told: list[Told] = field(default_factory=list)
    firings: list[Told] = field(default_factory=list)
    active: bool = False

    def hear(self, one: Told) -> None:
        if one.what == "fired":
            self.firings.append(one)
            if self.active:
                self.told.append(Told(one.now, "fired", 0, 1))
        elif self.active:
            self.told.append(Told(one.now, "cleared", one.held))
            self.active, self.firings = False, []
        elif self.firings:
            if one.held > min(firing.held for firing in self.firings) + self.wait:
                self.told.append(Told(one.now, "fired", 0, len(self.firings)))
                self.told.append(Told(one.now, "cleared", one.held))
            self.firings = []

    def deadlines(self) -> list[tuple[int, int, str]]:
        if self.active or not self.firings:
            return []
        return [(min(max(one.held + self.wait, one.now + SETTLE) for one in self.firings), 1, "for")]

    def due(self, now: int, what: str) -> None:
        self.active = True
        self.told.append(Told(now, "fired", 0, len(self.firings)))


def play_naively(history: list[Heard], until: int, way: Way, then: int | None = None) -> tuple[list[Told], list[Told]]:
    """What the rule, and one that waits ``then`` upon it, have told before ``until``.

    ``history`` is in order of arrival. At one instant: events, then clearings, then firings.
    """
    rule, follower = Naive(way), NaiveIncident(then or 0)
    heard, clock = 0, history[0].arrival

    def pass_on() -> None:
        nonlocal heard
        if then is not None:
            for one in rule.told[heard:]:
                follower.hear(one)
        heard = len(rule.told)

    def run(before: int) -> None:
        nonlocal clock
        while True:
            found = [(max(at, clock), rank, turn, what) for turn, word in enumerate((rule, follower))
                     for at, rank, what in word.deadlines()]
            if not found or min(found)[0] >= before:
                return
            clock, _, turn, what = min(found)
            (rule, follower)[turn].due(clock, what)
            pass_on()

    for one in history:
        run(one.arrival)
        clock = one.arrival
        rule.hear(one)
        pass_on()
    run(until)
    return rule.told, follower.told


def periods(told: list[Told]) -> list[tuple[int, int | None, int]]:
    """The activations: (at, cleared, events)."""
    found: list[tuple[int, int | None, int]] = []
    for one in told:
        if one.what == "cleared":
            at, _, events = found.pop()
            found.append((at, one.now, events))
        elif found and found[-1][1] is None:
            at, _, events = found.pop()
            found.append((at, None, events + one.events))
        else:
            found.append((one.now, None, one.events))
    return found
