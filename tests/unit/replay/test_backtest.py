"""A backtest: two books over the same events, by the run that replay uses, with people who answer."""

from typing import Any
from zoneinfo import ZoneInfo

from msgspec.structs import replace
from tests.support.city import content, event_rule, incident_rule, match, policy, step

from tocsin.book.book import AreaShape, Content, number_book
from tocsin.book.contacts import Need, Service
from tocsin.book.match import Inside, Match
from tocsin.book.rule import Gate, Rule, When
from tocsin.cli.backtest import sides
from tocsin.domain.codec import encode
from tocsin.domain.event import Event, Place
from tocsin.domain.input import Arrival, Started, TimerDue
from tocsin.domain.time import DAY, HOUR, MINUTE, SECOND, parse_instant
from tocsin.matching.index import IndexMatcher
from tocsin.replay.backtest import Backtest, backtest, from_journal, warm_up
from tocsin.replay.ledger import Ledger
from tocsin.replay.run import Run
from tocsin.rules.meaning import Meaning
from tocsin.rules.tables import Tables

START = parse_instant("2026-11-22T10:00:00Z")
PANIC = event_rule("panic", match(type="panic"))


def event(after: int, type: str = "panic", site: str = "school", **more: Any) -> tuple[int, Event]:
    """An event so many microseconds after the start."""
    at = START + after
    return at, Event(id=f"{type}{after}", source="s", type=type, time=at, received=at, site=site, **more)


def tried(old: Content, new: Content, *recorded: Any, answered_after: int = 30 * SECOND, **more: Any) -> Backtest:
    return backtest(*sides(old, new, answered_after), recorded, ZoneInfo("UTC"), **more)


def test_the_same_rules_differ_in_nothing() -> None:
    done = tried(content(PANIC), content(PANIC), event(0), event(HOUR), event(2 * HOUR, "other"))
    assert (done.events, done.differs) == (3, False)
    assert [one.kind for one in done.differences] == ["same", "same"]


def test_a_new_rule_is_more_and_a_missing_one_fewer() -> None:
    smoke = event_rule("smoke", match(type="smoke"))
    done = tried(content(PANIC), content(smoke), event(0), event(MINUTE, "smoke"), event(HOUR, "other"))
    assert [(one.kind, one.one.rule) for one in done.differences] == [("fewer", "panic"), ("more", "smoke")]


def test_a_condition_that_waits_longer_begins_later() -> None:
    """The same condition, changed: at and nothing else but what follows from it."""
    waiting = event_rule("panic", match(type="panic"), for_="2 min")
    done = tried(content(PANIC), content(waiting), event(0), event(HOUR, "other"))
    (found,) = done.differences
    assert (found.kind, found.what["at"]) == ("changed", (START, START + 2 * MINUTE))


def test_the_first_who_is_called_answers_so_nobody_else_is() -> None:
    """Without an answer taras would be called a minute later, and duty again and again."""
    done = tried(content(PANIC), content(PANIC), event(0), event(HOUR, "other"))
    assert done.woken_after.people == {"olena": 1}
    slow = tried(content(PANIC), content(PANIC), event(0), event(HOUR, "other"), answered_after=90 * SECOND)
    assert slow.woken_after.people == {"olena": 1, "taras": 1}


def test_an_answer_at_the_deadline_comes_before_it() -> None:
    done = tried(content(PANIC), content(PANIC), event(0), event(HOUR, "other"), answered_after=60 * SECOND)
    assert done.woken_after.people == {"olena": 1}


def test_who_is_needed_accepts_and_ends_it_so_that_the_next_is_another_incident() -> None:
    """Two must come: both accept; when it has cleared it is resolved, and a day later both are called anew."""
    crew = policy("police", step("olena", "taras", need=(Need(2),)), step("chief"))
    book = content(PANIC, policies=(crew,))
    done = tried(book, book, event(0), event(DAY), event(2 * DAY, "other"))
    assert done.woken_after.people == {"olena": 2, "taras": 2}
    first, second = (one.after for one in done.differences)
    assert first is not None
    assert second is not None
    assert (first.cleared, [call.person for call in second.calls]) == (START + 15 * MINUTE, ["olena", "taras"])


