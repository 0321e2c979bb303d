"""``tocsin oncall``: who is on duty."""

from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from tocsin.cli.books import read_site
from tocsin.cli.output import CONFIG, FINE, FOUND, AsJson, Config, instant_of, say_json
from tocsin.domain.time import format_instant
from tocsin.reports.rosters import minute
from tocsin.roster.oncall import on_duty
from tocsin.roster.shifts import LOOK, hand_overs


def add(app: typer.Typer) -> None:
    app.command()(oncall)


def oncall(
    config: Config = CONFIG,
    at: Annotated[str | None, typer.Option("--at", help="The time, as 2026-11-24 08:00 at the site or with a zone "
                                                        "(RFC 3339); now when left out.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print who is on duty in every schedule; a gap ends with exit code 1."""
    _, content, _ = read_site(config)
    instant = instant_of(at, content.site.time_zone)
    gap = False
    for schedule in content.schedules.values():
        people = on_duty(schedule, content.people, instant)
        gap = gap or not people
        until = next(hand_overs(schedule, content.people, instant, instant + LOOK), None)
        if as_json:
            say_json({"schedule": schedule.id, "at": format_instant(instant), "on_duty": people,
                      "until": None if until is None else format_instant(until)})
        else:
            names = ", ".join(content.people[person].name for person in people) or "NOBODY (a gap)"
            zone = ZoneInfo(schedule.time_zone)
            typer.echo(f"{schedule.id}: {names}" + (f", until {minute(until, zone)}" if until is not None else ""))
    raise typer.Exit(FOUND if gap else FINE)
