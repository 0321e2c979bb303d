"""Since when a rule listens, and when it did not: time during which nothing could be heard proves no silence."""

from collections.abc import Iterator

from msgspec import Struct

from tocsin.domain.time import MINUTE
from tocsin.rules.calendar import EVER, Hours, Span

AGAIN = 15 * MINUTE
"""After a pause nothing counts as silent before this, or before the wait itself if that is shorter."""
MOST_PAUSES = 100
"""Pauses remembered; the oldest are forgotten beyond."""


class Listening(Struct, frozen=True, omit_defaults=True):
    """``begun`` is the rule's start; ``pauses`` are the (from, to) without listening since then, in order."""

    begun: int = 0
    pauses: tuple[tuple[int, int], ...] = ()

    def paused(self, start: int, end: int) -> "Listening":
        """With one more pause."""
        if start >= end:
            return self
        return Listening(self.begun, (*self.pauses, (start, end))[-MOST_PAUSES:])

    def over(self, since: int, wait: int, hours: Hours | None = None) -> int:
        """When ``wait`` microseconds since ``since`` are over, counted only while listening and while ``hours`` are
        open; EVER when never.
        """
        concerned = [pause for pause in self.pauses if pause[1] > since]
        if hours is None:
            over = since + wait
            for start, end in concerned:
                if start > over:
                    break
                over = max(over + end - max(start, since), end + min(wait, AGAIN))
            return over
        found = (Heard(hours, concerned) if concerned else hours).after(since, wait)
        if found is None:
            return EVER
        return max([found, *(end + min(wait, AGAIN) for start, end in concerned if start <= found)])


class Heard(Hours):
    """Hours without the pauses in them."""

    def __init__(self, hours: Hours, pauses: list[tuple[int, int]]) -> None:
        self._hours, self._pauses = hours, pauses

    def spans(self, since: int) -> Iterator[Span]:
        for begin, end in self._hours.spans(since):
            for start, stop in self._pauses:
                if stop <= begin or start >= end:
                    continue
                if start > max(begin, since):
                    yield begin, start
                begin = stop
            if begin < end:
                yield begin, end


ALWAYS = Listening()
