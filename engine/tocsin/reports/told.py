"""What was to be told: notifications with every attempt, as committed."""

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, bindparam, text

from tocsin.domain.codec import decode_notification
from tocsin.domain.notification import DELIVERED, READ, SENT, Notification
from tocsin.reports.masked import masked

_PAGE = 500
_OF_INCIDENT = text("SELECT id, state, reason, body FROM outbox WHERE incident = :number ORDER BY id")
_SINCE = text("SELECT id, state, reason, body FROM outbox WHERE id > :after AND created >= :since "
              "ORDER BY id LIMIT :page")
_ATTEMPTS = text("SELECT notification, number, started, ended, state, address, provider_id, detail, repeat, text "
                 "FROM attempts WHERE notification IN :numbers ORDER BY notification, id").bindparams(
                     bindparam("numbers", expanding=True))

ARRIVED = frozenset({SENT, DELIVERED, READ})


class Attempt(Struct, frozen=True, omit_defaults=True):
    """One try; instants in microseconds, ``ended`` None while it runs; ``address`` is masked.

    ``detail`` is the stored reason when it failed, ``text`` what was rendered for it.
    """

    number: int
    started: int
    ended: int | None
    state: str
    address: str = ""
    provider_id: str = ""
    detail: str = ""
    repeat: bool = False
    text: str = ""


class Told(Struct, frozen=True):
    """One notification: its present ``state``, and ``reason`` when it was not sent or failed."""

    notification: Notification
    state: str
    reason: str = ""
    attempts: tuple[Attempt, ...] = ()

    @property
    def arrived(self) -> bool:
        """Whether a provider took it."""
        return self.state in ARRIVED


def of_incident(connection: Connection, number: int) -> tuple[Told, ...]:
    """Every notification of an incident, in the order in which they were decided."""
    return _with_attempts(connection, connection.execute(_OF_INCIDENT, {"number": number}).fetchall())


def since(connection: Connection, instant: int) -> Iterator[Told]:
    """Every notification decided since an instant."""
    after = 0
    while rows := connection.execute(_SINCE, {"after": after, "since": instant, "page": _PAGE}).fetchall():
        yield from _with_attempts(connection, rows)
        after = rows[-1][0]


def _with_attempts(connection: Connection, rows: Iterable[Any]) -> tuple[Told, ...]:
    found = [(int(number), str(state), str(reason or ""), body) for number, state, reason, body in rows]
    attempts: dict[int, list[Attempt]] = {}
    numbers = [number for number, *_ in found]
    for start in range(0, len(numbers), _PAGE):
        for notification, *values in connection.execute(_ATTEMPTS, {"numbers": numbers[start:start + _PAGE]}):
            attempts.setdefault(notification, []).append(_attempt(*values))
    return tuple(Told(decode_notification(body), state, reason, tuple(attempts.get(number, ())))
                 for number, state, reason, body in found)


def _attempt(number: int, started: int, ended: int | None, state: str, address: str | None, provider_id: str | None,
             detail: str | None, repeat: int, said: str | None) -> Attempt:
    return Attempt(number, started, ended, state, masked(address or ""), provider_id or "", detail or "",
                   bool(repeat), said or "")
