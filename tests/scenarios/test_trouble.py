"""The engine itself is in trouble: it says so, and everything else goes on."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.support.city import event_rule, match, policy, step
from tests.support.set_clock import SetClock
from tests.support.site import START, Site, site_of
from tests.support.town import PANIC, PATROL, town

import tocsin.core.step
from tocsin.app.engine import Engine
from tocsin.book.book import Content
from tocsin.book.catalogue import EventType, FieldKind
from tocsin.book.match import Expect, Match
from tocsin.core import correlate
from tocsin.domain.errors import BookError, Finding, Location, TocsinError
from tocsin.domain.time import HOUR


async def test_an_event_that_breaks_the_core_stops_nothing_else(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is set aside and the duty office is told; the events before and after it are alarms as ever."""
    whole = tocsin.core.step._arrival

    def breaks(draft: Any, meaning: Any, item: Any, now: int) -> None:
        if item.event.site == "school-13":
            raise ZeroDivisionError("nobody thought of this")
        whole(draft, meaning, item, now)

    monkeypatch.setattr(tocsin.core.step, "_arrival", breaks)
    for name in ("school-12", "school-13", "school-14"):
        await site.event(site=name)
    site.telegram("olena").expects("school-12")
    site.telegram("olena").expects("school-14")
    site.phone("oksana").expects("An input could not be processed and was set aside", "nobody thought of this")
    site.nobody_is_told()
    assert "ZeroDivisionError" in site.notes("rejected")[0]
    await site.advance(minutes=1)
    await site.event(site="school-13")
    site.phone("oksana").is_quiet()


async def test_a_deadline_that_breaks_comes_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A policy never ends in silence: a minute later it is tried again."""
    await site.event()
    await site.advance(minutes=1)
    site.forget_what_was_told()

    def breaks(*arguments: Any) -> None:
        raise ZeroDivisionError("nobody thought of this")

    with monkeypatch.context() as patch:
        patch.setattr(tocsin.core.step.escalate, "advance", breaks)
        await site.advance(minutes=1)
        site.phone("oksana").expects("An input could not be processed")
        site.nobody_is_told()
    await site.advance(minutes=1)
    site.telegram("taras").expects("Тривожна").came("+3m")


async def test_files_that_are_wrong_at_the_start_leave_the_stored_rules_in_force(tmp_path: Path) -> None:
    """The administrators are told what is wrong; a panic button is a panic button as before."""
    async with site_of(tmp_path) as site:

        def wrong() -> Content:
            raise BookError((Finding(Location("rules/protected-sites.yaml", 7, 3), 'the key "wen" is unknown'),))

        await site.dies()
        await site.starts(wrong)
        site.mail("sam").expects("rules/protected-sites.yaml:7:3", 'the key "wen" is unknown')
        await site.event()
        site.telegram("olena").expects("Тривожна кнопка: school-12")
        site.nobody_is_told()


async def test_a_start_that_fails_ends_what_it_began(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address in use, two sources with one token: it says so, and the store is free for the next start."""

    def refuses(engine: Engine) -> Any:
        raise TocsinError("cannot listen on 127.0.0.1:8080")

    await site.dies()
    with monkeypatch.context() as patch:
        patch.setattr(Engine, "_app", refuses)
        with pytest.raises(TocsinError, match="cannot listen"):
            await site.starts()
    assert site.engine.tasks.alive() == ()
    await site.starts()
    await site.event()
    site.telegram("olena").expects("Тривожна кнопка: school-12")


async def test_files_that_are_new_at_the_start_hold_from_then_on(tmp_path: Path) -> None:
    """What an open incident said stays as it was said."""
    async with site_of(tmp_path) as site:
        await site.event(site="school-12")
        await site.dies()
        site.content = town(replace(PANIC, say="Кнопка: {{ site }}"))
        await site.starts()
        await site.event(site="school-13")
        await site.advance(minutes=2)
        site.telegram("olena").expects("КРИТИЧНО: Тривожна кнопка: school-12")
        site.telegram("olena").expects("КРИТИЧНО: Кнопка: school-13")
        site.telegram("taras").expects("КРИТИЧНО: Тривожна кнопка: school-12")
        site.telegram("taras").expects("КРИТИЧНО: Кнопка: school-13")


async def test_a_clock_set_back_an_hour_delays_nothing(tmp_path: Path) -> None:
    """The engine's time goes on by the steady clock."""
    clock = SetClock(START)
    async with site_of(tmp_path, clock=clock) as site:
        await site.event()
        clock.sets(-HOUR)
        await site.advance(minutes=2)
        site.telegram("olena").expects("Тривожна").came("+0s")
        site.phone("olena").expects("Тривожна").came("+1m")
        site.telegram("taras").expects("Тривожна").came("+2m")
        assert clock.jumps == [-HOUR, -HOUR]
        instants = [at for at, in site.rows('SELECT "at" FROM journal ORDER BY position')]
        assert instants == sorted(instants)


async def test_a_clock_set_back_an_hour_and_a_restart(tmp_path: Path) -> None:
    """The store knows what time it was."""
    clock = SetClock(START)
    async with site_of(tmp_path, clock=clock) as site:
        await site.event()
        await site.advance(seconds=30)
        clock.sets(-HOUR)
        await site.restarts()
        await site.advance(seconds=90)
        site.telegram("taras").expects("Тривожна").came("+2m")


