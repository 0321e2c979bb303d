"""Silences in a real engine process: set and ended by the command and over HTTP, killed in between."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.support.live_site import OPERATOR_TOKEN, TOKEN, LiveSite, comes

from tocsin.emulators.mailboxes import Emulators


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    with Emulators().in_thread() as emulators:
        running = LiveSite(tmp_path_factory.mktemp("silence") / "site", emulators)
        running.start()
        yield running
        running.close()


def chats(site: LiveSite) -> str:
    """All that has left by Telegram."""
    state = site.emulators.telegram.state
    return str(site.emulators.call(lambda: "\n".join(message.text for message in state.outbox)))


def ask(site: LiveSite, method: str, path: str = "", token: str = OPERATOR_TOKEN, **more: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return site.client.request(method, f"/v1/silences{path}", headers=headers, timeout=10.0, **more)


def one_of(said: str) -> dict[str, Any]:
    line, = said.splitlines()
    return dict(json.loads(line))


def test_what_is_silenced_pages_nobody_until_it_is_ended_whatever_happens_to_the_process(site: LiveSite) -> None:
    """Set by the command, killed, held back, listed, explained, ended: only then the page arrives."""
    added = site.run("silence", "add", "--rule", "panic-button", "--key", "site=school-12", "--for", "2 h",
                     "--reason", "test of the panel", "--json")
    assert added.returncode == 0, added.stderr
    number = one_of(added.stdout)["silence"]
    site.kill()
    site.start()
    assert site.post({"type": "alarm.panic", "site": "school-12"}, {"type": "alarm.panic", "site": "park"}
                     ).status_code == 202
    comes(lambda: "park" in chats(site), site.log)
    site.kill()
    site.start()
    listed = one_of(site.run("silence", "list", "--json").stdout)
    assert (listed["author"], listed["reason"], listed["held"], listed["incidents"]) == (
        "shift", "test of the panel", 1, 1)
    held = listed["numbers"][0]
    explained = site.run("explain", str(held)).stdout
    assert f"silenced by shift: test of the panel (silence {number})" in explained
    assert "school-12" not in chats(site)
    ended = site.run("silence", "end", str(number), "--json")
    assert one_of(ended.stdout)["ended_by"] == "shift", ended.stderr
    comes(lambda: "school-12" in chats(site), site.log)
    assert site.run("silence", "list").stdout.strip() == "Nothing is silenced."
    assert one_of(site.run("silence", "list", "--all", "--json").stdout)["silence"] == number
    assert site.run("silence", "end", str(number)).returncode == 2


def test_a_drill_is_begun_by_the_command_and_reported(site: LiveSite) -> None:
    """Its page says that it is one; the report of its incident comes from the store."""
    begun = site.run("drill", "--rule", "panic-button", "--set", "site=gymnasium", "--json")
    assert begun.returncode == 0, begun.stderr
    comes(lambda: "gymnasium" in chats(site), site.log)
    told = next(text for text in chats(site).split("\n") if "ТРЕНУВАННЯ" in text or "EXERCISE" in text)
    assert told
    reported = one_of(site.run("report", str(one_of(begun.stdout)["incident"]), "--json").stdout)
    assert [one["rule"] for one in reported["incidents"]] == ["drill:panic-button"]
    refused = site.run("drill", "--rule", "nothing")
    assert (refused.returncode, "there is no rule nothing" in refused.stderr) == (2, True)


def test_an_operator_alone_may_silence(site: LiveSite) -> None:
    """No token, a wrong one and a source's are refused, each by its sentence; an operator's token sends no events."""
    body = {"rule": "panic-button", "for": "1 h", "reason": "x"}
    for token, status, sentence in (("", 401, "no token"), ("wrong", 401, "no operator"), (TOKEN, 403, "of a source")):
        for method, path in (("POST", ""), ("GET", ""), ("DELETE", "/1"), ("GET", "/1")):
            answer = ask(site, method, path, token, **({"json": body} if method == "POST" else {}))
            assert (answer.status_code, sentence in answer.json()["error"]) == (status, True), answer.text
    refused = site.client.post("/v1/events", json={"type": "a"}, headers={"Authorization": f"Bearer {OPERATOR_TOKEN}"})
    assert refused.status_code == 401


@pytest.mark.parametrize("body, sentence", [
    ({"rule": "panic-buton", "for": "1 h"}, "did you mean panic-button"),
    ({"rule": "panic-button", "key": {"zone": 1}, "for": "1 h"}, "its fields are site"),
    ({"rule": "panic-button", "for": "soon"}, "not a duration"),
    ({"rule": "panic-button", "until": "tomorrow"}, "no time such as"),
    ({"rule": "panic-button", "until": "2027-03-28 03:30"}, "skip"),
    ({"rule": "panic-button"}, "one of both"),
    ({"rule": "panic-button", "for": "40 d"}, "31 days"),
    ({"for": "1 h"}, "what is to be silent"),
    ({"rule": "panic-button", "fro": "1 h"}, "fro"),
    ({"rule": 5, "for": "1 h"}, "rule"),
])
def test_what_is_no_silence_is_refused_by_a_sentence(site: LiveSite, body: dict[str, Any], sentence: str) -> None:
    answer = ask(site, "POST", json={"reason": "x", **body})
    assert answer.status_code == 422
    assert sentence in answer.json()["error"], answer.text
    assert ask(site, "GET").json()["silences"] == []


def test_over_http_it_is_set_read_and_ended(site: LiveSite) -> None:
    made = ask(site, "POST", json={"severity": "low", "key": {"device": 7}, "reason": "x", "for": "90 min"})
    assert made.status_code == 201, made.text
    silence = made.json()
    assert (silence["rule"], silence["key"], silence["severity"]) == ("", {"device": "7"}, ["low"])
    number = silence["silence"]
    assert ask(site, "GET", f"/{number}").json() == silence
    assert ask(site, "DELETE", f"/{number}").json()["ended_by"] == "shift"
    assert ask(site, "DELETE", f"/{number}").status_code == 404
    assert ask(site, "GET", "/999").status_code == 404


def test_the_command_says_what_is_wrong(site: LiveSite) -> None:
    """A refusal of the engine, a key without a value, an engine that is not there: each by its sentence."""
    given = ("silence", "add", "--reason", "x", "--for", "1 h")
    wrong = site.run(*given, "--rule", "panic-buton")
    assert (wrong.returncode, "did you mean panic-button" in wrong.stderr) == (2, True)
    assert "--key site=school-12" in site.run(*given, "--key", "site").stderr
    assert site.run(*given, "--rule", "panic-button", "--as", "nobody").returncode == 2
    site.stop()
    gone = site.run(*given, "--rule", "panic-button")
    assert (gone.returncode, "does not answer" in gone.stderr) == (2, True)
    listed = site.run("silence", "list", "--all", "--json")
    assert listed.returncode == 0
    assert "does not answer" in listed.stderr
    assert len(listed.stdout.splitlines()) == 2
    assert site.run("verify").returncode == 0
