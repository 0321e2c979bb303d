"""YAML's silent traps are errors, each with a sentence, a place and, where it is plain, the repaired line."""

import pytest

from tocsin.book.report import Report
from tocsin.book.yaml import read_text

TRAPS = [
    # what is written, line, column, part of the sentence, the repaired line
    ("say: Пожежа #3", 1, 6, 'everything after " #" is lost', 'say: "Пожежа #3"'),
    ("say: #3 горить", 1, 6, "the value begins with #", 'say: "#3 горить"'),
    ("plate: *12", 1, 8, "a * at the beginning", 'plate: "*12"'),
    ("plate: *12.5", 1, 8, "a * at the beginning", 'plate: "*12.5"'),
    ("plate: *-12", 1, 8, "a * at the beginning", 'plate: "*-12"'),
    ("when: {plate: *12}", 1, 15, "a * at the beginning", 'when: {plate: "*12"}'),
    ("plate: AB*12", 1, 8, "holds a *", 'plate: "AB*12"'),
    ("value: >= 10", 1, 8, '">=" is no comparison', "value: {at_least: 10}"),
    ("when: {value: >= 10}", 1, 15, '">=" is no comparison', "when: {value: {at_least: 10}}"),
    ("value: > 10", 1, 8, "begins a folded text", "value: {above: 10}"),
    ("when: {value: > 10}", 1, 15, '">" is no comparison', "when: {value: {above: 10}}"),
    ("value: >5\nnext: 1", 1, 8, "begins a folded text", "value: {above: 5}"),
    ("say: Пожежа: зал", 1, 12, "a second colon", 'say: "Пожежа: зал"'),
    ("a: b: c", 1, 5, "a second colon", 'a: "b: c"'),
    ("{a: b: c}", 1, 6, "a second colon", ""),
    ("say: {{ site }}", 1, 6, "text with {{ }} stands in quotes", 'say: "{{ site }}"'),
    ("say: {{ site }} горить", 1, 6, "text with {{ }} stands in quotes", 'say: "{{ site }} горить"'),
    ("say: Пожежа {{ site }}", 1, 6, "text with {{ }} stands in quotes", 'say: "Пожежа {{ site }}"'),
    ("{say: Пожежа {{ site }}}", 1, 14, "text with {{ stands in quotes", ""),
    ("{token: ${TOKEN}}", 1, 9, "text with ${ stands in quotes", ""),
    (r'matches: "\d+"', 1, 11, "a backslash inside", r"matches: '\d+'"),
    (r'matches: "\x"', 1, 11, "a backslash inside", r"matches: '\x'"),
    ("when: {type:alarm.panic}", 1, 8, "no space after the colon", "when: {type: alarm.panic}"),
    ("when: {event:{type: x}, for:[a]}", 1, 8, '"event:" needs a space', "when: {event: {type: x}, for: [a]}"),
    ("{a}", 1, 2, '"a" has no value', ""),
    ("a: 1\nsay:Пожежа\nb: 2", 2, 1, '"say:" needs a space', "say: Пожежа"),
    ("say:Пожежа\nb: 2", 1, 1, '"say:" needs a space', "say: Пожежа"),
    ("\ta: b", 1, 1, "a tab cannot indent", "a: b"),
    ("a:\n\t- b", 2, 1, "a tab cannot indent", "- b"),
    ("a:\tb", 1, 4, "a tab stands", "a: b"),
    ("a: b\tc", 1, 4, "a tab stands", "a: b c"),
    ("a: !x b", 1, 4, "a ! at the beginning", 'a: "!x b"'),
    ("a: != 5", 1, 4, "{not: 5}", "a: {not: 5}"),
    ("a: &x b", 1, 4, "a & at the beginning", 'a: "&x b"'),
    ("a: b\n---\nc: d", 2, 1, "a second document", ""),
    ("a: 1\nb: 2\na: 3", 3, 1, '"a" stands twice in this mapping, first on line 1', ""),
    ("a: @home", 1, 4, 'cannot begin with "@"', 'a: "@home"'),
    ('say: "Пожежа" зал', 1, 15, "after the closing quote", 'say: "Пожежа зал"'),
    ("say: 'об'єкт'", 1, 10, "after the closing quote", 'say: "об\'єкт"'),
    ('say: "Пожежа', 1, 6, "never closed", ""),
    ("a: [x\nb: c", 1, 5, "comma or the closing bracket", ""),
    ("a: [x #3, y]\nb: c", 1, 5, 'everything after " #" is lost', ""),
    ("a: [1, 2]]", 1, 10, '"]" closes a bracket', ""),
    ("a: b\n  c: d", 2, 3, "indented deeper", "c: d"),
    ("a:\n  b: 1\n c: 2", 3, 2, "does not fit the lines above", ""),
    ("say: Пожежа\n  у залі", 1, 6, "goes on over the next line", 'say: "Пожежа"'),
    ("a: - b", 1, 4, 'a "- " item cannot begin', ""),
    ("a: 1\na:\u00a0b\nc: 1", 2, 1, "non-breaking space", "a: b"),
    ("a: b\u00a0c", 1, 4, "non-breaking space", "a: b c"),
    ("a: b\x07", 1, 5, "invisible character U+0007", ""),
    ("? [a]\n: b", 1, 3, "cannot be a name", ""),
]


