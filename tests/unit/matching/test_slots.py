"""Which slots an event fills, and when."""

import pytest
from msgspec.structs import replace

from tocsin.book.book import Content
from tocsin.book.match import AnyOf, Expect, FieldRef, Match, NoneOf
from tocsin.book.rule import Clear, PerKey, Rule, When
from tocsin.domain.event import Event
from tocsin.domain.input import Hit
from tocsin.matching.index import IndexMatcher
from tocsin.matching.slots import slots_of, type_part
from tocsin.rules.tables import Tables

TABLES = Tables.of(Content())
ALARM = Expect("type", "is", "alarm.panic")


def rule(*clauses, id="r", clear=None, word="event", enabled=True):
    return Rule(id=id, say="…", when=When(word, match=Match(clauses)), clear=Clear(when=clear), enabled=enabled)


def event(type="alarm.panic", status=None, **data):
    return Event(id="1", source="s", type=type, time=0, received=0, status=status, data=data)


def slots(a_rule, an_event):
    return [hit.slot for hit in IndexMatcher([a_rule], TABLES).match(an_event)]


@pytest.mark.parametrize("status, expected", [(None, ["event"]), ("firing", ["event"]), ("resolved", ["resolved"])])
def test_a_resolved_event_does_not_fire(status, expected):
    """A resolved event gives the slot resolved, never event, when the match does not name status."""
    assert slots(rule(ALARM), event(status=status)) == expected


@pytest.mark.parametrize("naming", [
    Expect("status", "is", "resolved"),
    AnyOf((Match((Expect("status", "is", "resolved"),)), Match((Expect("x", "is", 1),)))),
    NoneOf((Match((Expect("status", "is", "firing"),)),)),
    Expect("x", "not", FieldRef("status")),
])
def test_a_match_that_names_status_gets_both_slots(naming):
    """Naming status, however deep, lets a resolved event satisfy the match; it still resolves as well."""
    assert slots(rule(ALARM, naming), event(status="resolved")) == ["event", "resolved"]


def test_resolving_asks_the_type_alone():
    """A resolved event fills the slot resolved although nothing but its type fits."""
    strict = rule(ALARM, Expect("value", "above", 10))
    assert slots(strict, event(status="resolved", value=1)) == ["resolved"]
    assert slots(strict, event(status="resolved", type="door.open")) == []
    assert slots(rule(Expect("value", "above", 10)), event(status="resolved", type="door.open")) == ["resolved"]


A, B, X = Expect("type", "is", "a"), Expect("type", "is", "b"), Expect("x", "is", 1)


@pytest.mark.parametrize("clauses, accepted", [
    # Alternatives accept every type of theirs; one without a type accepts all.
    ([AnyOf((Match((A, X)), Match((B,))))], {"a", "b"}),
    ([AnyOf((Match((A, X)), Match((X,))))], {"a", "b", "c"}),
    # none refuses a type only when the branch asks nothing else.
    ([NoneOf((Match((A,)), Match((B, X))))], {"b", "c"}),
    ([NoneOf((Match((NoneOf((Match((A,)),)),)),))], {"a"}),
    # A type compared with a field of the event could be any.
    ([Expect("type", "is", FieldRef("x"))], {"a", "b", "c"}),
    ([Expect("type", "not", "a")], {"b", "c"}),
    ([A, B], set()),
])
def test_the_type_part_of_a_match(clauses, accepted):
    """What a match says of the type, the rest not asked."""
    part = rule(*clauses)
    assert {kind for kind in "abc" if slots(part, event(kind, status="resolved"))} == accepted
    assert type_part(type_part(Match(tuple(clauses)))) == type_part(Match(tuple(clauses)))


@pytest.mark.parametrize("status", [None, "firing", "resolved"])
def test_clear_when_asks_whatever_the_status(status):
    """The match of clear: {when} is asked of every event."""
    clears = rule(Expect("type", "is", "other"), clear=Match((Expect("value", "below", 1),)))
    assert slots(clears, event(status=status, value=0)) == ["clear"]
    assert slots(clears, event(status=status, value=2)) == []


