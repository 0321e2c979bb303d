"""Files of rules, read to Rules; every mistake a sentence at its place."""

import pytest

from tocsin.book.match import Expect, FieldRef, Match
from tocsin.book.report import Report
from tocsin.book.rule import Clear, Gate, PerKey, SeverityBy, When
from tocsin.book.rules import RuleFile, check_chains
from tocsin.book.words import BUILT_WORDS, WORDS
from tocsin.book.yaml import read_text
from tocsin.domain.time import HOUR, MINUTE, SECOND

TESTS = "tests: [{name: n, events: [{+0s: {type: x}}], expect: nothing}]"
RULES = RuleFile()


def a_rule(more: str = "", when: str = "{event: {type: alarm.panic}}", say: str = "Кнопка") -> str:
    lines = ["rules:", "  - rule: panic", f"    say: {say}", f"    when: {when}", f"    {TESTS}", f"    {more}"]
    return "\n".join(lines).rstrip() + "\n"


def test_the_rule_of_the_language_reads_as_it_is_written(read):
    """The example that opens the language's description."""
    rules, findings = read(RULES, """\
rules:
  - rule: panic-button                        # stable id: part of the incident's key and of the audit
    say: "Тривожна кнопка: {{ site }}"        # one line: hazard and place
    when:
      event: {type: alarm.panic}
    per: [site]                               # one incident per value; leave out for one per rule
    severity: critical
    escalate_to: police-patrol                # a policy; channels and numbers never stand in rules
    advice: "Виїзд негайно. Контакт охорони: {{ guard_phone }}"
    unless: {calendar: site-tests}
    tests:
      - name: two presses open one incident and page once
        events: [{+0s: {type: alarm.panic, site: school-12}}, {+5s: {type: alarm.panic, site: school-12}}]
        expect: [{incident: {site: school-12}, severity: critical, at: +0s, notified: [on-call police-patrol]}]
""")
    assert findings == []
    rule = rules[0]
    assert (rule.id, rule.say, rule.severity) == ("panic-button", "Тривожна кнопка: {{ site }}", "critical")
    assert rule.when == When("event", Match((Expect("type", "is", "alarm.panic"),)))
    assert rule.per == (PerKey("site"),)
    assert rule.escalate_to == ("police-patrol",)
    assert rule.unless == (Gate(calendar="site-tests"),)
    assert (rule.where.line, rule.where.column) == (2, 11)
    test = rule.tests[0]
    assert test.events == ((0, {"type": "alarm.panic", "site": "school-12"}),
                           (5 * SECOND, {"type": "alarm.panic", "site": "school-12"}))
    assert test.expect == ({"incident": {"site": "school-12"}, "severity": "critical", "at": 0,
                            "notified": ["on-call police-patrol"]},)


RIGHT = [
    ("per: site", "per", (PerKey("site"),)),
    ("per: [site, zone]", "per", (PerKey("site"), PerKey("zone"))),
    ('per: [{site: {camera.read: location_code, "alarm.*": site}}]', "per",
     (PerKey("site", (("camera.read", "location_code"), ("alarm.*", "site"))),)),
    ("severity: {of: level, Extreme: critical, Severe: high}", "severity",
     SeverityBy("level", {"Extreme": "critical", "Severe": "high"})),
    ("escalate_to: [police, ambulance]", "escalate_to", ("police", "ambulance")),
    ("escalate_to: {critical: police, low: board}", "escalate_to", {"critical": "police", "low": "board"}),
    ("escalate_to: board", "escalate_to", ("board",)),
    ("unless: [{calendar: {field: quiet}}, {operation: any}, {active: fire, same: [site]}]", "unless",
     (Gate(calendar=FieldRef("quiet")), Gate(operation="any"), Gate(active="fire", same=("site",)))),
    ("during: {operation: city-day}", "during", (Gate(operation="city-day"),)),
    ("clear: {after: 4 h, hold: 5 min, closes: true}", "clear", Clear(after=4 * HOUR, hold=5 * MINUTE, closes=True)),
    ("clear: {when: {type: all.clear}, only: true}", "clear",
     Clear(when=Match((Expect("type", "is", "all.clear"),)), only=True)),
    ("clear: {at: expires}", "clear", Clear(at="expires")),
    ("clear: {after: {field: valid_for}}", "clear", Clear(after=FieldRef("valid_for"))),
    ("labels: {district: north, n: 5}", "labels", {"district": "north", "n": "5"}),
    ("limits: {keys: 10, opened_per_minute: 5}", "limits", {"keys": 10, "opened_per_minute": 5}),
    ("enabled: false", "enabled", False),
    ("advice: |\n      one\n      two", "advice", "one\ntwo"),
]


