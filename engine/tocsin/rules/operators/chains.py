"""Chains of remembered events that take the steps of a sequence, found around the event that completes them."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

from msgspec import Struct

from tocsin.rules.operators.condition import Told

_MOST_TRIES = 400
"""Pairs of start and end looked at; more are tried only where events of one instant could take several steps each."""


class Remembered(Struct, frozen=True, omit_defaults=True, array_like=True):
    """An event that can take a step; ``number`` is its place in the order of arrival.

    ``widths`` are the ``within`` of its step and of the ``not`` steps after it where a field says them, else ().
    ``told`` is kept where it can be the newest event of a chain, ``first`` the names ``first.x`` where it can be the
    first.
    """

    number: int
    time: int
    settled: int
    widths: tuple[int, ...] = ()
    told: Told | None = None
    first: dict[str, Any] = {}


Chain = tuple[Remembered, ...]
Over = Callable[[int, Remembered], int]
Allowed = Callable[[int, Remembered], bool]


class Chains:
    """The chains that a key's events make; step ``i`` is taken by an event of ``tracks[i]``, in order of time.

    ``within(i, event)`` is the longest time from step ``i − 1`` to the event at ``i``, ``longest[i]`` at most that.
    ``over(i, event)`` is the last instant of the ``not`` steps after it, None for a step without any.
    """

    def __init__(self, tracks: Sequence[tuple[Remembered, ...]], longest: Sequence[int],
                 within: Callable[[int, Remembered], int], over: Sequence[Callable[[Remembered], int] | None]) -> None:
        self.tracks, self._longest, self._within, self._over = tracks, longest, within, over

    def best(self, roles: Sequence[tuple[int, Remembered]], allowed: Allowed) -> Chain | None:
        """The chain through an event in one of the steps that it can take: with the newest start, of these the earliest
        end.
        """
        found = [chain for role, event in roles if (chain := self._through(role, event, allowed)) is not None]
        return min(found, key=rank, default=None)

    def around(self, role: int, event: Remembered, allowed: Allowed) -> list[list[Remembered]] | None:
        """By step the events that could stand in a chain through the event at ``role``; None when there is none."""
        last = len(self.tracks) - 1
        sets: list[list[Remembered]] = [[] for _ in self.tracks]
        if not allowed(role, event):
            return None
        sets[role] = [event]
        for step in range(role - 1, -1, -1):
            sets[step] = [one for one in self._before(step, sets[step + 1]) if one.number != event.number
                          and allowed(step, one) and self._followed(step, one, sets[step + 1])]
            if not sets[step]:
                return None
        for step in range(role + 1, last + 1):
            sets[step] = [one for one in self._after(step, sets[step - 1]) if one.number != event.number
                          and allowed(step, one) and self._preceded(step, one, sets[step - 1])]
            if not sets[step]:
                return None
        return sets

    def _through(self, role: int, event: Remembered, allowed: Allowed) -> Chain | None:
        sets = self.around(role, event, allowed)
        if sets is None:
            return None
        pairs = ((start, end) for start in reversed(sets[0]) for end in sets[-1])
        for start, end in islice(pairs, _MOST_TRIES):
            chain = self._between(sets, start, end, role)
            if chain is not None:
                return chain
        return None

    def _between(self, sets: list[list[Remembered]], start: Remembered, end: Remembered, role: int) -> Chain | None:
        narrow = list(sets)
        narrow[0], narrow[-1] = [start], [end]
        for step in range(1, role):
            narrow[step] = [one for one in sets[step] if self._preceded(step, one, narrow[step - 1])]
        for step in range(len(sets) - 2, role, -1):
            narrow[step] = [one for one in sets[step] if self._followed(step, one, narrow[step + 1])]
        return self._walk(narrow, 0, start, frozenset((start.number,)), set())

    def _walk(self, sets: list[list[Remembered]], step: int, one: Remembered, used: frozenset[int],
              dead: set[tuple[int, int, frozenset[int]]]) -> Chain | None:
        """The first chain onwards; ``used`` are the events of this instant that have taken a step already."""
        if step == len(sets) - 1:
            return (one,)
        if (step, one.number, used) in dead:
            return None
        same = 0
        following = sets[step + 1]
        for at in range(bisect_left(following, one.time, key=_time), len(following)):
            other = following[at]
            if other.time - one.time > self._longest[step + 1]:
                break
            tie = other.time == one.time
            if not self._linked(step, one, other) or (tie and (other.number in used or same > len(sets))):
                continue
            same += tie
            rest = self._walk(sets, step + 1, other, used | {other.number} if tie else frozenset((other.number,)), dead)
            if rest is not None:
                return (one, *rest)
        dead.add((step, one.number, used))
        return None

    def _linked(self, step: int, one: Remembered, other: Remembered) -> bool:
        """Whether ``other`` can take the step after ``one``."""
        over = self._over[step]
        return (one.number != other.number and 0 <= other.time - one.time <= self._within(step + 1, other)
                and (over is None or other.time > over(one)))

    def _before(self, step: int, following: list[Remembered]) -> tuple[Remembered, ...]:
        track = self.tracks[step]
        low = bisect_left(track, following[0].time - self._longest[step + 1], key=_time)
        return track[low:bisect_right(track, following[-1].time, key=_time)]

    def _after(self, step: int, preceding: list[Remembered]) -> tuple[Remembered, ...]:
        track = self.tracks[step]
        low = bisect_left(track, preceding[0].time, key=_time)
        return track[low:bisect_right(track, preceding[-1].time + self._longest[step], key=_time)]

    def _followed(self, step: int, one: Remembered, following: list[Remembered]) -> bool:
        over = self._over[step]
        if over is not None and over(one) >= following[-1].time:
            return False
        at = bisect_left(following, one.time if over is None else over(one) + 1, key=_time)
        while at < len(following) and following[at].time - one.time <= self._longest[step + 1]:
            if self._linked(step, one, following[at]):
                return True
            at += 1
        return False

    def _preceded(self, step: int, other: Remembered, preceding: list[Remembered]) -> bool:
        at = bisect_right(preceding, other.time, key=_time) - 1
        while at >= 0 and other.time - preceding[at].time <= self._longest[step]:
            if self._linked(step - 1, preceding[at], other):
                return True
            at -= 1
        return False


def rank(chain: Chain) -> tuple[Any, ...]:
    """The order of chains, the best one first."""
    start, end = chain[0], chain[-1]
    return (-start.time, -start.number, end.time, end.number, [(one.time, one.number) for one in chain[1:-1]])


def _time(one: Remembered) -> int:
    return one.time
