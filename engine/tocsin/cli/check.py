"""``tocsin check``: everything wrong or doubtful in a site's files, all at once."""

import os
from typing import Annotated, Any

import typer

from tocsin.app.doubts import doubts
from tocsin.book.book import Content, number_book
from tocsin.book.content import read_all
from tocsin.cli.output import CONFIG, FINE, FOUND, AsJson, Config, instant_of, say_error, say_findings, say_json
from tocsin.delivery.samples import sample_findings
from tocsin.domain.errors import Finding, SettingsError
from tocsin.settings import load_settings


def add(app: typer.Typer) -> None:
    app.command()(check)


def check(
    config: Config = CONFIG,
    at: Annotated[str | None, typer.Option("--at", help="The instant (RFC 3339) from which rosters are looked at; now "
                                                        "when left out.")] = None,
    as_json: AsJson = False,
) -> None:
    """Check config.yaml, rules, contacts, templates and the next 14 days of rosters, and run the rule tests."""
    findings, content = all_findings(config, instant_of(at))
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


def all_findings(config: Config, now: int) -> tuple[tuple[Finding, ...], Content | None]:
    """Every finding of a site in file order, and what could be read; SettingsError when config.yaml is not there."""
    try:
        settings = load_settings(config, environ=os.environ, require_secrets=False)
    except SettingsError as error:
        if not error.findings:
            raise
        return error.findings, None
    content, of_files = read_all(settings.home, settings)
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