@pytest.mark.parametrize("text, field, value", RIGHT, ids=[case[0] for case in RIGHT])
def test_every_key_of_a_rule_is_read(read, text, field, value):
    """Each form of each key gives its value."""
    rules, findings = read(RULES, a_rule(text))
    assert findings == []
    assert getattr(rules[0], field) == value


def test_event_takes_member_and_for(read):
    """What may stand beside the word is read with it."""
    rules, findings = read(RULES, a_rule(when="{event: {}, member: [device], for: 10 min}"))
    assert findings == []
    assert rules[0].when == When("event", Match(), ("device",), for_=10 * MINUTE)


def test_incident_names_another_rule(read):
    """Composition of rules."""
    rules, findings = read(RULES, a_rule(when="{incident: air-raid, for: 2h}"))
    assert findings == []
    assert rules[0].when == When("incident", of="air-raid", for_=2 * HOUR)


def test_defaults_are_replaced_whole_by_a_rules_own_key(read):
    """A rule's own mapping does not mix with the default one."""
    rules, findings = read(RULES, f"""\
defaults: {{severity: high, labels: {{a: "1"}}, escalate_to: police, per: [site]}}
rules:
  - {{rule: one, say: x, when: {{event: {{}}}}, {TESTS}}}
  - {{rule: two, say: x, when: {{event: {{}}}}, {TESTS}, labels: {{b: "2"}}, severity: low, per: [], escalate_to: []}}
""")
    assert findings == []
    one, two = rules
    assert (one.severity, one.labels, one.escalate_to, one.per) == ("high", {"a": "1"}, ("police",), (PerKey("site"),))
    assert (two.severity, two.labels, two.escalate_to, two.per) == ("low", {"b": "2"}, (), ())


def test_a_state_is_called_by_its_name_where_it_says_nothing(read):
    """A rule that pages nobody needs no text for people."""
    rules, findings = read(RULES, f"rules: [{{rule: raid, when: {{event: {{}}}}, {TESTS}}}]")
    assert findings == []
    assert (rules[0].say, rules[0].escalate_to) == ("raid", ())


