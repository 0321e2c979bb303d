"""The outcome of rule tests as a JUnit report, which every build server reads."""

import re
from collections.abc import Iterable
from pathlib import Path
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

from tocsin.book.rule import Rule
from tocsin.domain.errors import TocsinError
from tocsin.replay.trial import Outcome

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_junit(path: Path, outcomes: Iterable[Outcome], untested: Iterable[Rule]) -> None:
    """Write the report: a suite a rule, a case a test; a rule without tests is a skipped case."""
    suites = Element("testsuites", name="tocsin")
    by_rule: dict[str, Element] = {}
    for outcome in outcomes:
        case = _case(suites, by_rule, outcome.rule, outcome.test.name, outcome.test.where.line)
        if outcome.problems:
            failure = SubElement(case, "failure", message=_plain(outcome.problems[0]))
            failure.text = _plain(f"{outcome.test.where}\n" + "\n".join(outcome.problems))
    for rule in untested:
        SubElement(_case(suites, by_rule, rule, "no tests", rule.where.line), "skipped",
                   message="the rule has no tests")
    for element in (*by_rule.values(), suites):
        cases = element.findall(".//testcase")
        element.set("tests", str(len(cases)))
        element.set("failures", str(len(element.findall(".//failure"))))
        element.set("skipped", str(len(element.findall(".//skipped"))))
        element.set("errors", "0")
    indent(suites)
    try:
        with path.open("wb") as file:
            ElementTree(suites).write(file, encoding="utf-8", xml_declaration=True)
    except OSError as error:
        raise TocsinError(f"{path} cannot be written ({error.strerror}): give another file with --junit") from None


def _case(suites: Element, by_rule: dict[str, Element], rule: Rule, name: str, line: int) -> Element:
    suite = by_rule.get(rule.id)
    if suite is None:
        suite = by_rule[rule.id] = SubElement(suites, "testsuite", name=_plain(rule.id), file=_plain(rule.where.path))
    return SubElement(suite, "testcase", classname=_plain(rule.id), name=_plain(name), file=_plain(rule.where.path),
                      line=str(line))


def _plain(text: str) -> str:
    """The text without what XML cannot hold."""
    return _NO_XML.sub("\ufffd", text)
