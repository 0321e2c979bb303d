"""``tocsin silence``: mute, list what is muted, and unmute, through the running engine."""

import os
from typing import Annotated, Any

import msgspec
import typer

from tocsin.cli.operator import As, NotThereError, Url, ask
from tocsin.cli.output import CONFIG, FINE, AsJson, Config, say_error, say_json
from tocsin.cli.stores import Practice, open_reader
from tocsin.domain.errors import TocsinError
from tocsin.domain.time import parse_instant
from tocsin.reports.as_json import as_json as plain
from tocsin.reports.silences import Muted, ended, lasting, silences_text
from tocsin.settings import Settings, load_settings

PATH = "/v1/silences"


def add(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="Mute incidents for a while, with a reason; nobody is asked.")
    group.callback()(about)
    group.command("add")(add_silence)
    group.command("list")(list_silences)
    group.command("end")(end_silence)
    app.add_typer(group, name="silence")


def about() -> None:
    """Mute incidents for a while, with a reason; nobody is asked."""


def add_silence(
    reason: Annotated[str, typer.Option("--reason", help="Why; it stands beside everything that is held back.")],
    rule: Annotated[str, typer.Option("--rule", help="Incidents of this rule.")] = "",
    key: Annotated[list[str] | None, typer.Option("--key", help="Of this key, site=school-12; repeat it.")] = None,
    severity: Annotated[list[str] | None, typer.Option("--severity", help="Of this severity; repeat it.")] = None,
    until: Annotated[str, typer.Option("--until", help="Until this time of the site: 2026-11-23 18:00.")] = "",
    for_: Annotated[str, typer.Option("--for", help="Or for so long: 2 h.")] = "",
    config: Config = CONFIG, url: Url = "", as_: As = "", as_json: AsJson = False, practice: Practice = False,
) -> None:
    """Silence what matches all that is given: incidents open and nobody is asked until it ends."""
    pairs = [one.partition("=") for one in key or ()]
    if wrong := [name for name, equals, value in pairs if not (name and equals and value)]:
        raise TocsinError(f'--key "{wrong[0]}": write a field of the key and its value, such as --key site=school-12')
    settings = load_settings(config, environ=os.environ, require_secrets=False)
    body = {"rule": rule, "key": {name: value for name, _, value in pairs}, "severity": list(severity or ()),
            "reason": reason, "until": until, "for": for_}
    found = ask(settings, "POST", PATH, body, url=url, operator=as_, practice=practice)
    _say(settings, [found], as_json=as_json)


def end_silence(
    number: Annotated[int, typer.Argument(help="The silence's number, as listed.")],
    config: Config = CONFIG, url: Url = "", as_: As = "", as_json: AsJson = False, practice: Practice = False,
) -> None:
    """End a silence now: what it held back and nobody has answered starts at step one."""
    settings = load_settings(config, environ=os.environ, require_secrets=False)
    found = ask(settings, "DELETE", f"{PATH}/{number}", None, url=url, operator=as_, practice=practice)
    _say(settings, [found], as_json=as_json)


def list_silences(
    every: Annotated[bool, typer.Option("--all", help="Also those that have ended.")] = False,
    config: Config = CONFIG, url: Url = "", as_: As = "", as_json: AsJson = False, practice: Practice = False,
) -> None:
    """What is silenced now, until when, by whom and why, and how much was held back."""
    settings = load_settings(config, environ=os.environ, require_secrets=False)
    try:
        path = PATH + ("?all=1" if every else "")
        answer = ask(settings, "GET", path, None, url=url, operator=as_, practice=practice)
        found = answer["silences"]
    except NotThereError as error:
        if url:
            raise
        say_error(f"{error} This is what its store says:")
        with open_reader(config, practice=practice) as reader, reader.reading() as connection:
            found = [plain(one) for one in (*lasting(connection), *(ended(connection) if every else ()))]
    _say(settings, found, as_json=as_json)


def _say(settings: Settings, found: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        for one in found:
            say_json(one)
    else:
        typer.echo(silences_text([_muted(one) for one in found], settings.site.time_zone))
    raise typer.Exit(FINE)


def _muted(said: dict[str, Any]) -> Muted:
    instants = {name: parse_instant(said[name]) for name in ("begun", "until", "ended") if said[name] is not None}
    return msgspec.convert({**said, **instants}, Muted)
