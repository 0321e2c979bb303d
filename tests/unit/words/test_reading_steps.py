"""``sequence``, ``together`` and ``absence`` as they are written: what is read, and every nonsense refused."""

from typing import Any

import pytest

from tocsin.book.book import Content, Table, encode_content, number_book, read_book
from tocsin.book.expected import check_expected
from tocsin.book.match import Expect, FieldRef, Match
from tocsin.book.report import Report, Unreadable
from tocsin.book.rule import SequenceStep, When
from tocsin.book.rules import RuleFile
from tocsin.book.words import BUILT_WORDS
from tocsin.book.yaml import read_text
from tocsin.domain.errors import Location
from tocsin.domain.time import MINUTE

TESTS = "tests: [{name: n, events: [{+0s: {type: x}}], expect: nothing}]"


def read(when: str, more: str = "") -> tuple[Any, list[str]]:
    text = "rules:\n  - rule: r\n    say: r\n    " + TESTS + "\n    when: {" + when + "}\n"
    text += f"    {more}\n" if more else ""
    report = Report()
    tree = read_text("f.yaml", text, report)
    rules: Any = ()
    if tree is not None:
        try:
            rules = RuleFile().read(tree, report)
        except Unreadable:
            rules = ()
    return (rules[0] if rules else None), [str(finding) for finding in report.ordered()]


def of_type(kind: str) -> Match:
    return Match((Expect("type", "is", kind),))


A, B = of_type("a"), of_type("b")
AFTER = SequenceStep(B, 5 * MINUTE)

RIGHT: list[tuple[str, When]] = [
    ("sequence: [{type: a}, {type: b, within: 5 min}]", When("sequence", steps=(SequenceStep(A), AFTER))),
    ("sequence: [{type: a}, {not: {type: b}, within: 5 min}], for: 1 min",
     When("sequence", steps=(SequenceStep(A), SequenceStep(B, 5 * MINUTE, True)), for_=MINUTE)),
    ("sequence: [{type: a}, {not: {type: a}, within: 1 min}, {type: b, within: 5 min}]",
     When("sequence", steps=(SequenceStep(A), SequenceStep(A, MINUTE, True), AFTER))),
    ("sequence: [{type: a}, {type: b, within: {field: walk}}]",
     When("sequence", steps=(SequenceStep(A), SequenceStep(B, FieldRef("walk"))))),
    ("sequence: [{}, {data.within: 3, within: 5 min}]",
     When("sequence", steps=(SequenceStep(Match()),
                             SequenceStep(Match((Expect("data.within", "is", 3),)), 5 * MINUTE)))),
    ("together: {a: {type: a}, b: {type: b}}, within: 5 min",
     When("together", named={"a": A, "b": B}, within=5 * MINUTE)),
    ("together: {дим: {type: a}, b2: {}}, within: {field: w}, for: 15 min",
     When("together", named={"дим": A, "b2": Match()}, within=FieldRef("w"), for_=15 * MINUTE)),
    ("absence: {type: a}, for: 5 min", When("absence", A, for_=5 * MINUTE)),
    ("absence: {type: a}, for: {field: every}, expected: seen",
     When("absence", A, for_=FieldRef("every"), expected="seen")),
]

WRONG: list[tuple[str, str]] = [
    ("sequence: {type: a}", "a mapping stands where a list of steps"),
    ("sequence: [{type: a}]", "at least two steps"),
    ("sequence: []", "at least two steps"),
    ("sequence: [{not: {type: a}, within: 5 min}, {type: b, within: 5 min}]", "cannot begin with not"),
    ("sequence: [{type: a, within: 5 min}, {type: b, within: 5 min}]", "the first step has no step before it"),
    ("sequence: [{type: a}, {type: b}]", "this step needs within:"),
    ("sequence: [{type: a}, {not: {type: b}}]", "write {not: {type: door.closed}, within: 5 min}"),
    ("sequence: [{type: a}, {within: 5 min}]", "this step names no event"),
    ("sequence: [{type: a}, {not: {type: b}, device: d, within: 5 min}]", '"device" stands beside not'),
    ("sequence: [{type: a}, {type: b, within: 5}]", '"5" has no unit: write 5s'),
    ("sequence: [{type: a}, {type: b, within: 0s}]", "no time at all"),
    ("sequence: [{type: a}, {not: {type: c}, within: 5 min}, {type: b, within: 5 min}]", "this step can never come"),
    ("sequence: [{type: a}, {type: b, within: 5 min}], within: 5 min", "within: stands in each step"),
    ("sequence: [{type: a}, {type: b, within: 5 min}], for: 16 min", "for: is at most 15 min here"),
    ("sequence: [{type: a}, {type: b, within: 5 min}], near: 150", "near: 150 m}"),
    ("sequence: [{type: a}, b]", '"b" stands where a match'),
    ("sequence: [" + ", ".join(["{type: a}"] + ["{type: b, within: 1s}"] * 10) + "]", "at most 10 steps"),
    ("together: {a: {type: a}}, within: 5 min", "at least two named matches"),
    ("together: [{type: a}, {type: b}], within: 5 min", "a list stands where a mapping of names to matches"),
    ("together: {type: a, site: s}, within: 5 min", "takes named matches, not one match"),
    ("together: {a: {type: a}, b: {type: b}}", "needs within:"),
    ("together: {a: {type: a}, b: b}, within: 5 min", '"b" stands where a match'),
    ("together: {a-1: {type: a}, b: {type: b}}, within: 5 min", '"a-1" cannot name a match'),
    ("together: {first: {type: a}, b: {type: b}}, within: 5 min", '"first" cannot name a match'),
    ("together: {site: {type: a}, b: {type: b}}, within: 5 min", '"site" cannot name a match'),
    ("together: {a: {type: a}, a: {type: b}}, within: 5 min", "twice"),
    ("together: {a: {type: a}, b: {type: b}}, within: 5 min, for: 1 h", "for: is at most 15 min here"),
    ("together: {a: {type: a}, b: {type: b}}, within: 5 min, near: {of: centre}", "a distance such as 300 m"),
    ("together: {a: {type: a}, b: {type: b}}, within: 5 min, at_least: 2", '"at_least" belongs to count'),
    ("absence: {type: a}", "needs for:"),
    ("absence: {type: a}, for: 0s", "no time at all"),
    ("absence: {type: a}, for: 5 min, expected: sen", 'did you mean "seen"?'),
    ("absence: {type: a}, for: 5 min, expected: sensors.device", "write lists/sensors.device"),
    ("absence: {type: a}, for: 5 min, expected: lists/sensors", "say which of them names what should be heard"),
    ("absence: {type: a}, for: 5 min, expected: lists/sensors.device", "write per: with the field"),
    ("absence: {type: a}, for: 5 min, expected: [a, b]", "a list stands where"),
    ("absence: {type: a}, for: 5 min, within: 1 min", '"within" belongs to'),
    ("absence: {type: a}, for: 5 min, expect: seen", 'did you mean "expected"?'),
    ("seqence: [{type: a}, {type: b, within: 5 min}]", 'did you mean "sequence"?'),
]


