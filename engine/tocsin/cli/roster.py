"""``tocsin roster``: the shifts to come, as a list, as a calendar file or as a link for a calendar program."""

import sys
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from tocsin.book.book import Content
from tocsin.cli.books import read_site
from tocsin.cli.output import CONFIG, FINE, FOUND, AsJson, Config, instant_of, say_json
from tocsin.cli.stores import open_reader
from tocsin.domain.errors import TocsinError
from tocsin.domain.time import DAY, format_instant
from tocsin.reports.feed import PEOPLE, SCHEDULES, feed, feed_link
from tocsin.reports.rosters import duties, minute
from tocsin.settings import Settings


def add(app: typer.Typer) -> None:
    app.command()(roster)


def roster(
    schedule: Annotated[str, typer.Option("--schedule", help="Of this schedule alone.")] = "",
    person: Annotated[str, typer.Option("--person", help="Of this person alone, in every schedule.")] = "",
    at: Annotated[str | None, typer.Option("--at", help="From this time on; now when left out.")] = None,
    days: Annotated[int, typer.Option("--days", min=1, max=366, help="So many days ahead.")] = 14,
    ics: Annotated[bool, typer.Option("--ics", help="Print a calendar file (iCalendar): --schedule or --person.")]
    = False,
    link: Annotated[bool, typer.Option("--link", help="Print the address of the feed for a calendar program; whoever "
                                                      "has it can read it.")] = False,
    reader: Annotated[str, typer.Option("--for", help="With --link and --schedule: who is to read it.")] = "",
    config: Config = CONFIG, as_json: AsJson = False,
) -> None:
    """Print who is on duty from when to when; a gap ends with exit code 1."""
    settings, content, _ = read_site(config)
    now = instant_of(at, content.site.time_zone)
    if ics or link:
        if bool(schedule) == bool(person):
            raise TocsinError("a feed is that of one schedule or of one person: give --schedule or --person")
        kind, name = (SCHEDULES, schedule) if schedule else (PEOPLE, person)
        body = feed(content, kind, name, now)
        if link:
            with open_reader(config) as store:
                address = _link(settings, content, store.secret(), kind, name, reader or person)
            say_json({"link": address}) if as_json else typer.echo(address)
            return
        sys.stdout.buffer.write(body)
        return
    found = duties(content, now, now + days * DAY, schedule=schedule, person=person)
    for duty in found:
        if as_json:
            say_json({"schedule": duty.schedule, "person": duty.person or None, "begin": format_instant(duty.begin),
                      "end": format_instant(duty.end)})
        else:
            zone = ZoneInfo(content.schedules[duty.schedule].time_zone)
            name = content.people[duty.person].name if duty.person else "NOBODY (a gap)"
            typer.echo(f"{minute(duty.begin, zone)} – {minute(duty.end, zone)}  {duty.schedule}: {name}")
    raise typer.Exit(FOUND if any(not duty.person for duty in found) else FINE)


def _link(settings: Settings, content: Content, secret: bytes, kind: str, name: str, reader: str) -> str:
    if not settings.http.public_url:
        raise TocsinError(f"nobody could open the link: set http.public_url in {settings.path}")
    if reader not in content.people:
        raise TocsinError(f'there is no person "{reader}" in the contacts: say who is to read it with --for' if reader
                          else "say who is to read it: --for and the id of a person; the link ends with them")
    return feed_link(settings.http.public_url, secret, kind, name, content.people[reader])
