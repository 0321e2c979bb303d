"""A sealed segment: a run of the journal, compressed, with the root that chains it to the one before.

leaf = SHA-256(salt ‖ row), where ``row`` is the MessagePack of [position, at, kind, body, effect, reason, identity].
root = SHA-256(MAGIC ‖ previous root ‖ head ‖ all leaves in order), where ``head`` is the MessagePack of
[number, first, last, since, until, engine, books, format]. A body is the zlib of the MessagePack of pairs (salt, row).
Lawful erasure replaces a pair by ("", leaf): the chain stays whole and the row is gone.
"""

import secrets
import zlib
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256

import msgspec
from msgspec import Struct

from tocsin.domain.codec import FORMAT
from tocsin.domain.errors import StoreError

MAGIC = b"tocsin segment 1\n"
START = bytes(32)
"""What the first segment has for a previous root."""
PART = 64 * 1024
SALT = 16
_STEP = 250
_ARRAY = b"\xdd"
"""MessagePack's mark of an array whose length follows in four bytes."""

Row = tuple[int, int, str, bytes, bytes | None, str | None, bytes | None]

_pack = msgspec.msgpack.Encoder().encode
_unpack_row = msgspec.msgpack.Decoder(Row).decode
_unpack_pairs = msgspec.msgpack.Decoder(list[tuple[bytes, bytes]]).decode


class Head(Struct, frozen=True, array_like=True):
    """What a root vouches for beside the rows; ``engine`` is the version, ``books`` the numbers in force."""

    number: int
    first: int
    last: int
    since: int
    until: int
    engine: str
    books: str
    format: int = FORMAT


class Segment(Struct, frozen=True):
    """A segment ready to be stored."""

    head: Head
    previous: bytes
    root: bytes
    body: bytes
    identities: bytes

    def parts(self) -> list[bytes]:
        """The body in pieces small enough for one commit."""
        return [self.body[start:start + PART] for start in range(0, len(self.body), PART)]


def seal(number: int, previous: bytes, rows: Sequence[Row], engine: str, books: str) -> Segment:
    """Seal rows, given in order and without a gap."""
    salts = secrets.token_bytes(SALT * len(rows))
    pairs = [(salts[SALT * index:SALT * (index + 1)], _pack(row)) for index, row in enumerate(rows)]
    head = Head(number, rows[0][0], rows[-1][0], rows[0][1], rows[-1][1], engine, books)
    return Segment(head, previous, root_of(head, previous, leaves(pairs)), pack_pairs(pairs),
                   pack_identities((row[0], row[1], row[6]) for row in rows))


def pack_pairs(pairs: Sequence[tuple[bytes, bytes]]) -> bytes:
    """A body: the zlib of one MessagePack array, made in steps: a single one would hold Python's lock for 10 ms."""
    compressor = zlib.compressobj(1)
    parts = [compressor.compress(_ARRAY + len(pairs).to_bytes(4, "big"))]
    for start in range(0, len(pairs), _STEP):
        parts.append(compressor.compress(b"".join([_pack(pair) for pair in pairs[start:start + _STEP]])))
    parts.append(compressor.flush())
    return b"".join(parts)


def leaves(pairs: Iterable[tuple[bytes, bytes]]) -> Iterator[bytes]:
    """The leaf of each pair; an erased row is its leaf."""
    for salt, row in pairs:
        yield sha256(salt + row).digest() if salt else row


def root_of(head: Head, previous: bytes, leaves_: Iterable[bytes]) -> bytes:
    """The root: what the next segment is chained to."""
    return sha256(MAGIC + previous + _pack(head) + b"".join(leaves_)).digest()


def unseal(body: bytes) -> list[tuple[bytes, bytes]]:
    """The pairs of a body; StoreError when it is damaged."""
    try:
        return _unpack_pairs(zlib.decompress(body))
    except (zlib.error, msgspec.DecodeError) as error:
        raise StoreError(f"its body is damaged ({error})") from error


def row_of(pair: tuple[bytes, bytes]) -> Row | None:
    """The row of a pair; None when it was lawfully erased."""
    salt, row = pair
    return _unpack_row(row) if salt else None


def pack_identities(rows: Iterable[tuple[int, int, bytes | None]]) -> bytes:
    """(position, instant, identity) of every row that can be recognised again, 8 + 8 + 25 bytes each, big-endian."""
    return b"".join([position.to_bytes(8, "big") + at.to_bytes(8, "big") + identity
                     for position, at, identity in rows if identity])
