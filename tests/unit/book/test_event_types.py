"""rules/events: declared types are read, and rules are held against them."""

from pathlib import Path
from typing import Any

import pytest

from tocsin.book.content import find_problems, read_content
from tocsin.book.event_types import EVENT_FILE
from tocsin.settings import Settings

TYPES = """\
events:
  gate.plate:
    fields: {plate: plate, camera: text, permit_until: time, free: flag, size.length: {kind: number, unit: m}}
  river.level:
    fields: {level: {kind: number, unit: m, plausible: {at_least: 0, at_most: 12}}, turns: counter}
  panel.*: {add: {from: lists/panels, by: account}}
  panel.alarm: {fields: {account: text}}
  open.one: {about: whatever}
"""
LISTS = {"rules/lists/panels.csv": "account,site,keys_at,until\n1204,s,Olena,\n",
         "rules/lists/stolen.csv": "plate\nАН1234ВС\n"}
CONTACTS = {"contacts/all.yaml": """\
people: {olena: {name: О, email: o@example.org}}
policies: {p: {steps: [{to: {person: olena}, answer_within: 60s}], last_resort: {to: {person: olena}, every: 1 min}}}
"""}


def rule(when: str, more: str = "", say: str = "x", events: str = "{+0s: {type: open.one}}") -> str:
    more = "".join(f"    {line}\n" for line in more.splitlines())
    return (f"rules:\n  - rule: r\n    say: \"{say}\"\n    when: {when}\n{more}    escalate_to: p\n"
            f"    tests: [{{name: n, events: [{events}], expect: nothing}}]\n")


def problems(home: Any, text: str, types: str = TYPES) -> list[str]:
    files = {**LISTS, **CONTACTS, "rules/r.yaml": text, **({"rules/events/t.yaml": types} if types else {})}
    return [str(one) for one in find_problems(home(files), Settings()) if "used nowhere" not in one.text]


WRONG = [
    ("events: {a: {fields: {v: numbr}}}", 'f.yaml:1:26: error: the kind "numbr" is unknown: did you mean "number"?'),
    ("events: {a: {fields: {v: {unit: m}}}}", "a field needs kind:"),
    ("events: {a: {fields: {site: text}}}", '"site" is a field of every event and needs no declaration'),
    ("events: {a: {fields: {v: {kind: text, plausible: {above: 1}}}}}", "plausible: is a range of numbers"),
    ("events: {a: {fields: {v: {kind: number, plausible: {}}}}}", "plausible: needs at least one bound"),
    ("events: {a: {fields: {v: {kind: number, plausible: {above: 5, below: 1}}}}}", "no number is both above 5"),
    ("events: {a: {feilds: {}}}", 'did you mean "fields"?'), ("events: {'a b': {}}", '"a b" is no event type'),
    ("events: {'*': {}}", '"*" is no event type'), ("events: {a: {add: {from: panels, by: a}}}", "write lists/panels"),
    ("events: {a: {add: {from: lists/panels.account, by: account}}}", "a whole row is added"),
    ("evnts: {}", 'did you mean "events"?')]


@pytest.mark.parametrize("text, sentence", WRONG)
def test_a_mistake_in_the_file_is_named_with_its_place(read: Any, text: str, sentence: str) -> None:
    assert sentence in "\n".join(read(EVENT_FILE, text)[1])


@pytest.mark.parametrize("old, new, sentence", [
    ("by: account}", "by: acount}", 'the column "panels.acount" is unknown: did you mean "panels.account"?'),
    ("lists/panels", "lists/panel", 'the list "panel" is unknown'),
    ("  open.one:", "  gate.plate:", "stands twice in this mapping"),
    ("add: {from: lists/panels, by: account}}", "add: {from: lists/panels, by: account}, fields: {a: text}}",
     "add: of panel.* looks by a field that the type has not")])
def test_a_mistake_between_files_is_named(home: Any, old: str, new: str, sentence: str) -> None:
    assert old in TYPES
    assert sentence in "\n".join(problems(home, rule("{event: {type: open.one}}"), TYPES.replace(old, new)))


