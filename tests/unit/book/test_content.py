"""A whole home read at once: references, reach, unused things, and all errors together."""

import pytest

from tocsin.book.book import Content, encode_content, number_book, read_book
from tocsin.book.contacts import Person
from tocsin.book.content import find_problems, read_content
from tocsin.book.report import Reference
from tocsin.domain.errors import BookError, Location
from tocsin.settings import Settings

RULES = """\
rules:
  - rule: panic-button
    say: "Тривожна кнопка: {{ site }}"
    when: {event: {type: alarm.panic, account: {in: lists/objects.account}, inside: districts/centre}}
    per: [site]
    escalate_to: police
    unless: [{calendar: site-tests}, {active: raid, same: [site]}]
    tests: [{name: n, events: [{+0s: {type: x}}], expect: [{notified: [olena, on-call patrol, service duty]}]}]
  - rule: raid
    when: {event: {type: raid}}
    tests: [{name: n, events: [{+0s: {type: x}}], expect: nothing}]
"""
HOME = {
    "rules/city/rules.yaml": RULES,
    "rules/lists/objects.csv": "account;name\n12;School\n",
    "rules/areas/districts.geojson": '{"type": "FeatureCollection", "features": [{"properties": {"name": "centre"}, '
    '"geometry": {"type": "Polygon", "coordinates": [[[37,48],[38,48],[38,49],[37,48]]]}}]}',
    "rules/calendars/site-tests.yaml": "{open: [{days: [mon], from: 09:00, to: 17:00}]}",
    "contacts/people.yaml": "people:\n  olena: {name: Олена, phone: 0501234567}\n  nobody: {name: Н, email: n@b.c}\n",
    "contacts/services.yaml": "services: {duty: {name: Черговий, members: [olena]}}",
    "contacts/schedules.yaml": "schedules: {patrol: {rotations: [{people: [olena], turn: 12 h, from: 2026-11-23}]}}",
    "contacts/policies.yaml": "policies: {police: {steps: [{to: {on_call: patrol}, answer_within: 60s}], last_resort: "
                              "{to: {service: duty}, every: 5 min}}}",
    "templates/page/telegram.uk.j2": "{{ say }}",
}


def test_a_home_becomes_a_book(home):
    """Everything written is in the content, and the stored book reads back the same."""
    content, warnings = read_content(home(HOME), Settings())
    assert warnings == ()
    assert [rule.id for rule in content.rules] == ["panic-button", "raid"]
    assert set(content.people) == {"olena", "nobody"}
    assert content.calendars["site-tests"]["time_zone"] == "Europe/Kyiv"
    assert content.templates == {"page/telegram.uk": "{{ say }}"}
    book = number_book(7, content)
    assert read_book(7, encode_content(content)) == book


def test_a_book_does_not_depend_on_where_its_home_lies(home, tmp_path):
    """Places are relative to the home, so the same files give the same hash anywhere."""
    first, _ = read_content(home(HOME), Settings())
    second, _ = read_content(home({f"elsewhere/{name}": text for name, text in HOME.items()}) / "elsewhere", Settings())
    assert number_book(1, first).hash == number_book(1, second).hash


CHANGES = [
    ("rules/city/rules.yaml", "escalate_to: police", "escalate_to: polcie",
     'the policy "polcie" is unknown: did you mean "police"?'),
    ("rules/city/rules.yaml", "lists/objects.account", "lists/object.account", 'the list "object" is unknown'),
    ("rules/city/rules.yaml", "lists/objects.account", "lists/objects.acount", 'did you mean "objects.account"?'),
    ("rules/city/rules.yaml", "districts/centre", "districts/center", 'the area "districts/center" is unknown'),
    ("rules/city/rules.yaml", "calendar: site-tests", "calendar: site-test", 'did you mean "site-tests"?'),
    ("rules/city/rules.yaml", "active: raid", "active: raids", 'did you mean "raid"?'),
    ("rules/city/rules.yaml", "{event: {type: raid}}", "{incident: panic-buton}", 'did you mean "panic-button"?'),
    ("rules/city/rules.yaml", "{event: {type: raid}}", "{incident: raid}", "in a circle: raid → raid"),
    ("rules/city/rules.yaml", "notified: [olena,", "notified: [olga,", 'the person "olga" is unknown'),
    ("rules/city/rules.yaml", "on-call patrol", "on-call patol",
     'the schedule "patol" is unknown: did you mean "patrol"?'),
    ("contacts/services.yaml", "members: [olena]", "members: [olean]", 'did you mean "olena"?'),
    ("contacts/services.yaml", "services:", "servces:", 'did you mean "services"?'),
    ("contacts/schedules.yaml", "[olena]", "[olga]", 'the person "olga" is unknown'),
    ("contacts/policies.yaml", "on_call: patrol", "on_call: ptrol", 'the schedule "ptrol" is unknown'),
    ("contacts/policies.yaml", "service: duty", "service: dutty", 'did you mean "duty"?'),
    ("contacts/policies.yaml", "on_call: patrol", "skill: k9", 'the skill "k9" is unknown'),
    ("contacts/policies.yaml", "on_call: patrol", "area_service: police", 'the service kind "police" is unknown'),
    ("contacts/people.yaml", "phone: 0501234567", "language: uk", 'the policy "police" can reach nobody'),
    ("contacts/policies.yaml", "every: 5 min", "every: 5 min, by: email",
     'the last resort of the policy "police" can reach nobody'),
    ("rules/lists/objects.csv", "12;School", "12", "this row has 1 columns"),
]


