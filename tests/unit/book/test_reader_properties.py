"""Whatever stands in a file: findings inside the file, never another exception, in bounded time."""

import tracemalloc
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.book import yaml
from tocsin.book.areas import read_areas
from tocsin.book.calendars import CALENDAR, OPERATIONS
from tocsin.book.content import contact_shapes
from tocsin.book.lists import read_list
from tocsin.book.node import Mapping, Scalar, Sequence
from tocsin.book.report import LINE_BREAK, Report, Unreadable
from tocsin.book.rules import RuleFile
from tocsin.book.scalars import number_of, plain_value
from tocsin.book.yaml import read_bytes, read_text
from tocsin.domain.errors import Location
from tocsin.settings import SETTINGS

FILE = """\
defaults: {severity: high}
rules:
  - rule: panic-button                        # stable id
    say: "Тривожна кнопка: {{ site }}"
    when:
      event: {type: alarm.*, value: {above: 10}, any: [{a: 1}, {b: {matches: '\\d+'}}],
              near: {of: [48.7, 37.5], distance: 3 km}}
      for: 10 min
    per: [site]
    unless: {active: panic-button, same: [site]}
    clear: {after: 4 h}
    tests:
      - {name: n, events: [{+0s: {type: x}}], expect: [{at: +0s, notified: [on-call x]}]}
people: {olena: {name: О, phone: 0501234567, by: {high: [sms]}, away: [{from: 2026-01-01, to: 2026-01-02}]}}
services: {s: {name: S, members: [olena]}}
schedules: {s: {rotations: [{people: [olena], turn: 12 h, from: "2026-11-23 08:00"}]}}
policies: {p: {steps: [{to: {person: olena}, answer_within: 60s}], last_resort: {to: {person: olena}, every: 5 min}}}
open: [{days: [mon], from: 09:00, to: 17:00}]
sources: {a: {kind: mqtt, url: "mqtt://x", topics: [{topic: a/+, type: x}]}}
"""
PIECES = st.sampled_from([*" \n\t:-#{}[],&*!|>'\"%@`?~<=.0a\u00a0\u2028\x85ї\x00\\", "{{", "}}", "${", "a: b", "- ",
                          "\n  ", ": ", " #", ">=", "*12", "null", "\\d", "\ufeff", "rules:", "\r\n", "---\n", "<<: "])
TEXTS = st.one_of(st.lists(PIECES, max_size=40).map("".join), st.text(max_size=60))


@st.composite
def spoilt_files(draw):
    """A right file with a few pieces put in, taken out or exchanged."""
    text = FILE
    for _ in range(draw(st.integers(1, 5))):
        start = draw(st.integers(0, len(text)))
        text = text[:start] + draw(PIECES | st.just("")) + text[start + draw(st.integers(0, 12)):]
    return text


def read_as_everything(text: str) -> Report:
    report = Report()
    tree = read_text("f.yaml", text, report)
    if tree is None:
        return report
    shapes = [RuleFile(), SETTINGS, CALENDAR, OPERATIONS]
    if isinstance(tree, Mapping):
        contacts = contact_shapes("Europe/Kyiv")
        for key, part in tree.entries:
            if key.text in contacts:
                with suppress(Unreadable):
                    contacts[key.text].read(part, report)
    for shape in shapes:
        with suppress(Unreadable):
            shape.read(tree, report)
    report.resolve()
    return report


@settings(max_examples=300, deadline=None)
@given(TEXTS | spoilt_files())
def test_any_text_gives_findings_inside_the_file(text):
    """No input raises anything else, and every place can be shown."""
    lines = LINE_BREAK.split(text.removeprefix("\ufeff"))
    for finding in read_as_everything(text).ordered():
        assert finding.text
        assert 1 <= finding.where.line <= len(lines)
        assert 1 <= finding.where.column <= len(lines[finding.where.line - 1]) + 1


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=80) | TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_give_findings(body):
    """Files of every kind are read without another exception."""
    report = Report()
    read_bytes("f.yaml", body, report)
    for path in ("l.csv", "l.yaml"):
        with suppress(Unreadable):
            read_list("l", path, body, report)
    read_areas("a", "a.geojson", body, report)
    assert all(str(finding) for finding in report.ordered())


