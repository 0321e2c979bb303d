"""``tocsin oncall``: who is on duty."""

from typing import Annotated

import typer

from tocsin.cli.books import read_site
from tocsin.cli.output import CONFIG, FINE, FOUND, AsJson, Config, instant_of, say_json
from tocsin.domain.time import format_instant
from tocsin.roster.oncall import on_duty


def add(app: typer.Typer) -> None:
    app.command()(oncall)


def oncall(
    config: Config = CONFIG,
    at: Annotated[str | None, typer.Option("--at", help="The instant (RFC 3339); now when left out.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print who is on duty in every schedule; a gap ends with exit code 1."""
    _, content, _ = read_site(config)
    instant = instant_of(at)
    gap = False
    for schedule in content.schedules.values():
        people = on_duty(schedule, content.people, instant)
        gap = gap or not people
        if as_json:
            say_json({"schedule": schedule.id, "at": format_instant(instant), "on_duty": people})
        else:
            names = ", ".join(content.people[person].name for person in people) or "NOBODY (a gap)"
            typer.echo(f"{schedule.id}: {names}")
    raise typer.Exit(FOUND if gap else FINE)
