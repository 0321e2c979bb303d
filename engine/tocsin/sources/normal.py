"""The normaliser: one sender's raw event becomes an event, by the rules of the language and nothing else."""

import re
from collections.abc import Callable
from uuid import uuid4

from msgspec.structs import replace

from tocsin.domain.errors import EventError
from tocsin.domain.event import FIRING, RESOLVED, Event, Place
from tocsin.domain.identity import content_hash
from tocsin.domain.time import DAY, MINUTE, format_instant, parse_instant
from tocsin.rules.distance import MOST_ACCURACY
from tocsin.sources.limits import ID, NAME, WORD, check_data, check_text, shown
from tocsin.sources.raw import RawEvent, RawPlace, convert_raw
from tocsin.sources.report import Report, Unreported

AHEAD, BEHIND = 2 * MINUTE, DAY
"""How far a source's time may be from the receive instant and still be believed."""

Areas = Callable[[float, float, float | None], tuple[str, ...]]
"""Names of the polygons met by (latitude, longitude, accuracy in metres or None)."""

_FIRST, _LAST = parse_instant("0001-01-01T00:00:00Z"), parse_instant("9999-12-31T23:59:59Z")
_TYPE = re.compile(r"[A-Za-z0-9_.:/-]{1,200}")


def no_areas(lat: float, lon: float, accuracy_m: float | None) -> tuple[str, ...]:
    """The areas of a site that has none."""
    return ()


def fresh_id() -> str:
    """An id that no other event has: 128 random bits."""
    return uuid4().hex


class Normaliser:
    """Turns what ``source`` sent into events.

    ``buffers``: the source keeps events while it is cut off, so old times are believed. ``fresh_id`` names the
    events that came without id and time, of which nothing is a duplicate. An empty text means missing.
    """

    def __init__(self, source: str, *, buffers: bool = False, areas: Areas = no_areas,
                 fresh_id: Callable[[], str] = fresh_id, report: Report | None = None) -> None:
        self.source = source
        self._buffers = buffers
        self._areas = areas
        self._fresh_id = fresh_id
        self._report = report or Unreported()

    def event(self, raw: RawEvent | dict[str, object], received: int) -> Event:
        """The event, received at that instant; EventError names the field that is wrong and what it should be."""
        if isinstance(raw, dict):
            raw = convert_raw(raw)
        if _TYPE.fullmatch(raw.type) is None:
            raise EventError(f'`type` is "{shown(raw.type)}": it must be 1 to 200 of the characters '
                             "A-Z a-z 0-9 . _ : / -")
        if raw.data:
            check_data(raw.data)
        if raw.text:
            check_text(raw.text, "text")
        time, claimed = self._time(raw.time, received)
        location = _place(raw.location)
        if location is not None and (location.accuracy_m or 0) > MOST_ACCURACY:
            self._report.say(self.source, "accuracy", f"{self.source} knows a place to {location.accuracy_m:.0f} m "
                             f"only: it counts as known to {MOST_ACCURACY:.0f} m; check the device's position fix")
        given = _word(raw.id, "id", ID)
        event = Event(
            id=given or "", source=self.source, type=raw.type, time=time, received=received,
            status=_status(raw.status), site=_word(raw.site, "site", NAME),
            device=_word(raw.device, "device", NAME), severity=_word(raw.severity, "severity", WORD),
            location=location, text=raw.text or None, data=raw.data or {}, claimed_time=claimed,
            origin=_word(raw.source, "source", NAME), untimed=not raw.time,
            areas=self._areas(location.lat, location.lon, location.accuracy_m) if location else ())
        if given:
            return event
        return replace(event, id=self._fresh_id() if event.untimed else content_hash(event), unnamed=True)

    def _time(self, text: str | None, received: int) -> tuple[int, int | None]:
        if not text:
            return received, None
        try:
            said = parse_instant(text)
            if not _FIRST <= said <= _LAST:
                raise ValueError
        except ValueError:
            raise EventError(f'`time` is "{shown(text)}", which is not a time with a zone: '
                             "write 2026-11-22T21:15:03Z") from None
        ahead = said - received
        if ahead > AHEAD or (ahead < -BEHIND and not self._buffers):
            self._report.say(self.source, "clock",
                             f"{self.source} says {format_instant(said)}, received {format_instant(received)}: "
                             "the receive time is used; check the clock of the device")
            return received, said
        return said, None


def _status(word: str | None) -> str | None:
    if not word:
        return None
    if word not in (FIRING, RESOLVED):
        raise EventError(f'`status` is "{shown(word)}": it must be firing or resolved, or left out')
    return word


def _word(value: str | int | None, field: str, limit: int) -> str | None:
    if value is None:
        return None
    text = value if isinstance(value, str) else str(value)
    check_text(text, field, limit)
    return text if text and not text.isspace() else None


def _place(raw: RawPlace | None) -> Place | None:
    if raw is None:
        return None
    if not -90 <= raw.lat <= 90:
        raise EventError(f"`location.lat` is {raw.lat:g}: a latitude lies between -90 and 90 degrees")
    if not -180 <= raw.lon <= 180:
        raise EventError(f"`location.lon` is {raw.lon:g}: a longitude lies between -180 and 180 degrees")
    if raw.accuracy_m is not None and not 0 <= raw.accuracy_m < float("inf"):
        raise EventError(f"`location.accuracy_m` is {raw.accuracy_m:g}: it must be metres, 0 or more")
    return Place(raw.lat, raw.lon, raw.accuracy_m)
