"""The silences that last, and those that were: what is muted, by whom, why and until when, and what they held back."""

from collections.abc import Iterable

from msgspec import Struct
from msgspec.json import Decoder
from sqlalchemy import Connection, text

from tocsin.domain.silence import Silence
from tocsin.reports.local import Local

MOST = 200

_LASTING = text('SELECT body FROM silences WHERE ended IS NULL ORDER BY "until", id')
_ENDED = text("SELECT body FROM silences WHERE ended IS NOT NULL ORDER BY id DESC LIMIT :most")
_ONE = text("SELECT body FROM silences WHERE id = :number")
_HELD = text("SELECT incident, count(*) FROM suppressed WHERE silence = :number AND silence > 0 "
             "GROUP BY incident ORDER BY incident")
_decode = Decoder(Silence).decode


class Muted(Struct, frozen=True):
    """A silence and what it held back: ``held`` times somebody would have been asked, about ``incidents``, of which
    ``numbers`` are the first. ``ended`` is None while it lasts. ``incident`` is the one that is snoozed, 0 for none.
    """

    silence: int
    author: str
    reason: str
    begun: int
    until: int
    rule: str
    key: dict[str, str]
    severity: tuple[str, ...]
    ended: int | None
    ended_by: str
    held: int
    incidents: int
    numbers: tuple[int, ...]
    incident: int = 0


def lasting(connection: Connection) -> tuple[Muted, ...]:
    """The silences that last, the next to end first."""
    return _silences(connection, connection.execute(_LASTING).scalars())


def ended(connection: Connection, most: int = MOST) -> tuple[Muted, ...]:
    """Those that have ended, the newest first."""
    return _silences(connection, connection.execute(_ENDED, {"most": most}).scalars())


def silence(connection: Connection, number: int) -> Muted | None:
    """The silence with this number; None when there never was one."""
    return next(iter(_silences(connection, connection.execute(_ONE, {"number": number}).scalars())), None)


def silences_text(found: Iterable[Muted], zone: str) -> str:
    """Each silence on two lines, times in ``zone``."""
    local = Local(zone)
    return "\n".join(_lines(one, local) for one in found) or "Nothing is silenced."


def _lines(one: Muted, local: Local) -> str:
    about = one.rule or "every rule"
    if one.incident:
        about = f"incident {one.incident} of {about}"
    what = ", ".join([about, *(f"{name} {value}" for name, value in one.key.items()), *one.severity])
    end = f"until {local.full(one.until)}" if one.ended is None else f"ended {local.full(one.ended)} by {one.ended_by}"
    shown = ", ".join(map(str, one.numbers)) + ("…" if one.incidents > len(one.numbers) else "")
    held = f"; held back {one.held} times: incident {shown}" if one.held else "; has held nothing back"
    return f"silence {one.silence}: {what}, {end}\n  {one.author}: {one.reason}{held}"


def _silences(connection: Connection, bodies: Iterable[bytes]) -> tuple[Muted, ...]:
    return tuple(_muted(connection, _decode(body)) for body in list(bodies))


def _muted(connection: Connection, one: Silence) -> Muted:
    held = [(int(incident), int(times)) for incident, times in connection.execute(_HELD, {"number": one.id})]
    return Muted(one.id, one.author, one.reason, one.begun, one.until, one.rule, one.key, one.severities, one.ended,
                 one.ended_by, sum(times for _, times in held), len(held), tuple(number for number, _ in held[:MOST]),
                 one.incident)
