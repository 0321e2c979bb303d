"""What durable-rules is asked: by plain reckoning, before any C code runs."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from tests.support.match_cases import CONTENT, equal_fields, meetings
from tests.support.naive_match import NaiveMatcher

from tocsin.book.match import AnyOf, Expect, FieldRef, Match, NoneOf
from tocsin.domain.event import Event
from tocsin.matching.durable_compile import MAX_BRANCHES, Unsupported, compile_slot
from tocsin.matching.examples import example_of
from tocsin.matching.formula import alternatives, branches, holds, to_rule
from tocsin.matching.properties import Property, properties_of, to_json
from tocsin.matching.shards import MAX_PROPERTIES, PropertyNames, name_hashes, plan_shards
from tocsin.matching.slots import ALL, UNRESOLVED, Slot, admits, slots_of

SETTINGS = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def slot(*clauses, events=ALL):
    return Slot("event", Match(clauses), events)


def event(**data):
    return Event(id="1", source="s", type="alarm", time=0, received=0, data=data)


def compiled(a_slot):
    names = PropertyNames()
    return compile_slot(a_slot, names), names.by_name


def assert_same_meaning(rules, events):
    naive = NaiveMatcher(rules, CONTENT)
    for rule in rules:
        for a_slot in slots_of(rule):
            try:
                formula, known = compiled(a_slot)
            except Unsupported:
                continue
            for an_event in events:
                properties, unsound = properties_of(an_event, known)
                if not unsound:
                    expected = any(hit.rule == rule.id and hit.slot == a_slot.name for hit in naive.match(an_event))
                    said = holds(formula, properties) and admits(a_slot, an_event)
                    assert said == expected, (a_slot, an_event)
            fits, fails = example_of(formula, known)
            assert fits is None or holds(formula, fits)
            assert fails["g"] == 0 or not holds(formula, fails)
            assert len(alternatives(formula)) == branches(formula)


@SETTINGS
@given(meetings())
def test_a_formula_means_what_the_language_says(meeting):
    """Where a slot can be written for durable-rules at all, the writing means the same as the slot."""
    assert_same_meaning(*meeting)


@SETTINGS
@given(equal_fields())
def test_formulas_of_plain_equalities(meeting):
    """The same for rules of the commonest kind."""
    assert_same_meaning(*meeting)


@SETTINGS
@given(meetings())
def test_rules_are_written_strictly(meeting):
    """One key per condition, g first, a guard for every property, and none of what is known to be unsound."""
    rules, _ = meeting
    plan = plan_shards([a_slot for rule in rules for a_slot in slots_of(rule)])
    for shard in plan.shards:
        assert len(shard.properties) <= MAX_PROPERTIES
        for rule in shard.rules:
            condition = rule.rule["all"][0]["m"]
            assert condition["$and"][0] == {"g": 1}
            guarded = {name for part in condition["$and"] if "$ex" in part for name in part["$ex"]}
            assert guarded == set(rule.properties) - {"g"}
            assert_one_key_each(condition)
            for forbidden in ("$nex", "$not", "$div", "$mt", "count", "cap", "e+", "e-"):
                assert forbidden not in json.dumps(rule.rule)


def assert_one_key_each(condition):
    assert len(condition) == 1
    [(word, inner)] = condition.items()
    if word in ("$and", "$or"):
        assert inner
        for part in inner:
            assert_one_key_each(part)
    elif word.startswith("$"):
        assert_one_key_each(inner)


def test_shards_stay_below_the_limits():
    """A thousand rules are packed so that no shard holds more than 60 alternatives, each slot once."""
    slots = [slot(Expect("type", "is", f"t{n % 7}"), Expect("zone", "any_of", tuple(range(n % 9 + 1))))
             for n in range(1000)]
    plan = plan_shards(slots)
    assert sorted(rule.number for shard in plan.shards for rule in shard.rules) == list(range(1000))
    for shard in plan.shards:
        assert sum(branches(compiled(slots[rule.number])[0]) for rule in shard.rules) <= MAX_BRANCHES
        assert set(shard.types) == {slots[rule.number].match.clauses[0].value for rule in shard.rules}


@pytest.mark.parametrize("clauses, part", [
    ((Expect("a", "matches", "x"),), "a list or a pattern"),
    ((Expect("a", "in", "watch"),), "a list or a pattern"),
    ((Expect("a", "is", 2**60),), "does not hold exactly"),
    ((Expect("a", "above", 1e-30),), "does not hold exactly"),
    ((Expect("a", "is", "x" * 1025),), "more than 1024 characters"),
    ((Expect("a", "any_of", tuple(range(61))),), "more than 60 alternatives"),
    ((Expect("type", "is", "A.*", fold=True),), "ignoring case"),
    ((Expect("a", "is", FieldRef("b")), Expect("c", "is", FieldRef("d"))), "compares fields with each other"),
])
def test_what_is_left_out_says_why(clauses, part):
    """A slot that durable-rules is not asked has a reason."""
    assert part in plan_shards([slot(*clauses)]).left_out[0]


@pytest.mark.parametrize("clauses", [
    (Expect("a", "is", 1), Expect("a", "is", 2)),
    (Expect("a", "is", 1), NoneOf((Match((Expect("a", "is", 1),)),))),
    (AnyOf(()),),
])
def test_a_contradiction_is_left_out(clauses):
    """A slot for which no fitting event is found cannot be proven, so it is not asked."""
    assert "contradict" in plan_shards([slot(*clauses)]).left_out[0]


@pytest.mark.parametrize("value, text", [
    (1e-7, "0.0000001"), (1.5e15, "1500000000000000.0"), (3, "3"), (True, "true"), ('a"й', '"a\\"й"'),
])
def test_numbers_are_written_without_exponents(value, text):
    """durable-rules refuses exponents; text goes as it is."""
    assert to_json({"p0": value}) == f'{{"p0":{text}}}'


@pytest.mark.parametrize("value, unsound", [
    (1, False), ("x", False), (True, False), (None, False), ({"a": 1}, False), (float("nan"), False), (0, False),
    ([1], True), ([], True), (2**53, True), (-1e300, True), (1e-12, True), (float("inf"), True),
])
def test_values_of_which_nothing_sound_can_be_said(value, unsound):
    """Lists, and numbers that durable-rules does not compare exactly, are marked, whatever is asked of them."""
    wanted = {"p0": Property("a", "kind"), "p1": Property("a", "number"), "p2": Property("b", "text")}
    assert properties_of(event(a=value), wanted)[1] == ({"p0", "p1"} if unsound else set())


def test_not_a_number_is_no_number():
    """NaN is of another kind, so that no comparison and no negation of one is put to durable-rules."""
    wanted = {"p0": Property("a", "kind"), "p1": Property("a", "number")}
    assert properties_of(event(a=float("nan")), wanted)[0] == {"g": 1, "p0": 4, "p1": 0}


def test_long_texts_are_cut_and_stay_different():
    """A text is cut with a digest: short enough for durable-rules, equal to no other."""
    wanted = {"p0": Property("a", "text")}
    first, second = (properties_of(event(a="x" * 70_000 + end), wanted)[0]["p0"] for end in "ab")
    assert len(first) < 2_200
    assert first != second


def test_names_that_durable_rules_would_confuse():
    """The hash is the one by which ``ansn7cb`` is ``type`` to durable-rules."""
    assert name_hashes("ansn7cb") & name_hashes("type")
    names = PropertyNames()
    given = [names(Property(f"field{n}", "text")) for n in range(2000)]
    digests = [digest for name in given for digest in name_hashes(name)]
    assert len(digests) == len(set(digests))


def test_a_slot_of_unresolved_events_says_so_itself():
    """The status that a slot is asked of is part of what durable-rules judges."""
    formula, known = compiled(slot(events=UNRESOLVED))
    resolved = Event(id="1", source="s", type="a", time=0, received=0, status="resolved")
    assert not holds(formula, properties_of(resolved, known)[0])
    assert "resolved" in json.dumps(to_rule(formula))


def test_what_compares_instants_of_data_is_left_to_the_index():
    """durable-rules would compare their texts as numbers, and never find any."""
    for value in ("2026-11-24T12:00:00Z", FieldRef("time")):
        with pytest.raises(Unsupported, match="before or after another"):
            compiled(slot(Expect("until", "below", value, kind="time")))
