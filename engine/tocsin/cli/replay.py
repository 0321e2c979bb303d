"""``tocsin replay``: what the rules would have done with recorded events; nothing is sent."""

from pathlib import Path
from typing import Annotated, Any

import typer

from tocsin.book.book import Content, number_book
from tocsin.cli.books import read_site
from tocsin.cli.output import CONFIG, FINE, AsJson, Config, say_json
from tocsin.domain.errors import EventError, TocsinError
from tocsin.domain.event import Event
from tocsin.domain.time import parse_instant
from tocsin.matching.index import IndexMatcher
from tocsin.replay.ledger import Ledger, Story
from tocsin.replay.recording import read_recording
from tocsin.replay.run import Run
from tocsin.rules.meaning import Meaning
from tocsin.rules.tables import Tables
from tocsin.sources.normal import Areas, Normaliser, no_areas
from tocsin.sources.raw import decode_plain


def add(app: typer.Typer) -> None:
    app.command()(replay)


def replay(
    events: Annotated[Path, typer.Option("--events", help="Recorded events, one JSON object a line.")],
    config: Config = CONFIG,
    until: Annotated[str | None, typer.Option("--until", help="Run timers up to this instant (RFC 3339).")] = None,
    as_json: AsJson = False,
) -> None:
    """Replay recorded events on a virtual clock; nothing is sent."""
    _, content, _ = read_site(config)
    ledger, run = replay_file(content, events, instant_of_option(until, "--until"))
    stories = ledger.stories()
    for story in stories:
        if as_json:
            say_json(story.line())
        else:
            _print(story)
    summary = {"events": run.events, "duplicates": run.duplicates, "late": run.late,
               "incidents": len(ledger.incidents)}
    if as_json:
        say_json(summary)
    else:
        typer.echo(", ".join(f"{name}: {number}" for name, number in summary.items()))
    raise typer.Exit(FINE)


def replay_file(content: Content, events: Path, until: int | None) -> tuple[Ledger, Run]:
    """Replay one file through a content; EventError names the line that is no event."""
    meaning = Meaning(number_book(1, content))
    tables = Tables.of(content)
    ledger = Ledger()
    run = Run(meaning, IndexMatcher(content.rules, tables), ledger)
    doors = Doors(tables.areas.names)
    try:
        with events.open("rb") as lines:
            for event, at in read_recording(lines, doors.event, decode_plain):
                if until is not None and at > until:
                    break
                run.feed(event, at)
    except OSError as error:
        raise TocsinError(f"{events} cannot be read ({error.strerror}): give the file with --events") from None
    except EventError as error:
        raise EventError(f"{events}: {error}") from None
    if until is not None:
        run.run_until(until)
    return ledger, run


class Doors:
    """Recorded lines become events as each source's door would have made them."""

    def __init__(self, areas: Areas = no_areas) -> None:
        self._areas = areas
        self._doors: dict[tuple[str, bool], Normaliser] = {}

    def event(self, source: str, raw: dict[str, Any], received: int, believed: bool) -> Event:
        """The event of a line; ``believed`` whatever its time."""
        door = self._doors.get((source, believed))
        if door is None:
            door = self._doors[source, believed] = Normaliser(source, buffers=believed, areas=self._areas)
        return door.event(raw, received)


def instant_of_option(text: str | None, option: str) -> int | None:
    """The instant that a person gave, None when they gave none; TocsinError for anything else."""
    if text is None:
        return None
    try:
        return parse_instant(text)
    except ValueError as error:
        raise TocsinError(f"{option}: {error}") from None


def _print(story: Story) -> None:
    line = story.line()
    key = ", ".join(f"{name} {value}" for name, value in line["key"].items())
    number = f"incident {line['incident']}" if line["incident"] is not None else "inhibited"
    typer.echo(f"{number}: {line['rule']} ({key or 'one for all'}), {line['severity']}")
    for activation in line["activations"]:
        over = f"cleared {activation['cleared']}" if activation["cleared"] else "still active"
        typer.echo(f"    active {activation['at']}, {over}, {activation['events']} events")
    for told in line["notifications"]:
        typer.echo(f"    {told['at']}  {told['kind']:8} {told['to']} by {told['channel']}"
                   + (f" ({told['policy']}, step {told['step']})" if told["policy"] else ""))
    for suppressed in line["suppressed"]:
        typer.echo(f"    {suppressed['at']}  not told: {suppressed['reason']}")
