"""``tocsin check`` on whole homes: what the reader of one file cannot see."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tocsin.app.child import read_fit
from tocsin.cli.init import write_home
from tocsin.cli.main import build
from tocsin.domain.errors import TocsinError

AT = "2026-11-24T10:00:00Z"


FILES = {
    "config.yaml": """\
site: {name: Краматорськ, time_zone: Europe/Kyiv, language: uk}
channels:
  telegram: {token: "${TELEGRAM_TOKEN}"}
  sms: {provider: twilio, account_sid: "${TWILIO_SID}", auth_token: "${TWILIO_TOKEN}", from: "+15005550006"}
  email: {host: mail.example.org, from: alarm@example.org}
""",
    "rules/police.yaml": """\
rules:
  - rule: panic-button
    say: "Тривожна кнопка: {{ site }}"
    advice: "Виїзд негайно."
    when: {event: {type: alarm.panic}}
    per: [site]
    severity: critical
    escalate_to: police
    tests:
      - name: a press pages the patrol
        events: [{+0s: {type: alarm.panic, site: school-12}}]
        expect: [{incident: {site: school-12}, at: +0s, notified: [on-call patrol]}]
""",
    "contacts/people.yaml": """\
people:
  olena:
    name: Олена Коваленко
    telegram: 100000001
    phone: "+380 50 123 45 01"
    email: olena@example.org
    skills: [k9]
  taras:
    name: Тарас Бондаренко
    telegram: 100000002
    phone: "+380 50 123 45 02"
    email: taras@example.org
  chief:
    name: Петро Мельник
    phone: "+380 50 123 45 06"
    email: chief@example.org
    by: {critical: [sms + email], low: [email]}
""",
    "contacts/schedules.yaml": """\
schedules:
  patrol:
    rotations: [{people: [olena, taras], turn: 12 h, from: "2026-01-05 08:00"}]
""",
    "contacts/policies.yaml": """\
policies:
  police:
    steps:
      - {to: {on_call: patrol}, answer_within: 60s}
      - {to: {person: chief}, answer_within: 60s}
    last_resort: {to: [{on_call: patrol}, {person: chief}], by: [sms, email], every: 5 min}
