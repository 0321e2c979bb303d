"""How commands speak: findings, tables, JSON, exit codes."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from tocsin.clock import SystemClock
from tocsin.domain.errors import Finding, TocsinError
from tocsin.domain.time import parse_instant

FINE, FOUND, COULD_NOT_RUN = 0, 1, 2

_BESIDE = "The site's config.yaml; rules/, contacts/ and templates/ lie beside it."
Config = Annotated[Path, typer.Option("--config", help=_BESIDE)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]
CONFIG = Path("config.yaml")


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


def instant_of(text: str | None) -> int:
    """The instant that a person gave with --at, now when they gave none; TocsinError for anything else."""
    if text is None:
        return SystemClock().now()
    try:
        return parse_instant(text)
    except ValueError as error:
        raise TocsinError(f"--at: {error}") from None
