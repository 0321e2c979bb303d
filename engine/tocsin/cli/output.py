"""How commands speak: findings, tables, JSON, exit codes."""

import re
import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
import typer

from tocsin.book.moments import is_missing, is_repeated
from tocsin.clock import SystemClock
from tocsin.domain.errors import Finding, TocsinError
from tocsin.domain.time import SECOND, parse_instant
from tocsin.domain.wall import shown_at

FINE, FOUND, COULD_NOT_RUN = 0, 1, 2

_BESIDE = "The site's config.yaml; rules/, contacts/ and templates/ lie beside it."
Config = Annotated[Path, typer.Option("--config", help=_BESIDE)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]
CONFIG = Path("config.yaml")
_LOCAL = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?::00)?)?")


def say_error(text: str) -> None:
    """A sentence on standard error."""
    typer.echo(text, err=True)


def say_json(value: Any) -> None:
    """One JSON object on a line of standard output."""
    sys.stdout.buffer.write(msgspec.json.encode(value) + b"\n")
    sys.stdout.buffer.flush()


def say_findings(findings: Iterable[Finding], *, as_json: bool) -> None:
    """Each finding with its place, text and repaired line."""
    for finding in findings:
        if as_json:
            say_json({"file": finding.where.path, "line": finding.where.line, "column": finding.where.column,
                      "level": finding.level, "text": finding.text, "repaired": finding.repaired})
        else:
            typer.echo(str(finding))


def instant_of(text: str | None, zone: str = "") -> int:
    """The instant that a person gave with --at, now when they gave none; TocsinError for anything else.

    With a ``zone`` they may give a time without one, such as 2026-11-24 08:00, which is then its local time: one that
    a clock change skips is refused, of one that comes twice the first is taken and said so.
    """
    if text is None:
        return SystemClock().now()
    if zone and (found := _LOCAL.fullmatch(text.strip())):
        return _local(f"{found[1]} {found[2] or '00:00'}", zone)
    try:
        return parse_instant(text)
    except ValueError as error:
        raise TocsinError(f"--at: {error}") from None


def _local(text: str, zone: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise TocsinError(f'--at: "{text}" is no day or time of the calendar') from None
    instant = shown_at(moment, ZoneInfo(zone))
    if is_missing(text, zone):
        raise TocsinError(f'--at: {text} does not exist in {zone}: the clocks are set forward over it that night')
    if is_repeated(text, zone):
        second = datetime.fromtimestamp(shown_at(moment, ZoneInfo(zone), 1) // SECOND, ZoneInfo(zone))
        say_error(f"{text} comes twice in {zone} that night: the first is taken; write {second.isoformat()} for the "
                  "second")
    return instant
