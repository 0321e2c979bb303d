"""What the index does when something is wrong."""

import pytest

from tocsin.book.book import Content
from tocsin.book.match import Expect, Match
from tocsin.book.rule import Rule, When
from tocsin.domain.event import Event
from tocsin.domain.input import Hit
from tocsin.matching.index import IndexMatcher
from tocsin.rules.lists import ListError
from tocsin.rules.tables import Tables
from tocsin.rules.values import MatchError

TABLES = Tables.of(Content())


def rule(id, *clauses):
    return Rule(id=id, say="…", when=When("event", match=Match(clauses)))


def event(**data):
    return Event(id="1", source="s", type="alarm", time=0, received=0, data=data)


class Broken(dict):
    """A value that breaks whatever looks into it."""

    def __contains__(self, key):
        raise ZeroDivisionError(key)


def test_a_rule_that_raises_stops_no_other():
    """The failing rule is told with event and reason; the rules before and after it are hit."""
    told = []
    rules = [rule("first", Expect("a", "is", 1)), rule("broken", Expect("deep.er", "exists", True)),
             rule("last", Expect("a", "exists", True))]
    matcher = IndexMatcher(rules, TABLES, on_error=lambda *what: told.append(what))
    an_event = event(a=1, deep=Broken())
    assert matcher.match(an_event) == (Hit("first", "event"), Hit("last", "event"))
    [(failed, its_event, error)] = told
    assert (failed, its_event, type(error)) == ("broken", an_event, ZeroDivisionError)


def test_a_field_that_breaks_the_way_through_the_index_stops_only_the_rules_behind_it():
    """When reading a field fails on the way, the rules that demand it are told, each; the others are hit."""
    told = []
    rules = [rule("first", Expect("a", "is", 1)), rule("behind", Expect("deep.er", "is", 1)),
             rule("too", Expect("deep.er", "is", 2)), rule("last", Expect("a", "exists", True))]
    matcher = IndexMatcher(rules, TABLES, on_error=lambda *what: told.append(what))
    assert matcher.match(event(a=1, deep=Broken())) == (Hit("first", "event"), Hit("last", "event"))
    assert [what[0] for what in told] == ["behind", "too"]


@pytest.mark.parametrize("value, hit", [
    (1, "one"), (1.0, "one"), ("1", "text"), (True, "flag"), (10**23, "large"), (1e23, "large"), ([1e23, "x"], "large"),
    (2, None), ("x", None), (None, None), ({"1": 1}, None), (float("nan"), None),
])
def test_branches_tell_kinds_apart_and_numbers_by_their_decimal(value, hit):
    """1, "1" and true are different branches, 1 and 1.0 the same, and so are a large number's two ways of writing."""
    rules = [rule("one", Expect("v", "is", 1)), rule("text", Expect("v", "is", "1")),
             rule("flag", Expect("v", "is", True)), rule("large", Expect("v", "is", 10**23))]
    hits = IndexMatcher(rules, TABLES).match(event(v=value))
    assert [one.rule for one in hits] == ([hit] if hit else [])


@pytest.mark.parametrize("others", [0, 5])
def test_mismatches_are_told_however_many_rules_there_are(others):
    """Whether a condition is asked itself or branched on, a value of another kind is told."""
    told = []
    rules = [rule(f"r{n}", Expect("type", "is", "alarm"), Expect("zone", "is", n)) for n in range(others + 1)]
    matcher = IndexMatcher(rules, TABLES, on_mismatch=lambda *what: told.append(what))
    assert matcher.match(event(zone="0")) == ()
    assert set(told) == {("zone", "number", "text")}
    told.clear()
    assert matcher.match(event(zone=["0"])) == ()
    assert matcher.match(event()) == ()
    assert set(told) == {("zone", "number", "text")}


@pytest.mark.parametrize("clause, error", [
    (Expect("a", "in", "nolist"), ListError), (Expect("a", "matches", "("), MatchError),
])
def test_a_rule_that_can_never_be_asked_is_named(clause, error):
    """The error that refuses a rule says which rule."""
    with pytest.raises(error, match='rule "bad": '):
        IndexMatcher([rule("good"), rule("bad", clause)], TABLES)


@pytest.mark.parametrize("asked, concerned", [
    ("alarm.fire", ["alarm.fire"]), ("alarm.*", ["alarm.fire", "alarm.x.y"]),
    (("alarm.fire", "other"), ["alarm.fire", "other"]), (None, ["alarm.fire", "alarm.x.y", "other", "alarm"])])
def test_the_index_knows_of_which_types_anything_is_asked(asked, concerned):
    """By type, by family, or of whatever comes."""
    clauses = () if asked is None else (Expect("type", "any_of" if isinstance(asked, tuple) else "is", asked),)
    matcher = IndexMatcher([rule("one", *clauses)], TABLES)
    types = ["alarm.fire", "alarm.x.y", "other", "alarm"]
    assert [type_ for type_ in types if matcher.concerns(type_)] == concerned


def test_without_rules_nothing_is_asked():
    assert not IndexMatcher([], TABLES).concerns("alarm")
