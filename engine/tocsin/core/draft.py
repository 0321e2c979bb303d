"""The board as it would be after the changes decided so far; the board itself stays untouched."""

from collections.abc import Iterator
from typing import Any

from tocsin.core.active import is_active, stands_at
from tocsin.core.board import Board, key_of, which_of
from tocsin.domain.change import (
    AddressSet,
    Change,
    GatedDropped,
    GatedSet,
    IncidentSet,
    NotificationSet,
    PolicyKept,
    SilenceSet,
    Timer,
    TimerDropped,
    TimerSet,
    WindowDropped,
    WindowSet,
)
from tocsin.domain.gated import Gated, Place, Which
from tocsin.domain.incident import CLOSED, Incident
from tocsin.domain.notification import Address
from tocsin.domain.silence import Silence

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
        placed = _PLACES.get(type(change))
        if placed is not None:
            place, value = placed(change)
            self._undo.append((place, self._over.get(place, _GONE)))
            self._over[place] = value
        if isinstance(change, IncidentSet):
            self._incident(change.incident)
        elif isinstance(change, NotificationSet):
            self.last_notification = change.notification.id
        elif isinstance(change, GatedSet):
            for asked in change.gated.asks:
                self._note(("asking", asked), which_of(change.gated))
        elif isinstance(change, SilenceSet):
            self._note("silences", change.silence.id)

    def _set(self, place: Any, value: Any) -> None:
        self._undo.append((place, self._over.get(place, _GONE)))
        self._over[place] = value

    def _note(self, place: Any, member: Any) -> None:
        """Remember a member of what was touched here."""
        touched = self._over.get(place, ())
        if member not in touched:
            self._set(place, (*touched, member))

    def _incident(self, incident: Incident) -> None:
        self._set(incident.id, incident)
        self._note(("touched", incident.rule), incident.id)
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

    def gated(self, which: Which) -> Gated | None:
        found = self._over.get(("gated", which), _GONE)
        return self.board.kept.all.get(which) if found is _GONE else found

    def asking(self, place: Place) -> list[Which]:
        """Who asks about the incidents at a place, in order."""
        every = {*self.board.kept.asking(place), *self._over.get(("asking", place), ())}
        return [which for which in sorted(every) if (gated := self.gated(which)) is not None and place in gated.asks]

    def active(self, place: Place) -> Iterator[Incident]:
        """The active incidents at a place, in order of their numbers."""
        rule, fields, _ = place
        found, touched = self.board.active(place), self._over.get(("touched", rule), ())
        for number in sorted({*found, *touched}) if touched else found:
            incident = self.incident(number)
            if incident is not None and (number not in touched or (
                    is_active(incident) and place in stands_at(incident, fields))):
                yield incident

    def silences(self) -> list[Silence]:
        """The silences that last, in order."""
        touched = self._over.get("silences", ())
        if not touched:
            return list(self.board.silences.values())
        every = [self._over.get(("silence", number), self.board.silences.get(number))
                 for number in sorted({*self.board.silences, *touched})]
        return [silence for silence in every if silence is not None]

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
    GatedSet: lambda change: (("gated", which_of(change.gated)), change.gated),
    GatedDropped: lambda change: (("gated", (change.rule, change.key, change.gate)), None),
    SilenceSet: lambda change: (("silence", change.silence.id),
                                change.silence if change.silence.ended is None else None),
    AddressSet: lambda change: (("address", change.address.person, change.address.channel), change.address),
    PolicyKept: lambda change: (("policy", change.hash), change.body),
}
"""Where a change is found again, and the value that stands there then."""
