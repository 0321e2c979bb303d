"""``tocsin check``: everything wrong or doubtful in a site's files, all at once."""

import typer

from tocsin.app.trials import try_content
from tocsin.cli.books import read_site
from tocsin.cli.output import CONFIG, FINE, FOUND, AsJson, Config, say_findings, say_json
from tocsin.domain.errors import BookError, Finding, SettingsError
from tocsin.replay.trials import failures


def add(app: typer.Typer) -> None:
    app.command()(check)


def check(config: Config = CONFIG, as_json: AsJson = False) -> None:
    """Check config.yaml, rules, contacts and templates, and run the rule tests."""
    findings = all_findings(config)
    errors = sum(finding.level == "error" for finding in findings)
    say_findings(findings, as_json=as_json)
    summary = {"errors": errors, "warnings": len(findings) - errors}
    if as_json:
        say_json(summary)
    elif findings:
        typer.echo(f"{errors} errors, {summary['warnings']} warnings")
    raise typer.Exit(FOUND if errors else FINE)


def all_findings(config: Config) -> tuple[Finding, ...]:
    """Every finding of a site; SettingsError when config.yaml cannot be read at all."""
    try:
        _, content, warnings = read_site(config)
    except BookError as error:
        return error.findings
    except SettingsError as error:
        if not error.findings:
            raise
        return error.findings
    return (*warnings, *failures(try_content(content)))
