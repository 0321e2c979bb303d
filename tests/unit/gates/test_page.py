"""The page of the gates: its example is read without a finding, and its tests pass."""

import re
from pathlib import Path

from tests.support.city import PEOPLE, content, policy, step

from tocsin.app.trials import try_content
from tocsin.book.book import Site
from tocsin.book.calendars import CALENDAR
from tocsin.book.report import Report
from tocsin.book.rules import RuleFile
from tocsin.book.yaml import read_text

PAGE = (Path(__file__).parents[3] / "docs" / "words" / "gates.md").read_text("utf-8")


def test_the_example_of_the_page_holds() -> None:
    report = Report()
    rules_text, = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    calendar_text, = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
    tree, hours = read_text("gates.md", rules_text, report), read_text("working-days.yaml", calendar_text, report)
    assert tree is not None
    assert hours is not None
    rules, calendar = RuleFile().read(tree, report), CALENDAR.read(hours, report)
    assert not report.ordered()
    outcomes = try_content(content(
        *rules, people=PEOPLE, policies=tuple(policy(rule.escalate_to[0], step("olena")) for rule in rules),
        calendars={"working-days": {"time_zone": "Europe/Kyiv", **calendar}}, site=Site(time_zone="Europe/Kyiv")))
    assert len(outcomes) == 4
    assert [problem for outcome in outcomes for problem in outcome.problems] == []
