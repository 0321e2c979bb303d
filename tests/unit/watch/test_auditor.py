"""The auditor against a real store: what is as promised is left alone, each broken promise is named."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection
from tests.support.small_site import NOON, event, running

from tocsin.domain.input import Answer
from tocsin.domain.time import MINUTE, SECOND
from tocsin.loop import Loop
from tocsin.store import Store
from tocsin.watch.auditor import NO_DEADLINE, NO_OUTCOME, NOT_SENT, audit

Site = tuple[Loop, Store, Any]


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """An open, unanswered incident, its first message sent."""
    async with running(tmp_path / "tocsin.db") as (loop, store, clock):
        await loop.submit_events([event(1)])
        await do(loop, "UPDATE outbox SET state = 'sent'")
        yield loop, store, clock


async def do(loop: Loop, sql: str) -> None:
    def work(connection: Connection) -> None:
        connection.exec_driver_sql(sql)

    await loop.run_work(work)


def found(store: Store, now: int = NOON, alive: tuple[str, ...] = ("telegram",)) -> list[tuple[str, str]]:
    return [(lapse.check, lapse.subject) for lapse in audit(store.reading, now, alive)]


async def test_a_healthy_engine_has_no_lapse(site: Site) -> None:
    """An unanswered incident with its deadline, and later an acknowledged one without."""
    loop, store, clock = site
    assert found(store) == []
    await loop.submit(Answer("olena", 1, "acknowledge", "telegram"))
    await do(loop, "UPDATE outbox SET state = 'sent'")
    assert found(store, clock.now() + 60 * MINUTE) == []


async def test_an_unanswered_incident_without_a_deadline_is_named(site: Site) -> None:
    """Its timer is gone, or long past without effect; just due is fine."""
    loop, store, _ = site
    assert found(store, NOON + 60 * SECOND + 59 * SECOND) == []
    assert found(store, NOON + 60 * SECOND + 61 * SECOND) == [(NO_DEADLINE, "incident 1")]
    await do(loop, "DELETE FROM timers WHERE id LIKE '5|%'")
    assert found(store) == [(NO_DEADLINE, "incident 1")]
    (lapse,) = audit(store.reading, NOON, ())
    assert lapse.text == "incident 1 (panic) is unanswered and policy patrol has no deadline to come"


async def test_every_incident_is_looked_at_however_many(tmp_path: Path) -> None:
    """Beyond one page."""
    async with running(tmp_path / "tocsin.db") as (loop, store, _):
        await loop.submit_events([event(n, site=f"s{n}") for n in range(30)])
        await do(loop, "UPDATE outbox SET state = 'sent'")
        await do(loop, "DELETE FROM timers WHERE incident IN (3, 30)")
        from tocsin.watch import auditor
        page, auditor.PAGE = auditor.PAGE, 7
        try:
            assert found(store) == [(NO_DEADLINE, "incident 3"), (NO_DEADLINE, "incident 30")]
        finally:
            auditor.PAGE = page


async def test_messages_that_nobody_picks_up_are_told_once_a_channel(site: Site) -> None:
    """Whatever state they wait in, after a minute."""
    loop, store, _ = site
    for state in ("queued", "failed_temporary", "unknown"):
        await do(loop, f"UPDATE outbox SET state = '{state}'")
        assert found(store, NOON + 59 * SECOND) == []
        assert found(store, NOON + 61 * SECOND) == [(NOT_SENT, "notification 1")]
    (lapse,) = audit(store.reading, NOON + 61 * SECOND, ())
    assert lapse.text == "1 messages by telegram wait to be sent, the oldest due 61 s ago"


async def test_copies_to_be_changed_are_nobodys_trouble_where_their_channel_does_not_exist(site: Site) -> None:
    """A site without Telegram has no copies; where the channel runs they have to be picked up."""
    loop, store, _ = site
    await loop.submit(Answer("olena", 1, "acknowledge", "sms"))
    assert found(store, NOON + 2 * MINUTE, alive=("sms",)) == []
    assert found(store, NOON + 2 * MINUTE) == [(NOT_SENT, "notification 2")]


async def test_an_attempt_without_an_outcome_is_told_while_its_channel_runs(site: Site) -> None:
    """A channel that does not run will settle it when it starts."""
    loop, store, clock = site
    await clock.advance(50 * SECOND)
    await do(loop, "UPDATE outbox SET state = 'started'")
    await do(loop, "INSERT INTO attempts (notification, number, started, state) "
                   f"VALUES (1, 1, {NOON - 80 * SECOND}, 'started')")
    assert found(store, NOON + 30 * SECOND) == []
    assert found(store, NOON + 50 * SECOND) == [(NO_OUTCOME, "notification 1")]
    assert found(store, NOON + 50 * SECOND, alive=()) == []
    await do(loop, f"UPDATE attempts SET ended = {NOON}")
    assert found(store, NOON + 50 * SECOND) == []




async def test_an_incident_that_no_policy_works_on_is_named(site: Site) -> None:
    """Unanswered, with a policy, and nothing running: it would stay silent for ever."""
    loop, store, _ = site
    await do(loop, """UPDATE incidents SET body = replace(body, '"policy":"patrol"',
                                                          '"policy":"patrol","state":"over"')""")
    assert found(store) == [(NO_DEADLINE, "incident 1")]
