"""Recorded alerts of two real months, through a running engine over HTTP."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.live_site import LiveSite

from tocsin.emulators.mailboxes import Emulators

STREAMS = Path(__file__).resolve().parents[3] / "shared" / "data" / "streams"
STATE = """
rules:
  - rule: raid-history
    say: "{{ site }}"
    when: {event: {type: air_raid.alert}, member: [alert_id]}
    per: [site]
"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[LiveSite]:
    with Emulators().in_thread() as emulators:
        running = LiveSite(tmp_path / "site", emulators, extra_rules=STATE)
        running.start()
        yield running
        running.close()


@pytest.mark.parametrize("month, periods", [("2022-04", 238), ("2022-07", 153)])
def test_the_recorded_month_has_as_many_active_periods_as_two_interval_computations_found(
        site: LiveSite, month: str, periods: int) -> None:
    path = STREAMS / f"air-raid-{month}.jsonl"
    if not path.exists():
        pytest.skip(f"the recorded streams are not here: {path.name}")
    events = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    for start in range(0, len(events), 100):
        answer = site.post(*events[start:start + 100])
        assert answer.status_code == 202, answer.text
    site.stop()

    with sqlite3.connect(site.home / "var" / "tocsin.db") as rows:
        found = rows.execute("SELECT count(*) FROM activations a JOIN incidents i ON i.id = a.incident "
                             "WHERE i.rule = ?", ("air-raid",)).fetchone()[0]
        states = rows.execute("SELECT count(*) FROM incidents WHERE rule = ?", ("raid-history",)).fetchone()[0]
    assert (found, states) == (periods, periods)
    assert site.run("verify").returncode == 0
