"""The ways in over HTTP. An answer of 2xx means: what it counts as accepted is committed."""

from math import ceil

import msgspec
from msgspec import Struct
from starlette.requests import ClientDisconnect
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tocsin.api.body import declared_length, read_body
from tocsin.api.errors import Problem
from tocsin.api.formats import Choice, Format, alerts_format, events_format
from tocsin.domain.errors import EventError, StoreError
from tocsin.domain.event import Event
from tocsin.ports import Clock, Intake
from tocsin.sources.body import UnreadableError, check_number, check_size
from tocsin.sources.door import Door, Doors
from tocsin.sources.report import Report

RETRY_SECONDS = 5
BREATH = 200
"""After so many events of one body the other requests get their turn."""

_JSON = (b"content-type", b"application/json")
_encode = msgspec.json.Encoder().encode


class Rejection(Struct, frozen=True):
    """One item that was not accepted: its place in the body, from 0, and why."""

    index: int
    error: str


class Outcome(Struct, frozen=True):
    """What became of a body's items."""

    accepted: int
    duplicates: int
    rejected: list[Rejection]


class Ingest:
    """An ASGI endpoint that takes events in: token, quota, body, items, commit, answer, in this order."""

    def __init__(self, kinds: tuple[str, ...], path: str, choose: Choice, doors: Doors, intake: Intake, clock: Clock,
                 report: Report) -> None:
        self._kinds = kinds
        self._path = path
        self._choose = choose
        self._doors = doors
        self._intake = intake
        self._clock = clock
        self._report = report

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        declared = declared_length(value for name, value in headers if name == b"content-length")
        try:
            door, chosen = self._admit(headers)
            body = await read_body(receive, declared)
            status, answer = await self._take(door, chosen, body)
            extra: tuple[tuple[bytes, bytes], ...] = ()
        except Problem as problem:
            status, answer, extra = problem.status, problem.body(), problem.headers
        except ClientDisconnect:
            return
        await send({"type": "http.response.start", "status": status,
                    "headers": [_JSON, (b"content-length", str(len(answer)).encode()), *extra]})
        await send({"type": "http.response.body", "body": answer})

    def _admit(self, headers: list[tuple[bytes, bytes]]) -> tuple[Door, Format]:
        credentials = content_type = encoding = b""
        for name, value in headers:
            if name == b"authorization":
                credentials = value
            elif name == b"content-type":
                content_type = value
            elif name == b"content-encoding":
                encoding = value
        door = self._door(credentials)
        if door.kind not in self._kinds:
            raise Problem(403, f"this token belongs to {door.source}, a source of kind {door.kind}: "
                               f"{self._path} is for kind {' or '.join(self._kinds)}")
        if encoding not in (b"", b"identity"):
            raise Problem(415, "compressed bodies are not accepted: send it without Content-Encoding")
        self._check_quota(door, door.quota.wait(1))
        return door, self._choose(content_type.decode("latin-1"), headers)

    def _door(self, credentials: bytes) -> Door:
        scheme, _, token = credentials.partition(b" ")
        if scheme.lower() == b"bearer" and (door := self._doors.find(token.strip())):
            return door
        self._report.count("", "refused")
        if not credentials:
            sentence = "no token: send the header Authorization: Bearer and the token of the source"
        else:
            sentence = "this token opens no source: compare it with config.yaml or make one with `tocsin token new`"
            self._report.say("", "refused", f"a request to {self._path} came with a token that opens no source")
        raise Problem(401, sentence, ((b"www-authenticate", b'Bearer realm="tocsin"'),))

    def _check_quota(self, door: Door, seconds: float) -> None:
        if seconds > 0:
            self._report.count(door.source, "throttled")
            raise Problem(429, f"{door.source} sends more than its quota: nothing of this was accepted, send it again "
                               f"in {ceil(seconds)} s", ((b"retry-after", str(ceil(seconds)).encode()),))

    async def _take(self, door: Door, chosen: Format, body: bytes) -> tuple[int, bytes]:
        try:
            items, left_out = chosen.split(body)
            check_number(items)
        except UnreadableError as error:
            self._reject(door, 1, str(error))
            raise Problem(400, str(error)) from None
        except EventError as error:
            self._reject(door, 1, str(error))
            raise Problem(413, str(error)) from None
        if left_out:
            self._report.say(door.source, "truncated", f"{door.source} left {left_out} alerts out of a notification: "
                                                       "raise max_alerts there")
        self._check_quota(door, door.quota.take(len(items)))
        received = self._clock.now()
        events: list[Event] = []
        rejected: list[Rejection] = []
        for index, item in enumerate(items):
            if index % BREATH == BREATH - 1:
                await self._clock.sleep(0)
            try:
                check_size(item)
                events.append(door.normaliser.event(chosen.decode(item), received))
            except EventError as error:
                rejected.append(Rejection(index, str(error)))
        if rejected:
            self._reject(door, len(rejected), rejected[0].error)
        duplicates = await self._commit(door, events) if events else 0
        status = (207 if events else 422) if rejected else 202
        return status, _encode(Outcome(len(events) - duplicates, duplicates, rejected))

    async def _commit(self, door: Door, events: list[Event]) -> int:
        try:
            fates = await self._intake.submit_events(events)
        except StoreError as error:
            self._report.count(door.source, "uncommitted", len(events))
            raise Problem(503, f"the engine cannot commit now and confirmed nothing, send it again: {error}",
                          ((b"retry-after", str(RETRY_SECONDS).encode()),)) from None
        duplicates = sum(fate.duplicate for fate in fates)
        self._report.count(door.source, "accepted", len(events) - duplicates)
        if duplicates:
            self._report.count(door.source, "duplicate", duplicates)
        return duplicates

    def _reject(self, door: Door, number: int, sentence: str) -> None:
        self._report.count(door.source, "rejected", number)
        self._report.say(door.source, "rejected", f"{number} of what {door.source} sent was refused: {sentence}")


def ingest_routes(doors: Doors, intake: Intake, clock: Clock, report: Report) -> list[Route]:
    """``POST /v1/events`` and ``POST /v1/alertmanager``."""
    ways: tuple[tuple[tuple[str, ...], str, Choice], ...] = (
        (("http", "cloudevents"), "/v1/events", events_format),
        (("alertmanager",), "/v1/alertmanager", alerts_format))
    return [Route(path, Ingest(kinds, path, choose, doors, intake, clock, report), methods=["POST"])
            for kinds, path, choose in ways]
