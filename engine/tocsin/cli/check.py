"""``tocsin check``: everything wrong or doubtful in a site's files, all at once."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from tocsin.app.doubts import doubts
from tocsin.app.heard import heard_of
from tocsin.book.book import Content, number_book
from tocsin.book.content import read_all
from tocsin.book.heard_checks import Heard
from tocsin.cli.output import CONFIG, FINE, FOUND, AsJson, Config, instant_of, say_error, say_findings, say_json
from tocsin.cli.progress import progress
from tocsin.cli.stores import open_reader
from tocsin.delivery.samples import sample_findings
from tocsin.domain.errors import Finding, SettingsError
from tocsin.settings import load_settings
from tocsin.store.history import History


def add(app: typer.Typer) -> None:
    app.command()(check)


def check(
    config: Config = CONFIG,
    at: Annotated[str | None, typer.Option("--at", help="The instant (RFC 3339) from which rosters are looked at; now "
                                                        "when left out.")] = None,
    history: Annotated[bool, typer.Option("--history", help="Also name event types and fields in rules that no source "
                                                            "has sent, as far as the journal goes.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check config.yaml, rules, contacts, templates and the next 14 days of rosters, and run the rule tests."""
    heard = _heard(config, shown=not as_json) if history else None
    findings, content = all_findings(config, instant_of(at), heard)
    errors = sum(finding.level == "error" for finding in findings)
    say_findings(findings, as_json=as_json)
    warnings = len(findings) - errors
    summary = {"errors": errors, "warnings": warnings, **_looked_at(content)}
    if as_json:
        say_json(summary)
    elif findings:
        typer.echo(f"{errors} errors, {warnings} warnings")
    elif content is not None:
        say_error("Nothing to mend: {rules} rules, {tests} tests, {people} people, book {book:.12}.".format(**summary))
    raise typer.Exit(FOUND if errors else FINE)


def _heard(config: Path, *, shown: bool) -> Heard:
    """What the journal says that sources have sent; the engine may be running."""
    with open_reader(config) as reader, progress("check", shown=shown) as told:
        history = History(reader.reading)
        last = max(1, history.last())
        return heard_of(history.on(0), lambda position: told(position / last))


def all_findings(config: Config, now: int, heard: Heard | None = None) -> tuple[tuple[Finding, ...], Content | None]:
    """Every finding of a site in file order, and what could be read; SettingsError when config.yaml is not there."""
    try:
        settings = load_settings(config, environ=os.environ, require_secrets=False)
    except SettingsError as error:
        if not error.findings:
            raise
        return error.findings, None
    content, of_files = read_all(settings.home, settings, heard)
    findings = (*settings.warnings, *of_files)
    if any(finding.level == "error" for finding in findings):
        return in_order(*findings, *sample_findings(content)), None
    return in_order(*findings, *doubts(content, now)), content


def in_order(*findings: Finding) -> tuple[Finding, ...]:
    return tuple(sorted(dict.fromkeys(findings), key=lambda finding: finding.where))


def _looked_at(content: Content | None) -> dict[str, Any]:
    """How much was checked, and the hash by which the book would be known; {} when there is none."""
    if content is None:
        return {}
    return {"rules": len(content.rules), "tests": sum(len(rule.tests) for rule in content.rules),
            "people": len(content.people), "book": number_book(1, content).hash}