@pytest.mark.parametrize("text, line, column, sentence, repaired", TRAPS, ids=[trap[0] for trap in TRAPS])
def test_a_trap_is_an_error_with_sentence_place_and_repaired_line(text, line, column, sentence, repaired):
    """Every trap of the table is refused at its place, and the repair reads without that error."""
    report = Report()
    read_text("a.yaml", text, report)
    first = report.ordered()[0]
    assert sentence in first.text
    assert (first.where.line, first.where.column) == (line, column)
    assert first.repaired == repaired


@pytest.mark.parametrize("text", [trap[4] for trap in TRAPS if trap[4]])
def test_a_repaired_line_is_right(text):
    """What the reader proposes is free of traps itself."""
    report = Report()
    read_text("a.yaml", text, report)
    assert report.ordered() == ()


RIGHT = [
    "severity: critical                 # a comment", "severity: critical # a comment", "say: 'Пожежа #3'",
    "type: alarm.*", "type: {any_of: [alarm.*, test.*]}", 'like: "AB*12"', 'say: "{{ site }}"', "at: 10:30",
    "phone: +380501234567", r"matches: '\d+'", "say: |\n  two\n  lines", "say: >\n  one\n  line",
    "events: [{+0s: {type: alarm.panic}}]", "# yaml-language-server: $schema=rules.json\na: b", "a: b\n\n\n",
    "---\na: b\n", "a: [b, c: d]", "\ufeffa: b", "a: b\r\nc: d\r\n", "a: x#3", 'a: "tab\there"',
    "a: http://example.org", "a: {'b': c}",
]


@pytest.mark.parametrize("text", RIGHT)
def test_what_reads_as_it_looks_is_not_refused(text):
    """The traps do not catch what people rightly write."""
    report = Report()
    assert read_text("a.yaml", text, report) is not None
    assert report.ordered() == ()


def test_problems_after_a_syntax_error_are_found_too():
    """All errors of a file are found at once, though the parser stops at the first."""
    report = Report()
    text = "a: b: c\nd: > 10\ne: Пожежа #3\nf: \"\\d\"\nd: 1\n"
    read_text("a.yaml", text, report)
    assert [finding.where.line for finding in report.ordered()] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("text", ["", "\n", "# a comment\n", "---\n", "--- # a comment"])
def test_an_empty_file_is_empty_and_not_wrong(text):
    """Nothing but comments is no tree and no error."""
    report = Report()
    assert read_text("a.yaml", text, report) is None
    assert report.ordered() == ()


def test_text_that_is_not_utf8_is_refused_at_its_place():
    """Bytes that are not UTF-8 give the place of the first of them."""
    from tocsin.book.yaml import read_bytes

    report = Report()
    assert read_bytes("a.yaml", "a: b\nc: ї".encode("cp1251"), report) is None
    assert str(report.ordered()[0]).startswith("a.yaml:2:4: error: this is not UTF-8")
