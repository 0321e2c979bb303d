"""What every matcher must do: the index, the plain reading, and durable-rules in its process where it is asked."""

from importlib.util import find_spec

import pytest
from tests.support.match_book import CASES, CONTENT, RULES, event
from tests.support.naive_match import NaiveMatcher

from tocsin.clock import SystemClock
from tocsin.domain.input import Hit
from tocsin.matching.index import IndexMatcher
from tocsin.matching.second_opinion import SecondOpinion
from tocsin.rules.tables import Tables

LEFT_TO_THE_INDEX = {"a pattern", "an expression", "a part of a text", "a list", "near a point"}
"""Rules that durable-rules is not asked."""

UNSOUND = {"one of a list's elements"}
"""Rules whose events here durable-rules is not asked about."""


class DurableMatcher:
    """durable-rules as a matcher: what it says of an event, told by what it contradicts."""

    def __init__(self):
        self.contradicted = []
        self.opinion = SecondOpinion(RULES, SystemClock(), lambda *what: self.contradicted.append(what), seconds=20)
        self.opinion.start()
        assert self.opinion.wait_ready(60).ok

    def match(self, an_event):
        """All hits that it gives when it is told that there are none."""
        self.contradicted.clear()
        assert self.opinion.offer(an_event, ())
        self.opinion.drain()
        assert all(durable_says and not index_says for _, _, _, index_says, durable_says in self.contradicted)
        return tuple(Hit(rule, slot) for _, rule, slot, _, _ in self.contradicted)


@pytest.fixture(scope="module", params=["index", "naive", "durable"])
def matcher(request):
    if request.param == "index":
        yield IndexMatcher(RULES, Tables.of(CONTENT))
    elif request.param == "naive":
        yield NaiveMatcher(RULES, CONTENT)
    elif find_spec("durable_rules_engine") is None:
        pytest.skip("durable-rules is not installed")
    else:
        durable = DurableMatcher()
        yield durable
        durable.opinion.stop()


def judged(matcher, name):
    return not (isinstance(matcher, DurableMatcher) and name in LEFT_TO_THE_INDEX | UNSOUND)


def slots(matcher, an_event, rule):
    return [hit.slot for hit in matcher.match(an_event) if hit.rule == rule]


@pytest.mark.parametrize("name", CASES)
def test_a_rule_is_hit_by_the_events_that_fit_and_no_others(matcher, name):
    """Each condition holds of the events that fit it and not of those that do not."""
    if not judged(matcher, name):
        pytest.skip("left to the index, see test_what_durable_rules_is_not_asked")
    _, fitting, others = CASES[name]
    for an_event in fitting:
        assert slots(matcher, an_event, name) == ["event"], an_event
    for an_event in others:
        assert "event" not in slots(matcher, an_event, name), an_event


def test_a_resolved_event_fills_resolved_by_type_alone(matcher):
    """A resolved event gives the slot resolved of every rule of its type, the rest not asked, and event to none."""
    resolved = event(status="resolved", value=1)
    assert slots(matcher, resolved, "a limit") == ["resolved"]
    assert slots(matcher, event("door", status="resolved"), "a limit") == []
    assert slots(matcher, resolved, "names status") == ["event", "resolved"]


def test_clear_when_is_asked_of_every_event(matcher):
    """The slot clear is filled whatever status and type."""
    for status in (None, "firing", "resolved"):
        assert "clear" in slots(matcher, event("door", status=status, value=0), "clears")
    assert slots(matcher, event(value=1), "clears") == ["event"]


def test_rules_without_slots_are_never_hit(matcher):
    """Composition and disabled rules hear of no event."""
    assert slots(matcher, event(), "composed") == slots(matcher, event(), "switched off") == []


def test_hits_come_in_the_order_of_the_rules(matcher):
    """The order of hits is that of the book, whatever was asked first."""
    order = [rule.id for rule in RULES]
    rules = [hit.rule for hit in matcher.match(event(value=12, status="resolved", zone="12"))]
    assert rules == sorted(rules, key=order.index)
    assert len(rules) > 10


def test_what_durable_rules_is_not_asked():
    """Exactly the rules that need lists, patterns and distances are left to the index, with a reason."""
    if find_spec("durable_rules_engine") is None:
        pytest.skip("durable-rules is not installed")
    opinion = SecondOpinion(RULES, SystemClock(), lambda *what: None)
    opinion.start()
    assert opinion.wait_ready(60).ok
    assert {rule for rule, slot in opinion.left_out if slot == "event"} == LEFT_TO_THE_INDEX
    assert {rule.id for rule in RULES if not opinion.supports(rule)} == LEFT_TO_THE_INDEX | {"composed", "switched off"}
    opinion.offer(event(zone=["a"]), ())
    opinion.drain()
    assert opinion.counts.unsound > 0
    opinion.stop()
