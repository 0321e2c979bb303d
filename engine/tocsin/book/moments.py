"""Local dates and times as people write them, and what clock changes do to them."""

import re
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from tocsin.book.node import Mapping, Node, Sequence
from tocsin.book.report import Report, Unreadable
from tocsin.book.shape import Json, Shape

FIRST_YEAR, LAST_YEAR = 1970, 2200
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ]+(\d\d?:\d\d)(?::00)?)?")
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


class Moment(Shape[str]):
    """A local date with or without a time, to ``2026-11-23 08:00`` or ``2026-11-23``."""

    what = 'a date and time such as "2026-11-23 08:00"'

    def __init__(self, *, date_only: bool = False) -> None:
        self.date_only = date_only
        if date_only:
            self.what = 'a date such as "2026-12-25"'

    def read(self, node: Node, report: Report) -> str:
        scalar = self.scalar(node, report)
        found = _MOMENT.fullmatch(scalar.text.strip())
        if re.fullmatch(r".*(Z|[+-]\d\d:?\d\d)", scalar.text) and re.search(r"\d:\d\d", scalar.text):
            self.refuse(node, report, f'"{scalar.shown}" names a zone: times here are local, as "2026-11-23 08:00"')
        if found is None or (self.date_only and found[2]):
            self.refuse(node, report)
        text = found[1] if not found[2] else f"{found[1]} {found[2].zfill(5)}"
        try:
            year = datetime.fromisoformat(text).year
        except ValueError:
            self.refuse(node, report, f'"{scalar.shown}" is no day or time of the calendar')
        if not FIRST_YEAR <= year <= LAST_YEAR:
            self.refuse(node, report, f'"{scalar.shown}" is too far away: years go from {FIRST_YEAR} to {LAST_YEAR}')
        return text

    def schema(self) -> Json:
        return {"type": "string", "examples": ["2026-11-23"] if self.date_only else ["2026-11-23 08:00"]}


class Clock(Shape[str]):
    """A time of day, to ``09:00``; as an ``end`` also ``24:00``."""

    what = "a time of day such as 09:00"

    def __init__(self, *, end: bool = False) -> None:
        self.end = end

    def read(self, node: Node, report: Report) -> str:
        scalar = self.scalar(node, report)
        if self.end and scalar.text == "24:00":
            return "24:00"
        if not _CLOCK.fullmatch(scalar.text):
            self.refuse(node, report)
        return scalar.text.zfill(5)

    def schema(self) -> Json:
        return {"type": "string", "pattern": r"^\d?\d:\d\d$"}


def local(text: str) -> datetime:
    """The naive datetime of a Moment; a date alone is its midnight."""
    return datetime.fromisoformat(text)


def is_missing(text: str, zone: str) -> bool:
    """Whether the clocks of the zone skip this local time."""
    moment = local(text)
    there = moment.replace(tzinfo=ZoneInfo(zone))
    return there.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) != moment


def is_repeated(text: str, zone: str) -> bool:
    """Whether the clocks of the zone show this local time twice."""
    there = local(text).replace(tzinfo=ZoneInfo(zone))
    return not is_missing(text, zone) and there.utcoffset() != there.replace(fold=1).utcoffset()


def check_clocks(tree: Node, zone: str, report: Report, *, last: bool = False) -> bool:
    """Whether the clocks of the zone show every ``from`` and ``to`` in a tree: an error for each that they skip.

    One that they show twice is stated; the first is taken, with ``last`` of an end the second.
    """
    if isinstance(tree, Sequence):
        shown = [check_clocks(part, zone, report, last=last) for part in tree.items]
    elif isinstance(tree, Mapping):
        shown = [_check_clock(key.text, part, zone, report, last=last) if key.text in ("from", "to")
                 else check_clocks(part, zone, report, last=last) for key, part in tree.entries]
    else:
        shown = []
    return False not in shown


def _check_clock(key: str, node: Node, zone: str, report: Report, *, last: bool) -> bool:
    try:
        text = Moment().read(node, Report())
    except Unreadable:
        return True
    if is_missing(text, zone):
        report.error(node.where, f"{text} does not exist in {zone}: the clocks are set forward over it that night")
        return False
    if is_repeated(text, zone):
        taken = "second" if last and key == "to" else "first"
        report.warn(node.where, f"{text} comes twice in {zone} that night: the {taken} is taken")
    return True


def is_after(begin: str, end: str) -> bool:
    """Whether a range ends after it begins; a last day counts as a whole."""
    last = local(end)
    if len(end) == len(date.min.isoformat()):
        last = last.replace(hour=23, minute=59)
    return local(begin) < last
