"""The board read back from the tables at start-up; incidents stay encoded until they are touched."""

from msgspec import Raw, Struct
from msgspec.json import Decoder
from sqlalchemy import Connection

from tocsin.core.board import Board
from tocsin.domain.codec import decode_timer
from tocsin.domain.gated import Gated
from tocsin.domain.incident import CLOSED
from tocsin.domain.notification import Address
from tocsin.domain.silence import Silence
from tocsin.store.statements import fetch

_decode_address = Decoder(Address).decode
_decode_gated = Decoder(Gated).decode
_decode_silence = Decoder(Silence).decode


class Restored(Struct):
    """``position`` and ``at`` of the newest entry (0 in an empty store); ``alive`` is the last instant at which the
    engine was known to run; ``book`` the number in force, 0 before the first.
    """

    board: Board
    position: int
    at: int
    alive: int
    book: int


def restore(connection: Connection) -> Restored:
    """Everything the core reads, as committed."""
    board = Board()
    for number, rule, key, response, body in fetch(
            connection, "SELECT id, rule, key, response, body FROM incidents WHERE live = 1 ORDER BY id"):
        board.incidents[number] = body
        if response != CLOSED:
            board.open[rule, key] = number
    for rule, key, body in fetch(connection, "SELECT rule, key, body FROM windows"):
        board.restore_window(rule, key, Raw(body))
    for name, body in fetch(connection, "SELECT id, body FROM timers"):
        board.timers[name] = decode_timer(body)
    for person, channel, body in fetch(connection, "SELECT person, channel, body FROM addresses"):
        board.addresses[person, channel] = _decode_address(body)
    for hash_, body in fetch(connection, "SELECT hash, body FROM policies"):
        board.policies[hash_] = Raw(body)
    for rule, key, gate, body in fetch(connection, 'SELECT rule, "key", gate, body FROM gated'):
        board.kept.put((rule, key, gate), _decode_gated(body))
    for number, body in fetch(connection, "SELECT id, body FROM silences WHERE ended IS NULL ORDER BY id"):
        board.silences[number] = _decode_silence(body)
    board.last_silence = max((number for number, in fetch(connection, "SELECT id FROM silences")), default=0)
    counters: dict[str, int] = dict(fetch(connection, "SELECT name, value FROM counters"))
    board.last_incident = counters.get("last_incident", 0)
    board.last_notification = counters.get("last_notification", 0)
    position, at = _newest(connection)
    meta: dict[str, str] = dict(fetch(connection, "SELECT key, value FROM meta"))
    return Restored(board, position, at, max(at, int(meta.get("alive", "0"))), int(meta.get("book", "0")))


def _newest(connection: Connection) -> tuple[int, int]:
    for text in ('SELECT position, "at" FROM journal ORDER BY position DESC LIMIT 1',
                 'SELECT "last", until FROM segments ORDER BY number DESC LIMIT 1'):
        for position, at in fetch(connection, text):
            return position, at
    return 0, 0
