"""Incidents over HTTP: answers entered by operators, and what they do with an incident by hand."""

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct, field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.api.acting import Acting, body_of, end_of, json_of
from tocsin.api.errors import Problem
from tocsin.book.book import Content
from tocsin.book.report import nearest
from tocsin.delivery.plain import one_line
from tocsin.domain.input import Answer
from tocsin.domain.time import DAY, parse_duration
from tocsin.ports import Clock
from tocsin.reports.as_json import as_json
from tocsin.reports.board import Open, Say, one_of
from tocsin.reports.outcome import outcome_at

PATH = "/v1/incidents/{number:int}"
WORDS = ("acknowledge", "accept", "decline", "arrived", "resolve", "false_alarm")
LONGEST_NOTE = 500


class Said(Struct, forbid_unknown_fields=True):
    """An answer: the word, whose it is if not the operator's own, when they will be there (words), a note."""

    word: str
    person: str = ""
    eta: str = ""
    note: str = ""


class Done(Struct, forbid_unknown_fields=True):
    """What an action takes; each action reads what belongs to it."""

    policy: str = ""
    to: dict[str, str | bool] | str = ""
    from_: str = field(default="", name="from")
    reason: str = ""
    until: str = ""
    for_: str = field(default="", name="for")


ACTIONS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "escalate": ("escalate", "escalated", ("policy", "reason")),
    "add": ("add", "added", ("to", "reason")),
    "reassign": ("reassign", "reassigned", ("to", "reason")),
    "hand-over": ("hand_over", "hand_over", ("to", "from_", "reason")),
    "snooze": ("snooze", "snooze", ("until", "for_", "reason")),
}
"""By the last part of the path: the action, the word under which it is noted, and the fields that it takes."""

_read_said = msgspec.json.Decoder(Said).decode
_read_done = msgspec.json.Decoder(Done).decode


def incident_routes(acting: Acting, content: Callable[[], Content], say: Say, clock: Clock) -> list[Route]:
    """``POST /v1/incidents/<number>/answers`` and one route an action; ``content`` is that of the book in force."""

    async def state(number: int) -> Open:
        found: Open | None = await acting.read(lambda connection: one_of(connection, content(), say, number))
        if found is None:
            raise Problem(404, f"there never was an incident {number}")
        return found

    async def answer(request: Request) -> Response:
        operator, number = acting.who(request), request.path_params["number"]
        item = _answer(await body_of(request, _read_said, "answer"), operator, number, content())
        await state(number)
        position = await acting.submit(item)
        what, _ = await acting.read(lambda connection: outcome_at(connection, position, ("answer", "late_answer")))
        now = await state(number)
        if what == "late_answer":
            by = f" by {', '.join(now.who)}" if now.who else ""
            raise Problem(409, f"incident {number} is closed already{by}: the answer is on record and changes nothing")
        return json_of(as_json(now))

    def doing(action: str, noted: str, fields: tuple[str, ...]) -> Callable[[Request], Any]:
        async def do(request: Request) -> Response:
            operator, number = acting.who(request), request.path_params["number"]
            given = await body_of(request, _read_done, "action")
            stray = [one.strip("_") for one in given.__struct_fields__ if one not in fields and getattr(given, one)]
            if stray:
                raise Problem(422, f"{', '.join(stray)} says nothing here: "
                                   f"known are {', '.join(one.strip('_') for one in fields)}")
            await state(number)
            arguments = {one.strip("_"): getattr(given, one) for one in fields if getattr(given, one)}
            arguments["reason"] = one_line(given.reason, LONGEST_NOTE)
            if action == "snooze":
                arguments.pop("for", None)
                arguments["until"] = end_of(given.until, given.for_, clock.now(), content().site.time_zone)
            done, detail = await acting.act(operator, action, {"incident": number, **arguments}, noted)
            if not done:
                raise Problem(422, detail)
            after = as_json(await state(number))
            return json_of({**after, "silence": int(detail.partition(":")[0])} if action == "snooze" else after)

        return do

    return [Route(f"{PATH}/answers", answer, methods=["POST"]),
            *(Route(f"{PATH}/{path}", doing(*how), methods=["POST"]) for path, how in ACTIONS.items())]


def _answer(said: Said, operator: str, number: int, content: Content) -> Answer:
    """The answer that an operator entered; Problem 422 when it is none."""
    if said.word not in WORDS:
        raise Problem(422, f"{said.word[:40]} is no answer: known are {', '.join(WORDS)}")
    person = said.person or operator
    if person not in content.people:
        near = nearest(person, content.people) if said.person else ""
        more = f": did you mean {near}?" if near else "" if said.person else ': say whose answer it is with "person"'
        raise Problem(422, f"{person[:60]} is nobody of contacts/people.yaml{more}")
    return Answer(person, number, said.word, "api", eta=_eta(said), note=one_line(said.note, LONGEST_NOTE),
                  by=operator if operator != person else "")


def _eta(said: Said) -> int | None:
    if not said.eta:
        return None
    if said.word != "accept":
        raise Problem(422, "eta belongs to accept: who comes says when they will be there")
    try:
        eta = parse_duration(said.eta)
    except (ValueError, OverflowError) as error:
        raise Problem(422, f"eta: {error}") from None
    if eta > DAY:
        raise Problem(422, "eta: a day at most")
    return eta