@pytest.mark.parametrize("path, old, new, sentence", CHANGES, ids=[case[3] for case in CHANGES])
def test_one_wrong_word_stops_the_book(home, path, old, new, sentence):
    """Names that nothing declares, and policies that reach nobody, are errors at their place."""
    assert old in HOME[path]
    root = home(HOME | {path: HOME[path].replace(old, new, 1)})
    with pytest.raises(BookError) as caught:
        read_content(root, Settings())
    assert sentence in str(caught.value)
    assert path.split("/")[0] in caught.value.findings[0].where.path


DOUBTS = [
    ("rules/lists/spare.csv", "a\n1\n", 'the list "spare" is used nowhere'),
    ("rules/calendars/spare.yaml", "{open: [{days: [mon], from: 09:00, to: 17:00}]}",
     'the calendar "spare" is used nowhere'),
    ("contacts/more.yaml",
     "policies: {spare: {steps: [{to: {person: nobody}, answer_within: 1s, by: sms}, {to: {person: olena}, "
     "answer_within: 1s}], last_resort: {to: {person: olena}, every: 1 min}}}",
     'step 1 of the policy "spare" can reach nobody'),
]


@pytest.mark.parametrize("path, text, sentence", DOUBTS, ids=[case[2] for case in DOUBTS])
def test_what_is_doubtful_is_a_warning(home, path, text, sentence):
    """Warnings do not stop the book."""
    _, warnings = read_content(home(HOME | {path: text}), Settings())
    assert sentence in "\n".join(str(warning) for warning in warnings)


FILES = [
    ("rules/more.yml", "rules: []", "rename this file to .yaml"),
    ("rules/calendars/patrol.ics", "BEGIN:VCARD", "not a calendar"),
    ("rules/events/types.yaml", "{}", "a file of event types needs events:"),
    ("templates/telegram.j2", "x", "a template is called"),
    ("rules/lists/a.b.csv", "a\n1\n", "no dots or spaces"),
    ("contacts/more.yaml", "[]", "begins with one of people"),
    ("rules/more.yaml", RULES, 'the rule "panic-button" stands already at rules/city/rules.yaml:2:11'),
]


@pytest.mark.parametrize("path, text, sentence", FILES, ids=[case[0] for case in FILES])
def test_a_file_that_would_not_be_read_is_an_error(home, path, text, sentence):
    """Nothing that people put there is silently left out."""
    assert sentence in "\n".join(str(problem) for problem in find_problems(home(HOME | {path: text}), Settings()))


def test_all_errors_of_all_files_are_found_at_once(home):
    """One reading shows everything, in file order."""
    root = home(HOME | {
        "rules/city/rules.yaml": RULES.replace("say:", "sya:", 1).replace("site-tests", "site-test"),
        "contacts/people.yaml": "people: {olena: {name: О, phone: 112}}", "contacts/services.yaml": "a: b: c"})
    with pytest.raises(BookError) as caught:
        read_content(root, Settings())
    places = [str(finding.where) for finding in caught.value.findings]
    assert places == sorted(places)
    assert {place.partition(":")[0] for place in places} >= {
        "rules/city/rules.yaml", "contacts/people.yaml", "contacts/services.yaml"}


def test_names_in_config_are_looked_up_too(home):
    """The roles of config.yaml name contacts; an unknown one is an error at its place in that file."""
    settings = Settings(references=(Reference("person", "admn", Location("config.yaml", 3, 5), "admn"),))
    with pytest.raises(BookError, match=r'config.yaml:3:5: error: the person "admn" is unknown'):
        read_content(home(HOME), settings)


def test_an_empty_home_is_a_book_without_rules(tmp_path):
    """Said as a warning: no event would ever reach anybody."""
    content, warnings = read_content(tmp_path, Settings())
    assert content.rules == ()
    assert "there are no rules" in warnings[0].text


def test_a_book_is_what_will_be_read_back():
    """The order in which names were written decides nothing: after a restart it would be another one."""
    addresses = {"telegram": "1", "email": "a@b.c"}
    people = {name: Person(id=name, name=name, addresses=addresses) for name in ("taras", "anna")}
    book = number_book(1, Content(people=people))
    again = read_book(1, encode_content(book.content))
    assert book == again
    assert list(book.content.people) == list(again.content.people) == ["anna", "taras"]
    assert list(book.content.people["anna"].addresses) == list(again.content.people["anna"].addresses)


@pytest.mark.parametrize("path, old, new", [
    ("contacts/schedules.yaml", "from: 2026-11-23", 'from: "{} 03:30"'),
    ("contacts/schedules.yaml", "rotations:",
     'overrides: [{{person: nobody, from: "{} 03:30", to: 2026-12-01}}], rotations:'),
    ("contacts/people.yaml", "email: n@b.c", 'email: n@b.c, away: [{{from: 2026-01-05, to: "{} 03:30"}}]')])
def test_a_time_that_the_clocks_skip_is_refused_and_one_that_comes_twice_stated(home, path, old, new):
    """Of rotations, overrides and absences, with its place; the first of two is taken."""
    places = {}
    for day in ("2026-03-29", "2026-10-25"):
        site = home({**HOME, path: HOME[path].replace(old, new.format(day))})
        (places[day],) = find_problems(site, Settings())
    skipped, twice = places["2026-03-29"], places["2026-10-25"]
    assert (skipped.level, skipped.where.path) == ("error", path)
    assert "2026-03-29 03:30 does not exist in Europe/Kyiv" in skipped.text
    assert (twice.level, "the first is taken" in twice.text) == ("warning", True)