def built(case: tuple[Any, ...]) -> bool:
    return case[0].partition(":")[0] in {*BUILT_WORDS, "seqence"}


@pytest.mark.parametrize(("when", "found"), [case for case in RIGHT if built(case)])
def test_it_is_read_as_written_and_survives_storing(when: str, found: When) -> None:
    rule, findings = read(when)
    assert findings == []
    assert rule.when == found
    again = read_book(1, encode_content(number_book(1, Content(rules=(rule,))).content))
    assert again.content.rules[0].when == found


@pytest.mark.parametrize(("when", "sentence"), [case for case in WRONG if built(case)])
def test_nonsense_is_refused_with_a_sentence(when: str, sentence: str) -> None:
    rule, findings = read(when)
    assert rule is None
    assert sentence in "\n".join(finding for finding in findings if ": error: " in finding)


def test_every_wrong_step_is_told_at_its_place() -> None:
    _, findings = read("sequence: [{type: a}, {type: b}, {typ: c, wthin: 5 min}]")
    assert len([finding for finding in findings if "needs within:" in finding]) == 2


LISTED = "absence: {type: a}, for: 5 min, expected: lists/sensors.device"


def test_the_column_of_a_list_is_read_with_per() -> None:
    rule, findings = read(LISTED, "per: [device]")
    assert (findings, rule.when.expected) == ([], "sensors.device")


def test_with_per_the_expected_keys_must_be_told() -> None:
    rule, findings = read("absence: {type: a}, for: 5 min", "per: [device]")
    assert rule is None
    assert "needs expected:" in findings[0]


@pytest.mark.parametrize(("per", "columns", "sentence"), [
    ("[device]", ("device",), ""), ("[unit]", ("device",), ""), ("[site, device]", ("device", "site"), ""),
    ("[site, unit]", ("device", "site"), ""), ("[site, device]", ("device",), "no column site"),
    ("[site, zone]", ("device",), "no column site and zone")])
def test_the_list_must_give_the_per_fields(per: str, columns: tuple[str, ...], sentence: str) -> None:
    rule, _ = read(LISTED, f"per: {per}")
    report = Report()
    check_expected((rule,), {"sensors": Table(columns, ())}, report)
    assert [sentence in finding.text for finding in report.ordered()] == ([True] if sentence else [])


def test_a_list_or_a_column_that_is_not_there_is_refused() -> None:
    report = Report()
    tree = read_text("f.yaml", "rules:\n  - {rule: r, say: r, per: [device], when: {" + LISTED + "}, " + TESTS + "}\n",
                     report)
    assert tree is not None
    RuleFile().read(tree, report)
    report.declare("list", "sensor", Location("rules/lists/sensor.csv"))
    report.resolve()
    assert any('did you mean "sensor"?' in str(finding) for finding in report.ordered())


@pytest.mark.parametrize(("expect", "refused"), [("nothing", True), ("[{at: +5m}]", False)])
def test_a_test_may_be_of_silence_alone(expect: str, refused: bool) -> None:
    """Where something is expected, a test needs no events: silence from the start is what absence is about."""
    report = Report()
    tree = read_text("f.yaml", "rules:\n  - rule: r\n    say: r\n    when: {absence: {type: a}, for: 5 min}\n"
                     f"    tests: [{{name: n, events: [], expect: {expect}}}]\n", report)
    assert tree is not None
    RuleFile().read(tree, report)
    assert [("expects nothing, which is always so" in str(one)) for one in report.ordered()] == [True] * refused
