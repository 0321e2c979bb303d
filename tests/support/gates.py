"""Calendars and gates in one line each, for stories that start on 2026-11-22 at 21:15 UTC."""

from typing import Any

from tests.support.city import micros
from tests.support.play import START

from tocsin.book.match import FieldRef
from tocsin.book.rule import Gate
from tocsin.domain.time import to_datetime


def clock(at: str) -> str:
    """The offset ``+10m`` as the wall clock of a story's zone, which is UTC."""
    return f"{to_datetime(START + micros(at)):%H:%M}"


def open_at(*spans: tuple[str, str]) -> dict[str, Any]:
    """A calendar open between offsets of the story's evening."""
    return {"time_zone": "UTC", "also": [
        {"date": f"{to_datetime(START + micros(begin)):%Y-%m-%d}", "from": clock(begin), "to": clock(end)}
        for begin, end in spans]}


def operation(begin: str, end: str, **more: str) -> dict[str, Any]:
    """An operation between two offsets."""
    return {"hours": [{"from": f"{to_datetime(START + micros(begin)):%Y-%m-%d %H:%M}",
                       "to": f"{to_datetime(START + micros(end)):%Y-%m-%d %H:%M}"}], **more}


def calendar(name: str) -> Gate:
    return Gate(calendar=FieldRef(name[1:-1]) if name.startswith("{") else name)


def running(name: str) -> Gate:
    return Gate(operation=name)


def active(rule: str, *same: str) -> Gate:
    return Gate(active=rule, same=same)
