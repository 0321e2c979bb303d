"""Lockout: five wrong codes, and a number's answers are not taken for an hour."""

from tocsin.domain.time import HOUR

MISSES = 5
LOCKED_FOR = HOUR
MOST_NUMBERS = 10_000


class Lockout:
    """Counts misses per sender in memory: a restart gives five more tries of ten thousand codes, which is bearable."""

    def __init__(self) -> None:
        self._misses: dict[str, list[int]] = {}
        self._until: dict[str, int] = {}

    def locked(self, sender: str, now: int) -> bool:
        return self._until.get(sender, 0) > now

    def missed(self, sender: str, now: int) -> bool:
        """Count a wrong code; whether it was the one that locks."""
        recent = [at for at in self._misses.pop(sender, []) if at > now - LOCKED_FOR]
        recent.append(now)
        if len(recent) >= MISSES:
            self._until[sender] = now + LOCKED_FOR
            return True
        self._misses[sender] = recent
        if len(self._misses) > MOST_NUMBERS:
            del self._misses[next(iter(self._misses))]
        self._until = {number: until for number, until in self._until.items() if until > now}
        return False

    def forgive(self, sender: str) -> None:
        """A right code: earlier misses were slips."""
        self._misses.pop(sender, None)
