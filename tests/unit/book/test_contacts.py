"""People, services, schedules and policies, read from what people write."""

import pytest

from tocsin.book.contacts import Away, LastResort, Need, Override, Rotation, Step, Target
from tocsin.book.people import PEOPLE
from tocsin.book.policies import POLICIES
from tocsin.book.schedules import schedules
from tocsin.book.services import SERVICES
from tocsin.book.targets import CHANNEL_GROUPS, TARGETS
from tocsin.domain.time import HOUR, MINUTE, SECOND

SCHEDULES = schedules("Europe/Kyiv")


def test_a_person_reads_as_written(read):
    """Addresses take the normal form of their channel."""
    people, findings = read(PEOPLE, """\
olena:
  name: Олена Коваленко
  language: uk                       # uk, ru, en shipped
  telegram: 123456789                # or enrolled by a one-time /start link
  phone: "+380 50 123 45 67"
  email: olena@example.org
  skills: [k9]
  by: {critical: [telegram + sms], high: [telegram, sms], low: [email], info: sms}
  away: [{from: "2026-12-24", to: "2026-12-27", stand_in: maria}]
""")
    assert findings == []
    olena = people["olena"]
    assert (olena.id, olena.name, olena.language, olena.skills) == ("olena", "Олена Коваленко", "uk", ("k9",))
    assert olena.addresses == {"telegram": "123456789", "sms": "+380501234567", "email": "olena@example.org"}
    assert olena.by == {"critical": (("telegram", "sms"),), "high": (("telegram",), ("sms",)), "low": (("email",),),
                        "info": (("sms",),)}
    assert olena.away == (Away("2026-12-24", "2026-12-27", "maria"),)


def test_a_system_is_a_person_with_a_webhook(read):
    """Another system is told like a person, by the address at which it takes messages."""
    address = "https://dispatch.example.org/a?b=1"
    found, findings = read(PEOPLE, f'dispatch: {{name: Dispatch, webhook: "{address}", by: webhook}}')
    assert findings == []
    assert found["dispatch"].addresses == {"webhook": address}


@pytest.mark.parametrize("written, number", [
    ("+380501234567", "+380501234567"), ("050 123 45 67", "+380501234567"), ("(050) 123-45-67", "+380501234567"),
    ('"00380501234567"', "+380501234567"), ("+15005550006", "+15005550006"), ("0671234567", "+380671234567")])
def test_phone_numbers_become_international(read, written, number):
    """National numbers are read as Ukrainian."""
    people, findings = read(PEOPLE, f"a: {{name: A, phone: {written}}}")
    assert [finding for finding in findings if "error" in finding] == []
    assert people["a"].addresses == {"sms": number}


def test_channels_without_severities_are_for_all(read):
    """``by: sms`` means every severity."""
    people, _ = read(PEOPLE, "a: {name: A, phone: 0501234567, by: sms}")
    assert set(people["a"].by) == {"info", "low", "medium", "high", "critical"}


WRONG_PEOPLE = [
    ("a: {name: A, phone: 112}", "emergency or short number"),
    ("a: {name: A, phone: 101}", "emergency or short number"),
    ("a: {name: A, phone: 15500}", "emergency or short number"),
    ("a: {name: A, phone: +38050123}", "too few or too many digits"),
    ('a: {name: A, phone: "050 123 45 67 x12"}', "too few or too many digits"),
    ("a: {name: A, phone: work}", "a phone number such as"),
    ("a: {name: A, email: olena}", "an e-mail address such as"),
    ('a: {name: A, email: "a b@example.org"}', "an e-mail address such as"),
    ("a: {name: A, webhook: dispatch.example.org}", "an address such as https://"),
    ('a: {name: A, webhook: "ftp://dispatch.example.org"}', "an address such as https://"),
    ('a: {name: A, webhook: "https://:8080/a"}', "an address such as https://"),
    ('a: {name: A, webhook: "https://київ.example.org/a"}', "has letters that addresses on the wire have not"),
    ('a: {name: A, webhook: "https://u:p@dispatch.example.org/a"}', "neither a login before an @"),
    ("a: {name: A, email: a@example.org, email: b@example.org}", "stands twice"),
    ('a: {name: A, telegram: "@olena"}', "/start link"),
    ("a: {name: A, telegram: olena}", "the number of a Telegram user"),
    ("a: {name: A, telegram: -100123}", "the number of a Telegram user"),
    ("a: {name: A, email: a@b.c, by: {high: [telegramm]}}", 'did you mean "telegram"?'),
    ("a: {name: A, email: a@b.c, by: {hihg: [email]}}", 'did you mean "high"?'),
    ("a: {name: A, email: a@b.c, by: [email + email]}", "names a channel twice"),
    ("a: {name: A, email: a@b.c, by: []}", "empty"),
    ("a: {name: A, email: a@b.c, by: sms}", "names sms, but A has no phone:"),
    ("a: {name: A, email: a@b.c, language: de}", '"de" is unknown'),
    ('a: {name: A, email: a@b.c, away: [{from: "2026-12-27", to: "2026-12-24"}]}', "before it begins"),
    ("a: {name: A, email: a@b.c, away: [{from: yesterday, to: today}]}", "a date and time such as"),
    ("a: {email: a@b.c}", "needs name:"),
    ("a b: {name: A}", "a-b"),
    ("- name: A", "a list stands where people:"),
]