def test_who_has_accepted_ends_it_when_it_has_cleared() -> None:
    """Else it would stay on the board, and they would be reminded of it to the end."""
    crew = policy("police", step("olena", need=(Need(1),)), remind="15 min")
    book = content(PANIC, policies=(crew,))
    parts = sides(book, book, 30 * SECOND)
    backtest(*parts, [event(0), event(DAY, "other")], ZoneInfo("UTC"))
    assert parts[0][0]._run.board.incidents == {}


def test_a_journal_is_heard_from_an_instant_up_to_a_position() -> None:
    """Rows of a segment that lie before, and what came after the newest position looked at, are no part of it."""
    rows = [(number, at, encode(Arrival(one))) for number, (at, one) in enumerate(
        [event(0), event(MINUTE), event(2 * MINUTE), event(3 * MINUTE)], 1)]
    rows.insert(2, (9, START + MINUTE, encode(TimerDue("x"))))
    told: list[int] = []
    found = list(from_journal([rows[:2], rows[2:4], rows[4:]], START + MINUTE, 3, told.append))
    assert [at - START for at, _ in found] == [MINUTE]
    rows[2] = (2, *rows[2][1:])
    found = list(from_journal([rows[:2], rows[2:4], rows[4:]], START + MINUTE, 3, told.append))
    assert [at - START for at, _ in found] == [MINUTE, 2 * MINUTE]
    assert told == [2, 2, 3]


def test_a_need_that_those_who_answer_do_not_fill_calls_the_next() -> None:
    crew = policy("police", step("olena", need=(Need(2),)), step("chief"))
    book = content(PANIC, policies=(crew,))
    assert tried(book, book, event(0), event(HOUR, "other")).woken_after.people == {"olena": 1, "chief": 1}


def test_a_group_is_nobody_who_could_be_woken() -> None:
    """It is told, too; its people are counted, and answer for themselves."""
    patrol = Service(id="patrol", name="P", members=("olena", "taras"), group_chat="-100123")
    book = content(PANIC, policies=(policy("police", step("service:patrol")),), services=(patrol,))
    done = tried(book, book, event(0), event(HOUR, "other"))
    assert done.woken_after.people == {"olena": 1, "taras": 1}


def test_a_firing_that_an_inhibition_keeps_back_says_so() -> None:
    raid = event_rule("raid", match(type="raid"), per=(), to=None)
    gated = event_rule("panic", match(type="panic"), unless=(Gate(active="raid"),))
    done = tried(content(PANIC, raid), content(gated, raid), event(0, "raid"), event(MINUTE), event(HOUR, "other"))
    (found,) = done.of("fewer")
    assert "raid" in found.because


def test_what_comes_before_the_period_fills_windows_only() -> None:
    """The first of three presses came before; the third fires, and an incident of before is not counted."""
    often = Rule(id="often", say="often", when=When("count", match=match(type="panic"), at_least=3, within=HOUR),
                 escalate_to=("board",))
    recorded = [event(0), event(10 * MINUTE), event(20 * MINUTE), event(HOUR, "other")]
    since = START + 5 * MINUTE
    done = tried(content(PANIC, often), content(PANIC), *recorded, since=since)
    assert [(one.kind, one.one.rule, one.one.at - START) for one in done.differences if one.kind != "same"] == [
        ("fewer", "often", 20 * MINUTE)]
    assert (done.events, sum(done.woken_before.hours)) == (3, 0)


def test_the_end_is_inclusive_for_events_and_not_for_deadlines() -> None:
    """A second event at the end is heard; clearing 15 minutes later is due exactly then and does not run."""
    recorded = [event(0), event(15 * MINUTE, "other"), event(16 * MINUTE)]
    done = tried(content(PANIC), content(PANIC), *recorded, until=START + 15 * MINUTE)
    assert done.events == 2
    assert [one.one.cleared for one in done.differences] == [None]
    done = tried(content(PANIC), content(PANIC), *recorded, until=START + 15 * MINUTE + 1)
    assert [one.one.cleared for one in done.differences] == [START + 15 * MINUTE]


