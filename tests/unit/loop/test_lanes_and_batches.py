"""The loop: order, answers after the commit, repetitions, poison."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.support.small_site import BOOK, NOON, PANIC, column, content, event, matcher, running

from tocsin.book.book import number_book
from tocsin.book.match import Expect, Match
from tocsin.book.rule import PerKey, When
from tocsin.clock import VirtualClock
from tocsin.core.board import Board
from tocsin.domain.change import Change, Noted, NotificationSet, Timer, TimerDropped, TimerSet, Withdrawn
from tocsin.domain.errors import StoreBusyError, StoreError
from tocsin.domain.input import Answer, Arrival, Input, OperatorAction, Receipt, TimerDue
from tocsin.domain.notification import Notification
from tocsin.domain.time import DAY, MINUTE, SECOND
from tocsin.loop import Limits
from tocsin.ports import Accepted


def journal(store: Any) -> list[str]:
    return column(store, "SELECT kind FROM journal ORDER BY position")


async def test_an_event_is_answered_with_its_place_in_the_journal(tmp_path: Path) -> None:
    """Returning means committed: the row is there, behind Started."""
    async with running(tmp_path / "t.db") as (loop, store, _):
        assert await loop.submit_events([event(1), event(2)]) == [Accepted(2), Accepted(3)]
        assert journal(store) == ["started", "arrival", "arrival"]
        assert column(store, "SELECT count(*) FROM incidents") == [1]
        assert column(store, "SELECT person FROM outbox WHERE kind = 'page'") == ["olena"]


async def test_a_repetition_is_answered_with_the_first_place_and_not_journaled(tmp_path: Path) -> None:
    """Within one call, between calls, and after a restart."""
    path = tmp_path / "t.db"
    async with running(path) as (loop, store, _):
        first, again = await loop.submit_events([event(1), event(1)])
        assert (first, again) == (Accepted(2), Accepted(2, duplicate=True))
        assert await loop.submit_events([event(1)]) == [Accepted(2, duplicate=True)]
        assert journal(store) == ["started", "arrival"]
        assert loop.stats.duplicates == 2
    async with running(path) as (loop, store, _):
        assert await loop.submit_events([event(1)]) == [Accepted(2, duplicate=True)]


@pytest.mark.parametrize("untimed, within", [(False, DAY), (True, 5 * MINUTE)])
async def test_a_repetition_counts_from_the_first_for_its_time_only(
        tmp_path: Path, untimed: bool, within: int) -> None:
    """24 hours; 5 minutes for an event without a time of its own."""
    async with running(tmp_path / "t.db") as (loop, _, clock):
        await loop.submit_events([event(1, untimed=untimed)])
        await clock.advance(within - SECOND)
        assert (await loop.submit_events([event(1, untimed=untimed)]))[0].duplicate
        await clock.advance(2 * SECOND)
        await loop.submit_events([event(2)])
        assert not (await loop.submit_events([event(1, untimed=untimed)]))[0].duplicate


async def test_the_same_id_with_other_content_is_applied_and_marked(tmp_path: Path) -> None:
    """A conflicting id is flagged in the journaled input and counted."""
    async with running(tmp_path / "t.db") as (loop, store, _):
        await loop.submit_events([event(1, text="one"), event(1, text="two")])
        bodies = column(store, "SELECT body FROM journal WHERE kind = 'arrival' ORDER BY position")
        assert [b'"conflict":true' in body for body in bodies] == [False, True]
        assert loop.stats.conflicts == 1


async def test_an_answer_with_the_same_reference_is_applied_once(tmp_path: Path) -> None:
    """A redelivered button press is answered with the place of the first."""
    async with running(tmp_path / "t.db") as (loop, store, _):
        await loop.submit_events([event(1)])
        press = Answer("olena", 1, "acknowledge", "telegram", reference="update-7")
        assert await loop.submit(press) == await loop.submit(press) == 3
        assert await loop.submit(Answer("olena", 1, "acknowledge", "console")) == 4
        assert journal(store) == ["started", "arrival", "answer", "answer"]


class Recorder:
    """A core that writes down what it is asked, in order, and does what the event's type says."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def step(self, board: Board, meaning: Any, item: Input, now: int) -> list[Change]:
        match item:
            case Arrival(event):
                self.asked.append(f"{event.source}:{event.id}")
                if event.type == "break":
                    raise ValueError(f"cannot take {event.id}")
                if event.type == "huge":
                    return [TimerSet(Timer("x", 2**70, "window", "x"))]
                if event.type == "timer":
                    lane = event.text or "window"
                    return [TimerSet(Timer(f"t{event.id}", event.time, lane, "x"))]
            case TimerDue(name):
                self.asked.append(name)
                if name == "tbreak":
                    raise ValueError("cannot take the deadline")
                return [TimerDropped(name)]
            case Answer(person):
                self.asked.append(f"answer:{person}")
            case Receipt(notification):
                self.asked.append(f"receipt:{notification}")
            case OperatorAction(actor):
                self.asked.append(f"operator:{actor}")
            case _:
                pass
        return []

    @property
    def options(self) -> dict[str, Any]:
        return {"step": self.step, "meaning": lambda book: None}


