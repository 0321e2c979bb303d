"""The breaker: while a provider does not answer, one message at a time finds out whether it does again."""

from tocsin.domain.time import SECOND

MOST = 3
"""So many tries in a row without any answer of the provider, and it counts as away."""
FIRST_PROBE, LONGEST = 5 * SECOND, 30 * SECOND
"""How long after the last try the next one is made: twice as long each time, up to the longest."""


class Breaker:
    """Whether one provider answers: a refusal is an answer, silence and a broken connection are none."""

    def __init__(self) -> None:
        self.why = ""
        self.next_probe = 0
        self._failures = 0
        self._wait = FIRST_PROBE

    @property
    def away(self) -> bool:
        return self._failures >= MOST

    def answered(self) -> bool:
        """The provider has answered; True when it was away."""
        was_away, self._failures, self._wait = self.away, 0, FIRST_PROBE
        return was_away

    def silent(self, why: str, now: int) -> bool:
        """A try has had no answer; True when it counts as away from now on."""
        was_away = self.away
        self._failures += 1
        if self.away:
            self.why, self.next_probe = why, now + self._wait
            self._wait = min(LONGEST, 2 * self._wait)
        return self.away and not was_away
