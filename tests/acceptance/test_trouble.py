"""Trouble around a real engine: it says so in a sentence, stays up or ends in good order, and loses nothing."""

import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from tests.support.live_site import TOKEN, LiveSite, free_port

from tocsin.emulators.mailboxes import Emulators

PATIENCE_S = 30.0
CLOSED = 2
"""The exit code of a command that could not run."""


@pytest.fixture
def emulators() -> Iterator[Emulators]:
    with Emulators().in_thread() as running:
        yield running


@pytest.fixture
def site(tmp_path: Path, emulators: Emulators) -> Iterator[LiveSite]:
    """A site that has not been started; whoever is on duty has Telegram and SMS at once, at any hour of any day."""
    made = LiveSite(tmp_path / "site", emulators)
    people = made.home / "contacts" / "people.yaml"
    people.write_text(people.read_text("utf-8").replace("critical: [telegram, sms]", "critical: [telegram + sms]"),
                      "utf-8")
    yield made
    made.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of four megabytes; skipped where nobody may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("only root may mount a small disk")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def changed(site: LiveSite, old: str, new: str) -> None:
    text = site.config.read_text("utf-8")
    assert old in text
    site.config.write_text(text.replace(old, new), "utf-8")


def until(site: LiveSite, holds: Callable[[], bool]) -> None:
    """Return when this holds; fails with the engine's log when it does not come about."""
    ended = threading.Event()
    for _ in range(int(PATIENCE_S / 0.05)):
        if holds():
            return
        ended.wait(0.05)
    raise AssertionError(site.log())


def panic(number: int, text: str = "") -> dict[str, str]:
    return {"id": f"e{number}", "type": "alarm.panic", "site": f"school-{number}", "time": "2026-11-24T10:00:00Z",
            "text": text}


def sms_bodies(site: LiveSite) -> list[str]:
    return site.emulators.call(lambda: [sms.body for sms in site.emulators.sms.state.outbox])


def test_a_full_disk_refuses_says_so_and_loses_nothing(site: LiveSite, small_disk: Path) -> None:
    """503 to the source, a sentence in the log, an end in good order; with room again everything confirmed is there."""
    changed(site, "sqlite:///var/tocsin.db", f"sqlite:///{small_disk}/tocsin.db")
    site.start()
    confirmed = []
    for number in range(2000):
        answer = site.post({**panic(number, "x" * 5000), "type": "note.long"})
        if answer.status_code != 202:
            break
        confirmed.append(number)
    assert answer.status_code == 503, answer.text
    assert "retry-after" in answer.headers
    assert "is full: free space there" in answer.text
    assert site.process is not None
    assert site.process.wait(PATIENCE_S) == CLOSED
    assert "is full: free space there; started again, the engine goes on from what is committed" in site.log()
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    site.start()
    again = [site.post({**panic(number, "x" * 5000), "type": "note.long"}).json() for number in confirmed]
    assert all(one["duplicates"] == 1 for one in again)
    assert site.post({**panic(9999), "type": "note.long"}).json()["accepted"] == 1
    site.stop()
    assert site.run("verify").returncode == 0


def test_on_a_full_disk_answers_and_deadlines_go_on_in_the_room_that_was_kept(
        site: LiveSite, small_disk: Path) -> None:
    """Events are refused and an answer is committed; with room again events are taken."""
    subprocess.run(["mount", "-o", "remount,size=32m", str(small_disk)], check=True)
    changed(site, '"sqlite:///var/tocsin.db"', f'"sqlite:///{small_disk}/tocsin.db", ballast: 16 MB')
    site.start()
    assert (small_disk / "tocsin.db.ballast").stat().st_size == 16_000_000
    assert site.post(panic(1)).status_code == 202
    for number in range(100, 5000):
        if site.post({**panic(number, "x" * 60_000), "type": "note.long"}).status_code != 202:
            break
    assert site.process is not None
    assert site.process.wait(PATIENCE_S) == CLOSED
    assert (small_disk / "tocsin.db.ballast").stat().st_size == 0
    site.start()
    refused = site.post({**panic(2), "type": "note.long"})
    assert (refused.status_code, "what room is left is for answers" in refused.text) == (503, True)
    assert site.client.get("/readyz").status_code == 503
    state = site.emulators.telegram.state
    chat, message, button = site.emulators.call(lambda: next(
        (one.chat.id, one.id, str(one.now.buttons[0]["text"])) for one in state.outbox
        if "school-1" in one.text and one.now.buttons))
    site.emulators.call(lambda: state.press(chat, message, button, from_id=chat))
    with closing(sqlite3.connect(f"file:{small_disk / 'tocsin.db'}?mode=ro", uri=True)) as rows:
        until(site, lambda: rows.execute("SELECT response FROM incidents WHERE id = 1").fetchone()[0] == "acknowledged")
    subprocess.run(["mount", "-o", "remount,size=96m", str(small_disk)], check=True)
    until(site, lambda: site.post({**panic(3), "type": "note.long"}).status_code == 202)
    assert (small_disk / "tocsin.db.ballast").stat().st_size == 16_000_000
    site.stop()
    assert site.run("verify").returncode == 0


