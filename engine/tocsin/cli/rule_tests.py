"""``tocsin test``: the rule tests."""

from typing import Annotated

import typer

from tocsin.app.trials import try_content
from tocsin.cli.books import read_site
from tocsin.cli.output import CONFIG, FINE, FOUND, AsJson, Config, say_json


def add(app: typer.Typer) -> None:
    app.command("test")(rule_tests)


def rule_tests(
    config: Config = CONFIG,
    rule: Annotated[str | None, typer.Option("--rule", help="Only the tests of this rule.")] = None,
    as_json: AsJson = False,
) -> None:
    """Run the tests that stand beside the rules, on a virtual clock, through escalation; nothing is sent."""
    _, content, _ = read_site(config)
    outcomes = try_content(content, rule)
    failed = [outcome for outcome in outcomes if outcome.problems]
    untested = [one.id for one in content.rules if one.enabled and not one.tests and rule in (None, one.id)]
    for outcome in outcomes if as_json else failed:
        if as_json:
            say_json({"rule": outcome.rule.id, "test": outcome.test.name, "passed": not outcome.problems,
                      "problems": outcome.problems, "file": outcome.test.where.path, "line": outcome.test.where.line})
        else:
            typer.echo(f"{outcome.test.where}: {outcome.rule.id}: {outcome.test.name}")
            for problem in outcome.problems:
                typer.echo(f"    {problem}")
    summary = {"passed": len(outcomes) - len(failed), "failed": len(failed), "rules_without_tests": untested}
    if as_json:
        say_json(summary)
    else:
        typer.echo(f"{summary['passed']} passed, {summary['failed']} failed"
                   + (f"; rules without tests: {', '.join(untested)}" if untested else ""))
    raise typer.Exit(FOUND if failed else FINE)
