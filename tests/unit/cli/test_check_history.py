"""``tocsin check --history``: rules held against what the journal says that sources have sent."""

from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.support.small_site import content, event, running
from typer.testing import CliRunner, Result

from tocsin.book.book import number_book
from tocsin.book.catalogue import EventType, FieldKind
from tocsin.cli.main import build
from tocsin.domain.errors import StoreError, TocsinError
from tocsin.domain.event import Place
from tocsin.domain.time import MINUTE
from tocsin.store.journal import Sealer

RULES = """\
rules:
  - rule: panic
    say: "x"
    when: {event: {type: alarm.panic, code: 4, inside: park}}
    per: [site]
    escalate_to: board
    tests: [{name: n, events: [{+0s: {type: alarm.panic}}], expect: nothing}]
  - rule: smoke
    say: "x"
    when: {event: {type: [alarm.smok, "heat.*"], near: {of: [48.7, 37.5], distance: 1 km}, battery.level: {below: 5}}}
    per: [devise]
    escalate_to: board
    tests: [{name: n, events: [{+0s: {type: heat.x}}], expect: nothing}]
  - rule: off
    say: "x"
    enabled: false
    when: {event: {type: never.sent}}
    escalate_to: board
    tests: [{name: n, events: [{+0s: {type: never.sent}}], expect: nothing}]
  - rule: own
    say: "x"
    when: {event: {type: tocsin.disk, mb: 4}}
    escalate_to: board
    tests: [{name: n, events: [{+0s: {type: tocsin.disk}}], expect: nothing}]
"""
PARK = ('{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"name": "park"}, '
        '"geometry": {"type": "Polygon", "coordinates": [[[37.5, 48.7], [37.6, 48.7], [37.6, 48.8], [37.5, 48.7]]]}}]}')


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for name, text in {"rules/r.yaml": RULES, "rules/areas/park.geojson": PARK,
                       "config.yaml": 'storage: {url: "sqlite:///tocsin.db"}\n'}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def check(home: Path, *more: str) -> Result:
    words = ["check", "--config", str(home / "config.yaml"), "--history", *more]
    return CliRunner().invoke(build(words), words)


async def test_what_no_source_has_sent_is_named(home: Path) -> None:
    """In sealed segments and behind them; a value as it was sent counts, not as a catalogue used it."""
    aside = {"heat.one": EventType(fields={"battery.level": FieldKind("number", "", {"above": 10})})}
    book = number_book(1, replace(content(), events=aside))
    async with running(home / "tocsin.db", book=book) as (loop, store, clock):
        await loop.submit_events([event(1, at=clock.now(), data={"code": 4})])
        battery = {"battery": {"level": 3}}
        await loop.submit_events([event(2, at=clock.now(), type="alarm.smoke", device="d", data=battery)])
        assert await Sealer(store, loop.run_work, clock).seal_due(now=clock.now() + 2 * MINUTE)
        await loop.submit_events([event(3, at=clock.now(), type="heat.one", data=battery)])
    result = check(home)
    said = [line for line in result.stdout.splitlines() if "no source" in line]
    assert [line.replace(", as far as the journal goes", "") for line in said] == [
        'rules/r.yaml:4:48: warning: no source has sent the field "location" of alarm.panic since 2026-11-18',
        'rules/r.yaml:10:27: warning: no source has sent "alarm.smok" since 2026-11-18: did you mean "alarm.smoke"?',
        'rules/r.yaml:10:50: warning: no source has sent the field "location" of alarm.smok or heat.* since 2026-11-18',
        'rules/r.yaml:11:11: warning: no source has sent the field "devise" of alarm.smok or heat.* since 2026-11-18']
    assert result.exit_code == 0


async def test_what_has_been_sent_is_not_doubted(home: Path) -> None:
    place = Place(48.7, 37.5)
    async with running(home / "tocsin.db") as (loop, _, clock):
        await loop.submit_events([
            event(1, at=clock.now(), location=place, data={"code": None}),
            event(2, at=clock.now(), location=place, data={"code": 7}),
            event(3, at=clock.now(), type="alarm.smok", location=place, data={"devise": 1}),
            event(4, at=clock.now(), type="heat.a.b", data={"battery.level": 1})])
    assert "no source" not in check(home).stdout


async def test_without_a_journal_there_is_nothing_to_hold_them_against(home: Path) -> None:
    with pytest.raises(StoreError, match="There is no store"):
        raise check(home).exception or AssertionError
    async with running(home / "tocsin.db") as (_, _, clock):
        await clock.advance(1)
    with pytest.raises(TocsinError, match="holds no event of a source yet"):
        raise check(home).exception or AssertionError
