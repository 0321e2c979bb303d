"""The match language, read from what people write."""

import pytest

from tocsin.book.match import AnyOf, Expect, FieldRef, Inside, Match, Near, NoneOf
from tocsin.book.matches import MATCH

RIGHT = [
    ("{}", ()),
    ("{type: alarm.panic}", (Expect("type", "is", "alarm.panic"),)),
    ("{type: alarm.*}", (Expect("type", "is", "alarm.*"),)),
    ('{type: "alarm.*"}', (Expect("type", "is", "alarm.*"),)),
    ("{type: [alarm.*, test.start]}", (Expect("type", "any_of", ("alarm.*", "test.start")),)),
    ("{value: 10}", (Expect("value", "is", 10),)),
    ("{value: -0.5}", (Expect("value", "is", -0.5),)),
    ("{value: 1e3}", (Expect("value", "is", 1000.0),)),
    ('{value: "10"}', (Expect("value", "is", "10"),)),
    ("{armed: true, quiet: false}", (Expect("armed", "is", True), Expect("quiet", "is", False))),
    ("{a: no, b: on, c: yes}", (Expect("a", "is", "no"), Expect("b", "is", "on"), Expect("c", "is", "yes"))),
    ("{a: 10:30}", (Expect("a", "is", "10:30"),)),
    ("{a: 0123}", (Expect("a", "is", "0123"),)),
    ("{a: +380501234567}", (Expect("a", "is", "+380501234567"),)),
    ("{a: +60}", (Expect("a", "is", "+60"),)),
    ("{a: 2026-11-22}", (Expect("a", "is", "2026-11-22"),)),
    ("{a: 0x1F, b: 1_000, c: .5, d: 5.}", tuple(
        Expect(name, "is", text) for name, text in (("a", "0x1F"), ("b", "1_000"), ("c", ".5"), ("d", "5.")))),
    ("{a: null}", (Expect("a", "exists", False),)),
    ("{a: {is: null}}", (Expect("a", "exists", False),)),
    ("{a: {not: null}}", (Expect("a", "exists", True),)),
    ('{a: "null"}', (Expect("a", "is", "null"),)),
    ("{device: 12}", (Expect("device", "is", "12"),)),
    ("{device: [12, x]}", (Expect("device", "any_of", ("12", "x")),)),
    ("{a: [1, \"1\", true, null]}", (Expect("a", "any_of", (1, "1", True, None)),)),
    ("{a: {above: 1, at_most: 2}}", (Expect("a", "above", 1), Expect("a", "at_most", 2))),
    ("{a: {below: 1, at_least: 0.5}}", (Expect("a", "below", 1), Expect("a", "at_least", 0.5))),
    ("{time: {above: 2026-11-22T21:15:03Z}}", (Expect("time", "above", "2026-11-22T21:15:03Z"),)),
    ("{a: {above: {field: limit}}}", (Expect("a", "above", FieldRef("limit")),)),
    ("{a: {field: b}}", (Expect("a", "is", FieldRef("b")),)),
    ("{a: {not: x}}", (Expect("a", "not", "x"),)),
    ("{a: {not_in: [x, 1]}}", (Expect("a", "not_in", ("x", 1)),)),
    ("{a: {in: [x, 1]}}", (Expect("a", "any_of", ("x", 1)),)),
    ("{a: {in: lists/objects}}", (Expect("a", "in", "objects"),)),
    ("{a: {not_in: lists/objects.account}}", (Expect("a", "not_in", "objects.account"),)),
    (r"{a: {matches: '\d+[A-Z]'}}", (Expect("a", "matches", r"\d+[A-Z]"),)),
    ("{a: {contains: x, starts_with: y, ends_with: 067}}",
     (Expect("a", "contains", "x"), Expect("a", "starts_with", "y"), Expect("a", "ends_with", "067"))),
    ('{a: {like: "AB*12", ignoring_case: true}}', (Expect("a", "like", "AB*12", True),)),
    ("{a: {is: X, above: 1, ignoring_case: false}}", None),
    ("{a: {exists: true}}", (Expect("a", "exists", True),)),
    ("{any: [{a: 1}, {b: 2}]}", (AnyOf((Match((Expect("a", "is", 1),)), Match((Expect("b", "is", 2),)))),)),
    ("{none: [{any: [{a: 1}]}]}", (NoneOf((Match((AnyOf((Match((Expect("a", "is", 1),)),)),)),)),)),
    ("{inside: centre}", (Inside("centre"),)),
    ("{inside: {field: sector}}", (Inside(FieldRef("sector")),)),
    ("{near: {of: [48.7, 37.5], distance: 300 m}}", (Near((48.7, 37.5), 300.0),)),
    ("{near: {of: centre, distance: 2 km}}", (Near("centre", 2000.0),)),
    ("{near: {of: centre, distance: {field: radius}}}", (Near("centre", FieldRef("radius")),)),
    ("{data.type: x, a.b: y}", (Expect("data.type", "is", "x"), Expect("a.b", "is", "y"))),
    ("{data.not: x, data.any: 1}", (Expect("data.not", "is", "x"), Expect("data.any", "is", 1))),
    ("{location.accuracy_m: {below: 50}}", (Expect("location.accuracy_m", "below", 50),)),
]


@pytest.mark.parametrize("text, clauses", [case for case in RIGHT if case[1] is not None],
                         ids=[case[0] for case in RIGHT if case[1] is not None])
