"""The starter rule book: read without a finding, every test passes, and each rule shows its false alarm."""

import re
from pathlib import Path

import pytest

from tocsin.app.trials import try_content
from tocsin.book.book import Content
from tocsin.book.content import read_content
from tocsin.settings import load_settings

ROOT = Path(__file__).parents[3]
ROWS = re.findall(r"^\| `([a-z-]+)` \| .+ \| (.+) \|$", (ROOT / "docs" / "starter-rules.md").read_text("utf-8"),
                  re.MULTILINE)


@pytest.fixture(scope="module")
def starter() -> Content:
    content, findings = read_content(ROOT, load_settings(ROOT / "config.yaml", environ={}, require_secrets=False))
    assert [str(finding) for finding in findings] == []
    return content


def test_every_test_of_it_passes(starter: Content) -> None:
    outcomes = try_content(starter)
    assert [problem for outcome in outcomes for problem in outcome.problems] == []
    assert all(rule.tests for rule in starter.rules)


def test_the_page_names_each_rule_and_the_test_of_its_false_alarm(starter: Content) -> None:
    """Every rule about the city stands there; those about the engine itself, and states, stand elsewhere."""
    named = {rule.id: {test.name for test in rule.tests} for rule in starter.rules}
    assert [(rule, test) for rule, test in ROWS if test not in named.get(rule, ())] == []
    ours = {rule.id for rule in starter.rules if rule.escalate_to and not any(
        pattern.startswith("tocsin.") for pattern in re.findall(r"tocsin\.[a-z_]+", repr(rule.when.match)))}
    assert ours == {rule for rule, _ in ROWS}
    assert len(ours) >= 25


def test_everything_named_is_used(starter: Content) -> None:
    """A list, an area, a calendar or a policy that no rule asks for would only confuse."""
    rules = repr(starter.rules)
    assert [name for name in starter.lists if name not in rules] == []
    assert [name for name in starter.calendars if name not in rules] == []
    addressed = {policy for rule in starter.rules for policy in (
        rule.escalate_to.values() if isinstance(rule.escalate_to, dict) else rule.escalate_to)}
    assert set(starter.policies) - addressed == set()
