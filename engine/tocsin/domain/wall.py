"""Times of the wall clock as instants, over both nights of a clock change."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from tocsin.domain.time import SECOND, from_datetime, to_datetime


def shown_at(naive: datetime, zone: ZoneInfo, fold: int = 0) -> int:
    """The instant at which the clocks of the zone show a local time; the change itself for one that they skip.

    Of a time that they show twice it is the first; ``fold`` 1 takes the second.
    """
    moment = naive.replace(tzinfo=zone, fold=fold)
    if moment.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == naive:
        return from_datetime(moment)
    return _change_over(naive, zone)


def comes_twice(instant: int, zone: ZoneInfo) -> bool:
    """Whether the clocks of the zone show the local time of this instant at another instant, too."""
    moment = to_datetime(instant).astimezone(zone)
    return moment.replace(fold=1 - moment.fold).utcoffset() != moment.utcoffset()


def _change_over(missing: datetime, zone: ZoneInfo) -> int:
    """The instant at which the clocks skip over a local time."""
    early = from_datetime(missing.replace(tzinfo=zone, fold=1)) // SECOND
    late = from_datetime(missing.replace(tzinfo=zone, fold=0)) // SECOND
    before = _offset(early, zone)
    while late - early > 1:
        middle = (early + late) // 2
        if _offset(middle, zone) == before:
            early = middle
        else:
            late = middle
    return late * SECOND


def _offset(second: int, zone: ZoneInfo) -> object:
    return to_datetime(second * SECOND).astimezone(zone).utcoffset()
