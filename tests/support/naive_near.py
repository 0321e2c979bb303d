"""What ``near`` beside ``count`` means, as plainly as possible: every place that is known is measured."""

from dataclasses import dataclass, field

from tests.support.naive_count import Counted, NaiveCount
from tests.support.naive_life import LATE, Life, Way

from tocsin.rules.distance import metres_between


@dataclass
class Corner:
    """A place and what is true there; ``newest`` is the time of the newest event."""

    lat: float
    lon: float
    count: NaiveCount
    newest: int = 0

    def known(self, now: int) -> bool:
        """It remembers an event, or its incident stands on the board."""
        return bool(self.count.life.told) or self.newest + self.count.within + LATE >= now


@dataclass
class NaiveNear:
    way: Way
    least: int
    within: int
    metres: float
    corners: list[Corner] = field(default_factory=list)
    clock: int = 0

    def hear(self, now: int, time: int, place: tuple[float, float] | None, until: int | None) -> None:
        self.run(now)
        if place is None:
            return
        away = [(metres, f"{one.lat},{one.lon}", one) for one in self.corners if one.known(now)
                and (metres := metres_between(one.lat, one.lon, *place)) <= self.metres]
        found = min(away, key=lambda each: each[:2])[2] if away else None
        if time < now - self.within - LATE:
            return
        if found is None:
            found = Corner(*place, NaiveCount(Life(self.way), self.least, self.within))
            self.corners.append(found)
        found.newest = max(found.newest, time)
        found.count.hear(now, Counted(time), until)

    def run(self, now: int) -> None:
        """Let every deadline before an instant pass."""
        for one in self.corners:
            one.count.life.run(self.clock, now)
        self.clock = max(self.clock, now)