async def test_a_clock_set_ahead_an_hour_wakes_one_step_and_loses_nothing(tmp_path: Path) -> None:
    """It is followed: what is overdue comes at once, the rest counts from then."""
    clock = SetClock(START)
    async with site_of(tmp_path, clock=clock) as site:
        await site.event()
        clock.sets(HOUR)
        await site.advance(minutes=2)
        site.telegram("olena").expects("Тривожна").came("+0s")
        site.phone("olena").expects("Тривожна").came("+1h")
        site.telegram("taras").expects("Тривожна").came("+1h")
        site.phone("taras").expects("Тривожна").came("+1h1m")
        site.mail("chief").expects("Тривожна").came("+1h2m")
        assert clock.jumps == [HOUR]


async def test_a_clock_that_is_wrong_is_told_to_the_administrators(tmp_path: Path) -> None:
    """By an ordinary rule over what the engine observes of itself; it clears when the clock is right."""
    wrong = event_rule("clock-wrong", match(type="tocsin.clock_skew"), per=(), to="administrators", severity="high",
                       say="Годинник: різниця {{ skew_s }} с")
    admins = policy("administrators", step("sam", within="15 min"), last=("oksana",))
    clock = SetClock(START)
    async with site_of(tmp_path, town(wrong, policies=(PATROL, admins)), clock) as site:
        clock.sets(-HOUR)
        await site.advance(seconds=1)
        await site.engine.watching.observe()
        await site.settles()
        site.mail("sam").expects("Годинник: різниця -3600 с")
        assert any("skew_s -3600" in line for line in site.engine.watching.warnings())
        assert site.engine.watching.blocked() == []
        await site.advance(seconds=10)
        await site.engine.watching.observe()
        await site.settles()
        site.nobody_is_told()
        clock.sets(HOUR)
        await site.advance(seconds=1)
        await site.engine.watching.observe()
        await site.settles()
        site.mail("sam").expects("Cleared")


async def test_a_source_that_falls_silent_is_reported_and_heard_again(tmp_path: Path) -> None:
    """Whatever it sends shows that it lives, even what is refused."""
    silent = event_rule("source-silent", match(type="tocsin.source_silent"), per=("source_name",), to="administrators",
                        severity="high", say="Джерело мовчить: {{ source_name }}, {{ silent_min }} хв")
    admins = policy("administrators", step("sam", within="60 min"), last=("oksana",))
    async with site_of(tmp_path, town(silent, policies=(PATROL, admins))) as site:
        await site.event("heartbeat")
        await site.advance(minutes=16)
        await site.engine.watching.observe()
        await site.settles()
        site.mail("sam").expects("Джерело мовчить: gateway, 16 хв")
        assert (await site.posts(typ="x")).status_code == 422
        await site.engine.watching.observe()
        await site.settles()
        site.mail("sam").expects("Cleared")


async def test_ready_means_that_events_can_be_taken(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Red while the disk does not keep up with what is written; alive all the same."""
    assert (await site.http.get("/readyz")).json()["status"] == "green"
    monkeypatch.setattr(site.engine.store, "wal_bytes", lambda: 300 * 2**20)
    red = await site.http.get("/readyz")
    assert (red.status_code, red.json()["status"]) == (503, "red")
    assert "the disk does not keep up" in red.json()["problems"][0]
    assert (await site.http.get("/healthz")).status_code == 200


async def test_a_reading_that_cannot_be_is_set_aside_and_told_once_in_a_while(tmp_path: Path) -> None:
    """No rule sees the value; the shipped rule hears that the gauge is broken; what was sent can be proven."""
    told = event_rule("implausible-reading", match(type="tocsin.implausible"), to="patrol", per=("reading",),
                      say="Неможливо: {{ reading }}")
    high = event_rule("high", Match((Expect("level", "above", 4),)), to="patrol")
    level = FieldKind("number", "m", {"at_least": 0, "at_most": 12})
    gauges = replace(town(high, told), events={"sensor.river": EventType(fields={"level": level})})
    async with site_of(tmp_path, gauges) as site:
        for number in range(3):
            await site.event(type="sensor.river", device="g-1", data={"level": 99.9 + number})
        await site.advance(seconds=1)
        assert site.incidents() == ["implausible-reading"]
        site.telegram("olena").expects("Неможливо: sensor.river level, g-1")
        assert site.notes("implausible")[0] == (
            "sensor.river level, g-1: 99.9 cannot be (at least 0, at most 12 m), the value is set aside")
        assert len(site.notes("implausible")) == 3


async def test_a_rule_that_fails_is_told_once_and_stops_no_other(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shipped rule hears of it; the other rule's page has left all the same."""
    told = event_rule("engine-rule-error", match(type="tocsin.rule_error"), to="patrol", per=("rule_id", "error"),
                      say="Правило {{ rule_id }} ({{ error }})")
    broken, hear = event_rule("broken", match(type="alarm.panic"), to="patrol"), correlate.hear

    def failing(draft: Any, meaning: Any, rule: str, *rest: Any) -> Any:
        if rule == "broken":
            raise KeyError("x")
        return hear(draft, meaning, rule, *rest)

    monkeypatch.setattr(correlate, "hear", failing)
    async with site_of(tmp_path, town(PANIC, broken, told)) as site:
        for number in range(3):
            await site.event(site=f"school-{number}")
        for number in range(3):
            site.telegram("olena").expects(f"school-{number}")
        await site.advance(seconds=1)
        assert site.incidents() == ["panic-button", "engine-rule-error", "panic-button", "panic-button"]
        site.telegram("olena").expects("Правило broken (KeyError)")
        assert site.notes("rule_error") == ["KeyError: 'x'"] * 3
