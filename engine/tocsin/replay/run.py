"""A run of the core on a virtual clock: events in file order, timers between them, nothing sent."""

import heapq
from collections.abc import Callable, Iterable

from tocsin.core.board import Board, apply
from tocsin.core.draft import Draft
from tocsin.core.listening import begins
from tocsin.core.rebuild import Closing, Heard, Rebuild
from tocsin.core.step import step
from tocsin.domain.change import Change, NotificationSet, TimerSet
from tocsin.domain.event import Event
from tocsin.domain.input import Arrival, BookLoaded, Input, Receipt, Started, TimerDue
from tocsin.domain.notification import DELIVERED
from tocsin.ports import Matcher
from tocsin.replay.repetitions import Repetitions
from tocsin.rules.changed import changed_rules
from tocsin.rules.meaning import Meaning

Witness = Callable[[int, Input, list[Change]], None]
"""Told (instant, input, changes) of every step, in order."""
Later = Callable[[Board], Input | None]
"""An input that is made when its time has come, from the board of then; None when there is nothing to say any more."""


class Run:
    """One replay: the clock is moved by what is fed, never by the machine.

    Every message counts as delivered the instant it is decided, so that a missing receipt starts no further
    channel, unless ``delivers`` is False. ``clock`` is the present instant, None before the first event.
    """

    def __init__(self, meaning: Meaning, matcher: Matcher, witness: Witness, *, delivers: bool = True) -> None:
        self.board = Board()
        self.clock: int | None = None
        self.events = self.duplicates = self.late = 0
        self._meaning, self._matcher, self._witness, self._delivers = meaning, matcher, witness, delivers
        self._due: list[tuple[int, str]] = []
        self._later: dict[str, Later] = {}
        self._planned = 0
        self._repetitions = Repetitions()
        self._newest: int | None = None
        self._listens = False

    def feed(self, event: Event, at: int) -> None:
        """An event that comes at instant ``at``, unless it repeats one; an instant behind the clock means now."""
        at = self._turn(at)
        self.events += 1
        if self._repetitions.has(event, at):
            self.duplicates += 1
            return
        if self._newest is not None and event.time < self._newest:
            self.late += 1
        self._newest = event.time if self._newest is None else max(self._newest, event.time)
        self._apply(_arrival(event, self._meaning, self._matcher), at)

    def hear(self, event: Event, at: int) -> None:
        """An event of which is known that it repeats none. One that no rule asks for is no step."""
        at = self._turn(at)
        self.events += 1
        event = self._meaning.catalogue.convert(event)
        hits = self._matcher.match(event)
        if hits:
            self._apply(Arrival(event, hits, self._meaning.book.number), at)

    def put(self, item: Input, at: int) -> None:
        """Any other input, such as a person's answer, at instant ``at``; timers due before it run first."""
        self._apply(item, self._turn(at))

    def restart(self, item: Started, at: int) -> None:
        """The engine listens again after a break, in which no timer ran."""
        self.begin(at - item.gap)
        self.run_timers(before=at - item.gap)
        self.clock = at if self.clock is None else max(at, self.clock)
        self._apply(item, self.clock)

    def plan(self, later: Later, at: int) -> None:
        """An input at an instant to come, before the timers due then."""
        self._planned += 1
        name = f"\0{self._planned:012d}"
        self._later[name] = later
        heapq.heappush(self._due, (at, name))

    def begin(self, at: int) -> None:
        """Rules listen from the first input on, without a break."""
        if not self._listens:
            self._listens = True
            draft = Draft(self.board)
            begins(draft, self._meaning, at)
            self._keep(draft.changes)

    def renew(self, meaning: Meaning, matcher: Matcher, at: int, heard: Iterable[tuple[int, Event]] = (),
              closings: Iterable[Closing] = ()) -> None:
        """Another book holds from instant ``at`` on; ``heard`` are the (instant, event) from which changed rules are
        made anew, in order, with the ``closings`` by people since.
        """
        self.run_timers(before=at)
        changed = changed_rules(self._meaning.content, meaning.content)
        rebuild = Rebuild(meaning, changed)
        events = [Heard(number, when, _arrival(event, meaning, matcher))
                  for number, (when, event) in enumerate(heard if changed else (), 1)]
        if events:
            rebuild.begin(events[0].at)
            rebuild.follow(events, closings)
            rebuild.until(at)
        self._meaning, self._matcher = meaning, matcher
        self.put(BookLoaded(meaning.book.number, meaning.book.hash, changed, rebuild.result(), rebuild.since,
                            rebuild.position), at)

    def run_until(self, until: int) -> None:
        """Run the timers due before ``until``; those due exactly then do not run."""
        self.run_timers(before=until)
        self.clock = until if self.clock is None else max(until, self.clock)

    def run_timers(self, before: int) -> None:
        """Run, in due order, the timers due before an instant."""
        while self._due and self._due[0][0] < before:
            due, timer = heapq.heappop(self._due)
            if timer in self._later:
                self.clock = due if self.clock is None else max(due, self.clock)
                item = self._later.pop(timer)(self.board)
                if item is not None:
                    self._apply(item, self.clock)
                continue
            standing = self.board.timers.get(timer)
            if standing is not None and standing.due == due:
                self.clock = due if self.clock is None else max(due, self.clock)
                self._apply(TimerDue(timer), self.clock)

    def _turn(self, at: int) -> int:
        """It is ``at`` now, or as late as it was."""
        if self.clock is not None and at < self.clock:
            at = self.clock
        if not self._listens:
            self.begin(at)
        self.run_timers(before=at)
        self.clock = at
        return at

    def _apply(self, item: Input, now: int) -> None:
        changes = step(self.board, self._meaning, item, now)
        self._keep(changes)
        self._witness(now, item, changes)
        if self._delivers:
            for delivered in tuple(_receipts(changes, self._meaning.receipts)):
                self._apply(delivered, now)

    def _keep(self, changes: list[Change]) -> None:
        apply(self.board, changes)
        for change in changes:
            if isinstance(change, TimerSet):
                heapq.heappush(self._due, (change.timer.due, change.timer.id))


def _arrival(event: Event, meaning: Meaning, matcher: Matcher) -> Arrival:
    event = meaning.catalogue.convert(event)
    return Arrival(event, matcher.match(event), meaning.book.number)


def _receipts(changes: list[Change], channels: frozenset[str]) -> Iterable[Receipt]:
    for change in changes:
        if isinstance(change, NotificationSet) and change.notification.channel in channels:
            sent = change.notification
            yield Receipt(sent.id, DELIVERED, sent.incident, sent.person, sent.channel)