WRONG = [
    (a_rule("sevrity: high"), '6:5: error: the key "sevrity" is unknown: did you mean "severity"?\n    severity: high'),
    (a_rule("severity: hihg"), '"hihg" is unknown: did you mean "high"?\n    severity: high'),
    (a_rule("severity: {Extreme: high}"), "needs of:"),
    (a_rule("escalate_to: [board, police]"), "board pages nobody and stands alone"),
    (a_rule("escalate_to: [police, police]"), "twice"),
    (a_rule("escalate_to: {urgent: police}"), '"urgent" is unknown'),
    (a_rule("per: [site, site]"), "twice in per:"),
    (a_rule("unless: {calendar: x, active: y}"), "exactly one of calendar, operation, active, not calendar and active"),
    (a_rule("unless: {calendar: x, same: [site]}"), "same: belongs to active:"),
    (a_rule("clear: {only: true, hold: 5 min}"), "only: true takes the word's own way"),
    (a_rule("clear: {below: 5}"), "a comparison in clear: belongs to level"),
    (a_rule("clear: {after: 4}"), '"4" has no unit'),
    (a_rule("clear: {after: 0s}"), "no time at all"),
    (a_rule("clear: {after: 5 fortnights}"), "is not a duration"),
    (a_rule("enabled: yes"), "enabled: true"),
    (a_rule("limits: {keys: 0}"), "at least 1"),
    (a_rule(say="Пожежа #3"), "everything after \" #\" is lost"),
    (a_rule(say="Пожежа # 3"), 'everything after " #" is lost here, only "Пожежа" would remain'),
    (a_rule(say='"{{ site }"'), "a {{ has no }}"),
    (a_rule(say='"a\\nb"'), "one line"),
    (a_rule(when="{}"), "needs one of the words event, count"),
    (a_rule(when="{type: alarm.panic}"), "write when: {event: {…}} around this match"),
    (a_rule(when="{evnt: {}}"), '"evnt" is unknown: did you mean "event"?'),
    (a_rule(when="{event: {}, incident: x}"), "takes one word, not event and incident"),
    (a_rule(when="{event: {}, within: 5 min}"), '"within" belongs to count, together, change, not to event'),
    (a_rule(when="{event: {}, memver: [x]}"), 'did you mean "member"?'),
    (a_rule(when="{incident: x, member: [y]}"), '"member" belongs to event, not to incident'),
    (a_rule(when="{event: alarm.panic}"), "{type: alarm.panic}"),
    (a_rule(when="event"), "takes one of the words"),
    ("rules:\n  - rule: a b\n    when: {event: {}}", "a-b"),
    ("rules:\n  - say: x\n    when: {event: {}}", "a rule needs rule:"),
    ("rules:\n  - {rule: a, when: {event: {}}, escalate_to: police}", "needs say:"),
    ("rules: {rule: a}", "rules: holds a list"),
    ("rule: a", 'the key "rule" is unknown: did you mean "rules"?'),
    ("defaults: {when: {event: {}}}\nrules: []", 'the key "when" is unknown'),
    ("- rule: a", "begins with rules:"),
]


@pytest.mark.parametrize("text, sentence", WRONG, ids=[case[1] for case in WRONG])
def test_a_wrong_rule_is_refused_with_a_sentence(read, text, sentence):
    """Each mistake is an error that says what to write instead."""
    _, findings = read(RULES, text)
    assert sentence in "\n".join(finding for finding in findings if ": error: " in finding)


@pytest.mark.parametrize("say", ["Пожежа #3", "Пожежа # 3"])
def test_a_text_that_is_cut_at_its_hash_is_said_once(read, say):
    """Two readers look at comments; one mistake is one finding."""
    _, findings = read(RULES, a_rule(say=say))
    assert len([finding for finding in findings if "is lost here" in finding]) == 1


@pytest.mark.parametrize("word", [word for word in WORDS if word not in BUILT_WORDS])
def test_a_word_that_is_not_built_yet_says_so(read, word):
    """A word of the language is not called unknown only because this version cannot run it."""
    _, findings = read(RULES, a_rule(when=f"{{{word}: {{type: x}}, within: 5 min, at_least: 3}}"))
    assert len(findings) == 1
    assert f'the word "{word}" is part of the language but not yet built in version' in findings[0]


def test_one_bad_rule_does_not_hide_the_others(read):
    """The good rules of a file are read, all problems of the bad ones reported."""
    rules, findings = read(RULES, a_rule() + f"""\
  - {{rule: bad, say: x, sya: y, when: {{evnt: {{}}}}, {TESTS}}}
  - {{rule: worse, say: x, when: {{event: {{a: {{abov: 1}}}}}}, severity: hgih, {TESTS}}}
  - {{rule: good, say: x, when: {{event: {{}}}}, {TESTS}}}
""")
    assert [rule.id for rule in rules] == ["panic", "good"]
    assert len(findings) == 4


def test_a_rule_name_stands_once(read):
    """The id is part of an incident's key; the second use says where the first is."""
    _, findings = read(RULES, a_rule() + a_rule().removeprefix("rules:\n"))
    assert 'f.yaml:6:11: error: the rule "panic" stands already at f.yaml:2:11' in findings[0]


def test_a_rule_without_tests_is_doubted(read):
    """A warning, never an error."""
    rules, findings = read(RULES, "rules: [{rule: a, when: {event: {}}}]")
    assert len(rules) == 1
    assert findings == ['f.yaml:1:16: warning: the rule "a" has no tests: add tests: with events: and expect:']