class Nothing:
    def match(self, event: Any) -> tuple[()]:
        return ()


async def held(loop: Any, submissions: Any, meanwhile: Callable[[], None] = lambda: None,
               until: Callable[[], bool] = lambda: True) -> None:
    """Let all submissions queue up (``until`` this holds) while the thread is in a work item, then let them go."""
    entered, free = threading.Event(), threading.Event()

    def block(connection: Any) -> None:
        entered.set()
        free.wait()

    blocked = loop.run_work(block)
    await asyncio.to_thread(entered.wait)
    tasks = [asyncio.ensure_future(one) for one in submissions]
    for _ in range(20):
        await asyncio.sleep(0)
    while not until():  # noqa: ASYNC110 - the loop's lanes are filled by other tasks and have no event to wait for
        await asyncio.sleep(0)
    meanwhile()
    free.set()
    await blocked
    await asyncio.gather(*tasks)


async def test_answers_go_before_receipts_before_events(tmp_path: Path) -> None:
    """Whatever was queued first; the journal keeps that order."""
    core = Recorder()
    async with running(tmp_path / "t.db", matcher=Nothing(), **core.options) as (loop, store, _):
        await held(loop, [
            loop.submit_events([event(1), event(2)]), loop.submit(Receipt(9, "delivered")),
            loop.submit(Answer("olena", 1, "accept", "sms")), loop.submit(OperatorAction("ivan", "drill"))])
        assert core.asked == ["answer:olena", "operator:ivan", "receipt:9", "gateway:1", "gateway:2"]
        assert journal(store) == ["started", "answer", "operator", "receipt", "arrival", "arrival"]


async def test_the_events_of_the_sources_take_turns(tmp_path: Path) -> None:
    """A flood of one source does not hold up another."""
    core = Recorder()
    flood = [event(n, source="loud") for n in range(30)]
    async with running(tmp_path / "t.db", matcher=Nothing(), limits=Limits(turn=10), **core.options) as (loop, _, _):
        await held(loop, [loop.submit_events(flood), loop.submit_events([event("q", source="quiet")])])
        assert core.asked.index("quiet:q") == 10
        assert [one for one in core.asked if one.startswith("loud")] == [f"loud:{n}" for n in range(30)]


async def test_an_answer_does_not_share_its_commit_with_a_flood(tmp_path: Path) -> None:
    """It waits for no event; and events get their turn although answers keep coming."""
    async with running(tmp_path / "t.db", matcher=Nothing(), **Recorder().options) as (loop, store, _):
        loop.stats.batch.worst = 0
        await held(loop, [loop.submit_events([event(n) for n in range(30)]),
                          loop.submit(Answer("olena", 1, "accept", "sms"))])
        assert loop.stats.batch.worst == 30
        answers = [loop.submit(Answer("olena", 1, "accept", "sms")) for _ in range(3000)]
        await held(loop, [loop.submit_events([event(n) for n in range(100, 130)]), *answers])
        kinds = journal(store)
        assert kinds.index("arrival", 40) < len(kinds) - 500


async def test_a_batch_ends_at_its_limit(tmp_path: Path) -> None:
    """600 events are at least three commits of at most 256 inputs."""
    async with running(tmp_path / "t.db", matcher=Nothing(), **Recorder().options) as (loop, _, _):
        await loop.submit_events([event(n) for n in range(600)])
        assert loop.stats.batch.worst <= 256
        assert loop.stats.batch.count >= 4  # Started, then three


