"""The words over several events as they are written: what is read, and every nonsense refused with a sentence."""

from typing import Any

import pytest

from tocsin.book.book import Content, encode_content, number_book, read_book
from tocsin.book.match import Expect, FieldRef, Match
from tocsin.book.report import Report, Unreadable
from tocsin.book.rule import Clear, Level, When
from tocsin.book.rules import RuleFile
from tocsin.book.words import BUILT_WORDS
from tocsin.book.yaml import read_text
from tocsin.domain.time import DAY, HOUR, MINUTE, SECOND

TESTS = "tests: [{name: n, events: [{+0s: {type: x}}], expect: nothing}]"
X = Match((Expect("type", "is", "x"),))
FIRING = Match((Expect("status", "is", "firing"),))
C, L, A, S, CH, N = (f"{word}: {{type: x}}" for word in ("count", "level", "average", "sum", "change", "new"))


def read(when: str, clear: str = "") -> tuple[Any, list[str]]:
    text = "rules:\n  - rule: r\n    say: r\n    " + TESTS + "\n    when: {" + when + "}\n"
    text += f"    clear: {{{clear}}}\n" if clear else ""
    report = Report()
    tree = read_text("f.yaml", text, report)
    rules: Any = ()
    if tree is not None:
        try:
            rules = RuleFile().read(tree, report)
        except Unreadable:
            rules = ()
    return (rules[0] if rules else None), [str(finding) for finding in report.ordered()]


RIGHT: list[tuple[str, str, When, Clear]] = [
    (f"{C}, at_least: 3, within: 10 min", "", When("count", X, at_least=3, within=10 * MINUTE), Clear()),
    (f"{C}, at_least: {{field: n}}, within: {{field: w}}, distinct: zone, for: 5 min", "",
     When("count", X, for_=5 * MINUTE, at_least=FieldRef("n"), within=FieldRef("w"), distinct="zone"), Clear()),
    (f"{L}, of: v, above: 10", "below: 8", When("level", X, of="v", compare={"above": 10}),
     Clear(compare={"below": 8})),
    (f"{L}, of: v, at_least: {{field: low}}, below: 20.0, stale_after: 5 min", "above: {field: high}",
     When("level", X, of="v", compare={"at_least": FieldRef("low"), "below": 20.0}, stale_after=5 * MINUTE),
     Clear(compare={"above": FieldRef("high")})),
    (f"{L}, of: state, is: open", "is: shut", When("level", X, of="state", compare={"is": "open"}),
     Clear(compare={"is": "shut"})),
    (f"{L}, of: state, is: true", "", When("level", X, of="state", compare={"is": True}), Clear()),
    (f"{L}, of: v, levels: [{{above: 1, severity: low}}, {{above: 2, below: 9, severity: high}}]", "",
     When("level", X, of="v", levels=(Level({"above": 1}, "low"), Level({"above": 2, "below": 9}, "high"))), Clear()),
    (f"{L}, holds: {{status: firing}}", "", When("level", X, holds=FIRING), Clear()),
    (f"{A}, of: v, over: 1h, above: 2.5, samples: 3, stale_after: {{field: s}}", "below: 2",
     When("average", X, of="v", over=HOUR, compare={"above": 2.5}, samples=3, stale_after=FieldRef("s")),
     Clear(compare={"below": 2})),
    (f"{S}, of: v, over: 1h, at_least: 5", "", When("sum", X, of="v", over=HOUR, compare={"at_least": 5}), Clear()),
    (f"{S}, of: v, over: 1h, at_most: 5", "after: 1h", When("sum", X, of="v", over=HOUR, compare={"at_most": 5}),
     Clear(after=HOUR)),
    (f"{S}, of: v, over: 1h, at_most: 5", "at_least: 6", When("sum", X, of="v", over=HOUR, compare={"at_most": 5}),
     Clear(compare={"at_least": 6})),
    ("minimum: {type: x}, of: v, over: {field: w}, is: 0", "",
     When("minimum", X, of="v", over=FieldRef("w"), compare={"is": 0}), Clear()),
    ("maximum: {type: x}, of: a.b, over: 90s, below: {field: max}", "",
     When("maximum", X, of="a.b", over=90 * SECOND, compare={"below": FieldRef("max")}), Clear()),
    (f"{CH}, of: v, rises: 1.0, within: 30 min", "below: 0.1",
     When("change", X, of="v", within=30 * MINUTE, moves="rises", compare={"at_least": 1.0}),
     Clear(compare={"below": 0.1})),
    (f"{CH}, of: v, falls: {{field: step}}, within: 30 min, samples: 4", "",
     When("change", X, of="v", within=30 * MINUTE, moves="falls", compare={"at_least": FieldRef("step")}, samples=4),
     Clear()),
    (f"{CH}, of: v, from: shut, to: true, for: 10 min", "",
     When("change", X, of="v", for_=10 * MINUTE, changes_from="shut", changes_to=True), Clear()),
    (f"{CH}, of: v", "", When("change", X, of="v"), Clear()),
    (f"{N}, of: badge, over: 30 d", "", When("new", X, of="badge", over=30 * DAY), Clear()),
]

