"""When are two events the same one? Same source, origin, id and content: a repetition, applied once."""

from hashlib import blake2b

import msgspec

from tocsin.domain.event import Event, as_sent
from tocsin.domain.input import Answer, Arrival, Input
from tocsin.domain.time import DAY, MINUTE

UNTIMED = b"\x01"
"""Last byte of what recognises an event without a time of its own: its repetition counts for 5 minutes only."""

_encode = msgspec.json.Encoder(order="deterministic").encode
_plain = msgspec.json.Encoder().encode


def identity(event: Event) -> bytes:
    """16 bytes that are equal exactly when one event repeats another.

    What the engine derived (``received``, ``areas``, a ``time`` that the source did not give or that was not
    believed, what the catalogue made of the values) does not count, so a redelivery hours later is still the same
    event.
    """
    return blake2b(_encode((event.source, event.origin, event.id, *_content(event))), digest_size=16).digest()


def name_hash(event: Event) -> bytes:
    """16 bytes of (source, origin, id) alone: equal names with unequal identity are a conflict."""
    return blake2b(_encode((event.source, event.origin, event.id)), digest_size=16).digest()


def recognised(item: Input) -> bytes:
    """The 25 bytes by which the journal recognises an input that comes again, b"" when nothing repeats it.

    16 of ``identity``, 8 of the name alone, UNTIMED or zero. An answer with a reference is recognised by it.
    """
    if isinstance(item, Arrival):
        event = item.event
        return identity(event) + name_hash(event)[:8] + (UNTIMED if event.untimed else b"\0")
    if isinstance(item, Answer) and item.reference:
        return blake2b(_plain(("answer", item.channel, item.reference)), digest_size=16).digest() + bytes(9)
    return b""


def content_hash(event: Event) -> str:
    """32 hexadecimal digits of what was sent, without the id: the id of an event that came without one."""
    return blake2b(_encode((event.origin, *_content(event))), digest_size=16).hexdigest()


def remembered_for(event: Event) -> int:
    """Microseconds on the engine's clock within which a repetition is recognised: 24 h, without a time 5 min."""
    return 5 * MINUTE if event.untimed else DAY


def said_time(event: Event) -> int | None:
    """The instant that the source itself gave, believed or not; None when it gave none."""
    if event.untimed:
        return None
    return event.time if event.claimed_time is None else event.claimed_time


def _content(event: Event) -> tuple[object, ...]:
    event = as_sent(event)
    return (event.type, said_time(event), event.status, event.site, event.device, event.severity,
            event.location, event.text, event.data)