def test_a_match_reads_as_it_is_written(read, text, clauses):
    """Scalars are typed by the YAML 1.2 core alone; every operator gives its clause."""
    match, findings = read(MATCH, text)
    assert findings == []
    assert match == Match(clauses)


WRONG = [
    ("{a: {abov: 3}}", '1:6: error: the operator "abov" is unknown: did you mean "above"?\n    {a: {above: 3}}'),
    ("{a: {any_of: [1, 2]}}", "several values stand in a list"),
    ("{a: {}}", "what a should be is missing"),
    ("{a: }", "missing"),
    ("{a: []}", "nothing could ever match"),
    ("{a: [[1]]}", "a list stands where a value belongs"),
    ('{a: {above: "10"}}', "10 without quotes"),
    ("{time: {above: 10}}", "is not a time with a zone"),
    ("{a: {above: high}}", '"high" stands where a number belongs'),
    ("{a: {above: 1e999}}", "a number belongs"),
    ("{a: < 10}", "a comparison is written with a word: {below: 10}"),
    ("{a: <10}", "{below: 10}"),
    ("{site: school.*}", "{starts_with: school.}"),
    ('{type: "*"}', "leave type out"),
    ('{type: "alarm.*.fire"}', "at its end only"),
    ("{severity: {above: 5}}", "severity is a text"),
    ("{status: fireing}", '"fireing" is unknown: did you mean "firing"?'),
    (r"{a: {matches: '(?=x)'}}", "look-around"),
    (r"{a: {matches: '(?<!x)y'}}", "look-around"),
    (r"{a: {matches: '(a)\1'}}", "back-reference"),
    ("{a: {matches: '(a'}}", "missing )"),
    ("{a: {in: objects}}", "write lists/objects"),
    ("{a: {not: [1, 2]}}", "not_in: [a, b]"),
    ("{a: {is: [1, 2]}}", "without it"),
    ("{a: {above: 1, ignoring_case: true}}", "beside an operator for text"),
    ("{a: {exists: yes}}", "true or false"),
    ("{any: []}", "nothing could ever match"),
    ("{none: []}", "delete it"),
    ("{any: {a: 1}}", "a list of matches"),
    ("{not: {a: 1}}", "none: [{…}]"),
    ("{within: 5 min}", "data.within"),
    ("{above: 10}", "stands under a field"),
    ("{near: {of: [148.7, 37.5], distance: 300 m}}", "did you mean [37.5, 148.7]?"),
    ("{near: {of: [48.7], distance: 300 m}}", "[lat, lon]"),
    ("{near: {of: [48.7, 37.5], distance: 300}}", "a distance such as 300 m"),
    ("{near: {of: [48.7, 37.5]}}", "needs distance:"),
    ("alarm.panic", "{type: alarm.panic}"),
    ("[a]", "a list stands where a match"),
    ("{a: {above: 10, below: 5}}", "no number is above 10 and below 5"),
    ("{a: {above: 10, at_most: 10}}", "no number"),
    ("{a: {at_least: 10, below: 10}}", "no number"),
    ("{a: {is: 1, above: 3}}", "no value of a fits"),
    ("{a: {is: 1, not: 1}}", "no value of a fits"),
    ("{a: {is: x, matches: 'y+'}}", "no value of a fits"),
    ("{a: {is: x, starts_with: y}}", "no value of a fits"),
    ("{a: {in: [1, 2], not_in: [2, 1]}}", "no value of a fits"),
    ("{a: {exists: false, above: 3}}", "to be missing and to have a value"),
    ("{type: a, none: [{type: a}]}", "excludes exactly what the match asks for"),
    ("{none: [{}]}", "excludes every event"),
]


@pytest.mark.parametrize("text, sentence", WRONG, ids=[case[0] for case in WRONG])
def test_a_wrong_match_is_refused_with_a_sentence(read, text, sentence):
    """Misspelt, impossible and misunderstood matches are errors that say what to write."""
    match, findings = read(MATCH, text)
    assert match is None
    assert sentence in "\n".join(findings)
    assert all(": error: " in finding for finding in findings)


POSSIBLE = ["{a: {at_least: 10, at_most: 10}}", "{a: {is: 4, above: 3}}", "{type: {is: alarm.*, not: alarm.test}}",
            "{type: {in: [alarm.*], not_in: [alarm.test, alarm.drill]}}", "{a: {above: 3, not: 5}}",
            "{a: {exists: false, not: 5}}", "{type: alarm.*, none: [{type: alarm.test}]}",
            "{a: {is: X, starts_with: x, ignoring_case: true}}", "{areas: {is: a, starts_with: b}}"]


@pytest.mark.parametrize("text", POSSIBLE)
def test_a_possible_match_is_not_called_contradictory(read, text):
    """The search for contradictions refuses nothing that an event can satisfy."""
    match, findings = read(MATCH, text)
    assert findings == []
    assert match is not None


def test_a_mistyped_field_is_doubted(read):
    """``tpye`` would silently mean a key of data; the warning names the field and how to say that key."""
    match, findings = read(MATCH, "{tpye: alarm.panic}")
    assert match == Match((Expect("tpye", "is", "alarm.panic"),))
    assert findings[0].startswith('f.yaml:1:2: warning: "tpye" means the key tpye of data here')
    assert findings[0].endswith("{type: alarm.panic}")


def test_all_errors_of_a_match_are_found_at_once(read):
    """One wrong clause does not hide the next."""
    _, findings = read(MATCH, "{a: {abov: 3}, status: up, near: {of: x}, b: {matches: '('}}")
    assert len(findings) == 4
