"""What the rule tests have tried: every way through the matches of a rule, by the rule's own tests."""

from typing import Any

import pytest

from tocsin.app.trials import covered, try_content
from tocsin.book.book import Content
from tocsin.book.contacts import Person
from tocsin.book.report import Report
from tocsin.book.rules import RuleFile
from tocsin.book.yaml import read_text


def content_of(*rules: str) -> Content:
    report = Report()
    tree = read_text("rules/r.yaml", "rules:\n" + "".join(rules), report)
    assert tree is not None
    found = RuleFile().read(tree, report)
    assert not report.failed, report.ordered()
    return Content(rules=found, people={"a": Person(id="a", name="A")})


def rule(when: str, *events: str, more: str = "", name: str = "r") -> str:
    """A state with one test, whose expectation does not matter here."""
    tests = f"[{{name: n, events: [{', '.join(events)}], expect: nothing}}]" if events else "[]"
    return f"  - {{rule: {name}, when: {when}, {more} tests: {tests}}}\n"


def untried(*rules: str, only: str | None = None) -> list[str]:
    content = content_of(*rules)
    return [one.said for one in covered(content, try_content(content, only), only).untried]


X, Y = "{+0s: {type: x}}", "{+0s: {type: y}}"
LEFT: list[tuple[str, tuple[str, ...], list[str]]] = [
    ("{event: {type: x}}", (X,), []),
    ("{event: {type: x}}", (Y,), ["r never fires", "event: never"]),
    ("{event: {type: [x, y]}}", (X,), ["event: with type y never"]),
    ("{event: {type: [x, y]}}", (X, Y), []),
    ("{event: {type: x, any: [{v: 1}, {v: 2, w: [a, b]}]}}", ("{+0s: {type: x, v: 2, w: b}}",),
     ["event: with alternative 1 of any: never", "event: with alternative 2 of any: with w a never"]),
    ("{event: {type: x, none: [{v: 1}, {v: 2}]}}", (X, "{+0s: {type: x, v: 2}}", "{+0s: {type: y, v: 1}}"),
     ["event: with alternative 1 of none: never"]),
    ("{sequence: [{type: x}, {not: {type: y}, within: 1 min}]}", (X,), ["step 2 never"]),
    ("{sequence: [{type: x}, {type: y, within: 1 min}]}", (X, Y), []),
    ("{together: {a: {type: x}, b: {type: y}}, within: 1 min}", (X,), ["r never fires", "b never"]),
    ("{level: {type: x}, of: v, levels: [{above: 1, severity: low}, {above: 5, severity: high}]}",
     ("{+0s: {type: x, v: 5}}",), ["the level above: 5 never"]),
    ("{level: {type: x}, holds: {v: [1, 2]}}", (X, "{+0s: {type: x, v: 2}}"), ["holds: with v 1 never"]),
    ("{absence: {type: x}, for: 1 min}", (X,), []),
    ("{event: {type: x, v: [null, 1]}}", (X,), ["event: with v 1 never"]),
    ("{event: {type: x, ok: [true, 'true']}}", ("{+0s: {type: x, ok: true}}",), ["event: with ok true never"]),
    ("{event: {type: x, v: [" + ", ".join(map(str, range(21))) + "]}}", ("{+0s: {type: x, v: 3}}",), [])]


@pytest.mark.parametrize("when, events, said", LEFT, ids=[f"{case[0]} {case[1]}" for case in LEFT])
def test_a_branch_is_tried_by_an_event_that_goes_it(when: str, events: tuple[str, ...], said: list[str]) -> None:
    found = untried(rule(when, *events))
    assert [one.partition(" never")[0] for one in found] == [one.partition(" never")[0] for one in said]


def test_what_resolves_goes_no_branch_of_a_match_that_does_not_ask_for_it() -> None:
    """It does where the match names the status, and always where it clears."""
    gone = "{+0s: {type: x, status: resolved}}"
    assert untried(rule("{event: {type: x}}", gone)) == [
        "r never fires in its tests", "event: never matches in the tests of r"]
    assert untried(rule("{event: {type: x, status: resolved}}", gone)) == []
    assert untried(rule("{event: {type: x}}", X, "{+1s: {type: y, status: resolved}}",
                        more="clear: {when: {type: y}},")) == []
    assert untried(rule("{event: {type: x}}", X, more="clear: {when: {type: y}},")) == [
        "clear: {when} never matches in the tests of r"]


def test_only_a_rules_own_tests_count_for_it() -> None:
    assert untried(rule("{event: {type: x}}", name="a"), rule("{event: {type: x}}", X, name="b"),
                   rule("{incident: b}", Y, name="c")) == ["a has no tests", "c never fires in its tests"]


def test_the_figure_is_the_share_of_rules_and_branches() -> None:
    """Two rules of three, and four branches of five: the disabled rule is not asked, a rule can be asked alone."""
    content = content_of(rule("{event: {type: [x, y]}}", X, name="a"), rule("{incident: a}", X, name="b"),
                         rule("{event: {type: y}}", X, name="c"), rule("{event: {type: z}}", name="d",
                                                                       more="enabled: false,"))
    found: Any = covered(content, try_content(content))
    assert (found.rules, found.rules_fired, found.branches, found.branches_exercised) == (3, 2, 4, 2)
    assert found.percent == 57
    assert covered(content, try_content(content, "b"), "b").percent == 100
    assert covered(Content(), []).percent == 100