def test_a_store_locked_by_another_program(site: LiveSite) -> None:
    """Senders are asked to try again for as long as it lasts; the same process goes on."""
    site.start()
    with closing(sqlite3.connect(site.home / "var" / "tocsin.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = site.post(panic(1), timeout=20.0)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert "locked by another program" in answer.text
        assert site.client.get("/healthz").status_code == 200
        other.execute("ROLLBACK")
    assert site.post(panic(1)).json()["accepted"] == 1
    site.stop()


def test_providers_that_cannot_be_reached_at_the_start_and_later(site: LiveSite) -> None:
    """No Telegram when it starts: the SMS leave. Then no Twilio either: messages wait, events are taken as ever."""
    closed = f"http://127.0.0.1:{free_port()}"
    changed(site, site.emulators.urls.telegram, closed)
    site.start()
    assert site.post(panic(1)).status_code == 202
    until(site, lambda: any("school-1" in body for body in sms_bodies(site)))
    until(site, lambda: "cannot be received now" in site.log())
    site.emulators.wait(site.emulators.sms.stop())
    assert site.post(panic(2)).status_code == 202
    until(site, lambda: _state_of(site, 2, "sms") == "failed_temporary")
    assert site.client.get("/readyz").status_code == 200
    site.stop()


def test_tokens_that_the_providers_do_not_accept(site: LiveSite) -> None:
    """Said once, with the name of the setting; whoever can be reached by another way is reached."""
    changed(site, "${TELEGRAM_TOKEN}", "1234567:not-the-token-of-this-bot-at-all-00")
    site.start()
    assert site.post(panic(1)).status_code == 202
    until(site, lambda: any("school-1" in body for body in sms_bodies(site)))
    until(site, lambda: "set channels.telegram.token" in site.log())
    assert site.post(panic(2)).status_code == 202
    until(site, lambda: any("school-2" in body for body in sms_bodies(site)))
    assert site.log().count("channels.telegram.token to the one that @BotFather shows. Trying again") == 1
    assert "not-the-token" not in site.log()
    site.stop()


def test_an_account_that_twilio_does_not_accept(site: LiveSite) -> None:
    """Telegram carries it; the reason stands with the message and in the store, the secret in neither."""
    changed(site, "${TWILIO_TOKEN}", "not-the-token-of-this-account")
    site.start()
    assert site.post(panic(1)).status_code == 202
    state = site.emulators.telegram.state
    until(site, lambda: site.emulators.call(lambda: any("school-1" in one.text for one in state.outbox)))
    until(site, lambda: _state_of(site, 1, "sms") == "failed_permanent")
    reasons = _rows(site, "SELECT reason FROM outbox WHERE channel = 'sms' AND state = 'failed_permanent'")
    assert all("check channels.sms" in str(reason) for reason, in reasons)
    assert "not-the-token" not in site.log()
    site.stop()


def test_bodies_that_are_no_events_and_a_device_of_2037(site: LiveSite) -> None:
    """Each is refused with its reason, or taken for what it is; then SIGTERM ends it with 0."""
    site.start()
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    large = site.client.post("/v1/events", content=b"[" + b" " * 20_000_000 + b"]", headers=headers)
    assert (large.status_code, "error" in large.json()) == (413, True)
    chunks = site.client.post("/v1/events", content=(b" " * 65_536 for _ in range(320)), headers=headers)
    assert chunks.status_code == 413
    wrong = site.client.post("/v1/events", content=b'{"type": "a\xff\xfe"}', headers=headers)
    assert (wrong.status_code, wrong.json()["accepted"]) == (422, 0)
    assert "not valid UTF-8: encode the body as UTF-8" in wrong.json()["rejected"][0]["error"]
    assert site.client.post("/v1/events", content=b"\xff\xfe{", headers=headers).status_code == 400
    future = site.post({"type": "alarm.panic", "site": "school-1", "time": "2037-01-01T00:00:00Z"})
    assert future.json()["accepted"] == 1
    until(site, lambda: "says 2037-01-01T00:00:00Z" in site.log())
    assert "check the clock of the device" in site.log()
    until(site, lambda: any("school-1" in body for body in sms_bodies(site)) or bool(_state_of(site, 1, "telegram")))
    (body,), = _rows(site, "SELECT body FROM journal WHERE kind = 'arrival'")
    assert b'"claimed_time"' in body
    site.stop()


def test_sigterm_in_the_middle_of_a_flood_keeps_every_confirmed_event(site: LiveSite) -> None:
    """What was confirmed is there, what was not is sent again by its source; the exit code is 0."""
    site.start()
    confirmed: list[int] = []
    going = threading.Event()

    def flood() -> None:
        for number in range(100_000):
            try:
                if site.post({**panic(number), "type": "note.short"}).status_code != 202:
                    return
            except httpx.TransportError:
                return
            confirmed.append(number)
            if number == 20:
                going.set()

    sender = threading.Thread(target=flood)
    sender.start()
    assert going.wait(PATIENCE_S)
    site.stop()
    sender.join()
    kept = {number for number, in _rows(site, "SELECT json_extract(body, '$.event.id') FROM journal "
                                              "WHERE kind = 'arrival'")}
    assert {f"e{number}" for number in confirmed} <= kept
    assert site.run("verify").returncode == 0


def test_two_engines_on_one_store(site: LiveSite) -> None:
    """The second one says which process is the first, and ends; the first one goes on."""
    site.start()
    assert site.process is not None
    second = site.run("run")
    assert second.returncode == CLOSED
    assert f"in use by another engine (process {site.process.pid})" in second.stderr + second.stdout
    assert site.post(panic(1)).status_code == 202
    site.stop()


def _rows(site: LiveSite, text: str) -> list[tuple[bytes, ...]]:
    with closing(sqlite3.connect(f"file:{site.home / 'var' / 'tocsin.db'}?mode=ro", uri=True)) as rows:
        return rows.execute(text).fetchall()


def _state_of(site: LiveSite, incident: int, channel: str) -> str:
    found = _rows(site, f"SELECT state FROM outbox WHERE incident = {incident} AND channel = '{channel}' ORDER BY id")
    return str(found[0][0]) if found else ""
