"""``tocsin test``: what it says to people, to programs and to a build server."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner, Result

from tocsin.cli.main import build
from tocsin.domain.errors import TocsinError

RULES = """\
rules:
  - rule: smoke
    say: "x"
    when:
      event: {type: [alarm.smoke, alarm.heat]}
    per: [site]
    escalate_to: board
    tests:
      - {name: "a <test> & \\u0001 \\"more\\"", events: [{+0s: {type: alarm.smoke, site: a}}], expect: [{at: +0s}]}
      - {name: fails, events: [{+0s: {type: alarm.smoke, site: a}}], expect: nothing}
  - rule: bare
    say: "x"
    when: {event: {type: y}}
    escalate_to: board
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "r.yaml").write_text(RULES, "utf-8")
    (tmp_path / "config.yaml").write_text("site: {name: Town}\n", "utf-8")
    return tmp_path


def run(home: Path, *more: Any) -> Result:
    words = ["test", "--config", str(home / "config.yaml"), *map(str, more)]
    return CliRunner().invoke(build(words), words)


def test_what_no_test_tries_is_named_with_its_place(home: Path) -> None:
    result = run(home)
    assert result.exit_code == 1
    assert result.stdout.splitlines()[-4:] == [
        "rules/r.yaml:5:35: event: with type alarm.heat never matches in the tests of smoke",
        "rules/r.yaml:11:11: bare has no tests", "1 passed, 1 failed; rules without tests: bare",
        "coverage 50 %: 1 of 2 rules fire in their tests, 2 of 4 branches of their matches are tried"]


def test_json_has_a_line_for_each_test_and_each_untried_branch(home: Path) -> None:
    *lines, summary = [json.loads(line) for line in run(home, "--json").stdout.splitlines()]
    assert [line["passed"] for line in lines if "test" in line] == [True, False]
    assert next(line for line in lines if "untried" in line) == {
        "rule": "smoke", "untried": "event: with type alarm.heat never matches in the tests of smoke",
        "file": "rules/r.yaml", "line": 5, "column": 35}
    assert summary == {"passed": 1, "failed": 1, "rules_without_tests": ["bare"], "coverage": {
        "percent": 50, "rules": 2, "rules_fired": 1, "branches": 4, "branches_exercised": 2}}


def test_a_build_server_gets_a_suite_a_rule_and_a_case_a_test(home: Path) -> None:
    """Also of names that XML cannot hold."""
    report = home / "report.xml"
    assert run(home, "--junit", report).exit_code == 1
    root = ElementTree.parse(report).getroot()
    assert (root.tag, root.attrib) == ("testsuites", {
        "name": "tocsin", "tests": "3", "failures": "1", "skipped": "1", "errors": "0"})
    smoke, bare = root.findall("testsuite")
    assert (smoke.get("name"), smoke.get("tests"), smoke.get("failures")) == ("smoke", "2", "1")
    passed, failed = smoke.findall("testcase")
    assert (passed.get("name"), list(passed)) == ('a <test> & \ufffd "more"', [])
    assert (passed.get("classname"), passed.get("file"), passed.get("line")) == ("smoke", "rules/r.yaml", "9")
    failure = failed.find("failure")
    assert failure is not None
    assert "expected nothing, but smoke {site: a} opened" in str(failure.text)
    assert bare.find("testcase/skipped") is not None


def test_a_report_that_cannot_be_written_is_said(home: Path) -> None:
    with pytest.raises(TocsinError, match="cannot be written"):
        raise run(home, "--junit", home / "none" / "report.xml").exception or AssertionError


def test_of_many_untried_branches_people_see_the_first(home: Path) -> None:
    many = "".join(f"  - {{rule: r{number}, when: {{event: {{type: x{number}}}}}}}\n" for number in range(30))
    (home / "rules" / "r.yaml").write_text(f"rules:\n{many}", "utf-8")
    assert "and 10 more that no test tries: --json names them all" in run(home).stdout