WRONG: list[tuple[str, str, str]] = [
    (f"{C}, within: 5 min", "", "needs at_least:"),
    (f"{C}, at_least: 3", "", "needs within:"),
    (f"{C}, at_least: 0, within: 5 min", "", "from 1 to 10000"),
    (f"{C}, at_least: 1.5, within: 5 min", "", "a whole number"),
    (f"{C}, at_least: 99999, within: 5 min", "", "from 1 to 10000"),
    (f"{C}, at_least: 3, within: 0s", "", "no time at all"),
    (f"{C}, at_least: 3, within: 5", "", '"5" has no unit: write 5s'),
    (f"{C}, at_least: 3, witin: 5 min", "", 'did you mean "within"?'),
    (f"{C}, at_least: 3, within: 5 min, near: 0 m", "", "a distance is more than 0 m"),
    (f"{L}, of: v, above: 3, near: 150 m", "", '"near" belongs to count, sequence, together, not to level'),
    (f"{C}, at_least: 3, over: 5 min", "", '"over" belongs to average, sum, minimum, maximum, new, not to count'),
    (f"{C}, at_least: 3, within: 5 min", "below: 3", "a comparison in clear: belongs to level"),
    (f"{L}, of: v", "", "level: takes exactly one of a comparison, levels: and holds:"),
    (f"{L}, of: v, above: 1, levels: [{{above: 2, severity: low}}]", "", "not a comparison and levels: together"),
    (f"{L}, above: 1", "", "of: names the field"),
    (f"{L}, of: v, holds: {{a: 1}}", "", "leave it out beside holds:"),
    (f"{L}, of: v, above: 1, at_least: 2", "", "say the same twice"),
    (f"{L}, of: v, above: 5, below: 5", "", "no number is both above 5 and below 5"),
    (f"{L}, of: v, at_least: 6, at_most: 5", "", "no number is both at least 6 and at most 5"),
    (f"{L}, of: v, is: 5, above: 3", "", "is: stands alone"),
    (f"{L}, of: v, above: high", "", '"high" stands where a number'),
    (f"{L}, of: v, levels: [{{severity: low}}]", "", "a level needs a comparison"),
    (f"{L}, of: v, levels: [{{above: 3}}]", "", "a level needs severity:"),
    (f"{L}, of: v, levels: []", "", "at least 1 item"),
    (f"{L}, of: v, abov: 3", "", 'did you mean "above"?'),
    (f"{L}, of: v, above: 3, within: 5 min", "", '"within" belongs to'),
    (f"{L}, of: v, above: 10", "below: 12", "overlaps with the one that fires"),
    (f"{L}, of: v, at_most: 10", "at_least: 10", "overlaps with the one that fires"),
    (f"{L}, of: v, levels: [{{above: 9, severity: low}}, {{above: 5, severity: low}}]", "below: 7", "overlaps"),
    (f"{L}, of: v, above: 3, stale_after: 0s", "", "no time at all"),
    (f"{L}, holds: {{a: 1}}", "below: 3", "not to level without a number"),
    (f"{A}, of: v, above: 3", "", "needs over:"),
    (f"{A}, over: 5 min, above: 3", "", "needs of:"),
    (f"{A}, of: v, over: 5 min", "", "average: needs a comparison beside it"),
    (f"{A}, of: v, over: 5 min, is: high", "", "the average is a number"),
    (f"{A}, of: v, over: 5 min, above: 3, samples: 0", "", "from 1 to 10000"),
    (f"{A}, of: v, over: 5 min, above: 3, levels: [{{above: 3, severity: low}}]", "", '"levels" belongs to level'),
    (f"{A}, of: v, over: 5 min, above: 3", "below: 4", "overlaps"),
    (f"{A}, of: v, over: 0s, above: 3", "", "no time at all"),
    (f"{S}, of: v, over: 1h, below: 3", "", "a sum that is low is not over because nothing comes any more"),
    (f"{S}, of: v, over: 1h, at_most: 3", "hold: 5 min", "a sum that is low"),
    (f"{CH}, of: v, rises: 1", "", "rises: needs within:"),
    (f"{CH}, of: v, rises: 0, within: 5 min", "", "is so always"),
    (f"{CH}, of: v, rises: 1, falls: 1, within: 5 min", "", "not rises and falls together"),
    (f"{CH}, of: v, rises: 1, to: open, within: 5 min", "", "not rises and to together"),
    (f"{CH}, of: v, to: open, within: 5 min", "", "within: belongs to rises: and falls:"),
    (f"{CH}, of: v, to: open, stale_after: 5 min", "", "stale_after: belongs to rises: and falls:"),
    (f"{CH}, of: v, from: open, to: open", "", "which is no change"),
    (f"{CH}, of: v, from: [a, b]", "", "a number, a text, true or false"),
    (f"{CH}, of: v, to: open, for: 20 min", "", "at most 15 min"),
    (f"{CH}, of: v, to: open", "is: shut", "not to change without a number"),
    (f"{CH}, of: v, above: 3", "", '"above" belongs to'),
    (f"{N}, of: v", "", "needs over:"),
    (f"{N}, over: 1 d", "", "needs of:"),
    (f"{N}, of: v, over: 1 d, for: 1h", "", "at most 15 min"),
    (f"{N}, of: v, over: 1 d", "below: 3", "not to new"),
]


def built(case: tuple[Any, ...]) -> bool:
    return case[0].partition(":")[0] in BUILT_WORDS


@pytest.mark.parametrize(("when", "clear", "found", "ends"), [case for case in RIGHT if built(case)],
                         ids=[f"{case[0]} / {case[1]}" for case in RIGHT if built(case)])
def test_it_is_read_as_written_and_survives_storing(when: str, clear: str, found: When, ends: Clear) -> None:
    """A stored book read back is the same book, to the type of each limit."""
    rule, findings = read(when, clear)
    assert findings == []
    assert (rule.when, rule.clear) == (found, ends)
    book = number_book(1, Content(rules=(rule,)))
    again = read_book(1, encode_content(book.content))
    assert again == book
    assert again.content.rules[0].when == found


@pytest.mark.parametrize(("when", "clear", "sentence"), [case for case in WRONG if built(case)],
                         ids=[f"{case[0]} / {case[1]}" for case in WRONG if built(case)])
def test_nonsense_is_refused_with_a_sentence(when: str, clear: str, sentence: str) -> None:
    rule, findings = read(when, clear)
    assert rule is None
    assert sentence in "\n".join(finding for finding in findings if ": error: " in finding)
