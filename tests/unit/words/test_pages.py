"""The pages of the words: every example is a rule that reads without a finding, and whose tests pass."""

import re
from pathlib import Path

import pytest
from tests.support.city import PEOPLE, content, policy, step

from tocsin.app.trials import try_content
from tocsin.book.report import Report
from tocsin.book.rules import RuleFile
from tocsin.book.words import BUILT_WORDS
from tocsin.book.yaml import read_text

PAGES = sorted((Path(__file__).parents[3] / "docs" / "words").glob("*.md"))
OURS = ("count", "level", "average", "sum", "minimum", "maximum", "change", "new",
        "sequence", "together", "absence")


def examples(page: Path) -> str:
    return "\n".join(re.findall(r"```yaml\n(.*?)```", page.read_text("utf-8"), re.DOTALL))


@pytest.mark.parametrize("page", [page for page in PAGES if page.stem in OURS], ids=lambda page: page.stem)
def test_the_examples_of_a_page_hold(page: Path) -> None:
    report = Report()
    tree = read_text(page.name, examples(page), report)
    assert tree is not None
    rules = RuleFile().read(tree, report)
    assert not report.ordered()
    assert {rule.when.word for rule in rules} == {page.stem}
    assert all(rule.tests for rule in rules)
    policies = tuple(policy(name, step("olena")) for name in {name for rule in rules for name in rule.escalate_to})
    outcomes = try_content(content(*rules, people=PEOPLE, policies=policies))
    assert [problem for outcome in outcomes for problem in outcome.problems] == []


def test_every_word_has_its_page() -> None:
    assert {word for word in BUILT_WORDS if word in OURS} == {page.stem for page in PAGES} & set(OURS)
