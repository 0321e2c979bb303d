"""Rules that can never match, in part or whole, and rules that will probably disappoint."""

import pytest

from tocsin.book.content import find_problems
from tocsin.book.matches import MATCH
from tocsin.domain.time import DAY
from tocsin.settings import Journal, Settings

NEVER = [
    ("{v: {above: 10, below: 5}}", "no number is above 10 and below 5"),
    ("{type: a, any: [{type: b}, {type: c}]}", "no alternative of any: fits"),
    ("{v: {above: 10}, any: [{v: 3}, {v: {at_most: 10}}]}", "no alternative of any: fits"),
    ("{type: {in: []}}", "is empty, so nothing could ever match"),
    ("{type: a, none: [{type: a}]}", "excludes exactly what the match asks for"),
    ("{v: {matches: '(?=a)b'}}", "look-around"), ("{v: {matches: 'a(b'}}", "missing )"),
]


@pytest.mark.parametrize("text, sentence", NEVER)
def test_a_match_that_nothing_can_satisfy_is_an_error(read, text, sentence):
    """Found where it is written, with the reason."""
    value, findings = read(MATCH, text)
    assert value is None
    assert sentence in "\n".join(findings)


IDLE = [
    ("{v: {in: [5, 20], above: 10}}", '"5" can never match'),
    ("{type: {in: [alarm.a, sensor.b], starts_with: alarm}}", '"sensor.b" can never match'),
    ("{type: a, any: [{type: a, v: 1}, {type: b}]}", "alternative 2 of any: can never match"),
    ("{v: {in: [a, 12], above: 10}}", '"a" can never match'),
]


@pytest.mark.parametrize("text, sentence", IDLE)
def test_a_part_that_can_never_be_the_one_is_a_warning(read, text, sentence):
    value, findings = read(MATCH, text)
    assert value is not None
    assert [finding for finding in findings if sentence in finding and "warning" in finding]


@pytest.mark.parametrize("text", [
    "{v: {in: [15, 20], above: 10}}", "{type: alarm.*, any: [{type: alarm.a}, {type: alarm.b}]}",
    "{type: {in: [a, b]}, any: [{type: a, v: 1}, {type: b}]}", "{v: {matches: '(a+)+$'}}",
    "{v: {above: 1}, any: [{v: {below: 5}}, {w: 1}]}"])
def test_what_can_match_is_not_doubted(read, text):
    assert read(MATCH, text)[1] == []


def rule(when: str, more: str = "", status: str = "") -> str:
    event = f"{{type: x{status}}}"
    return f"""rules:
  - rule: r
    when: {when}
    {more}
    tests: [{{name: n, events: [{{+0s: {event}}}], expect: nothing}}]
"""


def problems(home, text: str, lists: str = "v\n12\nab\n", keep: int = 30 * DAY) -> str:
    root = home({"rules/r.yaml": text, "rules/lists/l.csv": lists})
    found = find_problems(root, Settings(journal=Journal(keep=keep)))
    return "\n".join(str(one) for one in found if "used nowhere" not in one.text)


def test_an_entry_of_a_list_that_can_never_match_is_named(home):
    """With what else the rule says of the field."""
    assert "of the list l.v ab can never match" in problems(
        home, rule("{event: {v: {in: lists/l.v, above: 10}}}"))
    assert problems(home, rule("{event: {v: {in: lists/l.v}}}")) == ""
    assert problems(home, rule("{event: {v: {in: lists/l.v, above: 10}}}"), "v\n12\n13\n") == ""


def test_a_list_without_entries_is_a_warning(home):
    """It may be filled tomorrow; today nothing is in it."""
    assert "has no entries" in problems(home, rule("{event: {v: {in: lists/l}}}"), "v,until\n")


FIRING = ", status: firing"


def test_a_rule_on_firing_and_resolved_needs_a_time_after_which_it_is_over(home):
    """An end that is lost would leave the incident active for ever."""
    doubt = "add clear: {after: 24 h}"
    assert doubt in problems(home, rule("{event: {type: x}}", status=FIRING))
    assert doubt in problems(home, rule("{event: {type: x}}", "clear: {when: {type: y}}", status=FIRING))
    assert problems(home, rule("{event: {type: x}}", "clear: {after: 4 h}", status=FIRING)) == ""
    assert problems(home, rule("{event: {type: x}}", "clear: {at: expires}", status=FIRING)) == ""
    assert problems(home, rule("{event: {type: x}}")) == ""
    assert problems(home, rule("{event: {type: tocsin.audit}}", status=FIRING)) == ""


def test_a_window_longer_than_the_journal_is_a_warning(home):
    text = rule("{count: {type: x}, at_least: 3, within: 40 d}")
    assert "looks 40d back, but the journal is kept for 30d" in problems(home, text)
    assert problems(home, text, keep=41 * DAY) == ""
