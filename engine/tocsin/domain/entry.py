"""An entry: one input in the journal's order, with what it changed."""

from collections.abc import Sequence

from msgspec import Struct

from tocsin.domain.change import Change


class Entry(Struct, frozen=True):
    """What one transaction stores for one input.

    ``body`` is the encoded input and ``kind`` its tag. ``effect`` is the digest of the changes, None when there
    are none. ``reason`` is "" or why the input was rejected. ``identity`` recognises a repetition, b"" when nothing
    does.
    """

    position: int
    at: int
    kind: str
    body: bytes
    effect: bytes | None
    changes: Sequence[Change] = ()
    reason: str = ""
    identity: bytes = b""
