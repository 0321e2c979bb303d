"""The calendar of deadlines against a plain list."""

from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.board import Board
from tocsin.domain.change import Timer
from tocsin.domain.time import MILLISECOND, SECOND
from tocsin.loop.deadlines import Deadlines

NOON = 1_795_000_000 * SECOND
dues = st.sampled_from([0, 1, 300 * MILLISECOND, SECOND - 1, SECOND, SECOND + 1, 5 * SECOND, 90 * SECOND, -SECOND])
steps = st.lists(st.one_of(
    st.tuples(st.just("set"), st.sampled_from("abcdef"), dues),
    st.tuples(st.just("drop"), st.sampled_from("abcdef"), dues),
    st.tuples(st.just("pass"), st.just(""), st.sampled_from([0, 1, 300 * MILLISECOND, SECOND, 95 * SECOND])),
    st.tuples(st.just("ask"), st.just(""), st.just(0)),
), max_size=40)


@given(steps=steps, before=st.dictionaries(st.sampled_from("abcdef"), dues))
def test_what_is_due_comes_in_order_and_only_as_it_stands(
        steps: list[tuple[str, str, int]], before: dict[str, int]) -> None:
    """Set, moved, dropped, restored, overdue, at the turn of a second: always the deadlines that stand on the board."""
    board, now = Board(), NOON
    board.timers.update({name: Timer(name, now + due, "escalation", "x") for name, due in before.items()})
    board.timers["window"] = Timer("window", now, "window", "x")
    deadlines = Deadlines(board)
    calendar = deadlines.escalations
    for what, name, amount in steps:
        mine = {timer.id: timer for timer in board.timers.values() if timer.lane == "escalation"}
        if what == "set":
            board.timers[name] = Timer(name, now + amount, "escalation", "x")
            deadlines.add(board.timers[name])
        elif what == "drop":
            board.timers.pop(name, None)
        elif what == "ask":
            assert calendar.first(now) == min((timer.due for timer in mine.values()), default=None)
        else:
            now += amount
            due = sorted((timer.due, timer.id) for timer in mine.values() if timer.due <= now)
            popped = []
            while (timer := calendar.pop(now)) is not None:
                popped.append((timer.due, timer.id))
                del board.timers[timer.id]
            assert popped == due
    assert deadlines.windows.first(now) == NOON
