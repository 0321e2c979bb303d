"""Thousands of histories with disorder, repetitions, ties and gaps: the core and a plain reading of the text agree.

TOCSIN_EXAMPLES=20000 looks longer.
"""

import os
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.city import content, event_rule, incident_rule, match
from tests.support.naive_event import MINUTE, Heard, Way, periods, play_naively

from tocsin.book.book import number_book
from tocsin.book.rule import Clear
from tocsin.domain.event import Event
from tocsin.domain.time import HOUR, SECOND, format_instant, parse_instant
from tocsin.matching.index import IndexMatcher
from tocsin.replay.ledger import Ledger
from tocsin.replay.run import Run
from tocsin.rules.meaning import Meaning
from tocsin.rules.tables import Tables

EXAMPLES = int(os.environ.get("TOCSIN_EXAMPLES", "400"))
START = parse_instant("2026-11-22T00:00:00Z")
AT_LEISURE = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])

GAPS = st.sampled_from([0, 0, 1, 4, 5, 6, 30, 60, 299, 300, 301, 600, 900, 1800, 5400])
LATE = st.sampled_from([0, 0, 0, 0, 1, 5, 60, 300, 900, 1500])
WAITS = st.sampled_from([None, None, 0, 60, 300, 600, 900])


@st.composite
def histories(draw: Any, kinds: list[str], *, until: bool = False) -> list[tuple[Heard, int]]:
    """Events in order of arrival, each with the number of the event that it repeats (its own for a new one)."""
    found: list[tuple[Heard, int]] = []
    now = START
    for number in range(draw(st.integers(1, 14))):
        now += draw(GAPS) * SECOND
        if found and draw(st.integers(0, 9)) == 0:
            old, first = draw(st.sampled_from(found))
            found.append((Heard(now, old.time, old.kind, old.member, old.until), first))
            continue
        kind = draw(st.sampled_from(kinds))
        end = now + draw(st.sampled_from([-60, 0, 60, 600, 1200])) * SECOND if until and draw(st.booleans()) else None
        member = draw(st.sampled_from(["a", "b"])) if kind in ("firing", "resolved") else ""
        found.append((Heard(now, now - draw(LATE) * SECOND, kind, member, end), number))
    return found


def event(one: Heard, number: int) -> Event:
    data = {"expires": format_instant(one.until)} if one.until is not None else {}
    return Event(id=str(number), source="s", type="all.clear" if one.kind == "over" else "x", time=one.time,
                 received=one.arrival, status=one.kind if one.kind in ("firing", "resolved") else None,
                 device=one.member or None, data=data)


def rule_of(way: Way) -> Any:
    clear = Clear(when=match(type="all.clear") if way.when else None, after=way.after, at="expires" if way.at else "",
                  hold=way.hold, only=way.only)
    return event_rule("rule", match(type="x"), per=(), for_=way.wait, clear=clear, to=None if way.state else "board",
                      limits={"opened_per_minute": 1_000_000})


def really(history: list[tuple[Heard, int]], until: int, *rules: Any) -> dict[str, list[tuple[int, int | None, int]]]:
    book = content(*rules)
    ledger = Ledger()
    run = Run(Meaning(number_book(1, book)), IndexMatcher(book.rules, Tables.of(book)), ledger)
    for one, number in history:
        run.feed(event(one, number), one.arrival)
    run.run_until(until)
    found: dict[str, list[tuple[int, int | None, int]]] = {rule.id: [] for rule in rules}
    for story in ledger.stories():
        found[story.rule] += [(one.at, one.cleared, one.events) for _, one in sorted(story.activations.items())]
    return {rule: sorted(known, key=lambda one: one[0]) for rule, known in found.items()}


def agree(history: list[tuple[Heard, int]], way: Way, then: int | None = None, end: int = 3 * HOUR) -> None:
    until = history[-1][0].arrival + end
    first: dict[int, Heard] = {}
    for one, number in history:
        first.setdefault(number, one)
    heard = list(first.values())
    told, after = play_naively(heard, until, way, then)
    rules = [rule_of(way)]
    if then is not None:
        rules.append(incident_rule("follower", "rule", per=(), for_=then, to="board",
                                   limits={"opened_per_minute": 1_000_000}))
    found = really(history, until, *rules)
    assert found["rule"] == periods(told)
    if then is not None:
        assert found["follower"] == periods(after)


@AT_LEISURE
@given(histories(["firing", "resolved", "plain"]), WAITS, st.booleans())
def test_members_and_momentary_firings(history: Any, wait: Any, state: bool) -> None:
    agree(history, Way(wait=None if wait is None else wait * SECOND, state=state))


@AT_LEISURE
@given(histories(["firing", "resolved", "plain", "over"]), WAITS, st.booleans(), st.booleans(),
       st.sampled_from([None, 30, 600]))
def test_clear_when(history: Any, wait: Any, state: bool, only: bool, hold: Any) -> None:
    agree(history, Way(wait=None if wait is None else wait * SECOND, state=state, when=True, only=only,
                       hold=None if hold is None else hold * SECOND))


@AT_LEISURE
@given(histories(["firing", "resolved", "plain"], until=True), WAITS, st.sampled_from([None, 60, 600, 1800]),
       st.booleans(), st.sampled_from([None, 30, 600]))
def test_clear_after_at_and_hold(history: Any, wait: Any, after: Any, at: bool, hold: Any) -> None:
    agree(history, Way(wait=None if wait is None else wait * SECOND, after=None if after is None else after * SECOND,
                       at=at, hold=None if hold is None else hold * SECOND))


@AT_LEISURE
@given(histories(["firing", "firing", "resolved", "plain"]), WAITS, st.sampled_from([0, 60, 300, 900, 7200]))
def test_an_incident_rule_that_waits(history: Any, wait: Any, then: int) -> None:
    agree(history, Way(wait=None if wait is None else wait * SECOND), then * SECOND)


def test_the_reference_knows_its_way() -> None:
    """The plain reading itself, on three histories done by hand."""
    fire, over = Heard(0, 0, "firing", "a"), Heard(9 * MINUTE, 9 * MINUTE, "resolved", "a")
    told, _ = play_naively([fire, over], 99 * MINUTE, Way())
    assert periods(told) == [(0, 9 * MINUTE, 1)]
    told, _ = play_naively([fire, over], 99 * MINUTE, Way(wait=9 * MINUTE))
    assert periods(told) == []
    told, after = play_naively([Heard(0, 0, "plain")], 99 * MINUTE, Way(), 10 * MINUTE)
    assert (periods(told), periods(after)) == ([(0, 15 * MINUTE, 1)], [(10 * MINUTE, 15 * MINUTE, 1)])
