"""What ``new`` means, over the full history of a key, as plainly as possible."""

from dataclasses import dataclass, field

from tests.support.naive_life import LATE, Life, Report


@dataclass
class NaiveNew:
    """``begun``: when the rule began to listen."""

    life: Life
    over: int
    begun: int
    heard: list[tuple[int, str]] = field(default_factory=list)

    def hear(self, now: int, time: int, values: tuple[str, ...], until: int | None = None) -> None:
        if not values or time < now - self.over - LATE:
            return
        remembered = [value for at, value in self.heard if at > time - self.over]
        unseen = [value for value in values if value not in remembered]
        watched = time - self.over >= self.begun and time >= now - LATE
        self.heard += [(time, value) for value in values]
        if unseen and watched:
            self.life.true(Report(now, time, until=until))
        else:
            self.life.touch(now)
