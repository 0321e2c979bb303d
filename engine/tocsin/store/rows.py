"""What a batch of entries leaves in the tables: the last value of everything, each written once."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection

from tocsin.core.board import key_of, which_of
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
from tocsin.domain.codec import encode
from tocsin.domain.entry import Entry
from tocsin.domain.gated import Gated, Which
from tocsin.domain.incident import CLOSED, RANK, Activation, Incident
from tocsin.domain.notification import QUEUED, WANTS_ANSWER, Notification
from tocsin.domain.silence import Silence
from tocsin.store import tables
from tocsin.store.statements import Row, delete, execute, insert

_JOURNAL = ("position", "at", "kind", "body", "effect", "state", "reason", "identity")
_KINDS_OF_INPUT = frozenset({"arrival", "answer", "receipt", "timer", "operator", "book", "started"})
_INCIDENT = ("id", "rule", "key", "board", "condition", "response", "rank", "opened", "closed", "live", "body")
_ACTIVATION = ("incident", "number", "at", "cleared", "body")
_OUTBOX = ("id", "incident", "activation", "kind", "policy", "person", "channel", "rank", "turn", "created", "expires",
           "due", "state", "tries", "body")
_SUPPRESSED = ("position", "at", "rule", "key", "reason", "severity", "incident", "silence")
_NOTED = ("position", "at", "what", "detail", "incident", "rule", "person")
_KINDS = ", ".join(f"'{kind}'" for kind in sorted(WANTS_ANSWER))
_LAST = 2**63 - 1
_COUNT = ("INSERT INTO counters (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value "
          "WHERE excluded.value > counters.value")


class Rows:
    """Collects changes in their order; ``write`` puts them into the tables."""

    def __init__(self) -> None:
        self.plain: dict[tuple[str, ...], list[Row]] = {}
        self.rejected: list[Row] = []
        self.incidents: dict[int, Incident] = {}
        self.activations: dict[tuple[int, int], Activation] = {}
        self.evidence: dict[tuple[int, int], None] = {}
        self.timers: dict[str, Timer | None] = {}
        self.windows: dict[tuple[str, str], tuple[int, Any] | None] = {}
        self.notifications: list[Notification] = []
        self.withdrawn: list[tuple[int, Withdrawn]] = []
        self.suppressed: list[Row] = []
        self.noted: list[Row] = []
        self.addresses: dict[tuple[str, str], AddressSet] = {}
        self.policies: dict[str, Any] = {}
        self.gated: dict[Which, Gated | None] = {}
        self.silences: dict[int, Silence] = {}

    def add(self, entry: Entry) -> None:
        """Take one entry up."""
        reason, identity, effect, kind = entry.reason, entry.identity, entry.effect, entry.kind
        if reason or kind not in _KINDS_OF_INPUT:
            self.rejected.append((entry.position, entry.at, kind, entry.body, effect, "rejected" if reason else "ok",
                                  reason or None, identity or None))
        else:
            form = ("?", "?", f"'{kind}'", "?", "?" if effect else "NULL", "'ok'", "NULL", "?" if identity else "NULL")
            row: Row = (entry.position, entry.at, entry.body)
            if effect:
                row += (effect,)
            if identity:
                row += (identity,)
            rows = self.plain.get(form)
            if rows is None:
                self.plain[form] = [row]
            else:
                rows.append(row)
        self.follow(entry)

    def follow(self, entry: Entry) -> None:
        """Take up what one entry changes, without its row of the journal."""
        for change in entry.changes:
            self._put(change, entry.position)

    def _put(self, change: Change, position: int) -> None:
        match change:
            case TimerSet(timer):
                self.timers[timer.id] = timer
            case TimerDropped(timer_id):
                self.timers[timer_id] = None
            case WindowSet(rule, key, body):
                self.windows[rule, key] = (position, body)
            case WindowDropped(rule, key):
                self.windows[rule, key] = None
            case IncidentSet(incident):
                self.incidents[incident.id] = incident
                self.evidence[incident.id, position] = None
            case ActivationSet(number, activation):
                self.activations[number, activation.number] = activation
                self.evidence[number, position] = None
            case NotificationSet(notification):
                self.notifications.append(notification)
            case Withdrawn():
                self.withdrawn.append((len(self.notifications), change))
            case Suppressed(at, rule, key_map, reason, severity, number, silence):
                self.suppressed.append((position, at, rule, key_of(key_map), reason, severity, number, silence))
            case Noted(at, what, detail, number, rule, person):
                self.noted.append((position, at, what, detail, number, rule, person))
            case AddressSet(address):
                self.addresses[address.person, address.channel] = change
            case PolicyKept(hash_, body):
                self.policies[hash_] = body
            case GatedSet(gated):
                self.gated[which_of(gated)] = gated
            case GatedDropped(rule, key, gate):
                self.gated[rule, key, gate] = None
            case SilenceSet(silence):
                self.silences[silence.id] = silence

    def write(self, connection: Connection) -> None:
        """Put everything into the tables inside the caller's transaction."""
        for form, rows in self.plain.items():
            insert(connection, tables.journal, _JOURNAL, rows, values=form)
        insert(connection, tables.journal, _JOURNAL, self.rejected)
        counters: list[Row] = []
        if self.incidents:
            insert(connection, tables.incidents, _INCIDENT, [_incident(one) for one in self.incidents.values()],
                   replace=True)
            counters.append(("last_incident", max(self.incidents)))
        if self.activations:
            insert(connection, tables.activations, _ACTIVATION, [
                (number, one.number, one.at, one.cleared, encode(one))
                for (number, _), one in self.activations.items()], replace=True)
        insert(connection, tables.evidence, ("incident", "position"), list(self.evidence), replace=True)
        if self.timers:
            insert(connection, tables.timers, ("id", "due", "incident", "body"), [
                (one.id, one.due, one.incident, encode(one)) for one in self.timers.values() if one is not None],
                replace=True)
            delete(connection, tables.timers, [(name,) for name, one in self.timers.items() if one is None])
        if self.windows:
            insert(connection, tables.windows, ("rule", "key", "position", "body"), [
                (rule, key, one[0], encode(one[1])) for (rule, key), one in self.windows.items() if one is not None],
                replace=True)
            delete(connection, tables.windows, [place for place, one in self.windows.items() if one is None])
        if self.notifications:
            insert(connection, tables.outbox, _OUTBOX, [_outbox(one) for one in self.notifications])
            counters.append(("last_notification", max(one.id for one in self.notifications)))
        for index, one in self.withdrawn:
            self._withdraw(connection, index, one)
        insert(connection, tables.suppressed, _SUPPRESSED, self.suppressed)
        insert(connection, tables.noted, _NOTED, self.noted)
        insert(connection, tables.addresses, ("person", "channel", "body"), [
            (*place, encode(one.address)) for place, one in self.addresses.items()], replace=True)
        insert(connection, tables.policies, ("hash", "body"), [
            (hash_, encode(body)) for hash_, body in self.policies.items()], replace=True)
        if self.gated:
            insert(connection, tables.gated, ("rule", "key", "gate", "body"), [
                (*which, encode(one)) for which, one in self.gated.items() if one is not None], replace=True)
            delete(connection, tables.gated, [which for which, one in self.gated.items() if one is None])
        insert(connection, tables.silences, ("id", "until", "ended", "body"), [
            (one.id, one.until, one.ended, encode(one)) for one in self.silences.values()], replace=True)
        for row in counters:
            execute(connection, _COUNT, row)

    def _withdraw(self, connection: Connection, index: int, one: Withdrawn) -> None:
        """Withdraw what was notified before this change; what is in flight only gets the reason."""
        before = self.notifications[index].id if index < len(self.notifications) else _LAST
        scope: list[Any] = [one.reason, one.incident, before]
        where = f"incident = ? AND id < ? AND kind IN ({_KINDS})"
        if one.policy:
            where += " AND policy = ?"
            scope.append(one.policy)
        for state, assignment in ((tables.TO_SEND, "state = 'withdrawn', reason = ?"),
                                  ("state = 'started'", "reason = ?")):
            execute(connection, f"UPDATE outbox SET {assignment} WHERE {where} AND {state}",  # noqa: S608 - own words
                    tuple(scope))


def _incident(one: Incident) -> Row:
    live = one.response != CLOSED or one.reopens is not None
    return (one.id, one.rule, key_of(one.key), int(one.board), one.condition, one.response, RANK[one.severity],
            one.opened, one.closed, int(live), encode(one))


def _outbox(one: Notification) -> Row:
    return (one.id, one.incident, one.activation, one.kind, one.policy, one.person, one.channel, one.rank,
            one.turn, one.created, one.expires, one.created if one.hold is None else one.hold, QUEUED, 0, encode(one))


def rows_of(entries: Iterable[Entry]) -> Rows:
    """The rows of a batch."""
    rows = Rows()
    for entry in entries:
        rows.add(entry)
    return rows
