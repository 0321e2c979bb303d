"""What the reader takes, an editor takes too: the starter and the examples of the documents fit the schemas."""

import re
from pathlib import Path
from typing import Any

import pytest
from tests.support.json_schema import problems

from tocsin.book.report import Report
from tocsin.book.scalars import value_of
from tocsin.book.schema import schemas
from tocsin.book.yaml import read_text
from tocsin.cli.init import starter
from tocsin.settings import SETTINGS

SCHEMAS = schemas(SETTINGS)
DOCS = Path(__file__).parents[3] / "docs"
RULES = {path.name: path.read_text("utf-8") for path in sorted((starter() / "rules").glob("*.yaml"))}
EXAMPLES = {f"{path.name} {number}": block for path in sorted((DOCS / "words").glob("*.md"))
            for number, block in enumerate(re.findall(r"```yaml\n(.*?)```", path.read_text("utf-8"), re.DOTALL), 1)
            if re.search(r"^rules:", block, re.MULTILINE)}
CONTACTS = {path.name: path.read_text("utf-8") for path in sorted((starter() / "contacts").glob("*.yaml"))}
WHOLE = """\
people:
  olena:
    name: Олена Коваленко
    language: uk
    telegram: 123456789
    phone: "+380 50 123 45 67"
    email: olena@example.org
    skills: [k9]
    by: {critical: [telegram + sms], high: [telegram, sms], low: [email]}
    away: [{from: "2026-12-24", to: "2026-12-27", stand_in: maria}]
services:
  police-patrol:
    name: Патрульна поліція
    kind: police
    area: districts/centre
    neighbours: [police-north]
    schedule: police-patrol
    group_chat: -1001234567890
    channels: {telegram: {content: reference}}
schedules:
  police-patrol:
    time_zone: Europe/Kyiv
    rotations:
      - {people: [olena, taras, ivan], turn: 12 h, from: "2026-11-23 08:00"}
    overrides: [{person: maria, from: "2026-12-24 08:00", to: "2026-12-25 08:00", instead_of: olena}]
    import: calendars/patrol.ics
policies:
  police-patrol:
    steps:
      - {to: {on_call: police-patrol}, answer_within: 60s, need: [{accepted: 2}, {accepted: 1, skill: k9}]}
      - {to: [{on_call: shift-heads}, {service: duty-office}], by: [sms + telegram], answer_within: 60s, only: {severity: [critical, high]}}
      - {to: {person: chief}, wait_for: {calendar: office-hours}}
    repeat: 2
    last_resort: {to: {service: duty-office}, by: [sms, email], every: 5 min}
    after_answer: {remind: 15 min, reopen: 30 min}
"""  # noqa: E501 - as the language's own description has it


def data_of(text: str) -> Any:
    """A file as an editor's YAML 1.2 has it."""
    report = Report()
    tree = read_text("f.yaml", text, report)
    assert tree is not None
    assert not report.failed
    return value_of(tree)


@pytest.mark.parametrize("name", [*RULES, *EXAMPLES])
def test_rules_fit_their_schema(name):
    assert problems(data_of((RULES | EXAMPLES)[name]), SCHEMAS["rules"], SCHEMAS["rules"]) == []


@pytest.mark.parametrize("name", [*CONTACTS, "whole"])
def test_contacts_fit_their_schemas(name):
    """Each part of the file by the schema of its key."""
    for key, part in data_of((CONTACTS | {"whole": WHOLE})[name]).items():
        assert problems({key: part}, SCHEMAS[key], SCHEMAS[key]) == []


def test_config_fits_its_schema():
    text = (starter() / "config.yaml").read_text("utf-8")
    assert problems(data_of(text), SCHEMAS["config"], SCHEMAS["config"]) == []


WRONG = [
    ("rules: [{rule: a, wehn: {event: {}}}]", "rules", "wehn is no key here"),
    ("rules: [{rule: a, when: {event: {}}, severity: hihg}]", "rules", "/rules/0/severity"),
    ("rules: [{rule: a, when: {evnt: {}}}]", "rules", "/rules/0/when"),
    ("people: {a: {nmae: A}}", "people", "name is missing"),
    ("policies: {a: {steps: []}}", "policies", "last_resort is missing"),
    ("sources: {a: {kind: htpp}}", "config", "/sources/a/kind"),
]


@pytest.mark.parametrize("text, name, said", WRONG)
def test_an_editor_underlines_what_check_refuses(text, name, said):
    assert said in "\n".join(problems(data_of(text), SCHEMAS[name], SCHEMAS[name]))
