"""The report of a period or an incident: who was told when and with which receipt, and how long everything took."""

from collections.abc import Callable, Iterable, Iterator
from statistics import median
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, text

from tocsin.book.rule import Rule
from tocsin.domain.codec import decode_incident
from tocsin.domain.drill import is_drill, real_rule
from tocsin.domain.incident import Incident
from tocsin.domain.notification import TAKEN, WANTS_ANSWER
from tocsin.reports.told import Told, of_incident

POSITIVE = frozenset({"acknowledge", "accept", "arrived"})
ENDING = frozenset({"resolve", "false_alarm"})
_ONE = text("SELECT body FROM incidents WHERE id = :number")
_PAGE = text("SELECT id, body FROM incidents WHERE board = 1 AND id > :after AND opened >= :since AND opened < :until "
             "ORDER BY id LIMIT 500")

Say = Callable[[Rule, dict[str, Any]], str]


class Message(Struct, frozen=True):
    """One message to one person: when it was decided and when a provider took it (None: never), in microseconds.

    ``service`` is the policy that asked, ``receipt`` the state it reached, ``reason`` why it was not sent or failed.
    """

    person: str
    service: str
    channel: str
    kind: str
    decided: int
    sent: int | None
    receipt: str
    reason: str = ""
    tries: int = 0


class Asked(Struct, frozen=True):
    """One person asked by one service: from the first page that left to their first answer, in microseconds."""

    person: str
    service: str
    sent: int | None
    word: str = ""
    after: int | None = None


class Course(Struct, frozen=True):
    """How one incident went. ``to_send``, ``to_answer`` and ``to_arrival`` are microseconds from its opening, None when
    it never came to that.
    """

    incident: int
    rule: str
    say: str
    severity: str
    opened: int
    closed: int | None
    to_send: int | None
    to_answer: int | None
    to_arrival: int | None
    answered_by: str = ""
    false_alarm: bool = False
    messages: tuple[Message, ...] = ()
    asked: tuple[Asked, ...] = ()

    @property
    def unanswered(self) -> bool:
        return self.to_answer is None


class Sum(Struct, frozen=True):
    """What incidents of one rule or service, or the pages of one person, have in common; times are medians."""

    name: str
    count: int
    unanswered: int
    false_alarms: int
    to_send: int | None
    to_answer: int | None
    to_arrival: int | None


class Report(Struct, frozen=True):
    """Everything about the incidents that opened in [since, until)."""

    since: int
    until: int
    courses: tuple[Course, ...]
    rules: tuple[Sum, ...]
    services: tuple[Sum, ...]
    people: tuple[Sum, ...]
    whole: Sum


def of_one(connection: Connection, number: int, rules: dict[str, Rule], say: Say) -> Report | None:
    """The report of one incident; None when there is none."""
    body = connection.execute(_ONE, {"number": number}).scalar()
    if body is None:
        return None
    found = course(connection, decode_incident(body), rules, say)
    return summed([found], found.opened, found.closed or found.opened)


def of_period(connection: Connection, since: int, until: int, rules: dict[str, Rule], say: Say, *,
              drills: bool = False) -> Report:
    """The report of the incidents that opened from ``since`` to before ``until``: the real ones, or the drills."""
    return summed([course(connection, one, rules, say) for one in _incidents(connection, since, until)
                   if is_drill(one.rule) == drills], since, until)


def course(connection: Connection, incident: Incident, rules: dict[str, Rule], say: Say) -> Course:
    """How one incident went."""
    told = [one for one in of_incident(connection, incident.id) if one.notification.kind != TAKEN]
    messages = tuple(_message(one) for one in told)
    pages = [one.sent for one in messages if one.kind in WANTS_ANSWER and one.sent is not None]
    counted = [given for given in incident.answers if given.word in POSITIVE or given.word in ENDING]
    arrived = [given.at for given in incident.answers if given.word == "arrived"]
    rule = rules.get(real_rule(incident.rule))
    return Course(
        incident.id, incident.rule, say(rule, incident.values) if rule is not None else
        ", ".join([incident.rule, *incident.key.values()]), incident.severity, incident.opened, incident.closed,
        min(pages) - incident.opened if pages else None, counted[0].at - incident.opened if counted else None,
        min(arrived) - incident.opened if arrived else None, counted[0].person if counted else "",
        any(given.word == "false_alarm" for given in incident.answers), messages, tuple(_asked(incident, messages)))


def summed(courses: list[Course], since: int, until: int) -> Report:
    """The sums by rule, service and person, most incidents first."""
    by_rule: dict[str, list[Course]] = {}
    by_service: dict[str, list[Course]] = {}
    by_person: dict[str, list[tuple[Course, Asked]]] = {}
    for one in courses:
        by_rule.setdefault(one.rule, []).append(one)
        for service in dict.fromkeys(asked.service for asked in one.asked):
            by_service.setdefault(service, []).append(one)
        for asked in one.asked:
            by_person.setdefault(asked.person, []).append((one, asked))
    people = [Sum(name, len(pairs), sum(not asked.word for _, asked in pairs), 0,
                  _median(asked.sent - one.opened for one, asked in pairs if asked.sent is not None),
                  _median(asked.after for _, asked in pairs if asked.after is not None), None)
              for name, pairs in by_person.items()]
    return Report(since, until, tuple(courses), _most(_sum(*one) for one in by_rule.items()),
                  _most(_sum(*one) for one in by_service.items()), _most(people), _sum("", courses))


def _incidents(connection: Connection, since: int, until: int) -> Iterator[Incident]:
    after = 0
    while rows := connection.execute(_PAGE, {"after": after, "since": since, "until": until}).fetchall():
        for number, body in rows:
            after = number
            yield decode_incident(body)


def _message(one: Told) -> Message:
    notification = one.notification
    arrived = [attempt.ended for attempt in one.attempts
               if attempt.ended is not None and attempt.state in ("sent", "delivered", "read")]
    return Message(notification.person, notification.policy, notification.channel, notification.kind,
                   notification.created, min(arrived) if arrived else None, one.state, one.reason, len(one.attempts))


def _asked(incident: Incident, messages: Iterable[Message]) -> Iterator[Asked]:
    sent: dict[tuple[str, str], int | None] = {}
    for one in messages:
        if one.kind in WANTS_ANSWER and one.service:
            place = (one.person, one.service)
            known = sent.get(place)
            sent[place] = one.sent if known is None else known if one.sent is None else min(known, one.sent)
    for (person, service), first in sent.items():
        given = next((given for given in incident.answers if given.person == person
                      and (first is None or given.at >= first)), None)
        yield Asked(person, service, first, given.word if given is not None else "",
                    given.at - first if given is not None and first is not None else None)


def _sum(name: str, courses: list[Course]) -> Sum:
    return Sum(name, len(courses), sum(one.unanswered for one in courses), sum(one.false_alarm for one in courses),
               _median(one.to_send for one in courses if one.to_send is not None),
               _median(one.to_answer for one in courses if one.to_answer is not None),
               _median(one.to_arrival for one in courses if one.to_arrival is not None))


def _median(values: Iterable[int]) -> int | None:
    found = list(values)
    return int(median(found)) if found else None


def _most(sums: Iterable[Sum]) -> tuple[Sum, ...]:
    return tuple(sorted(sums, key=lambda one: (-one.count, one.name)))
