"""``tocsin report``: who was told when and with which receipt, and how long everything took."""

import sys
from typing import Annotated

import typer

from tocsin.book.groups import called
from tocsin.cli.output import CONFIG, FINE, FOUND, AsJson, Config, instant_of, say_json
from tocsin.cli.stores import Practice, open_reader
from tocsin.delivery.say import say_of
from tocsin.domain.errors import TocsinError
from tocsin.domain.time import DAY
from tocsin.reports.period import of_one, of_period
from tocsin.reports.period_forms import csv_of, html_of, plain, text_of
from tocsin.store.reader import book_at


def add(app: typer.Typer) -> None:
    app.command()(report)


def report(
    incident: Annotated[int | None, typer.Argument(help="Of this incident alone; else of a period.")] = None,
    since: Annotated[str | None, typer.Option("--since", help="From this day on; 30 days ago without it.")] = None,
    until: Annotated[str | None, typer.Option("--until", help="To before this day or time; now when left out.")] = None,
    config: Config = CONFIG, as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV, one line a message.")] = False,
    as_html: Annotated[bool, typer.Option("--html", help="Print one HTML page, in the site's language.")] = False,
    drills: Annotated[bool, typer.Option("--drills", help="Of the drills, not of what was real.")] = False,
    practice: Practice = False,
) -> None:
    """Report an incident or a period: who was told, how long everything took, what nobody answered, false alarms."""
    if as_json + as_csv + as_html > 1:
        raise TocsinError("give one of --json, --csv and --html")
    with open_reader(config, practice=practice) as reader, reader.reading() as connection:
        book = book_at(connection)
        if book is None:
            raise TocsinError("the store has no rule book yet: nothing has happened that could be reported")
        content = book.content
        rules, zone, names = {rule.id: rule for rule in content.rules}, content.site.time_zone, called(content)
        if incident is not None:
            found = of_one(connection, incident, rules, say_of)
            if found is None:
                raise TocsinError(f"there is no incident {incident} in the store")
        else:
            end = instant_of(until, zone)
            begin = instant_of(since, zone) if since is not None else end - 30 * DAY
            if begin >= end:
                raise TocsinError("--since has to lie before --until")
            found = of_period(connection, begin, end, rules, say_of, drills=drills)
    if as_json:
        say_json(plain(found))
    elif as_csv or as_html:
        text = csv_of(found, names, zone) if as_csv else html_of(found, names, zone, content.site.language,
                                                                content.site.name)
        sys.stdout.buffer.write(text.encode())
    else:
        typer.echo(text_of(found, names, zone))
    raise typer.Exit(FOUND if found.whole.unanswered else FINE)
