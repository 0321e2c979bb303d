"""An input that the core cannot step: where it broke, in one line, told seldom."""

import traceback
from pathlib import PurePath


def place(error: BaseException) -> str:
    """Type and innermost place of an exception: what makes two of them the same trouble."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {PurePath(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return type(error).__name__ + where


def described(error: BaseException) -> str:
    """The reason that is kept with a rejected input."""
    text = " ".join(str(error).split())[:300]
    return f"{place(error)}: {text}" if text else place(error)


class Told:
    """Which places of errors were told lately; at most ``limit`` places are remembered."""

    def __init__(self, every: int, limit: int = 1000) -> None:
        self._every, self._limit = every, limit
        self._last: dict[str, int] = {}

    def due(self, where: str, now: int) -> bool:
        """Whether to tell of this place now (and remember that it was)."""
        if now - self._last.get(where, now - self._every) < self._every:
            return False
        if len(self._last) >= self._limit:
            self._last.pop(next(iter(self._last)))
        self._last[where] = now
        return True