""",
}


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("starter") / "home"
    write_home(home)
    return home / "templates"


@pytest.fixture
def home(templates: Path, tmp_path: Path) -> Path:
    """A small home with the shipped templates."""
    for name, text in FILES.items():
        path = tmp_path / "home" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    shutil.copytree(templates, tmp_path / "home" / "templates")
    return tmp_path / "home"


def check(home: Path, *more: str) -> Result:
    arguments = ["check", "--config", str(home / "config.yaml"), "--at", AT, *more]
    return CliRunner().invoke(build(arguments), arguments)


def change(home: Path, path: str, old: str, new: str) -> None:
    """Exchange a piece of a file; the whole file where no piece is named."""
    text = (home / path).read_text("utf-8")
    assert old in text
    if not old:
        (home / path).write_text(new, "utf-8")
        return
    (home / path).write_text(text.replace(old, new, 1), "utf-8")


def test_where_nothing_is_wrong_check_says_what_it_looked_at(home: Path) -> None:
    """Standard output stays empty; one line on standard error counts what was checked."""
    result = check(home)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.startswith("Nothing to mend: 1 rules, 1 tests, 3 people, book ")


def test_the_starter_has_nothing_to_mend(templates: Path) -> None:
    result = check(templates.parent)
    assert (result.exit_code, result.stdout) == (0, "")


def test_json_is_one_object_a_finding_and_a_summary_at_the_end(home: Path) -> None:
    change(home, "contacts/people.yaml", 'phone: "+380 50 123 45 02"', 'phone: "+380 50 123 45 01"')
    change(home, "rules/police.yaml", "{{ site }}", "{{ sitte }}")
    result = check(home, "--json")
    *findings, summary = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 1
    assert {finding["level"] for finding in findings} == {"error", "warning"}
    assert all(finding.keys() == {"file", "line", "column", "level", "text", "repaired"} for finding in findings)
    assert summary == {"errors": 1, "warnings": 1}


ERRORS = [
    ("contacts/people.yaml", 'phone: "+380 50 123 45 02"', 'phone: "+380 50 123 45 01"',
     "contacts/people.yaml:11:12: error: phone: +380501234501 is also that of the person at contacts/people.yaml:5:12"),
    ("contacts/people.yaml", "telegram: 100000002", "telegram: 100000001",
     "contacts/people.yaml:10:15: error: telegram: 100000001 is also that of the person at"),
    ("rules/police.yaml", "{{ site }}", "{{ site | uper }}", 'did you mean "upper"?'),
    ("templates/default/telegram.uk.j2", "", "<bold>{{ say }}</bold>",
     "templates/default/telegram.uk.j2:1:1: error: Telegram knows no <bold>"),
    ("templates/default/telegram.uk.j2", "", "<b>{{ say }}", "<b> is never closed"),
    ("templates/closed/any.uk.j2", "", "{{ say }}" + "х" * 4100, "Telegram takes 4096"),
]


@pytest.mark.parametrize("path, old, new, sentence", ERRORS, ids=[case[3][-40:] for case in ERRORS])
def test_what_no_book_may_have_is_an_error_for_check_and_for_a_reload(home: Path, path: str, old: str, new: str,
                                                                     sentence: str) -> None:
    """The process that reads for a reload refuses exactly what check calls an error."""
    change(home, path, old, new)
    result = check(home)
    assert result.exit_code == 1
    assert sentence in result.stdout
    assert sentence in "\n".join(str(finding) for finding in read_fit(home / "config.yaml").findings)


WARNINGS = [
    ("contacts/people.yaml", "taras@example.org", "Olena@example.org",
     "contacts/people.yaml:12:12: warning: Olena@example.org is also the address of the person at"),
    ("contacts/people.yaml", "by: {critical: [sms + email], low: [email]}", "by: {critical: [email]}", None),
    ("contacts/people.yaml", "by: {critical: [sms + email], low: [email]}", "by: {critical: [telegram], low: [email]}",
     "Петро Мельник is asked about incidents of severity critical by step 2 of police"),
    ("contacts/schedules.yaml", 'from: "2026-01-05 08:00"}', 'from: "2026-01-05 08:00", to: "2026-12-01 08:00"}',
     'the schedule "patrol" has nobody on duty from Tue 2026-12-01 08:00 to Tue 2026-12-08 12:00 and on '
     "(Europe/Kyiv), 7d4h"),
    ("contacts/people.yaml", "    skills: [k9]", '    away: [{from: "2026-11-26", to: "2026-11-26"}]',
     'the schedule "patrol" has nobody on duty from Thu 2026-11-26 08:00 to Thu 2026-11-26 20:00'),
    ("rules/police.yaml", "{{ site }}", "{{ sitte }}", 'would print "—": did you mean "site"?'),
    ("rules/police.yaml", '"Тривожна кнопка: ', '"Тривожна кнопка натиснута на об\'єкті, що під охороною '
     'поліції: ', "only the first 67 are sure to be seen in an SMS"),
    ("templates/default/sms.uk.j2", "", "Повідомлення системи оповіщення міста Краматорськ. {{ say }}.",
     "templates/default/sms.uk.j2:1:1: warning: hazard and place end at character"),
    ("templates/default/sms.uk.j2", "", "{{ say }} {{ severty }}", 'did you mean "severity"?'),
    ("templates/joined/any.uk.j2", "", "{% if nothing %}a{% endif %}",
     "this template says nothing"),
]


@pytest.mark.parametrize("path, old, new, sentence", WARNINGS, ids=[str(case[3])[-40:] for case in WARNINGS])
def test_what_is_doubtful_is_a_warning_and_stops_nothing(home: Path, path: str, old: str, new: str,
                                                        sentence: str | None) -> None:
    """Exit code 0; a reload takes the files over."""
    change(home, path, old, new)
    result = check(home)
    assert result.exit_code == 0
    assert (sentence or "") in result.stdout
    assert result.stdout.count(": warning: ") >= (sentence is not None)
    assert read_fit(home / "config.yaml").content is not None


def test_a_person_whose_address_is_of_a_channel_that_is_not_set_up_is_told(home: Path) -> None:
    """The site writes e-mail only, and somebody has a phone only."""
    change(home, "config.yaml", 'telegram: {token: "${TELEGRAM_TOKEN}"}', "")
    change(home, "config.yaml", '  sms: {provider', '  # sms: {provider')
    change(home, "contacts/people.yaml", "    email: taras@example.org\n", "")
    assert "Тарас Бондаренко is asked about incidents of severity" in check(home).stdout


SERVICE = "services:\n  patrol: {name: Патруль, schedule: patrol, channels: {sms: %s, email: %s}}\n"


def test_a_last_resort_by_channels_that_must_carry_nothing_is_an_error(home: Path) -> None:
    """The patrol alone, by SMS and e-mail, which are forbidden for its service at every severity."""
    (home / "contacts/services.yaml").write_text(SERVICE % ("forbidden", "none"), "utf-8")
    change(home, "contacts/policies.yaml", "last_resort: {to: [{on_call: patrol}, {person: chief}]",
           "last_resort: {to: {on_call: patrol}")
    result = check(home)
    assert result.exit_code == 1
    assert 'the last resort of the policy "police" can reach nobody' in result.stdout


def test_people_whom_the_open_channels_do_not_reach_are_named(home: Path) -> None:
    """SMS carries nothing when it is critical, and the last resort would use it."""
    (home / "contacts/services.yaml").write_text(SERVICE % ("{content: {critical: none, high: full}}", "full"), "utf-8")
    change(home, "contacts/policies.yaml", "by: [sms, email]", "by: [sms]")
    result = check(home)
    assert result.exit_code == 0
    assert "Олена Коваленко is asked about incidents of severity critical by the last resort of police" in result.stdout


def test_the_repeated_hour_is_named_in_a_gap(home: Path) -> None:
    """On 25 October 2026 it is 03:30 twice; the gap says which."""
    change(home, "contacts/schedules.yaml", 'from: "2026-01-05 08:00"}', 'from: "2026-01-05 08:00", to: '
           '"2026-10-25 03:30"}')
    change(home, "rules/police.yaml", "notified: [on-call patrol]", "severity: critical")
    arguments = ["check", "--config", str(home / "config.yaml"), "--at", "2026-10-24T00:00:00Z"]
    result = CliRunner().invoke(build(arguments), arguments)
    assert "nobody on duty from Sun 2026-10-25 03:30 EEST to" in result.stdout


def test_a_wrong_instant_is_a_sentence(home: Path) -> None:
    """The command could not run."""
    arguments = ["check", "--config", str(home / "config.yaml"), "--at", "tomorrow"]
    result = CliRunner().invoke(build(arguments), arguments)
    assert isinstance(result.exception, TocsinError)
    assert "--at: " in str(result.exception)
