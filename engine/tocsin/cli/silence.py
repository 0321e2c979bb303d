"""``tocsin silence``: mute, list what is muted, and unmute, through the running engine."""

import os
from pathlib import Path
from typing import Annotated, Any

import httpx
import msgspec
import typer

from tocsin.app.practice import OPERATOR_TOKEN
from tocsin.cli.output import CONFIG, FINE, AsJson, Config, say_error, say_json
from tocsin.cli.stores import Practice, open_reader
from tocsin.domain.errors import TocsinError
from tocsin.domain.time import parse_instant
from tocsin.reports.as_json import as_json as plain
from tocsin.reports.silences import Muted, ended, lasting, silences_text
from tocsin.settings import Settings, load_settings

TOKEN = "TOCSIN_TOKEN"  # noqa: S105 - the name of a variable
TIMEOUT_S = 15.0

Url = Annotated[str, typer.Option("--url", help="Where the engine is, if not at http.listen of config.yaml.")]
As = Annotated[str, typer.Option("--as", help="Whose token of operators: in config.yaml is used, if it has several.")]


class NotThereError(TocsinError):
    """The engine does not answer."""


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
    found = _ask(settings, "POST", "", body, url=url, operator=as_, practice=practice)
    _say(settings, [found], as_json=as_json)


def end_silence(
    number: Annotated[int, typer.Argument(help="The silence's number, as listed.")],
    config: Config = CONFIG, url: Url = "", as_: As = "", as_json: AsJson = False, practice: Practice = False,
) -> None:
    """End a silence now: what it held back and nobody has answered starts at step one."""
    settings = load_settings(config, environ=os.environ, require_secrets=False)
    found = _ask(settings, "DELETE", f"/{number}", None, url=url, operator=as_, practice=practice)
    _say(settings, [found], as_json=as_json)


def list_silences(
    every: Annotated[bool, typer.Option("--all", help="Also those that have ended.")] = False,
    config: Config = CONFIG, url: Url = "", as_: As = "", as_json: AsJson = False, practice: Practice = False,
) -> None:
    """What is silenced now, until when, by whom and why, and how much was held back."""
    settings = load_settings(config, environ=os.environ, require_secrets=False)
    try:
        answer = _ask(settings, "GET", "?all=1" if every else "", None, url=url, operator=as_, practice=practice)
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


def _ask(settings: Settings, method: str, path: str, body: Any, *, url: str, operator: str, practice: bool) -> Any:
    """The engine's answer; its refusals are raised as its own sentences."""
    base = (url or ("http://127.0.0.1:8080" if practice else _address(settings))).rstrip("/")
    token = OPERATOR_TOKEN if practice else _token(settings, operator)
    try:
        answer = httpx.request(method, f"{base}/v1/silences{path}", json=body, timeout=TIMEOUT_S, trust_env=False,
                               headers={"Authorization": f"Bearer {token}"})
    except httpx.InvalidURL as error:
        raise TocsinError(f"--url {url}: {error}") from None
    except httpx.TransportError as error:
        raise NotThereError(f"The engine at {base} does not answer ({type(error).__name__}), so nothing was changed: "
                            "is it running (tocsin run), and there (--url)?") from None
    try:
        said = answer.json()
    except ValueError:
        said = {}
    if answer.status_code >= 400:
        raise TocsinError(said.get("error") or f"{base} answered {answer.status_code}: is that the engine?")
    return said


def _address(settings: Settings) -> str:
    host = settings.http.host
    own = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 - replaced
    return f"http://{own}:{settings.http.port}"


def _token(settings: Settings, operator: str) -> str:
    """The token in the environment, else that of the operator in config.yaml."""
    if (given := os.environ.get(TOKEN, "").strip()) and not operator:
        return given
    usable = {name: one.token.get_secret_value() for name, one in settings.operators.items()
              if one.token is not None and not one.token.get_secret_value().startswith("${")}
    if operator and operator not in usable:
        raise TocsinError(f"--as {operator}: {_file(settings)} has no token of that operator that can be read here")
    if len(usable) == 1 or operator:
        return usable[operator] if operator else next(iter(usable.values()))
    if usable:
        raise TocsinError(f"several operators have a token here: say which with --as ({', '.join(usable)}), or set "
                          f"{TOKEN}")
    raise TocsinError(f"no operator's token: set {TOKEN}, or operators: in {_file(settings)} (tocsin token new NAME "
                      "--operator makes one)")


def _file(settings: Settings) -> Path:
    return settings.path
