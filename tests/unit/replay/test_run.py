"""A run of the core: repetitions over days, and inputs planned for later."""

from tests.support.city import content, event_rule, match

from tocsin.book.book import number_book
from tocsin.domain.event import Event
from tocsin.domain.input import Answer
from tocsin.domain.time import DAY, MINUTE, SECOND, parse_instant
from tocsin.matching.index import IndexMatcher
from tocsin.replay.repetitions import Repetitions
from tocsin.replay.run import Run
from tocsin.rules.meaning import Meaning
from tocsin.rules.tables import Tables

START = parse_instant("2026-11-22T10:00:00Z")


def event(number: int, *, untimed: bool = False) -> Event:
    return Event(id=str(number), source="s", type="panic", time=START, received=START, site="a", untimed=untimed)


def test_a_repetition_is_known_for_a_day_from_the_first_and_no_longer() -> None:
    """Also across the change of the days that are remembered."""
    for begin in (0, DAY - 1, DAY, DAY + 1):
        known = Repetitions()
        known.has(event(0), START)
        first = START + begin
        assert not known.has(event(1), first)
        assert known.has(event(1), first + 1)
        assert known.has(event(1), first + DAY - 1)
        assert not known.has(event(1), first + DAY)
        assert known.has(event(1), first + DAY + 1)


def test_without_a_time_it_is_known_for_five_minutes() -> None:
    known = Repetitions()
    assert not known.has(event(1, untimed=True), START)
    assert known.has(event(1, untimed=True), START + 5 * MINUTE - 1)
    assert not known.has(event(1, untimed=True), START + 5 * MINUTE)


def test_what_is_forgotten_takes_no_room() -> None:
    known = Repetitions()
    for day in range(10):
        for number in range(100):
            known.has(event(1_000 * day + number), START + day * DAY)
    assert len(known._now) + len(known._before) <= 200


def test_a_planned_input_comes_in_its_turn_and_is_made_from_the_board_of_then() -> None:
    """Before the deadline of the same instant; one that has nothing to say any more is no step."""
    book = content(event_rule("panic", match(type="panic")))
    steps: list[tuple[int, str]] = []
    run = Run(Meaning(number_book(1, book)), IndexMatcher(book.rules, Tables.of(book)),
              lambda now, item, changes: steps.append((now - START, type(item).__name__)))
    run.hear(event(1), START)
    seen: list[int] = []

    def answer(board: object) -> Answer:
        seen.append(len(run.board.incidents))
        return Answer("olena", 1, "acknowledge", "telegram", 1)

    run.plan(answer, START + 60 * SECOND)
    run.plan(lambda board: None, START + 10 * SECOND)
    run.run_until(START + 61 * SECOND)
    assert [one for one in steps if one[1] in ("Arrival", "Answer")] == [(0, "Arrival"), (60 * SECOND, "Answer")]
    assert seen == [1]


def test_an_event_that_no_rule_asks_for_is_heard_without_a_step() -> None:
    """The clock goes on and deadlines before it run."""
    book = content(event_rule("panic", match(type="panic")))
    steps: list[str] = []
    run = Run(Meaning(number_book(1, book)), IndexMatcher(book.rules, Tables.of(book)),
              lambda now, item, changes: steps.append(type(item).__name__))
    run.hear(event(1), START)
    run.hear(Event(id="2", source="s", type="other", time=START, received=START), START + 2 * MINUTE)
    assert (run.clock, run.events) == (START + 2 * MINUTE, 2)
    assert steps.count("Arrival") == 1
    assert "TimerDue" in steps
