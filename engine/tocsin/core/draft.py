"""The board as it would be after the changes decided so far; the board itself stays untouched."""

from typing import Any

from tocsin.core.board import Board, key_of
from tocsin.domain.change import (
    AddressSet,
    Change,
    IncidentSet,
    NotificationSet,
    PolicyKept,
    Timer,
    TimerDropped,
    TimerSet,
    WindowDropped,
    WindowSet,
)
from tocsin.domain.incident import CLOSED, Incident
from tocsin.domain.notification import Address

_GONE: Any = object()
Mark = tuple[int, int, int, int]


class Draft:
    """Reads fall through to the board; ``changes`` are the changes put here, in order."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self.changes: list[Change] = []
        self._over: dict[Any, Any] = {}
        self._undo: list[tuple[Any, Any]] = []
        self.last_incident: int = board.last_incident
        self.last_notification: int = board.last_notification

    def mark(self) -> Mark:
        """A point to which ``back`` can return."""
        return len(self.changes), len(self._undo), self.last_incident, self.last_notification

    def back(self, mark: Mark) -> None:
        """Forget whatever was put since the mark."""
        changes, undo, self.last_incident, self.last_notification = mark
        del self.changes[changes:]
        while len(self._undo) > undo:
            place, before = self._undo.pop()
            if before is _GONE:
                del self._over[place]
            else:
                self._over[place] = before

    def put(self, change: Change) -> None:
        """Decide a change."""
        self.changes.append(change)
        if isinstance(change, IncidentSet):
            self._incident(change.incident)
        elif isinstance(change, NotificationSet):
            self.last_notification = change.notification.id
        elif type(change) in _PLACES:
            place, value = _PLACES[type(change)](change)
            self._set(place, value)

    def _set(self, place: Any, value: Any) -> None:
        self._undo.append((place, self._over.get(place, _GONE)))
        self._over[place] = value

    def _incident(self, incident: Incident) -> None:
        self._set(incident.id, incident)
        place = (incident.rule, key_of(incident.key))
        if incident.response != CLOSED:
            self._set(place, incident.id)
        elif self.open_incident(*place) == incident.id:
            self._set(place, None)
        if incident.id > self.last_incident:
            self.last_incident = incident.id

    def incident(self, number: int) -> Incident | None:
        found = self._over.get(number, _GONE)
        return self.board.incident(number) if found is _GONE else found

    def open_incident(self, rule: str, key: str) -> int | None:
        found = self._over.get((rule, key), _GONE)
        return self.board.open.get((rule, key)) if found is _GONE else found

    def window(self, rule: str, key: str) -> Any:
        found = self._over.get(("window", rule, key), _GONE)
        return self.board.windows.get((rule, key)) if found is _GONE else found

    def key_count(self, rule: str) -> int:
        """How many keys of a rule had a window before this draft."""
        return self.board.key_count(rule)

    def timer(self, timer_id: str) -> Timer | None:
        found = self._over.get(("timer", timer_id), _GONE)
        return self.board.timers.get(timer_id) if found is _GONE else found

    def policy(self, hash_: str) -> Any:
        found = self._over.get(("policy", hash_), _GONE)
        return self.board.policies.get(hash_) if found is _GONE else found

    def address(self, person: str, channel: str) -> Address | None:
        found = self._over.get(("address", person, channel), _GONE)
        return self.board.addresses.get((person, channel)) if found is _GONE else found

    def set_timer(self, timer: Timer) -> None:
        """Set a deadline unless exactly that deadline stands already."""
        if self.timer(timer.id) != timer:
            self.put(TimerSet(timer))

    def drop_timer(self, timer_id: str) -> None:
        """Drop a deadline if it stands."""
        if self.timer(timer_id) is not None:
            self.put(TimerDropped(timer_id))


_PLACES: dict[Any, Any] = {
    TimerSet: lambda change: (("timer", change.timer.id), change.timer),
    TimerDropped: lambda change: (("timer", change.id), None),
    WindowSet: lambda change: (("window", change.rule, change.key), change.body),
    WindowDropped: lambda change: (("window", change.rule, change.key), None),
    AddressSet: lambda change: (("address", change.address.person, change.address.channel), change.address),
    PolicyKept: lambda change: (("policy", change.hash), change.body),
}
"""Where a change is found again, and the value that stands there then."""
