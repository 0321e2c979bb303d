"""The auditor: does what is committed agree with the promise that nothing ends in silence?

Looks at committed rows only, in pages, each page in a snapshot of its own.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, bindparam, text

from tocsin.domain.incident import UNANSWERED
from tocsin.domain.time import MINUTE

NO_DEADLINE, NOT_SENT, NO_OUTCOME = "no_deadline", "not_sent", "no_outcome"
CHECKS = (NO_DEADLINE, NOT_SENT, NO_OUTCOME)

GRACE = MINUTE
"""A deadline or a message may be overdue by this much."""
OUTCOME_WITHIN = 2 * MINUTE
PAGE = 1000

Reading = Callable[[], AbstractContextManager[Connection]]

_INCIDENTS = text("SELECT id, body FROM incidents WHERE live = 1 AND board = 1 AND response = :unanswered "
                  "AND id > :after ORDER BY id LIMIT :page")
_TIMERS = text("SELECT id FROM timers WHERE id IN :names AND due > :late").bindparams(
    bindparam("names", expanding=True))
_WAITING = text("SELECT channel, kind = 'taken', count(*), min(id), min(due) FROM outbox "
                "WHERE state IN ('queued', 'failed_temporary', 'unknown') AND due < :late "
                "GROUP BY channel, kind = 'taken' ORDER BY channel")
_STARTED = text("SELECT o.id, o.channel, a.started FROM outbox o JOIN attempts a ON a.notification = o.id "
                "WHERE o.state = 'started' AND a.ended IS NULL AND a.started < :late ORDER BY o.id LIMIT :page")


class Lapse(Struct, frozen=True):
    """One thing that is not as promised: the ``check`` that found it, its ``subject`` and a sentence."""

    check: str
    subject: str
    text: str


class _Escalation(Struct):
    policy: str
    state: str = "running"


class _Incident(Struct):
    id: int
    rule: str
    quiet: bool = False
    escalations: tuple[_Escalation, ...] = ()


_decode = msgspec.json.Decoder(_Incident).decode


def audit(reading: Reading, now: int, alive: Collection[str]) -> list[Lapse]:
    """What is not as promised at ``now`` (the engine's clock); ``alive`` are the channels whose workers run."""
    lapses = list(_without_deadline(reading, now))
    with reading() as connection:
        for channel, edits, count, first, due in connection.execute(_WAITING, {"late": now - GRACE}):
            if edits and channel not in alive:
                continue  # nobody has a copy that could be changed, nobody waits for it
            lapses.append(Lapse(NOT_SENT, f"notification {first}",
                                f"{count} messages by {channel} wait to be sent, the oldest due {_ago(now - due)} ago"))
        for number, channel, started in connection.execute(
                _STARTED, {"late": now - OUTCOME_WITHIN, "page": PAGE}):
            if channel in alive:
                lapses.append(Lapse(NO_OUTCOME, f"notification {number}",
                                    f"notification {number} by {channel} was begun {_ago(now - started)} ago and has "
                                    "no outcome"))
    return lapses


def _without_deadline(reading: Reading, now: int) -> Iterator[Lapse]:
    """Every unanswered incident with a policy has, for each policy at work, a deadline in the future or just due."""
    after = 0
    while True:
        with reading() as connection:
            rows = connection.execute(
                _INCIDENTS, {"unanswered": UNANSWERED, "after": after, "page": PAGE}).fetchall()
            if not rows:
                return
            incidents = [_decode(body) for _, body in rows]
            expected = [f"5|answer|{one.id}|{index}" for one in incidents
                        for index, escalation in enumerate(one.escalations) if escalation.state == "running"]
            found = {name for (name,) in connection.execute(
                _TIMERS, {"names": expected, "late": now - GRACE})} if expected else set()
        for one in incidents:
            yield from _lapses(one, found)
        after = rows[-1][0]


def _lapses(incident: _Incident, found: set[str]) -> Iterator[Lapse]:
    subject = f"incident {incident.id}"
    running = [(index, one) for index, one in enumerate(incident.escalations) if one.state == "running"]
    for index, escalation in running:
        if f"5|answer|{incident.id}|{index}" not in found:
            yield Lapse(NO_DEADLINE, subject, f"{subject} ({incident.rule}) is unanswered and policy "
                                              f"{escalation.policy} has no deadline to come")
    if incident.escalations and not running and not incident.quiet:
        yield Lapse(NO_DEADLINE, subject, f"{subject} ({incident.rule}) is unanswered and no policy is at work on it")


def _ago(micros: int) -> str:
    return f"{micros // MINUTE} min" if micros >= 2 * MINUTE else f"{micros // 1_000_000} s"
