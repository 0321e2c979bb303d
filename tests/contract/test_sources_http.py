"""The ways in over HTTP beyond the source contract: who may, how much, and what a batch with faults is told."""

import asyncio
import http.client
import socket
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest
from prometheus_client import CollectorRegistry
from tests.support.memory_intake import MemoryIntake
from tests.support.ways_in import ALERTS, ALERTS_TOKEN, GATEWAY, TOKEN

from tocsin.api.health import health_routes
from tocsin.api.ingest import ingest_routes
from tocsin.api.metrics import CountingReport
from tocsin.api.server import Listening, build_app, serve
from tocsin.clock import VirtualClock
from tocsin.domain.errors import SettingsError
from tocsin.domain.time import SECOND, parse_instant
from tocsin.sources.config import Allowance, SourceConfig
from tocsin.sources.door import open_doors
from tocsin.sources.tokens import hash_token

EVENT = {"type": "alarm.panic", "site": "school-12"}
SLOW = SourceConfig(name="slow", kind="http", token_hash=hash_token("slow"), allowance=Allowance(2.0, 4))


class Home:
    """A server on loopback with everything that stands before the engine."""

    def __init__(self) -> None:
        self.clock = VirtualClock(parse_instant("2026-11-22T20:00:00Z"))
        self.intake = MemoryIntake()
        self.said: list[tuple[str, str, str]] = []
        self.wrong: list[str] = []
        self.doubtful: list[str] = []
        self.heard: list[str] = []
        self.client: httpx.AsyncClient
        self.server: Listening

    async def post(self, content: Any = None, token: str = TOKEN, path: str = "/v1/events", *,
                   json: Any = None, **headers: str) -> httpx.Response:
        if json is not None:
            content = msgspec.json.encode(json)
        given = {"Content-Type": "application/json", **{key.replace("_", "-"): value for key, value in headers.items()}}
        if token:
            given["Authorization"] = f"Bearer {token}"
        return await self.client.post(path, content=content, headers=given)


@pytest.fixture
async def home() -> AsyncIterator[Home]:
    made = Home()
    registry = CollectorRegistry()
    report = CountingReport(registry, lambda *what: made.said.append(what), made.heard.append)
    doors = open_doors((GATEWAY, ALERTS, SLOW), made.clock, report)
    made.server = server = await serve(build_app([
        *ingest_routes(doors, made.intake, made.clock, report),
        *health_routes("practice", registry, lambda: made.wrong[:1], lambda: made.wrong,
                       lambda: made.doubtful)]), "127.0.0.1", 0)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", timeout=30) as made.client:
        yield made
    await server.stop()


async def test_the_good_events_of_a_batch_are_accepted_and_the_others_named(home: Home) -> None:
    """Each rejected item is named by its place and reason; the answer is 207."""
    answer = await home.post(json=[EVENT, {"typ": "x"}, EVENT, {"type": "a b"}, 5])
    assert answer.status_code == 207
    outcome = answer.json()
    assert (outcome["accepted"], outcome["duplicates"]) == (2, 0)
    assert [one["index"] for one in outcome["rejected"]] == [1, 3, 4]
    assert "did you mean `type`" in outcome["rejected"][0]["error"]
    assert len(home.intake.events) == 2
    assert [kind for _, kind, _ in home.said] == ["rejected"]


async def test_a_bad_line_of_ndjson_spoils_no_other(home: Home) -> None:
    """A line that is no JSON is rejected alone, blank lines are not counted."""
    answer = await home.post(b'{"type":"a"}\n\n{"type":\n{"type":"b"}\r\n', Content_Type="application/x-ndjson")
    assert answer.json()["accepted"] == 2
    assert [one["index"] for one in answer.json()["rejected"]] == [1]


@pytest.mark.parametrize("body, words", [
    (b"", "body is empty"), (b"[{]", "not JSON"), (b"{", "not JSON"), (b"\xff\xfe", "JSON"), (b"hello", "not JSON"),
    (b"[" * 200_000, "nested too deeply"),
])
async def test_a_body_that_cannot_be_cut_into_items_is_a_400(home: Home, body: bytes, words: str) -> None:
    """The whole body is refused with a sentence."""
    answer = await home.post(body)
    assert answer.status_code == 400
    assert words in answer.json()["error"]


async def test_invalid_utf8_inside_an_event_is_refused(home: Home) -> None:
    """Bytes that are no UTF-8 are told so, and the event beside them is accepted."""
    answer = await home.post(b'[{"type":"a","text":"\xff"},{"type":"a"}]')
    assert answer.status_code == 207
    assert "UTF-8" in answer.json()["rejected"][0]["error"]


async def test_a_byte_order_mark_is_no_fault(home: Home) -> None:
    """Some tools begin UTF-8 with a mark."""
    assert (await home.post(b'\xef\xbb\xbf{"type":"a"}')).status_code == 202