def test_a_pause_of_the_engine_puts_absences_off() -> None:
    """What the journal says of starts is heard: the silence during the hour without engine counts for nothing."""
    silent = Rule(id="silent", say="silent", when=When("absence", match=match(type="beat"), for_=10 * MINUTE,
                                                       expected="seen"), escalate_to=("board",))
    deaf = [event(0, "beat"), (START + HOUR, Started("1", HOUR - MINUTE)), event(HOUR + MINUTE, "beat"),
            event(2 * HOUR, "other")]
    book = content(silent)
    with_start = tried(book, book, *deaf)
    without = tried(book, book, deaf[0], *deaf[2:])
    assert [one.one.at - START for one in with_start.differences] == [HOUR + 11 * MINUTE]
    assert [one.one.at - START for one in without.differences] == [10 * MINUTE, HOUR + 11 * MINUTE]


def test_every_rule_listens_from_the_first_event_on() -> None:
    """Also one that the first events do not concern: it has watched for an hour when the value comes that is new."""
    fresh = Rule(id="fresh", say="fresh", when=When("new", match=match(type="x"), of="v", over=HOUR),
                 escalate_to=("board",))
    done = tried(content(PANIC), content(PANIC, fresh), event(0), event(HOUR, "x", data={"v": 1}), event(DAY, "other"))
    assert [(one.kind, one.one.at - START) for one in done.of("more")] == [("more", HOUR)]


def test_areas_are_those_of_each_book() -> None:
    """An event was recorded without areas; the new rules draw one around its place."""
    square = {"type": "Polygon", "coordinates": [[[37.0, 48.0], [38.0, 48.0], [38.0, 49.0], [37.0, 48.0]]]}
    inside = event_rule("inside", Match((Inside("centre"),)))
    done = tried(content(PANIC), replace(content(PANIC, inside), areas={"centre": AreaShape("centre", square)}),
                 event(0, location=Place(48.1, 37.9)), event(HOUR, "other"))
    assert [(one.kind, one.one.rule) for one in done.differences] == [("more", "inside"), ("same", "panic")]


def test_a_state_is_compared_and_calls_nobody() -> None:
    raid = event_rule("raid", match(type="panic"), to=None)
    done = tried(content(), content(raid), event(0), event(HOUR, "other"))
    (found,) = done.of("more")
    assert (found.one.board, done.woken_after.people) == (False, {})


def test_conditions_are_those_of_replay() -> None:
    """The same events through ``replay`` make the same activations, whatever people answer."""
    rules = (PANIC, event_rule("raid", match(type="raid"), to=None), incident_rule("long", "raid", for_="5 min"))
    recorded = [event(0), event(MINUTE, "raid"), event(40 * MINUTE), event(50 * MINUTE, "raid", status="firing"),
                event(70 * MINUTE, "raid", status="resolved"), event(3 * HOUR, "other")]
    book = content(*rules)
    ledger = Ledger()
    run = Run(Meaning(number_book(1, book)), IndexMatcher(book.rules, Tables.of(book)), ledger)
    for at, one in recorded:
        run.feed(one, at)
    replayed = sorted((story.rule, one.at, one.cleared, one.events) for story in ledger.stories()
                      for one in story.activations.values())
    found = [one.one for one in tried(book, book, *recorded).differences]
    assert sorted((one.rule, one.at, one.cleared, one.events) for one in found) == replayed
    assert len(replayed) >= 5


def test_nothing_heard_is_nothing_found() -> None:
    done = tried(content(PANIC), content(PANIC))
    assert (done.events, done.since, done.ended, done.differences) == (0, None, None, [])


def test_windows_are_filled_for_as_long_as_a_rule_looks_back() -> None:
    """A day at the least."""
    week = Rule(id="week", say="w", when=When("new", match=match(type="x"), of="v", over=7 * DAY))
    assert warm_up(content(PANIC)) == DAY
    assert warm_up(content(PANIC), content(week)) == 7 * DAY + HOUR