async def test_events_go_before_window_deadlines_of_the_same_instant(tmp_path: Path) -> None:
    """What was received up to the instant of a deadline is seen before it; what came later after it."""
    core = Recorder()
    async with running(tmp_path / "t.db", matcher=Nothing(), **core.options) as (loop, _, clock):
        await loop.submit_events([event("w", type="timer", time=NOON + SECOND)])
        core.asked.clear()
        await held(loop, [loop.submit_events([event("same", at=NOON + SECOND), event("later", at=NOON + SECOND + 1)])],
                   lambda: clock.not_before(NOON + 2 * SECOND))
        await loop.settle()
        assert core.asked == ["gateway:same", "tw", "gateway:later"]


async def test_deadlines_are_stepped_in_due_order(tmp_path: Path) -> None:
    """Also those set out of order, dropped and set again."""
    core = Recorder()
    async with running(tmp_path / "t.db", matcher=Nothing(), **core.options) as (loop, store, clock):
        for name, due in (("c", 3), ("a", 1), ("b", 9), ("b", 2)):
            await loop.submit_events([event(name, type="timer", time=NOON + due * SECOND)])
        core.asked.clear()
        await clock.advance(10 * SECOND)
        assert core.asked == ["ta", "tb", "tc"]
        assert column(store, "SELECT count(*) FROM timers") == [0]
        ats = column(store, "SELECT at FROM journal WHERE kind = 'timer'")
        assert ats == [NOON + SECOND, NOON + 2 * SECOND, NOON + 3 * SECOND]


async def test_after_a_restart_overdue_escalations_wait_for_the_inbound_channels(tmp_path: Path) -> None:
    """Somebody may have answered meanwhile: until the channels were polled once, at most 5 s; windows do not wait."""
    core, path = Recorder(), tmp_path / "t.db"
    async with running(path, matcher=Nothing(), **core.options) as (loop, _, clock):
        await loop.submit_events([event("e", type="timer", time=NOON + SECOND, text="escalation"),
                                  event("w", type="timer", time=NOON + SECOND)])
    for polled in (True, False):
        core.asked.clear()
        if not polled:
            async with running(path, clock, matcher=Nothing(), **core.options) as (loop, _, clock):
                await loop.submit_events([event("e2", type="timer", time=NOON + SECOND, text="escalation")])
            core.asked.clear()
        clock = VirtualClock(NOON + MINUTE + (0 if polled else MINUTE))
        async with running(path, clock, matcher=Nothing(), **core.options) as (loop, _, clock):
            await loop.settle()
            assert "te" not in core.asked
            assert "te2" not in core.asked
            if polled:
                assert core.asked == ["tw"]
                loop.inbound_polled()
                await loop.settle()
                assert core.asked == ["tw", "te"]
            else:
                await clock.advance(5 * SECOND)
                assert core.asked == ["te2"]


async def test_an_input_that_breaks_the_core_is_rejected_and_the_others_go_on(tmp_path: Path) -> None:
    """It is journaled with the reason, confirmed, noted for the people, and told once for one place of errors."""
    core = Recorder()
    told: list[str] = []
    async with running(tmp_path / "t.db", matcher=Nothing(), **core.options) as (loop, store, _):
        loop.on_poison(told.append)
        batch = [event(1), event(2, type="break"), event(3, type="break"), event(4)]
        assert await loop.submit_events(batch) == [Accepted(n) for n in (2, 3, 4, 5)]
        assert column(store, "SELECT state FROM journal") == ["ok", "ok", "rejected", "rejected", "ok"]
        assert column(store, "SELECT detail FROM noted WHERE what = 'rejected'")[0].endswith("cannot take 2")
        assert len(told) == 1
        assert "ValueError at test_lanes_and_batches.py:" in told[0]
        assert loop.stats.rejected == 2


async def test_a_matcher_that_breaks_is_poison_too(tmp_path: Path) -> None:
    """The event is kept as rejected."""
    class Broken:
        def match(self, event: Any) -> tuple[()]:
            raise RuntimeError("no match")

    async with running(tmp_path / "t.db", matcher=Broken()) as (loop, store, _):
        assert await loop.submit_events([event(1)]) == [Accepted(2)]
        assert column(store, "SELECT state FROM journal WHERE kind = 'arrival'") == ["rejected"]


