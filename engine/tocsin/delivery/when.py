"""Times as people read them: 24 hours, in the site's zone, with the zone's name."""

from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from tocsin.domain.time import MINUTE, to_datetime


@cache
def zone_of(name: str) -> ZoneInfo:
    """The zone of this name, which the reader of the files has checked."""
    return ZoneInfo(name)


def told_time(instant: int, zone: ZoneInfo, now: int | None = None) -> str:
    """"21:15 EET"; with the date in front where it is not the day of ``now``."""
    return _told(instant // MINUTE * MINUTE, zone, None if now is None else now // MINUTE * MINUTE)


@lru_cache(maxsize=1024)
def _told(instant: int, zone: ZoneInfo, now: int | None) -> str:
    local = to_datetime(instant).astimezone(zone)
    clock = f"{local:%H:%M} {local.tzname()}"
    if now is not None and local.date() != to_datetime(now).astimezone(zone).date():
        return f"{local:%d.%m.%Y} {clock}"
    return clock
