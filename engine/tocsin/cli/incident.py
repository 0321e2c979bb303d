"""``tocsin incident``: answer, escalate, add, reassign, hand over and snooze, through the running engine."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from tocsin.cli.operator import As, Url, ask
from tocsin.cli.output import CONFIG, FINE, AsJson, Config, say_json
from tocsin.cli.stores import Practice
from tocsin.domain.errors import TocsinError
from tocsin.settings import load_settings

Number = Annotated[int, typer.Argument(help="The incident's number: messages and the console show it.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it stands in the incident's record.")]
Person = Annotated[str, typer.Option("--person", help="A person of contacts/people.yaml.")]
Service = Annotated[str, typer.Option("--service", help="A service: its members, else who is on duty.")]
OnCall = Annotated[str, typer.Option("--on-call", help="Who is on duty by this schedule.")]
Skill = Annotated[str, typer.Option("--skill", help="Everybody who has this skill and is not away.")]
Kind = Annotated[str, typer.Option("--area-service", help="The services of this kind at the incident's place.")]
Named = Annotated[str, typer.Option("--policy", help="A whole policy, with its steps and its last resort.")]


def add(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="Answer an incident, or act on it by hand.")
    group.callback()(about)
    for name, command in (("answer", answer), ("escalate", escalate), ("add", add_somebody), ("reassign", reassign),
                          ("hand-over", hand_over), ("snooze", snooze)):
        group.command(name)(command)
    app.add_typer(group, name="incident")


def about() -> None:
    """Answer an incident, or act on it by hand."""


def answer(
    number: Number,
    word: Annotated[str, typer.Argument(help="acknowledge, accept, decline, arrived, resolve or false_alarm.")],
    person: Annotated[str, typer.Option("--person", help="Whose answer it is, if not the operator's own.")] = "",
    eta: Annotated[str, typer.Option("--eta", help="With accept: there in so long, 10 min.")] = "",
    note: Annotated[str, typer.Option("--note", help="What else was said.")] = "",
    config: Config = CONFIG, url: Url = "", as_: As = "", as_json: AsJson = False, practice: Practice = False,
) -> None:
    """Enter an answer: one's own, or one that a person gave by telephone or radio."""
    body = {"word": word, "person": person, "eta": eta, "note": note}
    _do(number, "answers", body, config, url, as_, as_json=as_json, practice=practice)


def escalate(
    number: Number,
    policy: Annotated[str, typer.Option("--policy", help="Only this policy, if several are at work.")] = "",
    reason: Reason = "",
    config: Config = CONFIG, url: Url = "", as_: As = "", as_json: AsJson = False, practice: Practice = False,
) -> None:
    """Begin the next step at once; an answered incident goes on behind its answer."""
    _do(number, "escalate", {"policy": policy, "reason": reason}, config, url, as_, as_json=as_json, practice=practice)


def add_somebody(
    number: Number, person: Person = "", service: Service = "", on_call: OnCall = "", skill: Skill = "",
    area_service: Kind = "", policy: Named = "", reason: Reason = "",
    config: Config = CONFIG, url: Url = "", as_: As = "", as_json: AsJson = False, practice: Practice = False,
) -> None:
    """Ask somebody more, beside those who are asked or have it."""
    to = _to(person=person, service=service, on_call=on_call, skill=skill, area_service=area_service, policy=policy)
    _do(number, "add", {"to": to, "reason": reason}, config, url, as_, as_json=as_json, practice=practice)


def reassign(
    number: Number, person: Person = "", service: Service = "", on_call: OnCall = "", skill: Skill = "",
    area_service: Kind = "", policy: Named = "", reason: Reason = "",
    config: Config = CONFIG, url: Url = "", as_: As = "", as_json: AsJson = False, practice: Practice = False,
) -> None:
    """Ask somebody else, instead of those who are asked or have it."""
    to = _to(person=person, service=service, on_call=on_call, skill=skill, area_service=area_service, policy=policy)
    _do(number, "reassign", {"to": to, "reason": reason}, config, url, as_, as_json=as_json, practice=practice)


def hand_over(
    number: Number,
    to: Annotated[str, typer.Option("--to", help="The person who is to take it.")],
    from_: Annotated[str, typer.Option("--from", help="Who hands it over, if several have it.")] = "",
    reason: Reason = "",
    config: Config = CONFIG, url: Url = "", as_: As = "", as_json: AsJson = False, practice: Practice = False,
) -> None:
    """Hand it over from one person to another, who is asked; until they take it the first one has it."""
    _do(number, "hand-over", {"to": to, "from": from_, "reason": reason}, config, url, as_, as_json=as_json,
        practice=practice)


def snooze(
    number: Number,
    reason: Annotated[str, typer.Option("--reason", help="Why; it stands beside everything that is held back.")],
    until: Annotated[str, typer.Option("--until", help="Until this time of the site: 2026-11-23 18:00.")] = "",
    for_: Annotated[str, typer.Option("--for", help="Or for so long: 2 h.")] = "",
    config: Config = CONFIG, url: Url = "", as_: As = "", as_json: AsJson = False, practice: Practice = False,
) -> None:
    """Ask nobody about this incident until then; `tocsin silence end` ends it sooner."""
    body = {"until": until, "for": for_, "reason": reason}
    _do(number, "snooze", body, config, url, as_, as_json=as_json, practice=practice)


def _to(**given: str) -> dict[str, str]:
    named = {kind: name for kind, name in given.items() if name}
    if len(named) != 1:
        ways = ", ".join(f"--{kind.replace('_', '-')}" for kind in given)
        raise TocsinError(f"say whom, by one of {ways}")
    return named


def _do(number: int, action: str, body: dict[str, Any], config: Path, url: str, operator: str, *, as_json: bool,
        practice: bool) -> None:
    settings = load_settings(config, environ=os.environ, require_secrets=False)
    found = ask(settings, "POST", f"/v1/incidents/{number}/{action}", body, url=url, operator=operator,
                practice=practice)
    if as_json:
        say_json(found)
    else:
        typer.echo(_text(found))
    raise typer.Exit(FINE)


def _text(found: dict[str, Any]) -> str:
    lines = [f"incident {found['incident']}: {found['say']} [{found['severity']}], {found['condition']}, "
             f"{found['response']}"]
    if found["who"]:
        lines.append(f"  {'closed by' if found['response'] == 'closed' else 'has it'}: {', '.join(found['who'])}")
    if found["asked"]:
        lines.append(f"  asked now: {', '.join(found['asked'])}")
    if "silence" in found:
        lines.append(f"  silence {found['silence']} keeps it quiet")
    return "\n".join(lines)