def test_an_incident_rule_has_no_slot_but_clear():
    """Composition hears of incidents, not of events."""
    assert slots(rule(word="incident"), event()) == []
    assert slots(rule(word="incident", clear=Match()), event()) == ["clear"]


def test_a_disabled_rule_has_no_slots():
    """A rule that is switched off is asked nothing."""
    assert slots_of(rule(ALARM, clear=Match(), enabled=False)) == []


def test_hits_come_in_the_order_of_the_book():
    """Whatever the way through the index, the order is that of the rules, then of the slots."""
    rules = [rule(Expect("value", "is", 1), id="z"), rule(Expect("type", "is", "alarm.*"), id="a", clear=Match()),
             rule(ALARM, id="m"), rule(ALARM, Expect("value", "any_of", (1, 2)), id="b"), rule(id="0")]
    hits = IndexMatcher(rules, TABLES).match(event(value=1))
    assert [(hit.rule, hit.slot) for hit in hits] == [
        ("z", "event"), ("a", "event"), ("a", "clear"), ("m", "event"), ("b", "event"), ("0", "event")]


def test_a_rule_is_hit_once_however_many_elements_fit():
    """A list-valued field that fits a rule by two elements hits it once."""
    rules = [rule(ALARM, Expect("zone", "any_of", ("yard", "roof")), id="a"),
             rule(ALARM, Expect("zone", "is", "x"), id="b")]
    assert IndexMatcher(rules, TABLES).match(event(zone=["roof", "yard", "yard"])) == (Hit("a", "event"),)


def site_rule(number, *clauses, **more):
    when = When("event", match=Match((ALARM, *clauses)), **more)
    return Rule(id=f"r{number}", say="…", when=when, per=(PerKey("site"),))


def test_what_resolves_at_one_site_concerns_no_rule_of_another_site():
    """However many rules there are of a type; of their key none can have fired."""
    rules = [site_rule(number, Expect("site", "is", f"site-{number}")) for number in range(200)]
    matcher = IndexMatcher(rules, TABLES)
    resolved = replace(event(status="resolved"), site="site-7")
    assert matcher.match(resolved) == (Hit("r7", "resolved"),)
    assert matcher.match(replace(resolved, site=None)) == ()


@pytest.mark.parametrize("clause, site, heard", [
    (Expect("site", "is", 12), "12", True),
    (Expect("site", "is", "12"), " 12 ", True),
    (Expect("site", "any_of", ("a", "b")), "b", True),
    (Expect("site", "any_of", ("a", "b")), "c", False),
    (Expect("site", "any_of", ("a", None)), "c", True),
    (Expect("site", "is", "A", True), "c", True),
    (Expect("site", "not", "a"), "a", True),
    (Expect("site", "starts_with", "a"), "c", True),
    (Expect("site", "is", FieldRef("device")), "c", True),
])
def test_a_site_is_compared_as_a_key_is(clause, site, heard):
    """Only where the rule says which sites it means, and as keys are compared: 12 is "12"."""
    resolved = replace(event(status="resolved"), site=site)
    assert IndexMatcher([site_rule(1, clause)], TABLES).match(resolved) == ((Hit("r1", "resolved"),) if heard else ())


def test_the_member_is_asked_for_and_other_fields_are_not():
    """By default the member is the device; a zone that is no part of the key may be missing when it resolves."""
    door, zone = Expect("device", "is", "door"), Expect("zone", "is", "z")
    resolved = replace(event(status="resolved"), site="s", device="window")
    assert IndexMatcher([site_rule(1, door)], TABLES).match(resolved) == ()
    assert IndexMatcher([site_rule(1, door, member=("id",))], TABLES).match(resolved) == (Hit("r1", "resolved"),)
    assert IndexMatcher([site_rule(1, zone)], TABLES).match(resolved) == (Hit("r1", "resolved"),)
    without = [Rule(id="r", say="…", when=When("event", match=Match((ALARM, Expect("site", "is", "x")))))]
    assert IndexMatcher(without, TABLES).match(resolved) == (Hit("r", "resolved"),)
