"""The timeline and the board, from committed rows."""

from pathlib import Path

from tests.support.small_site import NOON, event
from tests.support.told_story import SITE, attempt, told_story

from tocsin.delivery.say import say_of
from tocsin.domain.input import Answer, OperatorAction
from tocsin.domain.time import DAY, SECOND
from tocsin.reports.board import board
from tocsin.reports.timeline import Entry, timeline, timeline_text
from tocsin.store import Store


def lines(store: Store, instant: int = 0) -> list[str]:
    with store.reading() as connection:
        return timeline_text(timeline(connection, SITE, say_of, instant), "Europe/Kyiv").splitlines()


async def test_the_timeline_tells_who_was_told_what_by_which_channel_and_who_answered(tmp_path: Path) -> None:
    """In order, in the site's zone, with names instead of ids."""
    async with told_story(tmp_path / "tocsin.db") as (_, store, _):
        assert lines(store)[0] == "18.11.2026"
        assert lines(store)[2:] == [
            "13:06:40   #1 ▲ Panic: school-12 [critical]",
            "13:06:41   #1 ✗ Олена by Telegram, page: failed permanent (Telegram refused this chat: blocked.)",
            "13:06:44   #1 → Олена by SMS: Panic: school-12. Reply 4821",
            "13:07:03   #1 ✓ Олена answered by SMS: accept, in 6 min",
        ]


async def test_the_end_is_told_too(tmp_path: Path) -> None:
    """Closed by whom; what was stopped by it says why."""
    async with told_story(tmp_path / "tocsin.db") as (loop, store, clock):
        await loop.submit_events([event(7, site="museum", at=clock.now())])
        await loop.submit(Answer("olena", 2, "false_alarm", "console"))
        told = lines(store, clock.now())
        assert "13:07:03   #2 ✓ Олена answered by console: false_alarm" in told
        assert "13:07:03   #2 ■ Panic: museum: closed by Олена" in told
        assert any("#2 ▽ Panic: museum: cleared (false_alarm by Олена)" in line for line in told)
        assert any("#2 · Олена by Telegram, page: not sent (closed: false_alarm)" in line for line in told), told


async def test_a_message_of_telegram_is_shown_without_its_tags(tmp_path: Path) -> None:
    """As the person saw it, on one line, not too long."""
    async with told_story(tmp_path / "tocsin.db") as (loop, store, clock):
        await loop.submit_events([event(8, site="park", at=clock.now())])
        number = max(_numbers(store))
        await attempt(loop, number, clock.now() + SECOND, "sent", address="1", text=f"<b>A &lt; B</b>\n{'x' * 300}")
        (line,) = [line for line in lines(store) if "A < B" in line]
        assert line.endswith("…")
        assert "<b>" not in line


def _numbers(store: Store) -> list[int]:
    with store.reading() as connection:
        return [row[0] for row in connection.exec_driver_sql("SELECT id FROM outbox WHERE kind = 'page'")]


async def test_only_what_came_since_an_instant_is_told(tmp_path: Path) -> None:
    """For one run of the demo."""
    async with told_story(tmp_path / "tocsin.db") as (_, store, clock):
        assert [line.split()[2] for line in lines(store, clock.now())[1:]] == ["✓"]
        assert lines(store, NOON + DAY) == []


def test_the_day_is_named_where_it_changes() -> None:
    """Local midnight, not UTC's."""
    text = timeline_text([Entry(NOON, "noted", "a"), Entry(NOON + 11 * 3600 * SECOND, "noted", "b")], "Europe/Kyiv")
    assert [line for line in text.splitlines() if len(line) == 10] == ["18.11.2026", "19.11.2026"]


async def test_the_board_shows_the_most_pressing_first(tmp_path: Path) -> None:
    """Unanswered before taken ones; who is being asked and who has it, by name."""
    async with told_story(tmp_path / "tocsin.db") as (loop, store, clock):
        await loop.submit_events([event(7, site="museum", at=clock.now()), event(8, site="park", at=clock.now())])
        with store.reading() as connection:
            shown = board(connection, SITE, say_of)
            page = board(connection, SITE, say_of, most=1, skip=1)
        assert [(one.incident, one.response, one.asked, one.who) for one in shown.incidents] == [
            (2, "unanswered", ("Олена",), ()), (3, "unanswered", ("Олена",), ()), (1, "acknowledged", (), ("Олена",))]
        assert (shown.unanswered, shown.acknowledged) == (2, 1)
        assert [one.incident for one in page.incidents] == [3]
        assert shown.incidents[0].say == "Panic: museum"
        await loop.submit(Answer("olena", 2, "false_alarm", "console"))
        with store.reading() as connection:
            assert [one.incident for one in board(connection, SITE, say_of).incidents] == [3, 1]


async def test_what_operators_did_is_told_with_their_names(tmp_path: Path) -> None:
    """An answer entered for somebody with its note, an escalation with its reason, and who handed it over to whom."""
    async with told_story(tmp_path / "tocsin.db") as (loop, store, clock):
        began = clock.now()
        handed = {"incident": 1, "to": "chief", "reason": "end of shift"}
        await loop.submit(OperatorAction("shift", "hand_over", handed))
        await loop.submit(Answer("chief", 1, "accept", "api", note="on foot", by="shift"))
        told = lines(store, began)
        assert any("hand_over: from olena to chief, by shift: end of shift" in line for line in told), told
        assert any(line.endswith("✓ Chief answered by API through shift: accept: on foot") for line in told), told
        assert any("handed_over: olena to chief" in line for line in told)
        with store.reading() as connection:
            assert board(connection, SITE, say_of).incidents[0].who == ("Chief",)
