"""Whatever came before: a rule that a reload has changed remembers what it would remember had it always been so."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.support.checked_run import restored
from tests.support.city import content, match
from tests.support.histories import AT_LEISURE, START, Way, event, histories, rule_of, ways

from tocsin.book.book import number_book
from tocsin.book.match import Expect, Match
from tocsin.book.rule import Level, Rule, SequenceStep, When
from tocsin.core.board import BESIDE, Board, key_of
from tocsin.domain.change import Change, Noted
from tocsin.domain.codec import encode
from tocsin.domain.event import Event
from tocsin.domain.incident import ACTIVE
from tocsin.domain.input import Arrival, Input
from tocsin.domain.time import SECOND
from tocsin.matching.index import IndexMatcher
from tocsin.replay.run import Run
from tocsin.rules.meaning import Meaning
from tocsin.rules.tables import Tables

X = match(type="x")
SILENT = Rule(id="rule", say="rule", when=When("event", match=match(type="never")), escalate_to=("board",))
HIGH = Match((*X.clauses, Expect("v", "above", 2)))
WHENS = st.sampled_from([
    When("sequence", steps=(SequenceStep(X), SequenceStep(HIGH, 300 * SECOND), SequenceStep(X, 300 * SECOND))),
    When("sequence", steps=(SequenceStep(X), SequenceStep(HIGH, 300 * SECOND, True))),
    When("together", named={"a": X, "b": HIGH}, within=300 * SECOND),
    When("absence", match=X, for_=300 * SECOND), When("absence", match=X, for_=600 * SECOND, expected="seen"),
    When("event", match=X), When("event", match=X, member=("v",)),
    When("count", match=X, at_least=3, within=300 * SECOND), When("count", match=X, at_least=2, within=900 * SECOND),
    When("level", match=X, of="v", compare={"above": 2}),
    When("level", match=X, of="v", levels=(Level({"above": 1}, "low"), Level({"above": 3}, "high")))])
STATUS = st.sampled_from([None, None, "firing", "firing", "resolved"])


class Told(Run):
    """A run that remembers what it heard and what was noted."""

    def __init__(self, rule: Rule) -> None:
        self.heard: list[tuple[int, Event]] = []
        self.errors: list[str] = []
        super().__init__(*meant(1, rule), self.witness)

    def witness(self, now: int, item: Input, changes: list[Change]) -> None:
        if isinstance(item, Arrival):
            self.heard.append((now, item.event))
        self.errors += [one.detail for one in changes if isinstance(one, Noted) and one.what == "rule_error"]

    def becomes(self, number: int, rule: Rule, at: int) -> None:
        self.board = restored(self.board)
        self.renew(*meant(number, rule), at, self.heard)


def meant(number: int, rule: Rule) -> tuple[Meaning, IndexMatcher]:
    book = content(rule)
    return Meaning(number_book(number, book)), IndexMatcher(book.rules, Tables.of(book))


def remembered(board: Board) -> tuple[Any, ...]:
    """The windows of the rule's keys and their deadlines."""
    windows = sorted((key, encode(body)) for (_, key), body in board.windows.items() if not key.startswith(BESIDE))
    return windows, sorted((timer.id, timer.due) for timer in board.timers.values() if timer.lane == "window")


@st.composite
def stories(draw: Any) -> tuple[list[Event], int, int]:
    """Events in order of arrival, how many of them come before the reload, and how long after the last of these."""
    told = draw(histories(st.sampled_from([0, 1, 2, 3, 4, None])))
    events = [replace(event(one), status=draw(STATUS), device=draw(st.sampled_from(["a", "b"]))) for one in told]
    return events, draw(st.integers(1, len(events))), draw(st.sampled_from([0, 1, 60, 299, 900, 3600])) * SECOND


@AT_LEISURE
@given(stories(), WHENS, ways())
def test_the_journal_makes_what_the_rule_would_remember(
        story: tuple[list[Event], int, int], when: When, way: Way) -> None:
    """It said nothing before: from the reload on windows, deadlines and condition are those of a rule always there."""
    events, before, later = story
    rule = rule_of(when, way)
    always, changed = Told(rule), Told(SILENT)
    for one in events[:before]:
        always.feed(one, one.received)
        changed.feed(one, one.received)
    at = max(events[before - 1].received + later, START)
    if before < len(events):
        at = min(at, events[before].received)
    changed.becomes(2, rule, at)
    always.run_timers(before=at)
    always.clock = at
    assert remembered(changed.board) == remembered(always.board)
    for one in events[before:]:
        always.feed(one, one.received)
        changed.feed(one, one.received)
    end = events[-1].received + 14_400 * SECOND
    always.run_until(end)
    changed.run_until(end)
    assert remembered(changed.board) == remembered(always.board)
    assert active(changed.board) == active(always.board)
    assert not changed.errors


@AT_LEISURE
@given(stories(), st.lists(st.tuples(WHENS, ways()), min_size=2, max_size=4))
def test_after_any_reload_incidents_are_active_as_their_windows_are(
        story: tuple[list[Event], int, int], rules: list[tuple[When, Way]]) -> None:
    """From any word to any other, in the midst of anything: no error, and nothing stays active without a reason."""
    events, before, later = story
    run = Told(rule_of(*rules[0]))
    for one in events[:before]:
        run.feed(one, one.received)
    at = events[before - 1].received + later
    for number, (when, way) in enumerate(rules[1:], 2):
        rule = rule_of(when, way)
        run.becomes(number, rule, at)
        word = meant(number, rule)[0].words["rule"]
        windows = {key for (_, key), body in run.board.windows.items()
                   if not key.startswith(BESIDE) and word.state(body).active}
        assert active(run.board) == windows
    assert not run.errors


def active(board: Board) -> set[str]:
    incidents = [board.incident(number) for number in board.open.values()]
    return {key_of(one.key) for one in incidents if one is not None and one.condition == ACTIVE}
