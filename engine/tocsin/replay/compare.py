"""Two runs over the same events compared: which conditions are more, fewer or other than before, and whom they call."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import tzinfo
from typing import Any

from msgspec import Struct

from tocsin.core.board import key_of
from tocsin.domain.time import from_datetime, to_datetime
from tocsin.replay.periods import Kept, Period, Place

MORE, FEWER, CHANGED, SAME = "more", "fewer", "changed", "same"
_FACTS = ("at", "cleared", "severity", "events")


class Difference(Struct, frozen=True):
    """A condition before and after; None where it is not. ``what`` maps what differs to (before, after).

    ``because`` is the recorded reason when the new rules fired and opened nothing.
    """

    kind: str
    before: Period | None
    after: Period | None
    what: dict[str, tuple[Any, Any]] = {}
    because: str = ""

    @property
    def one(self) -> Period:
        """Whichever of the two there is."""
        found = self.after or self.before
        assert found is not None
        return found


def compare(before: Iterable[Period], after: Iterable[Period], since: int,
            inhibited: Mapping[Place, Sequence[Kept]]) -> list[Difference]:
    """Every condition of either run, in order; what both began before ``since`` is left out.

    Conditions of one rule and key belong together when they overlap; each has one partner at the most, the earlier ones
    first.
    """
    found: list[Difference] = []
    ours, theirs = _by_place(before), _by_place(after)
    for place in sorted({*ours, *theirs}):
        for old, new in _pairs(ours.get(place, []), theirs.get(place, [])):
            if all(one is None or one.at < since for one in (old, new)):
                continue
            found.append(_judged(old, new, inhibited.get(place, ())))
    return sorted(found, key=lambda one: (one.one.at, one.one.rule, key_of(one.one.key)))


def _by_place(periods: Iterable[Period]) -> dict[Place, list[Period]]:
    found: dict[Place, list[Period]] = {}
    for one in sorted(periods, key=lambda one: one.at):
        found.setdefault((one.rule, key_of(one.key)), []).append(one)
    return found


def _pairs(old: list[Period], new: list[Period]) -> list[tuple[Period | None, Period | None]]:
    """Conditions of one place do not overlap one another, so that one look from the beginning on finds them all."""
    pairs: list[tuple[Period | None, Period | None]] = []
    i = j = 0
    while i < len(old) and j < len(new):
        first, other = old[i], new[j]
        if _end(first) <= other.at:
            pairs.append((first, None))
            i += 1
        elif _end(other) <= first.at:
            pairs.append((None, other))
            j += 1
        else:
            pairs.append((first, other))
            i, j = i + 1, j + 1
    return [*pairs, *((one, None) for one in old[i:]), *((None, one) for one in new[j:])]


def _end(one: Period) -> float:
    """The end of a condition; one that was over at once still takes an instant."""
    return float("inf") if one.cleared is None else max(one.cleared, one.at + 1)


def _judged(old: Period | None, new: Period | None, inhibited: Sequence[Kept]) -> Difference:
    if new is None:
        assert old is not None
        kept = next((one.reason for one in inhibited if old.at <= one.at < _end(old)), "")
        return Difference(FEWER, old, None, because=kept)
    if old is None:
        return Difference(MORE, None, new)
    what = {fact: (getattr(old, fact), getattr(new, fact)) for fact in _FACTS
            if getattr(old, fact) != getattr(new, fact)}
    if _people(old) != _people(new):
        what["called"] = (_people(old), _people(new))
    return Difference(CHANGED if what else SAME, old, new, what)


def _people(one: Period) -> list[str]:
    return sorted({call.person for call in one.calls})


class Woken(Struct):
    """How often people are called: the stretches of one hour, by the clock on the wall, in which a person is called at
    least once, counted by the hour of the day and by person.
    """

    hours: list[int]
    people: dict[str, int]


def woken(periods: Iterable[Period], since: int, zone: tzinfo) -> Woken:
    """Who is called from ``since`` on, by the clock of ``zone``; the hour that comes twice in autumn counts twice."""
    hours: dict[tuple[str, int], int] = {}
    for period in periods:
        for call in period.calls:
            if call.at >= since:
                local = to_datetime(call.at).astimezone(zone)
                whole = local.replace(minute=0, second=0, microsecond=0)
                hours[call.person, from_datetime(whole)] = local.hour
    found = Woken([0] * 24, {})
    for (person, _), hour in sorted(hours.items()):
        found.hours[hour] += 1
        found.people[person] = found.people.get(person, 0) + 1
    return found