def test_a_type_stands_once_and_a_list_may_not_rename_an_event(home: Any) -> None:
    more = {"rules/events/u.yaml": "events: {open.one: {add: {from: lists/bad, by: id}}}",
            "rules/lists/bad.csv": "id,type,x\n1,a,b\n", "rules/events/t.yaml": TYPES, **LISTS}
    found = "\n".join(str(one) for one in find_problems(home(more), Settings()))
    assert 'the event type "open.one" stands already at rules/events/t.yaml:8:3' in found
    assert "the list bad has the column type, which an event has of its own" in found


@pytest.mark.parametrize("row, wrong", [
    ("a,48.7,37.5,", False), ("a,,,", False), ("a,48.7,,", True), ("a,98,37,", True), ("a,48.7,37.5,-1", True),
    ("a,48.7,37.5,near", True), ("a,x,37,", True)])
def test_a_row_has_a_location_that_can_be_or_none(home: Any, row: str, wrong: bool) -> None:
    files = {"rules/lists/panels.csv": f"account,location.lat,location.lon,location.accuracy_m\n{row}\n", **CONTACTS,
             "rules/events/t.yaml": TYPES, "rules/r.yaml": rule("{event: {type: open.one}}")}
    found = [str(one) for one in find_problems(home(files), Settings())]
    assert ["row 1 of the list panels" in one for one in found if "location" in one] == [True] * wrong


FINE = [
    rule("{event: {type: gate.plate, plate: {in: lists/stolen.plate}, free: false, size.length: {above: 3}}}",
         "per: [plate]", "{{ plate }} {{ camera }} {{ site }}"),
    rule("{event: {type: gate.plate, plate: {in: lists/stolen.plate, starts_with: 'AH'}}}"),
    rule("{event: {type: gate.plate, permit_until: {below: {field: time}}}}"),
    rule("{event: {type: gate.plate, permit_until: {above: 2026-11-24T12:00:00Z}}}"),
    rule("{level: {type: river.level}, of: level, at_least: 4}", "clear: {below: 3}", "{{ value }} {{ level }}"),
    rule("{event: {type: panel.alarm}}", "per: [account]", "{{ keys_at }}"),
    rule("{event: {type: panel.other, whatever: 1}}"), rule("{event: {type: open.one, whatever: 1}}"),
    rule("{event: {type: 'panel.*', account: '1204'}}"), rule("{event: {whatever: 1}}"),
    rule("{event: {type: tocsin.disk}}"), rule("{change: {type: river.level}, of: turns, rises: 20, within: 1h}"),
    rule("{event: {any: [{type: gate.plate, camera: x}, {type: river.level, level: 3}]}}"),
    rule("{event: {type: river.level, level: {at_least: 0, at_most: 12}}}"),
    rule("{event: {type: gate.plate}}", "per: [{plate: {gate.plate: plate}}]"),
    rule("{together: {a: {type: gate.plate}, b: {type: river.level}}, within: 1 min}", "",
         "{{ a.camera }} {{ b.level }}")]


@pytest.mark.parametrize("text", FINE)
def test_a_rule_that_fits_the_catalogue_is_not_doubted(home: Any, text: str) -> None:
    assert problems(home, text) == []