@pytest.mark.parametrize("text, sentence", WRONG_PEOPLE, ids=[case[0] for case in WRONG_PEOPLE])
def test_a_wrong_person_is_refused(read, text, sentence):
    """Addresses that can reach nobody, or that must never be written to, are errors."""
    _, findings = read(PEOPLE, text)
    assert sentence in "\n".join(finding for finding in findings if "error" in finding)


def test_a_person_without_any_address_is_doubted(read):
    """Only a warning: a /start link may follow."""
    people, findings = read(PEOPLE, "a: {name: A}")
    assert "a" in people
    assert "cannot be reached" in findings[0]


def test_a_service_reads_as_written(read):
    """Its group chat is an address, its channels say how much they may carry."""
    services, findings = read(SERVICES, """\
police-patrol:
  name: Патрульна поліція
  kind: police
  area: districts/centre
  neighbours: [police-north]
  schedule: police-patrol
  group_chat: -1001234567890
  channels: {telegram: {content: reference}}
""")
    assert findings == []
    service = services["police-patrol"]
    assert (service.kind, service.area, service.neighbours) == ("police", "districts/centre", ("police-north",))
    assert (service.schedule, service.group_chat) == ("police-patrol", "-1001234567890")
    assert service.channels == {"telegram": {"content": "reference"}}


@pytest.mark.parametrize("text, sentence", [
    ("s: {name: S}", "has nobody"), ("s: {name: S, members: [a], channels: {telegram: {content: ful}}}", '"full"'),
    ("s: {name: S, members: [a], channels: {fax: {content: full}}}", '"fax" is unknown'),
    ("s: {name: S, group_chat: 12}", "a Telegram group")])
def test_a_wrong_service_is_refused(read, text, sentence):
    """A service without anybody can answer nothing."""
    assert sentence in "\n".join(read(SERVICES, text)[1])


@pytest.mark.parametrize("written, means", [
    ("{content: full}", "full"), ("{content: none}", "none"), ("reference", "reference"), ("forbidden", "none"),
    ("{content: {critical: full, low: forbidden}}", {"critical": "full", "low": "none"})])
def test_what_a_channel_may_carry(read, written, means):
    """A word, or words by severity; ``forbidden`` is another word for none."""
    services, findings = read(SERVICES, f"a: {{name: A, members: [b], channels: {{sms: {written}}}}}")
    assert findings == []
    assert services["a"].channels == {"sms": {"content": means}}


@pytest.mark.parametrize("written, sentence", [
    ("{telegram: {content: {low: none}}}", "must say what holds for critical"),
    ("{telegram: {content: nothing}}", "the content"), ("{telegram: [full]}", "what the channel may carry"),
    ("{pigeon: full}", "the channel"), ("{telegram: {}}", "content")])
def test_a_restriction_that_cannot_be_read_is_refused(read, written, sentence):
    """Above all one that leaves open what a critical message may say."""
    _, findings = read(SERVICES, f"a: {{name: A, members: [b], channels: {written}}}")
    assert sentence in "\n".join(findings)


