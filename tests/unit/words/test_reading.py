"""The words over several events as they are written: what is read, and every nonsense refused with a sentence."""

from typing import Any

import pytest

from tocsin.book.book import Content, encode_content, number_book, read_book
from tocsin.book.match import Expect, FieldRef, Match
from tocsin.book.report import Report, Unreadable
from tocsin.book.rule import Clear, When
from tocsin.book.rules import RuleFile
from tocsin.book.words import BUILT_WORDS
from tocsin.book.yaml import read_text
from tocsin.domain.time import MINUTE

TESTS = "tests: [{name: n, events: [{+0s: {type: x}}], expect: nothing}]"
X = Match((Expect("type", "is", "x"),))
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
    (f"{C}, at_least: 3, within: 5 min, near: 150 m", "", "near: is part of the language but not yet built"),
    (f"{C}, at_least: 3, over: 5 min", "", '"over" belongs to average, sum, minimum, maximum, new, not to count'),
    (f"{C}, at_least: 3, within: 5 min", "below: 3", "a comparison in clear: belongs to level"),
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