async def test_an_empty_array_is_fine(home: Home) -> None:
    """Nothing to do is no fault."""
    answer = await home.post(b"[]")
    assert (answer.status_code, answer.json()["accepted"]) == (202, 0)


@pytest.mark.parametrize("token, path, status, words", [
    ("", "/v1/events", 401, "Authorization: Bearer"), ("wrong", "/v1/events", 401, "opens no source"),
    (hash_token(TOKEN), "/v1/events", 401, "opens no source"),
    (ALERTS_TOKEN, "/v1/events", 403, "prometheus, a source of kind alertmanager"),
    (TOKEN, "/v1/alertmanager", 403, "is for kind alertmanager"), (TOKEN, "/v1/nothing", 404, "no /v1/nothing"),
])
async def test_who_may_not_is_told_why(home: Home, token: str, path: str, status: int, words: str) -> None:
    """No token, a wrong one (the stored hash included), one of another kind: refused, and no word of it leaks."""
    answer = await home.post(json=EVENT, token=token, path=path)
    assert answer.status_code == status
    assert words in answer.json()["error"]
    assert not home.intake.seen.is_set()
    assert token not in answer.text or not token


async def test_other_methods_are_refused(home: Home) -> None:
    """Reading events is not possible here."""
    answer = await home.client.get("/v1/events")
    assert (answer.status_code, answer.json()) == (405, {"error": "GET is not possible here"})


@pytest.mark.parametrize("headers, words", [
    ({"Content_Type": "application/x-www-form-urlencoded"}, "send application/json"),
    ({"Content_Type": "application/json; charset=cp1251"}, "not UTF-8"), ({"Content_Encoding": "gzip"}, "compressed"),
])
async def test_a_type_that_is_not_understood_is_a_415(home: Home, headers: dict[str, str], words: str) -> None:
    """The sender hears which types are understood."""
    answer = await home.post(json=EVENT, **headers)
    assert answer.status_code == 415
    assert words in answer.json()["error"]


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_of_20_mb_is_refused_with_a_sentence(home: Home, chunked: bool) -> None:
    """Declared or not, more than the limit is never kept, and the sender gets to read why."""
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" " * 1_000_000
    answer = await home.post(parts() if chunked else b" " * 20_000_000)
    assert answer.status_code == 413
    assert "16 MiB" in answer.json()["error"]
    assert (await home.post(json=EVENT)).status_code == 202


async def test_a_sender_that_writes_all_before_it_reads_gets_to_read_why(home: Home) -> None:
    """The rest of a refused body is taken from the wire, else such a sender would see a broken connection only."""
    def send() -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", home.server.port, timeout=30)
        connection.request("POST", "/v1/events", b" " * 20_000_000, {"Authorization": "Bearer wrong"})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, body
    status, body = await asyncio.to_thread(send)
    assert status == 401
    assert b"opens no source" in body


async def test_one_event_of_more_than_1_mib_is_rejected_alone(home: Home) -> None:
    """A giant in a batch is named, the others are accepted."""
    giant = {**EVENT, "data": {str(n): "x" * 60_000 for n in range(20)}}
    answer = await home.post(json=[EVENT, giant])
    assert answer.json()["accepted"] == 1
    assert "1 MiB" in answer.json()["rejected"][0]["error"]


async def test_a_batch_of_10000_passes_and_one_more_does_not(home: Home) -> None:
    """The number of events of one body is limited."""
    assert (await home.post(b"[" + b",".join([b'{"type":"a"}'] * 10_000) + b"]")).json()["accepted"] == 10_000
    answer = await home.post(b"[" + b",".join([b'{"type":"a"}'] * 10_001) + b"]")
    assert (answer.status_code, len(home.intake.events)) == (413, 10_000)


async def test_a_flood_is_told_to_wait_before_anything_is_accepted(home: Home) -> None:
    """Over the quota the answer is 429 with the seconds to wait; after them the batch is welcome."""
    assert (await home.post(json=[EVENT] * 3, token="slow")).status_code == 202
    answer = await home.post(json=[EVENT] * 3, token="slow")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    assert len(home.intake.events) == 3
    assert (await home.post(json=EVENT)).status_code == 202
    await home.clock.advance(SECOND)
    assert (await home.post(json=[EVENT] * 3, token="slow")).status_code == 202


async def test_a_batch_above_the_burst_passes_when_rested_and_leaves_a_debt(home: Home) -> None:
    """Otherwise a source could hold a batch that it may never send."""
    assert (await home.post(json=[EVENT] * 10, token="slow")).status_code == 202
    await home.clock.advance(3 * SECOND)
    assert (await home.post(json=EVENT, token="slow")).headers["retry-after"] == "1"
    await home.clock.advance(SECOND)
    assert (await home.post(json=EVENT, token="slow")).status_code == 202


