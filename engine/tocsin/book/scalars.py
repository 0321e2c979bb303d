"""The shapes of single values: numbers, flags, durations, distances, coordinates, sizes, names of other things."""

import re
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from tocsin.book.node import Node, Scalar, Sequence
from tocsin.book.report import Report, nearest
from tocsin.book.shape import Json, Shape, Text, is_null
from tocsin.domain.time import parse_duration

NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WHOLE = re.compile(r"-?(0|[1-9][0-9]*)")
_DISTANCE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(m|km)")
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(B|KB|kB|MB|GB|TB)")
_SIZES = {"B": 1, "KB": 10**3, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
MAX_DIGITS = 300


def number_of(text: str) -> int | float | None:
    """The number that a plain scalar means, None when it is none."""
    if len(text) > MAX_DIGITS or not NUMBER.fullmatch(text):
        return None
    if _WHOLE.fullmatch(text):
        return int(text)
    value = float(text)
    return value if abs(value) != float("inf") else None


def plain_value(node: Scalar) -> str | bool | int | float | None:
    """A scalar by the rules of matches: quoted is text; unquoted may be a number, true, false or null."""
    if not node.plain:
        return node.text
    if node.text in ("true", "false"):
        return node.text == "true"
    if is_null(node):
        return None
    number = number_of(node.text)
    return node.text if number is None else number


def value_of(node: Node) -> Any:
    """A whole tree as plain data by the same rules."""
    if isinstance(node, Scalar):
        return plain_value(node)
    if isinstance(node, Sequence):
        return [value_of(part) for part in node.items]
    return {key.text: value_of(part) for key, part in node.entries}


class Flag(Shape[bool]):
    what = "true or false"

    def read(self, node: Node, report: Report) -> bool:
        scalar = self.scalar(node, report)
        if scalar.text not in ("true", "false"):
            meant = {"yes": "true", "on": "true", "no": "false", "off": "false"}.get(scalar.text.casefold(), "")
            self.refuse(node, report, repaired=report.replaced(node.where, scalar.shown, meant) if meant else "")
        return scalar.text == "true"

    def schema(self) -> Json:
        return {"type": "boolean"}


class Whole(Shape[int]):
    """A whole number between two bounds, both inside."""

    def __init__(self, least: int = 0, most: int = 2**53, what: str = "a whole number") -> None:
        self.least, self.most, self.what = least, most, what

    def read(self, node: Node, report: Report) -> int:
        scalar = self.scalar(node, report)
        if not _WHOLE.fullmatch(scalar.text) or len(scalar.text) > MAX_DIGITS:
            self.refuse(node, report)
        if not self.least <= int(scalar.text) <= self.most:
            bounds = f"at least {self.least}" if self.most == 2**53 else f"from {self.least} to {self.most}"
            self.refuse(node, report, f"{scalar.shown} is out of range: {self.what} {bounds} belongs here")
        return int(scalar.text)

    def schema(self) -> Json:
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


class Duration(Shape[int]):
    """A duration in words, to microseconds; ``zero`` allows none at all."""

    what = "a duration such as 90s, 10 min or 1h30m"

    def __init__(self, *, zero: bool = False) -> None:
        self.zero = zero

    def read(self, node: Node, report: Report) -> int:
        scalar = self.scalar(node, report)
        if number_of(scalar.text) is not None and not (self.zero and scalar.text == "0"):
            self.refuse(node, report, f'"{scalar.shown}" has no unit: write {scalar.shown}s for seconds or '
                        f"{scalar.shown} min for minutes", report.replaced(node.where, scalar.shown,
                                                                         f"{scalar.shown}s"))
        try:
            micros = parse_duration(scalar.text) if scalar.text != "0" else 0
        except (ValueError, OverflowError):
            self.refuse(node, report, f'"{scalar.shown[:60]}" is not a duration: write a number and a unit, such as '
                        "90s, 10 min or 1h30m")
        if micros > 100 * 366 * 86_400 * 1_000_000:
            self.refuse(node, report, f'"{scalar.shown}" is more than a hundred years')
        if micros == 0 and not self.zero:
            self.refuse(node, report, f'"{scalar.shown}" is no time at all: write a duration greater than zero')
        return micros

    def schema(self) -> Json:
        return {"type": ["string", "integer"], "pattern": r"^\s*([0-9]+(\.[0-9]+)?\s*[a-z]+\s*)+$|^0$",
                "examples": ["90s", "10 min", "1h30m"]}


class Distance(Shape[float]):
    """A distance in words, to metres."""

    what = "a distance such as 300 m or 2 km"

    def read(self, node: Node, report: Report) -> float:
        scalar = self.scalar(node, report)
        found = _DISTANCE.fullmatch(scalar.text)
        if found is None:
            repaired = ""
            if number_of(scalar.text) is not None:
                repaired = report.replaced(node.where, scalar.shown, f"{scalar.shown} m")
            self.refuse(node, report, repaired=repaired)
        metres = float(found[1]) * (1000 if found[2] == "km" else 1)
        if not 0 < metres <= 20_000_000:
            self.refuse(node, report, f'"{scalar.shown}" is out of range: a distance is more than 0 m and at most '
                        "20000 km")
        return metres

    def schema(self) -> Json:
        return {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?\s*(m|km)$", "examples": ["300 m", "2 km"]}


class Size(Shape[int]):
    """A size in words, to bytes."""

    what = "a size such as 500 MB or 20 GB"

    def read(self, node: Node, report: Report) -> int:
        scalar = self.scalar(node, report)
        found = _SIZE.fullmatch(scalar.text)
        if found is None:
            self.refuse(node, report)
        return round(float(found[1]) * _SIZES[found[2]])

    def schema(self) -> Json:
        return {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?\s*(B|KB|kB|MB|GB|TB)$"}


class Coordinates(Shape[tuple[float, float]]):
    """``[lat, lon]`` in degrees."""

    what = "coordinates [lat, lon]"

    def read(self, node: Node, report: Report) -> tuple[float, float]:
        if not isinstance(node, Sequence) or len(node.items) != 2:
            self.refuse(node, report)
        numbers = [number_of(part.text) if isinstance(part, Scalar) else None for part in node.items]
        lat, lon = numbers
        if lat is None or lon is None:
            self.refuse(node, report, "coordinates are two numbers: [48.7389, 37.5562]")
        if not -90 <= lat <= 90 or not -180 <= lon <= 180:
            hint = f": did you mean [{lon}, {lat}]?" if -90 <= lon <= 90 and -180 <= lat <= 180 else ""
            self.refuse(node, report, f"[{lat}, {lon}] is no place on Earth: the latitude (−90 to 90) comes first, "
                        f"then the longitude (−180 to 180){hint}")
        return float(lat), float(lon)

    def schema(self) -> Json:
        return {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}


class TimeZone(Shape[str]):
    what = "a time zone such as Europe/Kyiv"

    def read(self, node: Node, report: Report) -> str:
        scalar = self.scalar(node, report)
        zones = available_timezones()
        if scalar.text not in zones:
            near = nearest(scalar.shown, zones)
            self.refuse(node, report, f'the time zone "{scalar.shown}" is unknown: '
                        + (f'did you mean "{near}"?' if near else "write one such as Europe/Kyiv"),
                        report.replaced(node.where, scalar.shown, near) if near else "")
        return ZoneInfo(scalar.text).key

    def schema(self) -> Json:
        return {"type": "string", "examples": ["Europe/Kyiv"]}


class Name(Text):
    """The name of another thing: of ``kind``, which must exist somewhere in the files."""

    def __init__(self, kind: str, prefix: str = "") -> None:
        super().__init__(f"the name of a {kind}", limit=200)
        self.kind, self.prefix = kind, prefix

    def read(self, node: Node, report: Report) -> str:
        written = super().read(node, report)
        return report.refer(self.kind, written.removeprefix(self.prefix), node.where, written)

    def schema(self) -> Json:
        return {"type": "string"}


class Id(Text):
    """A name given here: letters, digits, hyphen, underscore, dot."""

    def read(self, node: Node, report: Report) -> str:
        text = super().read(node, report)
        if not re.fullmatch(r"[\w.-]+", text):
            better = re.sub(r"[^\w.-]+", "-", text).strip("-")
            self.refuse(node, report, f'"{text}" cannot be {self.what}: use letters, digits, hyphen, underscore, dot',
                        report.replaced(node.where, text, better))
        return text

    def schema(self) -> Json:
        return {"type": "string", "pattern": r"^[\w.-]+$"}
