"""Making changed rules anew from the journal: beside the loop up to a recent position, the rest in the loop's turn."""

from collections import deque
from collections.abc import Collection, Iterable, Iterator
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.rebuild import Closing, Heard, Rebuild
from tocsin.domain.codec import decode_input, encode
from tocsin.domain.entry import Entry
from tocsin.domain.input import Arrival, BookLoaded, Hit, Started
from tocsin.loop.lanes import Prepared
from tocsin.loop.prepare import Force
from tocsin.ports import Matcher
from tocsin.rules.changed import reach
from tocsin.rules.meaning import Meaning

LOOKED, STEPPED = 500_000, 50_000
"""Inputs that are looked at, and those of them that concern the changed rules and are heard again, at most."""


class History(Protocol):
    """What has been heard: (position, instant, encoded input) in pages; closings are (instant, rule, key)."""

    def last(self) -> int: ...
    def on(self, after: int) -> Iterator[list[tuple[int, int, bytes]]]: ...
    def back(self, until: int) -> Iterator[list[tuple[int, int, bytes]]]: ...
    def closings(self, rules: Collection[str], since: int) -> list[tuple[int, str, dict[str, str]]]: ...


class Bounds(Struct, frozen=True):
    """How much of the journal is read back at most."""

    looked: int = LOOKED
    stepped: int = STEPPED


BOUNDS = Bounds()


def rebuild(history: History, meaning: Meaning, rules: Iterable[str], matcher: Matcher, now: int,
            bounds: Bounds = BOUNDS) -> Rebuild:
    """The rules of ``meaning`` as the journal up to now makes them.

    It is read as far back as events can matter to one of them, within the bounds: of more, the newest.
    """
    made = Rebuild(meaning, rules)
    position = history.last()
    heard, since, _ = _gather(history, made, matcher, position, _horizon(made.hears, meaning, now), bounds) \
        if made.hears else ((), 0, True)
    if since:
        made.begin(since)
    made.follow(heard, (Closing(*closing) for closing in history.closings(made.hears, since)))
    made.position = position
    return made


def as_it_was(history: History, meaning: Meaning, rule: str, matcher: Matcher, position: int, at: int,
              back: int) -> tuple[Rebuild, list[Heard], bool]:
    """A rule as the journal up to a position, of instant ``at``, makes it, what it has heard, and whether that was all:
    read from ``back`` microseconds before, or from ``since`` of the first where less of it is kept or it is too much.
    """
    made = Rebuild(meaning, (rule,))
    found, since, whole = _gather(history, made, matcher, position, at - back, BOUNDS) \
        if made.hears else ((), 0, True)
    heard = list(found)
    if since:
        made.begin(since)
    made.follow(heard, (closing for one in history.closings(made.hears, since)
                        if (closing := Closing(*one)).at < at))
    made.until(at)
    return made, heard, whole


def taken_over(made: BookLoaded, meaning: Meaning) -> Rebuild:
    """Go on from what another process has made of the journal."""
    taken = Rebuild(meaning, made.changed, made.since, made.position)
    taken.load(made.rebuilt)
    return taken


def catch_up(made: Rebuild, history: History, matcher: Matcher) -> int:
    """Hear what has been committed since; how many inputs that were."""
    count = 0
    for page in history.on(made.position):
        count += len(page)
        made.follow(one for told in page if (one := _heard(*told, made, matcher)) is not None)
        made.position = page[-1][0]
    return count


def complete(made: Rebuild, item: BookLoaded, entries: Iterable[Entry], matcher: Matcher, position: int,
             now: int) -> BookLoaded:
    """The input with what changed rules remember at this place of the journal, inputs not yet committed included."""
    made = made.fork()
    made.follow(one for entry in entries if entry.kind in ("arrival", "started") and not entry.reason
                and (one := _heard(entry.position, entry.at, entry.body, made, matcher)) is not None)
    made.until(now)
    return BookLoaded(item.number, item.hash, item.changed, made.result(), made.since, position)


class Loading:
    """A book about to hold: its rules that changed go on being made anew until the very place at which it does."""

    def __init__(self, force: Force, changed: tuple[str, ...], made: Rebuild | None, history: History,
                 matcher: Matcher) -> None:
        self.force, self._changed, self._made, self._history, self._matcher = force, changed, made, history, matcher

    def approach(self) -> int:
        """Hear what has been committed since the last time, from another thread than the loop's; how many inputs."""
        return catch_up(self._made, self._history, self._matcher) if self._made is not None else 0

    def arrived(self, prepared: Prepared, entries: Iterable[Entry], position: int, now: int) -> Prepared:
        """The input as it is journaled behind ``position``; ``entries`` are those not yet committed.

        It is read back from what is written, so that the live step and each later proof see the same.
        """
        item = prepared.item
        assert isinstance(item, BookLoaded)
        item = BookLoaded(item.number, item.hash, self._changed)
        if self._made is not None:
            self.approach()
            item = complete(self._made, item, entries, self._matcher, position, now)
        body = encode(item)
        return replace(prepared, item=decode_input(body), body=body)


def _horizon(rules: tuple[str, ...], meaning: Meaning, now: int) -> int:
    """The instant before which nothing matters to any of the rules any more; 0 where there is none."""
    reaches = [reach(meaning.rules[rule], meaning.late) for rule in rules]
    known = [one for one in reaches if one is not None]
    return now - max(known) if len(known) == len(reaches) else 0


def _gather(history: History, made: Rebuild, matcher: Matcher, position: int, horizon: int,
            bounds: Bounds) -> tuple[Iterable[Heard], int, bool]:
    """What concerns the rules, in order, the instant from which it is whole, and whether the bounds allowed all."""
    found: deque[Heard] = deque()
    looked = since = 0
    for page in history.back(position):
        for told in page:
            if told[1] < horizon:
                return found, horizon, True
            since = told[1]
            one = _heard(*told, made, matcher)
            if one is not None:
                found.appendleft(one)
            looked += 1
            if looked >= bounds.looked or len(found) >= bounds.stepped:
                return found, since, False
    return found, since, True


def _heard(position: int, at: int, body: bytes, made: Rebuild, matcher: Matcher) -> Heard | None:
    """An input for those rules; None when it does not concern them, or their conditions cannot be asked of it."""
    item = decode_input(body)
    if isinstance(item, Started):
        return Heard(position, at, item)
    if not isinstance(item, Arrival):
        return None
    rules = made.hears
    try:
        event = made.convert(item.event)
        hits: tuple[Hit, ...] = tuple(hit for hit in matcher.match(event) if hit.rule in rules)
    except Exception:  # noqa: BLE001 - an event that breaks the matcher was set aside when it came
        return None
    return Heard(position, at, Arrival(event, hits, item.book, item.conflict)) if hits else None