async def test_alerts_that_were_left_out_are_reported(home: Home) -> None:
    """An Alertmanager with max_alerts set hides alerts: the operator hears of it."""
    await home.post(b'{"version":"4","truncatedAlerts":3,"alerts":[]}', ALERTS_TOKEN, "/v1/alertmanager")
    assert [(source, kind) for source, kind, _ in home.said] == [("prometheus", "truncated")]


async def test_a_sender_that_goes_away_disturbs_nobody(home: Home) -> None:
    """A connection that ends inside the body is forgotten."""
    assert home.client.base_url.port is not None
    reader, writer = await asyncio.open_connection("127.0.0.1", home.client.base_url.port)
    writer.write(b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n"
                 b"Authorization: Bearer " + TOKEN.encode() + b"\r\n\r\n{\"type\"")
    await writer.drain()
    writer.transport.abort()
    assert (await home.post(json=EVENT)).status_code == 202
    assert len(home.intake.events) == 1
    del reader


async def test_health_says_what_is_wrong(home: Home) -> None:
    """Green while all is well; red with sentences, and always in which mode."""
    green = await home.client.get("/healthz")
    assert (green.status_code, green.json()) == (200, {"status": "green", "mode": "practice", "problems": []})
    home.wrong[:] = ["the commit thread stands still", "the book is not loaded"]
    for path, problems in (("/healthz", home.wrong[:1]), ("/readyz", [home.wrong[0], *home.wrong])):
        red = await home.client.get(path)
        assert (red.status_code, red.json()["status"], red.json()["problems"]) == (503, "red", problems)


async def test_what_does_not_stand_in_the_way_of_events_is_a_warning(home: Home) -> None:
    """Yellow and 200: whoever balances load goes on sending, whoever looks sees the sentence."""
    home.doubtful[:] = ["the channel sms is failing"]
    yellow = await home.client.get("/readyz")
    assert (yellow.status_code, yellow.json()["status"]) == (200, "yellow")
    assert yellow.json()["warnings"] == home.doubtful
    assert (await home.client.get("/healthz")).json()["status"] == "green"


async def test_metrics_count_what_became_of_events(home: Home) -> None:
    """Accepted, duplicate and rejected events are counted by source."""
    twice = {**EVENT, "id": "1"}
    await home.post(json=[twice, twice, {"typ": "x"}])
    text = (await home.client.get("/metrics")).text
    assert set(home.heard) == {"gateway"}
    for outcome in ("accepted", "duplicate", "rejected"):
        assert f'tocsin_source_events_total{{outcome="{outcome}",source="gateway"}} 1.0' in text


async def test_a_failure_inside_confirms_nothing(home: Home) -> None:
    """An exception that nobody foresaw is a 500 with a sentence, never a confirmation."""
    async def broken(events: object) -> Any:
        raise ZeroDivisionError
    home.intake.submit_events = broken  # type: ignore[method-assign]  # the failure is the point
    answer = await home.post(json=EVENT)
    assert answer.status_code == 500
    assert "confirmed nothing" in answer.json()["error"]


async def test_an_address_in_use_is_a_sentence(home: Home) -> None:
    """A port that another process has is named with what to change."""
    with pytest.raises(SettingsError, match=r"http\.listen"):
        await serve(build_app([]), "127.0.0.1", home.client.base_url.port or 0)


async def test_answers_leave_at_once(home: Home) -> None:
    """Nagle's algorithm is off on accepted connections: with it every answer on a kept connection is 40 ms late."""
    await home.post(json=EVENT)
    connection, = home.server._server.server_state.connections  # no public way to the accepted socket
    accepted = connection.transport.get_extra_info("socket")
    assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


async def test_two_sources_with_one_token_are_refused() -> None:
    """A token tells the source, so it must be its own."""
    clock, report = VirtualClock(), CountingReport(CollectorRegistry(), lambda *what: None)
    twin = SourceConfig(name="twin", kind="http", token_hash=GATEWAY.token_hash)
    with pytest.raises(SettingsError, match="tocsin token new twin"):
        open_doors((GATEWAY, twin), clock, report)


async def test_an_item_that_json_refuses_spoils_only_itself(home: Home) -> None:
    """Half a surrogate pair or NaN in one event of an array: it is named by its place, its neighbours are committed."""
    answer = await home.post(b'[{"type":"a"},{"type":"a","text":"\\ud800"},{"type":"b"},{"type":"c","data":{"x":NaN}}]')
    assert answer.status_code == 207
    outcome = answer.json()
    assert outcome["accepted"] == 2
    assert [one["index"] for one in outcome["rejected"]] == [1, 3]
    assert "surrogate" in outcome["rejected"][0]["error"]
    assert "not JSON" in outcome["rejected"][1]["error"]
    assert [event.type for event in home.intake.events] == ["a", "b"]