async def test_a_deadline_that_breaks_the_core_comes_again(tmp_path: Path) -> None:
    """A policy never ends in silence: a minute later, and after a restart too."""
    core = Recorder()
    async with running(tmp_path / "t.db", matcher=Nothing(), **core.options) as (loop, store, clock):
        await loop.submit_events([event("break", type="timer", time=NOON + SECOND)])
        await clock.advance(2 * SECOND)
        assert column(store, "SELECT due FROM timers") == [NOON + SECOND + MINUTE]
        await clock.advance(MINUTE)
        assert core.asked.count("tbreak") == 2


async def test_content_that_the_store_refuses_is_rejected_alone(tmp_path: Path) -> None:
    """The batch is done again one by one: the others keep their fate, the board holds only what is committed."""
    core = Recorder()
    async with running(tmp_path / "t.db", matcher=Nothing(), **core.options) as (loop, store, _):
        batch = [event(1), event(2, type="huge"), event(3, type="timer", time=NOON + DAY)]
        results = await loop.submit_events(batch)
        assert [one.position for one in results] == [2, 3, 4]
        assert column(store, "SELECT state FROM journal") == ["ok", "ok", "rejected", "ok"]
        assert column(store, "SELECT id FROM timers") == ["t3"]
        assert (await loop.submit_events([event(1)]))[0].duplicate
        assert list(loop._cycle._board.timers) == ["t3"]


async def test_too_much_waiting_is_refused_not_dropped(tmp_path: Path) -> None:
    """The sender keeps the events and tries again."""
    options = Recorder().options | {"limits": Limits(events=3), "matcher": Nothing()}
    async with running(tmp_path / "t.db", **options) as (loop, store, _):
        with pytest.raises(StoreBusyError, match="try again"):
            await loop.submit_events([event(n) for n in range(4)])
        assert await loop.submit_events([event(n) for n in range(3)])
        assert journal(store) == ["started"] + ["arrival"] * 3


async def test_a_work_item_that_raises_undoes_only_itself(tmp_path: Path) -> None:
    """Its error goes to the one who asked; others in the same commit stand."""
    def good(connection: Any) -> int:
        connection.exec_driver_sql("INSERT INTO meta VALUES ('good', '1')")
        return 7

    def bad(connection: Any) -> None:
        connection.exec_driver_sql("INSERT INTO meta VALUES ('bad', '1')")
        raise KeyError("no")

    async with running(tmp_path / "t.db") as (loop, store, _):
        outcomes = await asyncio.gather(loop.run_work(good), loop.run_work(bad), loop.run_work(good),
                                        return_exceptions=True)
        assert outcomes[0] == 7
        assert isinstance(outcomes[1], KeyError)
        assert isinstance(outcomes[2], StoreError)
        assert column(store, "SELECT key FROM meta WHERE key IN ('good', 'bad')") == ["good"]


async def test_the_delivery_is_woken_after_a_commit_with_notifications(tmp_path: Path) -> None:
    """And only then."""
    woken: list[int] = []
    async with running(tmp_path / "t.db") as (loop, store, _):
        loop.on_outbox(lambda _: woken.append(column(store, "SELECT count(*) FROM outbox")[0]))
        await loop.submit_events([event(1, type="nothing")])
        assert woken == []
        await loop.submit_events([event(2)])
        assert woken == [1]


async def test_an_answer_withdraws_what_is_queued_but_not_what_comes_after_it(tmp_path: Path) -> None:
    """Also when all of it lies in one batch; what is in flight keeps its state and gets the reason."""
    def note(number: int) -> NotificationSet:
        return NotificationSet(Notification(id=number, kind="page", person="olena", channel="sms", created=NOON,
                                            severity="high", incident=1))

    changes: list[list[Change]] = [[note(1), note(2)], [Withdrawn(1, "answered"), note(3)]]

    def step(board: Board, meaning: Any, item: Input, now: int) -> list[Change]:
        return changes[int(item.event.id)] if isinstance(item, Arrival) else []

    async with running(tmp_path / "t.db", matcher=Nothing(), step=step, meaning=lambda book: None) as (loop, store, _):
        await loop.submit_events([event(0)])
        await loop.run_work(lambda c: c.exec_driver_sql("UPDATE outbox SET state = 'started' WHERE id = 2"))
        await loop.submit_events([event(1)])
        with store.reading() as connection:
            rows = list(connection.exec_driver_sql("SELECT id, state, reason FROM outbox"))
        assert rows == [(1, "withdrawn", "answered"), (2, "started", "answered"), (3, "queued", None)]


