"""What a run has raised, activation by activation, and whom it has called."""

from msgspec import Struct

from tocsin.book.groups import is_group
from tocsin.core.board import key_of
from tocsin.domain.change import ActivationSet, Change, IncidentSet, NotificationSet, Suppressed
from tocsin.domain.incident import RANK
from tocsin.replay.answering import CALLS

Place = tuple[str, str]


class Call(Struct, frozen=True):
    """A person is called at an instant; two channels at once are one call, and a group is nobody."""

    at: int
    person: str


class Period(Struct):
    """One activation of an incident of (rule, key); ``severity`` is the highest in it, ``cleared`` None while active.

    ``board`` is False for a state, which calls nobody.
    """

    rule: str
    key: dict[str, str]
    at: int
    severity: str
    board: bool = True
    cleared: int | None = None
    events: int = 0
    calls: list[Call] = []


class Kept(Struct, frozen=True):
    """A firing that opened no incident, and why."""

    at: int
    reason: str


class Periods:
    """A witness that collects them."""

    def __init__(self) -> None:
        self._found: dict[tuple[int, int], Period] = {}
        self._newest: dict[int, Period] = {}
        self.inhibited: dict[Place, list[Kept]] = {}

    def look(self, changes: list[Change]) -> None:
        """Take one step's changes down."""
        incidents = {change.incident.id: change.incident for change in changes if isinstance(change, IncidentSet)}
        for change in changes:
            match change:
                case ActivationSet(number, activation):
                    known = self._found.get((number, activation.number))
                    if known is None:
                        incident = incidents[number]
                        known = Period(incident.rule, incident.key, activation.at, incident.severity, incident.board)
                        self._found[number, activation.number] = self._newest[number] = known
                    known.cleared, known.events = activation.cleared, activation.events
                case NotificationSet(told) if told.incident and told.kind in CALLS and not is_group(told.person):
                    period, call = self._newest[told.incident], Call(told.created, told.person)
                    if call not in period.calls:
                        period.calls.append(call)
                case Suppressed() if not change.incident:
                    self.inhibited.setdefault((change.rule, key_of(change.key)), []).append(
                        Kept(change.at, change.reason))
                case _:
                    pass
        for number, incident in incidents.items():
            period = self._newest[number]
            if RANK[incident.severity] > RANK[period.severity]:
                period.severity = incident.severity

    def all(self) -> list[Period]:
        """Every period, in order of its beginning."""
        return sorted(self._found.values(), key=lambda one: (one.at, one.rule, key_of(one.key)))
