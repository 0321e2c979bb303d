"""``tocsin drill``: exercise a rule or a policy with the people on duty, through the running engine."""

import os
from typing import Annotated

import typer

from tocsin.cli.operator import As, Url, ask
from tocsin.cli.output import CONFIG, FINE, AsJson, Config, say_json
from tocsin.cli.stores import Practice
from tocsin.domain.errors import TocsinError
from tocsin.settings import load_settings


def add(app: typer.Typer) -> None:
    app.command()(drill)


def drill(
    rule: Annotated[str, typer.Option("--rule", help="With the text, severity and policy of this rule.")] = "",
    policy: Annotated[str, typer.Option("--policy", help="Or with this policy alone; say what with --text.")] = "",
    values: Annotated[list[str] | None, typer.Option("--set", help="A name in the rule's text, site=school-12; repeat "
                                                                   "it. Else what its first test says.")] = None,
    text: Annotated[str, typer.Option("--text", help="What people read, for --policy.")] = "",
    severity: Annotated[str, typer.Option("--severity", help="Instead of the rule's own; high for a policy.")] = "",
    for_: Annotated[str, typer.Option("--for", help="It ends after this time, answered or not.")] = "30 min",
    config: Config = CONFIG, url: Url = "", as_: As = "", as_json: AsJson = False, practice: Practice = False,
) -> None:
    """Exercise a rule or a policy: real people are asked by real channels, and every message says that it is one."""
    pairs = [one.partition("=") for one in values or ()]
    if wrong := [name for name, equals, _ in pairs if not (name and equals)]:
        raise TocsinError(f'--set "{wrong[0]}": write a name and its value, such as --set site=school-12')
    settings = load_settings(config, environ=os.environ, require_secrets=False)
    body = {"rule": rule, "policy": policy, "values": {name: value for name, _, value in pairs}, "text": text,
            "severity": severity, "for": for_}
    begun = ask(settings, "POST", "/v1/drills", body, url=url, operator=as_, practice=practice)
    if as_json:
        say_json(begun)
    else:
        number = begun["incident"]
        typer.echo(f"The drill has begun as incident {number} and ends after {for_}. "
                   f"How it went: tocsin report {number}")
    raise typer.Exit(FINE)