def test_rules_that_wait_for_one_another_are_refused():
    """A circle of incident rules could never begin; a chain that ends is fine."""
    report = Report()
    names = {"a": "b", "b": "c", "c": "a", "d": "a", "e": "f"}
    text = "rules: [" + ", ".join(f"{{rule: {name}, when: {{incident: {of}}}, {TESTS}}}" for name, of in names.items())
    tree = read_text("f.yaml", text + f", {{rule: f, when: {{event: {{}}}}, {TESTS}}}]", report)
    check_chains(RULES.read(tree, report), report)
    assert [finding.text for finding in report.ordered()] == [
        "these rules wait for one another's incidents in a circle: a → b → c → a: one of them must begin with an event"]


def test_expectations_are_typed(read):
    """What a rule test may expect, with times as microseconds since its start."""
    rules, findings = read(RULES, """\
rules:
  - rule: a
    when: {event: {}}
    tests:
      - name: everything
        starts: "2026-11-23 10:00"
        events:
          - +0s: {type: x, id: 7, time: +0s, value: 1.5, data: {n: 012, ok: true}, location: {lat: 48.7, lon: 37.5}}
          - +1m30s: {type: x, time: "2026-11-22T21:15:03Z", status: resolved}
        expect:
          - {rule: a, incident: {n: 12, s: "12"}, severity: high, at: +0s, cleared: +25m, events: 2, activations: 1,
             notified: [olena, on-call patrol, service duty-office], suppressed: unless, count: 2, say: Пожежа}
          - {cleared: false, notified: []}
""")
    assert findings == []
    test = rules[0].tests[0]
    assert test.starts == "2026-11-23 10:00"
    assert test.events[0] == (0, {"type": "x", "id": "7", "time": "+0s", "value": 1.5, "data": {"n": "012", "ok": True},
                                  "location": {"lat": 48.7, "lon": 37.5}})
    assert test.events[1][0] == 90 * SECOND
    assert test.expect == (
        {"rule": "a", "incident": {"n": 12, "s": "12"}, "severity": "high", "at": 0, "cleared": 25 * MINUTE,
         "events": 2, "activations": 1, "notified": ["olena", "on-call patrol", "service duty-office"],
         "suppressed": ["unless"], "count": 2, "say": "Пожежа"}, {"cleared": False, "notified": []})


WRONG_TESTS = [
    ("{name: n, events: [], expect: nothing}", "no events"),
    ("{name: n, events: [{0s: {type: x}}], expect: nothing}", "+0s"),
    ("{name: n, events: [{+soon: {type: x}}], expect: nothing}", "such as +0s"),
    ("{name: n, events: [{+0s: {site: x}}], expect: nothing}", "needs type:"),
    ("{name: n, events: [{+9s: {type: x}}, {+5s: {type: x}}], expect: nothing}", "comes after a later time"),
    ("{name: n, events: [{+0s: {type: x, time: noon}}], expect: nothing}", "time: is +0s"),
    ("{name: n, events: [{type: x}], expect: nothing}", "such as +0s"),
    ("{name: n, events: [{+0s: {type: x}}]}", "needs expect:"),
    ("{name: n, events: [{+0s: {type: x}}], expect: nobody}", "nothing, or a list of expected incidents"),
    ("{name: n, events: [{+0s: {type: x}}], expect: [{notifed: [x]}]}", 'did you mean "notified"?'),
    ("{name: n, events: [{+0s: {type: x}}], expect: [{notified: [oncall x]}]}", 'did you mean "on-call"?'),
    ("{name: n, starts: soon, events: [{+0s: {type: x}}], expect: nothing}", "no date and time"),
]


@pytest.mark.parametrize("text, sentence", WRONG_TESTS, ids=[case[0] for case in WRONG_TESTS])
def test_a_wrong_test_is_refused_with_a_sentence(read, text, sentence):
    """A test that could not be run is an error of the file, not a test that passes."""
    _, findings = read(RULES, f"rules: [{{rule: a, when: {{event: {{}}}}, tests: [{text}]}}]")
    assert sentence in "\n".join(findings)