async def test_an_idle_engine_shows_that_it_runs(tmp_path: Path) -> None:
    """The committed heartbeat is never older than 5 s; a restart counts its gap from there."""
    path = tmp_path / "t.db"
    async with running(path) as (_, store, clock):
        await clock.advance(20 * SECOND)
        assert int(column(store, "SELECT value FROM meta WHERE key = 'alive'")[0]) >= NOON + 15 * SECOND
    async with running(path, VirtualClock(NOON + MINUTE)) as (_, store, _):
        assert f'"gap":{40 * SECOND}' in column(store, "SELECT body FROM journal ORDER BY position")[-1].decode()


async def test_a_clock_set_back_before_a_restart_does_not_go_back(tmp_path: Path) -> None:
    """Time goes on from the newest entry."""
    path = tmp_path / "t.db"
    async with running(path) as (loop, _, clock):
        await clock.advance(MINUTE)
        await loop.submit_events([event(1)])
    async with running(path, VirtualClock(NOON - DAY)) as (loop, store, clock):
        await loop.submit_events([event(2)])
        ats = column(store, "SELECT at FROM journal ORDER BY position")
        assert ats == sorted(ats)
        assert clock.now() >= NOON + MINUTE


async def test_a_new_book_holds_from_its_place_in_the_journal(tmp_path: Path) -> None:
    """Events matched before under the old book are matched again; the store keeps the book for the next start."""
    smoke = replace(PANIC, id="smoke", when=When("event", match=Match((Expect("type", "is", "alarm.smoke"),))))
    second = number_book(2, content(PANIC, smoke))
    path = tmp_path / "t.db"
    async with running(path) as (loop, store, _):
        await held(loop, [loop.submit_events([event(1, type="alarm.smoke")]), loop.load_book(second, matcher(second))],
                   until=lambda: bool(loop._lanes.answers))
        await loop.submit_events([event(2, type="alarm.smoke", site="b")])
        assert column(store, "SELECT rule || key FROM incidents") == ["smokesite=school-12", "smokesite=b"]
        assert loop.stats.rematched == 1
        assert loop.book.number == 2
    async with running(path, book=BOOK) as (loop, store, _):
        assert loop.book == second


async def test_noted_lines_are_kept(tmp_path: Path) -> None:
    """The timeline's rows carry the place in the journal."""
    def step(board: Board, meaning: Any, item: Input, now: int) -> list[Change]:
        return [Noted(now, "said", "a sentence", incident=4)] if isinstance(item, Arrival) else []

    async with running(tmp_path / "t.db", matcher=Nothing(), step=step, meaning=lambda book: None) as (loop, store, _):
        await loop.submit_events([event(1)])
        assert column(store, "SELECT position FROM noted WHERE incident = 4") == [2]


async def test_an_incident_of_two_fields_is_joined_after_a_restart(tmp_path: Path) -> None:
    """Whatever the order of the fields in the rule: the key read back is the key that was written."""
    door = replace(PANIC, per=(PerKey("site"), PerKey("device")))
    book, path = number_book(1, content(door)), tmp_path / "t.db"
    async with running(path, book=book) as (loop, store, _):
        await loop.submit_events([event(1, device="btn-1")])
    async with running(path) as (loop, store, _):
        await loop.submit_events([event(2, device="btn-1")])
        assert column(store, "SELECT count(*) FROM incidents") == [1]


async def test_a_disk_that_does_not_keep_up_stops_events_not_answers(tmp_path: Path) -> None:
    """Above the limit of what is not carried over into the file, senders are asked to wait; people are not."""
    options = Recorder().options | {"limits": Limits(wal=1), "matcher": Nothing()}
    async with running(tmp_path / "t.db", **options) as (loop, _, _):
        with pytest.raises(StoreBusyError, match="disk does not keep up"):
            await loop.submit_events([event(1)])
        assert await loop.submit(Answer("olena", 1, "accept", "sms")) == 2
