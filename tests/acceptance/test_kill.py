"""kill -9 at random instants under load: nothing confirmed is lost, nothing answered pages again, repeats marked."""

import json
import os
import random
import re
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.support.live_site import LiveSite

from tocsin.delivery.codes import read_button
from tocsin.domain.codec import decode_incident
from tocsin.domain.incident import Incident
from tocsin.emulators.mailboxes import Emulators

KILLS = int(os.environ.get("TOCSIN_KILLS", "50"))
RULES = """
rules:
  - rule: siren
    say: "Сирена: {{ site }}"
    when: {event: {type: acceptance.siren}}
    per: [site]
    severity: critical
    escalate_to: police-patrol
    limits: {keys: 1000000, opened_per_minute: 1000000}
"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[LiveSite]:
    with Emulators().in_thread() as emulators:
        running = LiveSite(tmp_path / "site", emulators, extra_rules=RULES)
        yield running
        running.close()


class Load:
    """Posts events until told to stop, keeping what was confirmed; a sender that got no answer sends again."""

    def __init__(self, site: LiveSite) -> None:
        self.site = site
        self.confirmed: list[str] = []
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        number = 0
        while not self.ended.is_set():
            number += 1
            event = {"type": "acceptance.siren", "id": f"e{number}", "site": f"place-{number}",
                     "time": "2026-11-24T00:00:00Z"}
            while not self.ended.is_set():
                try:
                    if self.site.post(event, timeout=5.0).status_code == 202:
                        self.confirmed.append(event["id"])
                        break
                except httpx.TransportError:
                    pass
                self.ended.wait(0.02)
            self.ended.wait(0.01)


class Presser:
    """Presses "take" on every third incident's Telegram message as soon as it is there."""

    def __init__(self, site: LiveSite) -> None:
        self.site = site
        self.pressed: set[str] = set()

    def press(self, secret: bytes) -> None:
        """Press on what has come since; inside the emulators' thread."""
        state = self.site.emulators.telegram.state

        def act() -> None:
            for message in state.outbox:
                place = re.search(r"place-(\d+)", message.text)
                if place is None or int(place[1]) % 3 or place[0] in self.pressed:
                    continue
                for button in message.now.buttons:
                    named = read_button(secret, str(button.get("callback_data", "")))
                    if named is not None and named[1] == "accept":
                        state.press(message.chat.id, message.id, button["text"], from_id=message.chat.id)
                        self.pressed.add(place[0])

        self.site.emulators.call(act)


def test_kills_under_load_lose_nothing_and_page_nobody_twice(site: LiveSite) -> None:
    dice = random.Random(20261124)
    site.start()
    path = site.home / "var" / "tocsin.db"
    with sqlite3.connect(path) as rows:
        secret = bytes.fromhex(rows.execute("SELECT value FROM meta WHERE key = 'secret'").fetchone()[0])
    load, presser = Load(site), Presser(site)
    load.thread.start()
    for _ in range(KILLS):
        threading.Event().wait(dice.uniform(0.05, 0.6))
        presser.press(secret)
        threading.Event().wait(dice.uniform(0.0, 0.2))
        site.kill()
        site.start()
    load.ended.set()
    load.thread.join(10)
    presser.press(secret)
    _quiet(site, path)
    site.stop()

    with sqlite3.connect(path) as rows:
        incidents = {decode_incident(body).key["site"]: decode_incident(body)
                     for (body,) in rows.execute("SELECT body FROM incidents WHERE rule = 'siren'")}
        outbox = rows.execute("SELECT id, incident, kind, person, channel, created, state, reason "
                              "FROM outbox").fetchall()
        repeats = {number for (number,) in rows.execute("SELECT notification FROM attempts WHERE repeat = 1")}
    places = {f"place-{confirmed[1:]}" for confirmed in load.confirmed}
    assert len(load.confirmed) >= KILLS
    assert places <= set(incidents), "a confirmed event opened no incident"
    taken = {place for place, incident in incidents.items() if incident.response != "unanswered"}
    assert presser.pressed <= taken, "a press was lost"

    sent = [(row[0], row[1], row[3], row[4]) for row in outbox if row[2] == "page"]
    assert not [number for number, count in Counter(sent).items() if count > 1]
    _answered_page_nobody(incidents, outbox)
    _doubles_are_marked(site, incidents, outbox, repeats)
    started = "started"  # a step that began just before the stop: the next start says what became of it
    lost = [row for row in outbox if row[6] not in ("queued", started, "sent", "delivered", "read") and not row[7]]
    assert not lost, f"a message that did not leave has no stored reason: {lost}"
    verdict = site.run("verify", "--json")
    assert verdict.returncode == 0, verdict.stdout + verdict.stderr
    assert json.loads(verdict.stdout)["ok"]


def _quiet(site: LiveSite, path: Path) -> None:
    """Return when nothing is in flight or unknown any more and every press was taken."""
    while True:
        with sqlite3.connect(path) as rows:
            waiting = rows.execute("SELECT count(*) FROM outbox WHERE state IN ('started', 'unknown')").fetchone()[0]
        if not waiting and not site.emulators.call(lambda: bool(site.emulators.telegram.state.updates.waiting)):
            return
        threading.Event().wait(0.2)


def _answered_page_nobody(incidents: dict[str, Incident], outbox: list[tuple[object, ...]]) -> None:
    answered = {incident.id: incident.answers[0].at for incident in incidents.values() if incident.answers}
    again = [row for row in outbox if row[2] == "page" and row[1] in answered and row[5] > answered[row[1]]]  # type: ignore[index,operator]  # whole numbers
    assert not again, "an answered incident paged again"


def _doubles_are_marked(site: LiveSite, incidents: dict[str, Incident], outbox: list[tuple[object, ...]],
                        repeats: set[int]) -> None:
    """More messages than notifications of an incident came only where a send was in flight, and those say so."""
    state = site.emulators.telegram.state
    meant = Counter(row[1] for row in outbox if row[4] == "telegram" and row[2] != "taken")
    came: Counter[str] = Counter()
    unmarked: Counter[str] = Counter()
    for message in site.emulators.call(lambda: list(state.outbox)):
        first = message.versions[0].text
        place = re.search(r"place-\d+", first)
        if place is None or "Сирена" not in first:
            continue
        came[place[0]] += 1
        unmarked[place[0]] += "повтор" not in first.casefold()
    assert not [place for place, count in unmarked.items() if count > meant[incidents[place].id]], \
        "messages came twice without a mark"
    assert sum(max(0, count - meant[incidents[place].id]) for place, count in came.items()) <= len(repeats)