def test_a_schedule_reads_as_written(read):
    """Turns are microseconds, times local as written."""
    found, findings = read(SCHEDULES, """\
patrol:
  time_zone: Europe/Warsaw
  rotations:
    - {people: [olena, taras, ivan], turn: 12 h, from: "2026-11-23 08:00"}
  overrides: [{person: maria, from: 2026-12-24T08:00, to: "2026-12-25 08:00", instead_of: olena}]
here: {rotations: [{people: [a], turn: 7 d, from: "2026-11-23", to: 2027-01-01}]}
""")
    assert findings == []
    assert found["patrol"].time_zone == "Europe/Warsaw"
    assert found["patrol"].rotations == (Rotation(("olena", "taras", "ivan"), 12 * HOUR, "2026-11-23 08:00"),)
    assert found["patrol"].overrides == (Override("maria", "2026-12-24 08:00", "2026-12-25 08:00", "olena"),)
    assert found["here"].time_zone == "Europe/Kyiv"
    assert found["here"].rotations == (Rotation(("a",), 7 * 24 * HOUR, "2026-11-23", "2027-01-01"),)


@pytest.mark.parametrize("text, sentence", [
    ('s: {rotations: [{people: [a], turn: 12 h, from: "2026-03-29 03:30"}]}', "does not exist in Europe/Kyiv"),
    ('s: {time_zone: America/New_York, rotations: [{people: [a], turn: 12 h, from: "2026-03-08 02:30"}]}',
     "does not exist"),
    ('s: {rotations: [{people: [a], turn: 12 h, from: "2026-02-30"}]}', "no day or time of the calendar"),
    ('s: {rotations: [{people: [a], turn: 12 h, from: "2026-03-01 08:00Z"}]}', "times here are local"),
    ('s: {rotations: [{people: [a], turn: 12 h, from: "2026-03-01 08:00", to: "2026-02-01"}]}', "before it begins"),
    ("s: {rotations: [{people: [], turn: 12 h, from: 2026-03-01}]}", "at least 1 item"),
    ("s: {rotations: [{people: [a], turn: 12, from: 2026-03-01}]}", "no unit"),
    ("s: {time_zone: Europe/Kiyv, rotations: [{people: [a], turn: 12 h, from: 2026-03-01}]}", '"Europe/Kyiv"'),
    ("s: {time_zone: Kramatorsk/Ukraine/x, rotations: [{people: [a], turn: 1 h, from: 2026-03-01}]}", "is unknown"),
    ("s: {overrides: [{person: a, from: 2026-03-02, to: 2026-03-01}]}", "before it begins"),
    ("s: {}", "has nobody"), ("s: {import: /etc/patrol.ics}", "is a path below contacts/"),
    ("s: {import: ../patrol.ics}", "without .. in it"), ("s: {import: {people: {a: b}}}", "needs file:"),
    ("s: {import: {file: a.ics, peoples: b}}", 'did you mean "people"?')])
def test_a_wrong_schedule_is_refused(read, text, sentence):
    """A time that no clock shows that night is an error, not a shift an hour later."""
    found, findings = read(SCHEDULES, text)
    assert found is None
    assert sentence in "\n".join(findings)


def test_a_time_that_comes_twice_is_stated(read):
    """The repeated hour is allowed, and said."""
    found, findings = read(SCHEDULES, 's: {rotations: [{people: [a], turn: 1 h, from: "2026-10-25 03:30"}]}')
    assert found is not None
    assert "comes twice in Europe/Kyiv" in findings[0]


def test_a_policy_reads_as_written(read):
    """The policy of the language's description."""
    policies, findings = read(POLICIES, """\
police-patrol:
  steps:
    - {to: {on_call: police-patrol}, answer_within: 60s, need: [{accepted: 2}, {accepted: 1, skill: k9}]}
    - {to: [{on_call: shift-heads}, {service: duty-office}], by: [sms + telegram], answer_within: 60s,
       only: {severity: [critical, high]}}
    - {to: {person: chief}, wait_for: {calendar: office-hours}}      # held and listed till then; never for critical
  repeat: 2                                                          # two more rounds
  last_resort: {to: {service: duty-office}, by: [sms, email], every: 5 min}     # required
  after_answer: {remind: 15 min, reopen: 30 min}
""")
    assert findings == []
    policy = policies["police-patrol"]
    assert policy.steps == (
        Step((Target("on_call", "police-patrol"),), 60 * SECOND, need=(Need(2), Need(1, "k9"))),
        Step((Target("on_call", "shift-heads"), Target("service", "duty-office")), 60 * SECOND,
             by=(("sms", "telegram"),), only={"severity": ("critical", "high")}),
        Step((Target("person", "chief"),), 5 * MINUTE, wait_for="office-hours"))
    assert policy.last_resort == LastResort((Target("service", "duty-office"),), 5 * MINUTE, (("sms",), ("email",)))
    assert (policy.repeat, policy.remind, policy.reopen) == (2, 15 * MINUTE, 30 * MINUTE)


