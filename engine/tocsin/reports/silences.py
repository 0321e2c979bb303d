"""The silences that last, and those that were: what is muted, by whom, why and until when."""

from collections.abc import Iterator

from msgspec.json import Decoder
from sqlalchemy import Connection, text

from tocsin.domain.silence import Silence

MOST = 200

_LASTING = text('SELECT body FROM silences WHERE ended IS NULL ORDER BY "until", id')
_ENDED = text("SELECT body FROM silences WHERE ended IS NOT NULL ORDER BY id DESC LIMIT :most")
_decode = Decoder(Silence).decode


def lasting(connection: Connection) -> tuple[Silence, ...]:
    """The silences that last, the next to end first."""
    return tuple(_silences(connection.execute(_LASTING).scalars()))


def ended(connection: Connection, most: int = MOST) -> tuple[Silence, ...]:
    """Those that have ended, the newest first."""
    return tuple(_silences(connection.execute(_ENDED, {"most": most}).scalars()))


def _silences(bodies: Iterator[bytes]) -> Iterator[Silence]:
    return map(_decode, bodies)