def as_data(node):
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Sequence):
        return [as_data(part) for part in node.items]
    return {key.text: as_data(part) for key, part in node.entries}


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp", "Cn", "Co")), max_size=20)
DATA = st.recursive(TEXT, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
                    max_leaves=8)


def written(data) -> str:
    if isinstance(data, str):
        return "'" + data.replace("'", "''") + "'"
    if isinstance(data, list):
        return "[" + ", ".join(written(part) for part in data) + "]"
    return "{" + ", ".join(f"{written(key)}: {written(part)}" for key, part in data.items()) + "}"


@settings(max_examples=200, deadline=None)
@given(DATA)
def test_quoted_text_reads_back_unchanged(data):
    """In quotes everything stands for itself, at its place."""
    report = Report()
    tree = read_text("f.yaml", written(data), report)
    assert report.ordered() == ()
    assert as_data(tree) == data


@given(st.text(st.sampled_from("0123456789+-.eEx_:"), max_size=8))
def test_only_core_numbers_are_numbers(text):
    """What YAML 1.1 or Python would also take for a number stays text."""
    value = plain_value(Scalar(text, Location("f")))
    if number_of(text) is None:
        assert value == (text or None)
    else:
        assert value == float(text)
        assert not (len(text.lstrip("-")) > 1 and text.lstrip("-")[0] == "0" and text.lstrip("-")[1] not in ".eE")
        assert text[0] in "-0123456789"


class Counted:
    """The parser's events, counted as the reader takes them."""

    def __init__(self, parse) -> None:
        self.parse, self.count = parse, 0

    def __call__(self, *args, **kwargs):
        for event in self.parse(*args, **kwargs):
            self.count += 1
            yield event


HEAVY = {
    "deep lists": ("[" * 1_000_000, 2_000), "deep mappings": ("{a: " * 1_000_000, 200),
    "deep indentation": ("".join(" " * depth + "a:\n" for depth in range(2_000)), 200),
    "one long line": ("a: [" + "x, " * 1_500_000 + "]", 0), "bytes": ("a" * 5_000_001, 0),
    "laughs": ("a: &a [x]\n" + "".join(f"b{n}: [{'*a, ' * 9}*a]\n" for n in range(500)), 10_000),
    "the same mistake on every line": ("a: b: c\n" * 20_000, 2_000),
}


@pytest.mark.parametrize("name", HEAVY)
def test_heavy_files_take_bounded_work(name, monkeypatch):
    """Limits stop the reader after a number of events that does not grow with the file."""
    text, most = HEAVY[name]
    counted = Counted(yaml.yaml.parse)
    monkeypatch.setattr(yaml.yaml, "parse", counted)
    report = Report()
    read_bytes("f.yaml", text.encode(), report)
    assert report.failed
    assert counted.count <= most


def test_a_bomb_of_aliases_is_never_expanded():
    """Nine levels of ten references each are refused where they stand, in the memory of the text itself."""
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    report = Report()
    tracemalloc.start()
    try:
        read_text("f.yaml", "\n".join(lines), report)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert report.failed
    assert peak < 2_000_000


def test_ten_thousand_rules_are_read_event_by_event(monkeypatch):
    """A big honest file is read once, without a limit in the way."""
    counted = Counted(yaml.yaml.parse)
    monkeypatch.setattr(yaml.yaml, "parse", counted)
    text = "rules:\n" + "".join(f"  - {{rule: r{n}, when: {{event: {{type: t{n}}}}}}}\n" for n in range(10_000))
    report = Report()
    tree = read_text("f.yaml", text, report)
    assert len(RuleFile().read(tree, report)) == 10_000
    assert not report.failed
    assert counted.count < 13 * 10_000
