"""The events of an .ics calendar as stretches of time: worked out year by year, from the instant that is asked on."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tocsin.domain.time import from_datetime, to_datetime
from tocsin.rules.calendar import EVER, Hours, Span, opens, shuts

_LOOK = 12
"""So many years without an event are the end of a calendar, so many in which it never shuts are for ever. The rarest
recurrence, 29 February, leaves out seven."""
_KEPT = 64


class IcsHours(Hours):
    """Open while any event lasts. ``written`` is what book.ics keeps of the file.

    Times are on the wall clock of their zone, those without one on the calendar's, as in a .yaml calendar: in the hour
    that a clock change skips both ends fall on the change, and the hour that it repeats is inside twice.
    """

    def __init__(self, written: dict[str, Any]) -> None:
        self._zone = ZoneInfo(written["time_zone"])
        self._text: str = written["ics"]
        self._query: Any = None
        self._years: dict[int, tuple[Span, ...]] = {}

    def spans(self, since: int) -> Iterator[Span]:
        running: Span | None = None
        empty = 0
        for year in range(self._year(since), date.max.year - 1):
            found = [span for span in self._of_year(year) if span[1] > since]
            for start, end in found:
                if running is None:
                    running = (start, end)
                elif start <= running[1]:
                    running = (running[0], max(running[1], end))
                else:
                    yield running
                    running = (start, end)
            empty = 0 if found else empty + 1
            if running is not None and running[1] > self._midnight(year + 1) and year - self._year(
                    max(running[0], since)) >= _LOOK:
                yield (running[0], EVER)
                return
            if empty > _LOOK:
                break
        if running is not None:
            yield running

    def _year(self, instant: int) -> int:
        return to_datetime(instant).astimezone(self._zone).year

    def _midnight(self, year: int) -> int:
        return opens(date(year, 1, 1).toordinal(), "00:00", self._zone) - 1

    def _of_year(self, year: int) -> tuple[Span, ...]:
        """The spans that touch a year, in order."""
        found = self._years.get(year)
        if found is None:
            day = timedelta(days=1)
            begin, end = (datetime(one, 1, 1, tzinfo=self._zone) for one in (year, year + 1))
            events = self._events().between(begin - day, end + day)
            spans = [self._span(event) for event in events if str(event.get("STATUS", "")).upper() != "CANCELLED"]
            found = tuple(sorted(span for span in spans if span[0] < span[1]))
            if len(self._years) >= _KEPT:
                self._years.clear()
            self._years[year] = found
        return found

    def _events(self) -> Any:
        if self._query is None:
            import icalendar
            import recurring_ical_events

            self._query = recurring_ical_events.of(icalendar.Calendar.from_ical(self._text))
        return self._query

    def _span(self, event: Any) -> Span:
        return self._instant(event.start, last=False), self._instant(event.end, last=True)

    def _instant(self, moment: date, *, last: bool) -> int:
        if not isinstance(moment, datetime):
            return opens(moment.toordinal(), "00:00", self._zone)
        zone = moment.tzinfo if moment.tzinfo is not None else self._zone
        if not isinstance(zone, ZoneInfo):
            return from_datetime(moment.astimezone(UTC))
        clock = f"{moment:%H:%M:%S}"
        return shuts(moment.toordinal(), clock, zone) if last else opens(moment.toordinal(), clock, zone)