NEVER = [
    (rule("{event: {type: gate.plat}}"), 'rules/r.yaml:4:26: error: the event type "gate.plat" is declared nowhere'),
    (rule("{event: {type: gate.plate, plte: x}}"), 'rules/r.yaml:4:38: error: no source sends the field "plte" of '
                                                   'gate.plate: did you mean "plate"?\n    when: {event: {type: gate.pl'
                                                   "ate, plate: x}}"),
    (rule("{event: {type: gate.plate, zzz: x}}"), "declared are plate, camera, permit_until, free, size.length: add"),
    (rule("{level: {type: river.level}, of: levle, above: 3}"), '"levle"'),
    (rule("{count: {type: gate.plate}, distinct: camra, at_least: 2, within: 1 min}"), '"camra"'),
    (rule("{event: {type: gate.plate}}", "per: [plat]"), '"plat"'),
    (rule("{event: {type: gate.plate}}", "severity: {of: colour, red: high}"), '"colour"'),
    (rule("{event: {type: gate.plate, camera: {field: zzz}}}"), '"zzz"'),
    (rule("{event: {type: gate.plate, none: [{zzz: 1}]}}"), '"zzz"'),
    (rule("{event: {type: gate.plate}, for: {field: zzz}}"), '"zzz"'),
    (rule("{event: {type: open.one}}", "clear: {when: {type: gate.plate, zzz: 1}}"), '"zzz"'),
    (rule("{event: {type: gate.plate}}", events="{+0s: {type: gate.plate, plaet: x}}"),
     'rules/r.yaml:6:57: error: no source sends the field "plaet" of gate.plate: did you mean "plate"?'),
    (rule("{event: {type: gate.plate, free: 'yes'}}"), 'free is true or false, which "yes" is not'),
    (rule("{event: {type: gate.plate, camera: 7}}"), 'camera is a text: write "7" in quotes'),
    (rule("{event: {type: gate.plate, camera: {above: 7}}}"), "neither above nor below"),
    (rule("{event: {type: river.level, level: '7'}}"), "write 7 without quotes"),
    (rule("{event: {type: river.level, level: {starts_with: a}}}"), "of which starts_with: asks nothing"),
    (rule("{event: {type: gate.plate, permit_until: {above: 7}}}"), 'permit_until is a time, which "7" is not'),
    (rule("{average: {type: gate.plate}, of: camera, over: 1 min, above: 3}"), "average: is reckoned with numbers"),
    (rule("{change: {type: river.level}, of: turns, falls: 3, within: 1 min}"), "a counter, which only rises"),
    (rule("{event: {type: [gate.plate, x.y], v: 1}}"), "no source is known to send"),
    (rule("{event: {type: river.level, level: 13}}"), "level is never 13: plausible is at least 0 and at most 12 m"),
    (rule("{event: {type: river.level, level: {above: 12}}}"), "level is never above 12"),
    (rule("{level: {type: river.level}, of: level, levels: [{above: 20, severity: high}]}"), "level is never above 20"),
    (rule("{maximum: {type: river.level}, of: level, over: 1h, below: 0}"), "level is never below 0"),
    (rule("{change: {type: river.level}, of: level, rises: 13, within: 1 min}"), "level never moves by 13")]


@pytest.mark.parametrize("text, sentence", NEVER, ids=[case[1][:70] for case in NEVER])
def test_what_no_declared_event_can_satisfy_is_found_at_its_place(home: Any, text: str, sentence: str) -> None:
    assert sentence in "\n".join(problems(home, text))


@pytest.mark.parametrize("text, sentence", [
    (rule("{event: {type: fire.smoke}}"), 'warning: no source is known to send "fire.smoke"'),
    (rule("{event: {type: gate.plate}}", "", "{{ camra }}"), 'would print "—": did you mean "camera"?'),
    (rule("{level: {type: river.level}, of: level, above: -1}"), "level is always above -1")])
def test_what_is_doubtful_is_a_warning(home: Any, text: str, sentence: str) -> None:
    found = problems(home, text)
    assert sentence in "\n".join(found)
    assert not [one for one in found if "error" in one]


def test_without_declared_types_nothing_is_asked(home: Any) -> None:
    """But an instant can only be compared where a field is declared as one."""
    assert problems(home, rule("{event: {type: gate.plat, plte: x}}"), "") == []
    assert "declare it in rules/events, as until: time" in "\n".join(
        problems(home, rule("{event: {type: a, until: {above: 2026-11-24T12:00:00Z}}}"), ""))


def test_rules_are_kept_as_their_events_will_be(home: Any) -> None:
    """The plates of a rule, of its list and of its tests are spelled as those of events."""
    text = rule("{event: {type: gate.plate, plate: [ан-1, 'KA 2'], permit_until: 2026-11-24T14:00:00+02:00}}",
                "per: [plate]")
    content, _ = read_content(home({**LISTS, **CONTACTS, "rules/r.yaml": text.replace(
        "expect: nothing", "expect: [{incident: {plate: ан 1}}]"), "rules/events/t.yaml": TYPES}), Settings())
    found = {clause.field: clause.value for clause in content.rules[0].when.match.clauses}  # type: ignore[union-attr]  # all are of one field
    assert (found["plate"], found["permit_until"]) == (("AH1", "KA2"), "2026-11-24T12:00:00Z")
    assert content.rules[0].tests[0].expect == ({"incident": {"plate": "AH1"}},)


def test_the_starter_declares_what_its_rules_hear() -> None:
    root = Path(__file__).parents[3]
    content, _ = read_content(root, Settings())
    assert len(content.events) > 30