LAST = "last_resort: {to: {person: a}, every: 5 min}"


@pytest.mark.parametrize("text, sentence", [
    ("p: {steps: [{to: {person: a}, answer_within: 60s}]}", "needs last_resort:"),
    (f"p: {{{LAST}}}", "needs steps:"),
    (f"p: {{steps: [], {LAST}}}", "at least 1 item"),
    (f"p: {{steps: [{{to: {{person: a}}}}], {LAST}}}", "needs answer_within:"),
    (f"p: {{steps: [{{to: {{person: a}}, answer_within: 0s}}], {LAST}}}", "no time at all"),
    (f"p: {{steps: [{{to: a, answer_within: 60s}}], {LAST}}}", "{person: a}"),
    (f"p: {{steps: [{{to: [], answer_within: 60s}}], {LAST}}}", "at least 1 item"),
    (f"p: {{steps: [{{to: {{persn: a}}, answer_within: 60s}}], {LAST}}}", 'did you mean "person"?'),
    (f"p: {{steps: [{{to: {{person: a, service: b}}, answer_within: 60s}}], {LAST}}}", "exactly one of"),
    (f"p: {{steps: [{{to: {{person: a, neighbours: true}}, answer_within: 60s}}], {LAST}}}", "area_service only"),
    (f"p: {{steps: [{{to: {{person: a}}, answer_within: 60s, need: []}}], {LAST}}}", "at least 1 item"),
    (f"p: {{steps: [{{to: {{person: a}}, answer_within: 60s, need: [{{accepted: 0}}]}}], {LAST}}}", "from 1 to"),
    (f"p: {{steps: [{{to: {{person: a}}, wait_for: {{calendar: c}}, only: {{severity: critical}}}}], {LAST}}}",
     "never holds a critical incident"),
    (f"p: {{steps: [{{to: {{person: a}}, answer_within: 60s}}], repeat: -1, {LAST}}}", "out of range"),
    ("p: {steps: [{to: {person: a}, answer_within: 60s}], last_resort: {to: {person: a}}}", "needs every:"),
    (f"board: {{steps: [{{to: {{person: a}}, answer_within: 60s}}], {LAST}}}", "another name")])
def test_a_wrong_policy_is_refused(read, text, sentence):
    """A policy that could end in silence is an error."""
    policies, findings = read(POLICIES, text)
    assert policies is None
    assert sentence in "\n".join(findings)


@pytest.mark.parametrize("text, targets", [
    ("{person: a}", (Target("person", "a"),)),
    ("[{person: a}, {skill: k9}]", (Target("person", "a"), Target("skill", "k9"))),
    ("{area_service: police, neighbours: true}", (Target("area_service", "police", True),)),
    ("commander", (Target("commander", ""),)), ("{commander: true}", (Target("commander", ""),)),
    ("[commander, {on_call: x}]", (Target("commander", ""), Target("on_call", "x")))])
def test_every_form_of_a_target_is_read(read, text, targets):
    """One target may stand without a list."""
    assert read(TARGETS, text) == (targets, [])


@pytest.mark.parametrize("text, groups", [
    ("sms", (("sms",),)), ("[telegram, sms]", (("telegram",), ("sms",))), ("[telegram + sms]", (("telegram", "sms"),)),
    ("telegram+sms", (("telegram", "sms"),)), ("[sms + telegram, email]", (("sms", "telegram"), ("email",)))])
def test_channels_in_turn_and_at_once(read, text, groups):
    """A list is in turn, + is at once."""
    assert read(CHANNEL_GROUPS, text) == (groups, [])
