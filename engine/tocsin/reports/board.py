"""The board: open incidents as people see them, the most pressing first."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, text

from tocsin.book.book import Content
from tocsin.book.groups import called
from tocsin.book.rule import Rule
from tocsin.core.standing import holders
from tocsin.domain.codec import decode_incident
from tocsin.domain.incident import CLOSED, Incident

MOST = 200

_OPEN = "FROM incidents WHERE live = 1 AND board = 1 AND response <> 'closed'"
_PAGE = text(f"SELECT body {_OPEN} ORDER BY CASE response WHEN 'unanswered' THEN 0 ELSE 1 END, rank DESC, opened, id "
             "LIMIT :most OFFSET :skip")
_ONE = text("SELECT body FROM incidents WHERE id = :number")
_COUNTS = text(f"SELECT response, count(*) {_OPEN} GROUP BY response")

Say = Callable[[Rule, dict[str, Any]], str]


class Open(Struct, frozen=True):
    """An open incident; instants in microseconds. ``who`` are the names of those who have it (of a closed one, who
    closed it), ``asked`` of those who are being asked now, ``policies`` those at work. ``unreached`` when even the last
    resort reached nobody. ``labels`` are the rule's.
    """

    incident: int
    rule: str
    say: str
    key: dict[str, str]
    severity: str
    condition: str
    response: str
    opened: int
    activation: int
    since: int
    events: int
    who: tuple[str, ...]
    asked: tuple[str, ...]
    policies: tuple[str, ...]
    unreached: bool
    labels: dict[str, str] = {}


class Board(Struct, frozen=True):
    """A page of the board, and how many are ``unanswered`` and ``acknowledged`` in all."""

    incidents: tuple[Open, ...]
    unanswered: int
    acknowledged: int


def board(connection: Connection, content: Content, say: Say, *, most: int = MOST, skip: int = 0) -> Board:
    """The open incidents: unanswered before acknowledged, then by severity, then the oldest first."""
    rules = {rule.id: rule for rule in content.rules}
    names = called(content)
    counts: dict[str, int] = {str(response): int(count) for response, count in connection.execute(_COUNTS)}
    rows = connection.execute(_PAGE, {"most": most, "skip": skip})
    return Board(tuple(_open(decode_incident(body), names, rules, say) for (body,) in rows),
                 counts.get("unanswered", 0), counts.get("acknowledged", 0))


def one_of(connection: Connection, content: Content, say: Say, number: int) -> Open | None:
    """One incident as the board shows it, a closed one too; None when there never was one with this number."""
    body = connection.execute(_ONE, {"number": number}).scalar()
    if body is None:
        return None
    names = {person.id: person.name for person in content.people.values()}
    return _open(decode_incident(body), names, {rule.id: rule for rule in content.rules}, say)


def _open(incident: Incident, names: dict[str, str], rules: dict[str, Rule], say: Say) -> Open:
    rule = rules.get(incident.rule)
    running = [escalation for escalation in incident.escalations if escalation.state == "running"]
    asked = dict.fromkeys(ask.person for escalation in running for ask in escalation.asks if not ask.over)
    return Open(
        incident.id, incident.rule,
        say(rule, incident.values) if rule is not None else ", ".join([incident.rule, *incident.key.values()]),
        incident.key, incident.severity, incident.condition, incident.response, incident.opened,
        incident.activation.number, incident.activation.at, incident.activation.events,
        tuple(names.get(person, person) for person in _who(incident)),
        tuple(names.get(person, person) for person in asked), tuple(one.policy for one in running), incident.unreached,
        rule.labels if rule is not None else {})


def _who(incident: Incident) -> tuple[str, ...]:
    if incident.response == CLOSED:
        return (incident.closed_by,) if incident.closed_by else ()
    return holders(incident)
