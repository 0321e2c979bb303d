"""Instants are integer microseconds since 1970 UTC; durations are integer microseconds."""

import re
from datetime import UTC, datetime, timedelta

MICROSECOND = 1
MILLISECOND = 1_000
SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ONE = timedelta(microseconds=1)
_UNITS = {"ms": MILLISECOND, "s": SECOND, "sec": SECOND, "m": MINUTE, "min": MINUTE, "h": HOUR, "d": DAY,
          "w": 7 * DAY, "second": SECOND, "seconds": SECOND, "minute": MINUTE, "minutes": MINUTE,
          "hour": HOUR, "hours": HOUR, "day": DAY, "days": DAY, "week": 7 * DAY, "weeks": 7 * DAY,
          "year": 365 * DAY, "years": 365 * DAY}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)\s*")
_RFC3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?\s*(Z|z|[+-]\d\d:?\d\d)$"
)


def parse_duration(text: str) -> int:
    """Microseconds of ``90s``, ``10 min``, ``1h30m``, ``25 h``; ValueError with a sentence otherwise."""
    position, total = 0, 0
    stripped = text.strip()
    while position < len(stripped):
        found = _DURATION.match(stripped, position)
        if found is None or found[2] not in _UNITS:
            raise ValueError(f'"{text}" is not a duration: write a number and a unit, such as 90s, 10 min or 1h30m')
        total += round(float(found[1]) * _UNITS[found[2]])
        position = found.end()
    if not stripped:
        raise ValueError("a duration is missing: write a number and a unit, such as 90s, 10 min or 1h30m")
    return total


def format_duration(micros: int) -> str:
    """The shortest words that ``parse_duration`` reads back: ``1h30m``, ``90s`` becomes ``1m30s``."""
    if micros == 0:
        return "0s"
    parts, rest = [], micros
    for unit, size in (("d", DAY), ("h", HOUR), ("m", MINUTE), ("s", SECOND), ("ms", MILLISECOND)):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or f"{micros / MILLISECOND:g}ms"


def parse_instant(text: str) -> int:
    """Microseconds of an RFC 3339 instant with a zone; fractions finer than a microsecond are cut.

    Raises ValueError with a sentence for anything else, a time without a zone included.
    """
    if len(text) == 20 and text[19] == "Z" and text[4] == text[7] == "-" and text[13] == text[16] == ":" \
            and text[10] == "T" and text.isascii():
        return (datetime.fromisoformat(text) - EPOCH) // _ONE
    found = _RFC3339.match(text.strip())
    if found is None:
        raise ValueError(f'"{text[:60]}" is not a time with a zone: write 2026-11-22T21:15:03Z')
    zone = "+00:00" if found[4] in "Zz" else found[4]
    moment = datetime.fromisoformat(f"{found[1]}T{found[2]}{zone}")
    micros = int((found[3] or "0")[:6].ljust(6, "0"))
    return (moment - EPOCH) // _ONE + micros


def format_instant(micros: int) -> str:
    """RFC 3339 in UTC, without a fraction when it is zero: ``2026-11-22T21:15:03Z``."""
    moment = EPOCH + timedelta(microseconds=micros)
    fraction = f".{moment.microsecond:06d}".rstrip("0") if moment.microsecond else ""
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + fraction + "Z"


def to_datetime(micros: int) -> datetime:
    """The aware UTC datetime of an instant."""
    return EPOCH + timedelta(microseconds=micros)


def from_datetime(moment: datetime) -> int:
    """Microseconds of an aware datetime."""
    return (moment - EPOCH) // _ONE
