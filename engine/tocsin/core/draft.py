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


class Draft:
    """Reads fall through to the board, or to the draft that this one was branched from.

    ``changes`` are the changes put here, in order.
    """

    def __init__(self, base: "Board | Draft") -> None:
        self.base = base
        self.changes: list[Change] = []
        self._over: dict[Any, Any] = {}
        self.last_incident: int = base.last_incident
        self.last_notification: int = base.last_notification

    def branch(self) -> "Draft":
        """A draft on top of this one, to be merged or thrown away whole."""
        return Draft(self)

    def merge(self, branch: "Draft") -> None:
        """Take over what a branch decided."""
        self.changes += branch.changes
        self._over.update(branch._over)
        self.last_incident, self.last_notification = branch.last_incident, branch.last_notification

    def put(self, change: Change) -> None:
        """Decide a change."""
        self.changes.append(change)
        match change:
            case IncidentSet(incident):
                self._over[incident.id] = incident
                place = (incident.rule, key_of(incident.key))
                if incident.response != CLOSED:
                    self._over[place] = incident.id
                elif self.open_incident(*place) == incident.id:
                    self._over[place] = None
                self.last_incident = max(self.last_incident, incident.id)
            case TimerSet(timer):
                self._over["timer", timer.id] = timer
            case TimerDropped(timer_id):
                self._over["timer", timer_id] = None
            case WindowSet(rule, key, body):
                self._over["window", rule, key] = body
            case WindowDropped(rule, key):
                self._over["window", rule, key] = None
            case NotificationSet(notification):
                self.last_notification = max(self.last_notification, notification.id)
            case AddressSet(address):
                self._over["address", address.person, address.channel] = address
            case PolicyKept(hash_, body):
                self._over["policy", hash_] = body
            case _:
                pass

    def incident(self, number: int) -> Incident | None:
        found = self._over.get(number, _GONE)
        return self.base.incident(number) if found is _GONE else found

    def open_incident(self, rule: str, key: str) -> int | None:
        found = self._over.get((rule, key), _GONE)
        return self.base.open_incident(rule, key) if found is _GONE else found

    def window(self, rule: str, key: str) -> Any:
        found = self._over.get(("window", rule, key), _GONE)
        return self.base.window(rule, key) if found is _GONE else found

    def key_count(self, rule: str) -> int:
        """How many keys of a rule had a window before this draft."""
        return self.base.key_count(rule)

    def timer(self, timer_id: str) -> Timer | None:
        found = self._over.get(("timer", timer_id), _GONE)
        return self.base.timer(timer_id) if found is _GONE else found

    def policy(self, hash_: str) -> Any:
        found = self._over.get(("policy", hash_), _GONE)
        return self.base.policy(hash_) if found is _GONE else found

    def address(self, person: str, channel: str) -> Address | None:
        found = self._over.get(("address", person, channel), _GONE)
        return self.base.address(person, channel) if found is _GONE else found

    def set_timer(self, timer: Timer) -> None:
        """Set a deadline unless exactly that deadline stands already."""
        if self.timer(timer.id) != timer:
            self.put(TimerSet(timer))

    def drop_timer(self, timer_id: str) -> None:
        """Drop a deadline if it stands."""
        if self.timer(timer_id) is not None:
            self.put(TimerDropped(timer_id))

