"""What two books have in common is heard once, and the outcome is that of two whole books."""

from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.support.city import PEOPLE, content, event_rule, incident_rule, match, person

from tocsin.book.book import Content
from tocsin.book.rule import Gate, Rule, RuleTest, When
from tocsin.cli.backtest import side, sides
from tocsin.domain.event import Event
from tocsin.domain.input import Started
from tocsin.domain.time import MINUTE, SECOND, parse_instant
from tocsin.replay.backtest import Backtest, backtest
from tocsin.replay.shared import divide

START = parse_instant("2026-11-22T10:00:00Z")
RULES = {
    "a": event_rule("a", match(type="a")),
    "b": event_rule("b", match(type="b"), to=None),
    "b2": incident_rule("b2", "b", for_="5 min"),
    "c": event_rule("c", match(type="c"), unless=(Gate(active="b", same=("site",)),)),
    "n": Rule(id="n", say="n", when=When("count", match=match(type="a"), at_least=2, within=10 * MINUTE),
              escalate_to=("police",), severity="high"),
    "s": Rule(id="s", say="s", when=When("absence", match=match(type="b"), for_=5 * MINUTE, expected="seen"),
              escalate_to=("board",)),
    "w": Rule(id="w", say="w", when=When("new", match=match(type="c"), of="site", over=5 * MINUTE),
              escalate_to=("board",)),
}
CHANGES: dict[str, Any] = {
    "as it was": lambda rule: rule, "gone": lambda rule: None,
    "texts": lambda rule: replace(rule, say="other", advice="other", tests=(RuleTest("t", (), None, rule.where),)),
    "severity": lambda rule: replace(rule, severity="low"),
    "waits": lambda rule: replace(rule, when=replace(rule.when, for_=MINUTE)),
    "off": lambda rule: replace(rule, enabled=False)}


def changed(changes: dict[str, str], order: list[str]) -> Content:
    found = [CHANGES[changes.get(name, "as it was")](RULES[name]) for name in order]
    return content(*(rule for rule in found if rule is not None))


def parts(old: Content, new: Content) -> list[list[str]]:
    return [[rule.id for rule in part.rules] for part in divide(old, new)]


def test_an_untouched_rule_is_in_common_and_a_changed_one_is_not() -> None:
    """With all that follow it or ask about it; texts and tests change nothing."""
    order = list(RULES)
    assert parts(changed({}, order), changed({"a": "severity", "n": "texts"}, order)) == [
        ["b", "b2", "c", "n", "s", "w"], ["a"], ["a"]]
    assert parts(changed({}, order), changed({"c": "severity"}, order)) == [
        ["a", "n", "s", "w"], ["b", "b2", "c"], ["b", "b2", "c"]]
    assert parts(changed({}, order), changed({"b2": "gone"}, order)) == [
        ["a", "n", "s", "w"], ["b", "b2", "c"], ["b", "c"]]
    assert parts(changed({"a": "gone"}, order), changed({}, order)) == [
        ["b", "b2", "c", "n", "s", "w"], [], ["a"]]
    assert parts(changed({}, ["b", "c"]), changed({}, ["c", "b"])) == [[], ["b", "c"], ["c", "b"]]


def test_with_other_contacts_nothing_is_in_common() -> None:
    old, new = content(RULES["a"]), content(RULES["a"], people=(*PEOPLE, person("new", "sms")))
    assert parts(old, new) == [[], ["a"], ["a"]]
    assert parts(old, replace(old, templates={"page/sms.uk": "x"})) == [["a"], [], []]


@st.composite
def recordings(draw: Any) -> list[tuple[int, Event | Started]]:
    at, found = START, []
    for number in range(draw(st.integers(1, 25))):
        at += draw(st.sampled_from([0, 1, 20, 30, 60, 300, 900])) * SECOND
        if draw(st.integers(0, 9)) == 0:
            found.append((at, Started("1", draw(st.sampled_from([0, 60])) * SECOND)))
            continue
        type_, status = draw(st.sampled_from("abc")), draw(st.sampled_from([None, "firing", "resolved"]))
        found.append((at, Event(id=str(number), source="s", type=type_, time=at, received=at, status=status,
                                site=draw(st.sampled_from(["x", "y"])), device="d")))
    return found


def picture(done: Backtest) -> Any:
    return done.events, done.since, done.ended, done.differences, done.woken_before, done.woken_after


@settings(max_examples=60, deadline=None)
@given(recordings(), st.dictionaries(st.sampled_from(list(RULES)), st.sampled_from(list(CHANGES)), max_size=3),
       st.permutations(list(RULES)))
def test_what_is_heard_once_comes_out_as_if_it_were_heard_twice(
        recorded: list[tuple[int, Event | Started]], changes: dict[str, str], order: list[str]) -> None:
    """Two whole books against the parts of the same two: every difference, and everybody who is called."""
    old, new = changed({}, list(RULES)), changed(changes, order)
    whole = backtest([side(old, 30 * SECOND)], [side(new, 30 * SECOND)], recorded, ZoneInfo("UTC"))
    assert picture(backtest(*sides(old, new, 30 * SECOND), recorded, ZoneInfo("UTC"))) == picture(whole)
