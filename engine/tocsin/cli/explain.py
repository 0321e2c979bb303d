"""``tocsin explain``: an incident back to the events, the rule version and the roster that made it."""

from typing import Annotated

import typer

from tocsin.app.past import past_of
from tocsin.cli.output import CONFIG, FINE, FOUND, AsJson, Config, say_json
from tocsin.cli.stores import Practice, open_reader
from tocsin.delivery.say import say_of
from tocsin.domain.errors import TocsinError
from tocsin.reports.as_json import as_json as plain
from tocsin.reports.explain import explain as explain_incident
from tocsin.reports.explain_text import explain_text, untold_text
from tocsin.reports.untold import untold_of_rule
from tocsin.store.reader import book_at, rows_at


def add(app: typer.Typer) -> None:
    app.command()(explain)


def explain(
    incident: Annotated[int | None, typer.Argument(help="The incident's number.")] = None,
    config: Config = CONFIG,
    rule: Annotated[str | None, typer.Option("--rule", help="Instead: why this rule told nobody.")] = None,
    as_json: AsJson = False,
    practice: Practice = False,
) -> None:
    """Explain an incident: why it is, who was asked and why they, what was told and answered, what was not and why."""
    if (incident is None) == (rule is None):
        raise TocsinError("give the number of an incident, or --rule with the name of a rule that told nobody")
    with open_reader(config, practice=practice) as reader, reader.reading() as connection:
        if rule is not None:
            found = untold_of_rule(connection, rule)
            if as_json:
                for one in found:
                    say_json(plain(one))
            else:
                book = book_at(connection)
                people = book.content.people if book is not None else {}
                zone = book.content.site.time_zone if book is not None else "UTC"
                typer.echo(untold_text(rule, found, zone,
                                       lambda person: people[person].name if person in people else person))
            raise typer.Exit(FOUND if found else FINE)
        explained = explain_incident(connection, incident or 0, rows_at=rows_at, book_at=book_at, say=say_of,
                                     past=past_of(reader.reading))
    if explained is None:
        raise TocsinError(f"there is no incident {incident} in the store: the messages and the console show its number")
    if as_json:
        say_json(plain(explained))
    else:
        typer.echo(explain_text(explained))
    raise typer.Exit(FINE)
