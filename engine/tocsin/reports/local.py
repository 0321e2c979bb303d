"""Instants as reports show them: to the second, in the site's zone."""

from datetime import date
from zoneinfo import ZoneInfo

from tocsin.domain.time import to_datetime


class Local:
    """Writes instants in one zone; a day is named where it changes."""

    def __init__(self, zone: str) -> None:
        self._zone = ZoneInfo(zone)

    def full(self, instant: int) -> str:
        """``22.11.2026 23:15:03 EET``."""
        return f"{to_datetime(instant).astimezone(self._zone):%d.%m.%Y %H:%M:%S %Z}"

    def clock(self, instant: int) -> str:
        """``23:15:03``."""
        return f"{to_datetime(instant).astimezone(self._zone):%H:%M:%S}"

    def day(self, instant: int) -> date:
        return to_datetime(instant).astimezone(self._zone).date()

    def beside(self, instant: int, other: int) -> str:
        """The clock alone on the day of ``other``, else with its date."""
        same = self.day(instant) == self.day(other)
        return self.clock(instant) if same else f"{to_datetime(instant).astimezone(self._zone):%d.%m %H:%M:%S}"
