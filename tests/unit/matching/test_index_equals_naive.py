"""The index gives exactly what asking every rule gives."""

from hypothesis import HealthCheck, given, settings
from tests.support.match_cases import CONTENT, encounters, equal_fields, meetings
from tests.support.naive_match import NaiveMatcher

from tocsin.matching.index import IndexMatcher
from tocsin.rules.match import compile_match
from tocsin.rules.tables import Tables

TABLES = Tables.of(CONTENT)
SETTINGS = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def fail(rule, event, error):
    raise AssertionError(f"{rule} raised {error!r}")


def assert_same_hits(rules, events):
    index, naive = IndexMatcher(rules, TABLES, on_error=fail), NaiveMatcher(rules, CONTENT)
    for event in events:
        hits = index.match(event)
        assert hits == naive.match(event)
        assert index.concerns(event.type) or not hits


@SETTINGS
@given(meetings())
def test_the_index_gives_what_asking_every_rule_gives(meeting):
    """Whatever the rules and the events, both matchers give the same hits in the same order."""
    assert_same_hits(*meeting)


@SETTINGS
@given(equal_fields())
def test_rules_that_share_values_are_told_apart(meeting):
    """Rules that demand values of the same few fields are reached exactly by the events that have them."""
    assert_same_hits(*meeting)


@SETTINGS
@given(encounters())
def test_a_compiled_match_means_what_the_language_says(encounter):
    """The compiled function and the plain reading of the language agree."""
    match, event = encounter
    assert compile_match(match, TABLES)(event) == NaiveMatcher([], CONTENT).all(match, event)
