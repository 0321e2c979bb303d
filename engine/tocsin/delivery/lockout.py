"""Lockout: five wrong codes, and a person's texts are not taken for an hour."""

from collections.abc import Iterable

from tocsin.domain.input import CODE_FITS, WRONG_CODE
from tocsin.domain.time import HOUR

MISSES = 5
LOCKED_FOR = HOUR
LOOK_BACK = LOCKED_FOR + HOUR
"""A lock that still holds may rest on misses that old."""


class Lockout:
    """Counts misses per person. What is noted of each is the truth: ``restored`` makes the counts anew from it."""

    def __init__(self) -> None:
        self._misses: dict[str, list[int]] = {}
        self._until: dict[str, int] = {}

    @classmethod
    def restored(cls, noted: Iterable[tuple[int, str, str]]) -> "Lockout":
        """From (instant, what, person) of the last ``LOOK_BACK``, oldest first."""
        made = cls()
        for at, what, person in noted:
            if what == WRONG_CODE:
                made.missed(person, at)
            elif what == CODE_FITS:
                made.forgive(person)
        return made

    def locked(self, person: str, now: int) -> bool:
        return self._until.get(person, 0) > now

    def has_misses(self, person: str) -> bool:
        return person in self._misses

    def missed(self, person: str, now: int) -> bool:
        """Count a wrong code; whether it was the one that locks."""
        recent = [at for at in self._misses.pop(person, []) if at > now - LOCKED_FOR]
        recent.append(now)
        if len(recent) >= MISSES:
            self._until[person] = now + LOCKED_FOR
            return True
        self._misses[person] = recent
        return False

    def forgive(self, person: str) -> None:
        """A right code: earlier misses were slips."""
        self._misses.pop(person, None)
