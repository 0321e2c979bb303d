"""Which recorded events only repeat another: the same event within the time in which it is recognised."""

from tocsin.domain.event import Event
from tocsin.domain.identity import identity, remembered_for
from tocsin.domain.time import DAY


class Repetitions:
    """Remembers what came in the last day, and at most the day before."""

    def __init__(self) -> None:
        self._now: dict[bytes, int] = {}
        self._before: dict[bytes, int] = {}
        self._since: int | None = None

    def has(self, event: Event, at: int) -> bool:
        """Whether the event that comes at instant ``at`` repeats one; else it is remembered. Instants never fall."""
        if self._since is None or at - self._since >= DAY:
            self._since, self._before, self._now = at, self._now, {}
        what = identity(event)
        first = self._now.get(what)
        if first is None:
            first = self._before.get(what)
        if first is not None and at - first < remembered_for(event):
            return True
        self._now[what] = at
        return False
