"""``tocsin test``: the rule tests, and what they have tried."""

from pathlib import Path
from typing import Annotated, Any

import typer

from tocsin.app.trials import covered, try_content
from tocsin.book.report import Report
from tocsin.cli.books import read_site
from tocsin.cli.junit import write_junit
from tocsin.cli.output import CONFIG, FINE, FOUND, AsJson, Config, say_json
from tocsin.domain.errors import Location
from tocsin.replay.coverage import Coverage, Untried
from tocsin.replay.trial import Outcome

SHOWN = 20
"""Untried branches that are named where a person reads."""


def add(app: typer.Typer) -> None:
    app.command("test")(rule_tests)


def rule_tests(
    config: Config = CONFIG,
    rule: Annotated[str | None, typer.Option("--rule", help="Only the tests of this rule.")] = None,
    junit: Annotated[Path | None, typer.Option("--junit", help="Also write a JUnit report to this file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Run the tests that stand beside the rules, on a virtual clock, through escalation; nothing is sent."""
    settings, content, _ = read_site(config)
    outcomes = try_content(content, rule)
    failed = [outcome for outcome in outcomes if outcome.problems]
    untested = [one for one in content.rules if one.enabled and not one.tests and rule in (None, one.id)]
    coverage = covered(content, outcomes, rule)
    places = _Places(settings.home)
    if junit is not None:
        write_junit(junit, outcomes, untested)
    summary = {"passed": len(outcomes) - len(failed), "failed": len(failed),
               "rules_without_tests": [one.id for one in untested]}
    if as_json:
        for line in (*map(_outcome, outcomes), *(places.line(one) for one in coverage.untried)):
            say_json(line)
        say_json({**summary, "coverage": _figures(coverage)})
    else:
        _print(failed, summary, coverage, places)
    raise typer.Exit(FOUND if failed else FINE)


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {"rule": outcome.rule.id, "test": outcome.test.name, "passed": not outcome.problems,
            "problems": outcome.problems, "file": outcome.test.where.path, "line": outcome.test.where.line}


def _figures(coverage: Coverage) -> dict[str, int]:
    return {"percent": coverage.percent, "rules": coverage.rules, "rules_fired": coverage.rules_fired,
            "branches": coverage.branches, "branches_exercised": coverage.branches_exercised}


def _print(failed: list[Outcome], summary: dict[str, Any], coverage: Coverage, places: "_Places") -> None:
    for outcome in failed:
        typer.echo(f"{outcome.test.where}: {outcome.rule.id}: {outcome.test.name}")
        for problem in outcome.problems:
            typer.echo(f"    {problem}")
    for one in coverage.untried[:SHOWN]:
        typer.echo(f"{places.of(one)}: {one.said}")
    if len(coverage.untried) > SHOWN:
        typer.echo(f"and {len(coverage.untried) - SHOWN} more that no test tries: --json names them all")
    untested = summary["rules_without_tests"]
    typer.echo(f"{summary['passed']} passed, {summary['failed']} failed"
               + (f"; rules without tests: {', '.join(untested)}" if untested else ""))
    typer.echo(f"coverage {coverage.percent} %: {coverage.rules_fired} of {coverage.rules} rules fire in their tests, "
               f"{coverage.branches_exercised} of {coverage.branches} branches of their matches are tried")


class _Places:
    """Where branches stand in the files of a home."""

    def __init__(self, home: Path) -> None:
        self._home, self._report = home, Report()
        self._opened: set[str] = set()

    def of(self, one: Untried) -> Location:
        """The place of a branch, as far as it can be found by its words; else that of its rule."""
        where = one.rule.where
        if one.branch is None:
            return where
        if where.path not in self._opened:
            self._opened.add(where.path)
            self._report.open(where.path, (self._home / where.path).read_text("utf-8", "replace"))
        return self._report.find(where, one.branch.piece)

    def line(self, one: Untried) -> dict[str, Any]:
        """The JSON object of something untried."""
        where = self.of(one)
        return {"rule": one.rule.id, "untried": one.said, "file": where.path, "line": where.line,
                "column": where.column}
