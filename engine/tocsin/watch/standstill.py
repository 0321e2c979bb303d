"""Does the engine stand still, and who is to be told now? Decisions only: no I/O, no clock."""

from collections.abc import Iterable

from msgspec import Struct

from tocsin.domain.time import HOUR, MINUTE, SECOND

STANDS, MOVES = "stands", "moves"
HANDED, PERHAPS, FAILED = "handed", "perhaps", "failed"
"""What became of a telling: the provider took it; nobody knows; it did not."""

AFTER = 30 * SECOND
AGAIN = 5 * MINUTE
"""While it stands still, everybody is told again this often."""
RETRY = MINUTE
"""A way that failed is tried again after this."""
NEWS = HOUR
"""The good news is not worth telling later than this."""
ASLEEP = 10 * SECOND
"""Two looks further apart than this mean that the watchdog itself did not run: that time does not count."""


STARTS, WITHIN = 3, 4
"""So many starts within so many times ``after`` are no movement: it falls over again and again."""


class Way(Struct, frozen=True):
    """One person by one channel."""

    person: str
    channel: str
    address: str
    language: str = "en"


class Mark(Struct, frozen=True):
    """How far the engine has come: the committed ``position``, the last ``alive`` instant (microseconds) and how often
    it was started.
    """

    position: int
    alive: int
    starts: int = 0


class Say(Struct, frozen=True):
    """Tell one way that the engine ``stands`` still or ``moves`` again.

    ``number`` counts the tellings of this way since the standstill began; ``began`` and ``ended`` are instants of
    the caller's clock (``ended`` 0 while it stands).
    """

    what: str
    way: Way
    number: int
    began: int
    ended: int = 0


class Watch:
    """Instants are microseconds of a clock that only grows; ``moved`` is when the engine was last seen to move.

    ``standing`` is the instant from which it stands still, None while it moves. A mark of None (missing, locked or
    damaged database) never counts as movement, and a first mark is only where the watching begins. While it ``loops``,
    started again and again, only ``after`` without another start counts.
    """

    def __init__(self, now: int, after: int = AFTER) -> None:
        self.after = after
        self.moved = now
        self.standing: int | None = None
        self.loops = False
        self._starts: list[int] = []
        self._looked = now
        self._mark: Mark | None = None
        self._next: dict[tuple[str, str], int] = {}
        self._numbers: dict[tuple[str, str], int] = {}
        self._flying: set[tuple[str, str]] = set()
        self._told: dict[tuple[str, str], Way] = {}
        self._news: dict[tuple[str, str], Way] = {}
        self._over = (0, 0)

    def look(self, now: int, mark: Mark | None) -> str:
        """Take a look; STANDS or MOVES when that has just changed, else ""."""
        if now - self._looked > ASLEEP:
            self.moved += now - self._looked
        self._looked = now
        if mark is not None and mark != self._mark:
            before, self._mark = self._mark, mark
            if before is not None:
                self._started(now, mark.starts - before.starts)
                if not self.loops:
                    self.moved = now
                    return self._goes_on(now) if self.standing is not None else ""
        if self.standing is None and self.loops:
            self.moved = self._starts[0]
        if self.standing is None and (self.loops or now - self.moved >= self.after):
            self.standing = self.moved
            self._next, self._numbers, self._told, self._news = {}, {}, {}, {}
            return STANDS
        return ""

    def _started(self, now: int, count: int) -> None:
        """The engine has moved, and was started ``count`` times since the last look."""
        if self.loops and not count and now - self._starts[-1] >= self.after:
            self.loops, self._starts = False, []
        self._starts = [at for at in self._starts if self.loops or now - at < WITHIN * self.after]
        self._starts = (self._starts + [now] * max(0, count))[-STARTS:]
        self.loops = self.loops or len(self._starts) == STARTS

    def _goes_on(self, now: int) -> str:
        assert self.standing is not None
        self._over = (self.standing, now)
        self.standing = None
        self._news, self._told = self._told, {}
        self._next = dict.fromkeys(self._news, now)
        return MOVES

    @property
    def speaks(self) -> bool:
        """Whether there may be anything to tell."""
        return self.standing is not None or bool(self._news)

    def due(self, now: int, ways: Iterable[Way]) -> list[Say]:
        """Whom to tell now, each to be answered by ``told``; ``ways`` are all by which people can be told now."""
        if self.standing is not None:
            found = [Say(STANDS, way, self._numbers.get(_key(way), 0) + 1, self.standing)
                     for way in ways if self._is_due(_key(way), now)]
        else:
            if self._news and now - self._over[1] > NEWS:
                self._news = {}
            found = [Say(MOVES, way, self._numbers.get(key, 0) + 1, *self._over)
                     for key, way in self._news.items() if self._is_due(key, now)]
        for say in found:
            self._flying.add(_key(say.way))
            self._numbers[_key(say.way)] = say.number
        return found

    def _is_due(self, key: tuple[str, str], now: int) -> bool:
        return key not in self._flying and self._next.get(key, now) <= now

    def told(self, now: int, say: Say, became: str) -> None:
        """What became of a telling."""
        key = _key(say.way)
        self._flying.discard(key)
        if say.what == MOVES:
            if self.standing is not None:
                self._next[key] = now
            elif became == HANDED:
                self._news.pop(key, None)
            else:
                self._next[key] = now + RETRY
        elif self.standing is None:
            if became != FAILED:
                self._news[key] = say.way
                self._next[key] = now
        else:
            if became != FAILED:
                self._told[key] = say.way
            self._next[key] = now + (AGAIN if became == HANDED else RETRY)


def _key(way: Way) -> tuple[str, str]:
    return way.person, way.channel
