"""The board: the whole state that the core reads, and the one function that changes it."""

from collections.abc import Callable, Iterable
from typing import Any

from tocsin.core.active import ActiveIncidents
from tocsin.core.held import Windows
from tocsin.core.kept import Kept
from tocsin.core.nearby import Nearby
from tocsin.core.resting import Resting, forget_of
from tocsin.domain.change import (
    ActivationSet,
    AddressSet,
    Change,
    GatedDropped,
    GatedSet,
    IncidentSet,
    Noted,
    NotificationSet,
    PolicyKept,
    SilenceSet,
    Suppressed,
    Timer,
    TimerDropped,
    TimerSet,
    WindowDropped,
    WindowSet,
    Withdrawn,
)
from tocsin.domain.codec import decode_incident
from tocsin.domain.gated import Gated, Place, Which
from tocsin.domain.incident import CLOSED, Incident
from tocsin.domain.notification import Address
from tocsin.domain.silence import Silence
from tocsin.rules.near import Spot

BESIDE = "\x1e"
"""The first character of the window keys under which the core keeps what belongs to no key of a rule."""


def key_of(key: dict[str, str]) -> str:
    """The canonical text of an incident's key: ``field=value`` joined by U+001F, by name.

    Not in the rule's order: a stored key comes back sorted.
    """
    if len(key) == 1:
        (name, value), = key.items()
        return f"{name}={value}"
    return "\x1f".join([f"{name}={value}" for name, value in sorted(key.items())])


def key_from(text: str) -> dict[str, str]:
    """The key of a canonical key text."""
    return dict(part.split("=", 1) for part in text.split("\x1f")) if text else {}


def which_of(gated: Gated) -> Which:
    return gated.rule, key_of(gated.key), gated.gate


class Board:
    """Open incidents, windows, timers, gates, silences and addresses, as committed.

    A restored incident stays encoded until it is touched. ``open`` maps (rule, key text) to the open incident.
    A closed one is kept while it may re-open. Only ``apply`` changes
    anything here.
    """

    def __init__(self) -> None:
        self.incidents: dict[int, Incident | bytes] = {}
        self.open: dict[tuple[str, str], int] = {}
        self.windows = Windows()
        self.resting = Resting()
        self.keys: dict[str, int] = {}
        self.timers: dict[str, Timer] = {}
        self.addresses: dict[tuple[str, str], Address] = {}
        self.policies: dict[str, Any] = {}
        self.kept = Kept()
        self.silences: dict[int, Silence] = {}
        self.last_silence = 0
        self._active = ActiveIncidents()
        self.nearby = Nearby()
        self.last_incident = 0
        self.last_notification = 0

    def incident(self, number: int) -> Incident | None:
        """The open or re-openable incident with this number; None for any other."""
        found = self.incidents.get(number)
        return decode_incident(found) if isinstance(found, bytes) else found

    def active(self, place: Place) -> list[int]:
        """The numbers of the active incidents at a place, in order."""
        rule, fields, _ = place
        if not self._active.knows(rule, fields):
            found = sorted(number for (name, _), number in self.open.items() if name == rule)
            self._active.learn(rule, fields, [one for one in map(self.incident, found) if one is not None])
        return self._active.find(place)

    def near(self, rule: str, rest: str, low: float, high: float) -> list[Spot]:
        """The places between two latitudes at which the rule has a key that otherwise reads ``rest``."""
        if not self.nearby.knows(rule):
            self.nearby.learn(rule, sorted({
                *self.windows.of(rule), *(key for name, key in self.open if name == rule)}))
        return self.nearby.find(rule, rest, low, high)

    def put_incident(self, incident: Incident) -> None:
        """An incident has a new value."""
        place = (incident.rule, key_of(incident.key))
        self.last_incident = max(self.last_incident, incident.id)
        self._active.put(incident)
        if incident.response == CLOSED:
            if self.open.get(place) == incident.id:
                del self.open[place]
                self.placed(*place)
            if incident.reopens is None:
                self.incidents.pop(incident.id, None)
                return
        else:
            self.open[place] = incident.id
            self.placed(*place)
        self.incidents[incident.id] = incident

    def key_count(self, rule: str) -> int:
        """How many keys of a rule have a window."""
        return self.keys.get(rule, 0)

    def restore_window(self, rule: str, key: str, body: Any) -> None:
        """Put a window in place; counts its key once, what the core keeps beside the keys never."""
        if not key.startswith(BESIDE):
            before = self.windows.get((rule, key))
            if before is None:
                self.keys[rule] = self.keys.get(rule, 0) + 1
            self.resting.move(rule, key, forget_of(before), forget_of(body))
        self.windows[rule, key] = body
        self.placed(rule, key)

    def placed(self, rule: str, key: str) -> None:
        """The rule may have this key since just now, or no more."""
        if self.nearby.knows(rule):
            place = (rule, key)
            (self.nearby.put if place in self.windows or place in self.open else self.nearby.drop)(rule, key)


def apply(board: Board, changes: Iterable[Change]) -> None:
    """Put new values in place; applying the same changes again changes nothing more."""
    for change in changes:
        _APPLY[type(change)](board, change)


def _timer_set(board: Board, change: TimerSet) -> None:
    board.timers[change.timer.id] = change.timer


def _timer_dropped(board: Board, change: TimerDropped) -> None:
    board.timers.pop(change.id, None)


def _window_dropped(board: Board, change: WindowDropped) -> None:
    gone = board.windows.pop((change.rule, change.key), None)
    if gone is not None and not change.key.startswith(BESIDE):
        board.keys[change.rule] -= 1
        board.resting.move(change.rule, change.key, forget_of(gone), 0)
        board.placed(change.rule, change.key)


def _notified(board: Board, change: NotificationSet) -> None:
    board.last_notification = max(board.last_notification, change.notification.id)


def _address_set(board: Board, change: AddressSet) -> None:
    board.addresses[change.address.person, change.address.channel] = change.address


def _policy_kept(board: Board, change: PolicyKept) -> None:
    board.policies[change.hash] = change.body


def _silence_set(board: Board, change: SilenceSet) -> None:
    silence = change.silence
    board.last_silence = max(board.last_silence, silence.id)
    if silence.ended is None:
        board.silences[silence.id] = silence
    else:
        board.silences.pop(silence.id, None)


def _rows_only(board: Board, change: Change) -> None:
    """Nothing that the core reads back."""


_APPLY: dict[type, Callable[[Board, Any], None]] = {
    IncidentSet: lambda board, change: board.put_incident(change.incident),
    TimerSet: _timer_set, TimerDropped: _timer_dropped,
    WindowSet: lambda board, change: board.restore_window(change.rule, change.key, change.body),
    WindowDropped: _window_dropped, NotificationSet: _notified, AddressSet: _address_set, PolicyKept: _policy_kept,
    GatedSet: lambda board, change: board.kept.put(which_of(change.gated), change.gated),
    GatedDropped: lambda board, change: board.kept.drop((change.rule, change.key, change.gate)),
    SilenceSet: _silence_set,
    ActivationSet: _rows_only, Withdrawn: _rows_only, Suppressed: _rows_only, Noted: _rows_only,
}
