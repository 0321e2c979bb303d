"""Why was nobody told? Every recorded reason: inhibited and silenced firings, unreachable steps, messages not sent."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, text

_SUPPRESSED = 'SELECT "at", rule, "key", reason, severity, incident, silence FROM suppressed WHERE '
_OF_INCIDENT = text(_SUPPRESSED + "incident = :number AND incident > 0 ORDER BY id")
_OF_PLACE = text(_SUPPRESSED + 'incident = 0 AND rule = :rule AND "key" = :key AND "at" >= :since AND "at" <= :until '
                 "ORDER BY id DESC LIMIT :most")
_BEFORE = text('SELECT max(closed) FROM incidents WHERE rule = :rule AND "key" = :key AND id < :number')
_OF_RULE = text(_SUPPRESSED + "rule = :rule ORDER BY id DESC LIMIT :most")
_UNSENT = text('SELECT o.created, i.rule, i."key", o.reason, o.incident, o.person, o.channel, o.state '
               "FROM incidents i JOIN outbox o ON o.incident = i.id WHERE i.rule = :rule "
               "AND o.state IN ('withdrawn', 'expired', 'failed_permanent') ORDER BY o.id DESC LIMIT :most")
_NOTED = text('SELECT "at", what, detail, person FROM noted WHERE incident = :number AND incident > 0 ORDER BY id')

MOST = 100


class Untold(Struct, frozen=True):
    """A firing or a message that was not told, and the reason; ``incident`` 0 when none was opened.

    ``person`` and ``channel`` are "" for a firing that was not told to anybody; ``silence`` is the silence that kept it
    back, 0 when none did.
    """

    at: int
    rule: str
    key: str
    reason: str
    incident: int = 0
    person: str = ""
    channel: str = ""
    silence: int = 0


class Line(Struct, frozen=True):
    """A line of the incident's own record: ``what`` is a word, ``detail`` a sentence."""

    at: int
    what: str
    detail: str
    person: str = ""


def untold_of_incident(connection: Connection, number: int) -> tuple[Untold, ...]:
    """What was not told about an incident, in order."""
    return tuple(_kept_back(tuple(row)) for row in connection.execute(_OF_INCIDENT, {"number": number}))


def untold_before(connection: Connection, number: int, rule: str, key: str, until: int) -> tuple[Untold, ...]:
    """Firings of the same rule and key that opened no incident, from the end of the one before up to an instant, in
    order; the newest MOST.
    """
    since = connection.execute(_BEFORE, {"rule": rule, "key": key, "number": number}).scalar() or 0
    found = connection.execute(_OF_PLACE, {"rule": rule, "key": key, "since": since, "until": until, "most": MOST})
    return tuple(reversed([_kept_back(tuple(row)) for row in found]))


def lines_of_incident(connection: Connection, number: int) -> tuple[Line, ...]:
    """What was noted about an incident, in order."""
    return tuple(Line(*row) for row in connection.execute(_NOTED, {"number": number}))


def untold_of_rule(connection: Connection, rule: str, most: int = MOST) -> tuple[Untold, ...]:
    """Why a rule told nobody, newest first: firings kept back, and messages of its incidents that did not arrive."""
    found = [_kept_back(tuple(row)) for row in connection.execute(_OF_RULE, {"rule": rule, "most": most})]
    found += [Untold(at, name, _key(key), f"{state}: {reason or 'no reason given'}", incident, person, channel)
              for at, name, key, reason, incident, person, channel, state
              in connection.execute(_UNSENT, {"rule": rule, "most": most})]
    return tuple(sorted(found, key=lambda one: -one.at)[:most])


def _kept_back(row: Sequence[Any]) -> Untold:
    at, rule, key, reason, _, incident, silence = row
    return Untold(at, rule, _key(key), reason, incident, silence=silence)


def _key(key: str) -> str:
    """The canonical text of a key as people read it: ``site=school-12, zone=2``."""
    return key.replace("\x1f", ", ")
