"""Silences: an operator mutes; incidents open and nobody is asked until it ends."""

from typing import Any

import pytest
from tests.support.city import POLICE, event_rule, match, policy, step
from tests.support.gates import active
from tests.support.play import START, Play

from tocsin.book.contacts import Need
from tocsin.book.rule import SeverityBy
from tocsin.core.draft import Draft
from tocsin.core.silences import judged
from tocsin.domain.time import MINUTE

PANIC: dict[str, Any] = {"type": "alarm.panic", "site": "school"}
LASTING: dict[str, Any] = {"status": "firing", "device": "a", **PANIC}


def silenced(*rules: Any, at: str = "+0s", until: int = 30, of: Any = None, **more: Any) -> Play:
    """A story in which the rule panic is silent for half an hour."""
    it = Play(*(rules or (event_rule(),)), **more)
    mute(it, at, until, **(of or {"rule": "panic"}))
    return it


def mute(it: Play, at: str, until: int, **of: Any) -> None:
    it.operator("silence", at=at, until=START + until * MINUTE, reason="maintenance", **of)


def test_a_silenced_firing_opens_its_incident_and_tells_nobody() -> None:
    """With author and reason."""
    it = silenced()
    it.event("+1m", **PANIC)
    it.until("+10m")
    assert it.incident().quiet
    assert it.pages() == it.news() == []
    assert it.suppressed() == ["silenced by operator: maintenance"]
    line, = (story.line() for story in it.ledger.stories())
    assert line["incident"] == 1
    assert [one["reason"] for one in line["suppressed"]] == ["silenced by operator: maintenance"]


def test_when_it_ends_the_unanswered_incident_starts_at_step_one() -> None:
    """Over or not: it stands on the board until a person answers."""
    it = silenced()
    it.event("+1m", **LASTING)
    it.event("+2m", type="alarm.panic", site="b")
    it.until("+30m")
    assert it.pages(1) == it.pages(2) == [("+30m", "olena", "telegram")]
    assert it.incident(2).condition == "cleared"
    assert not it.incident().quiet
    it.until("+31m")
    assert it.pages(1)[1] == ("+31m", "taras", "telegram")
    assert it.run.board.silences == {}


def test_an_incident_answered_in_silence_stays_silent() -> None:
    it = silenced()
    it.event("+1m", **LASTING)
    it.answer("olena", "acknowledge", at="+2m")
    it.until("+1h")
    assert it.pages() == []
    assert (it.incident().response, it.incident().quiet) == ("acknowledged", False)


def test_what_is_closed_in_silence_stays_closed() -> None:
    it = silenced()
    it.event("+1m", **PANIC)
    it.answer("olena", "resolve", at="+2m")
    it.until("+1h")
    assert it.pages() == []
    assert it.timers("unmute") == []


def test_an_event_at_the_very_end_is_silenced_and_told_at_once() -> None:
    it = silenced()
    it.event("+30m", **PANIC)
    assert it.pages() == []
    it.until("+30m")
    assert it.pages() == [("+30m", "olena", "telegram")]
    it.event("+31m", type="alarm.panic", site="b")
    assert it.pages(2) == [("+31m", "olena", "telegram")]


@pytest.mark.parametrize("of, muted", [
    ({"rule": "panic"}, True), ({"rule": "door"}, False), ({"key": {"site": "school"}}, True),
    ({"key": {"site": "b"}}, False), ({"key": {"zone": "1"}}, False), ({"severity": "critical"}, True),
    ({"severity": ["low", "high"]}, False), ({"rule": "door", "severity": "critical"}, False),
    ({"rule": "panic", "key": {"site": " school "}, "severity": "critical"}, True),
    ({"rule": "panic", "key": {"site": "b"}}, False)])
def test_it_means_a_rule_fields_of_the_key_and_severities(of: Any, muted: bool) -> None:
    """All that it names must fit."""
    it = silenced(of=of)
    it.event("+1m", **PANIC)
    assert it.incident().quiet is muted


def test_it_stops_what_runs_and_starts_it_anew_at_its_end() -> None:
    """Pages that have not left are withdrawn; nobody is asked in between."""
    it = Play(event_rule())
    it.event("+1m", **LASTING)
    mute(it, "+1m30s", 30, rule="panic")
    it.until("+29m")
    assert it.paged() == ["olena"]
    it.until("+30m")
    assert it.pages()[1:] == [("+30m", "olena", "telegram")]


def test_those_who_were_told_before_hear_that_it_is_over() -> None:
    it = Play(event_rule())
    it.event("+1m", **LASTING)
    mute(it, "+1m30s", 30, rule="panic")
    it.event("+5m", **{**LASTING, "status": "resolved"})
    assert it.news() == [("+5m", "olena", "telegram")]


def test_nobody_is_reminded_or_told_of_joiners() -> None:
    it = Play(event_rule(), policies=(policy("police", step("olena"), remind="5 min"),))
    it.event("+1m", **LASTING)
    it.answer("olena", "accept", at="+2m")
    mute(it, "+3m", 30, rule="panic")
    it.event("+4m", **{**LASTING, "device": "b"})
    it.until("+29m")
    assert it.news() == it.pages(kind="remind") == []
    it.until("+40m")
    assert it.pages(kind="remind")


def test_one_who_takes_back_the_answer_in_silence_leaves_it_silent() -> None:
    """Until its end."""
    it = Play(event_rule())
    it.event("+1m", **LASTING)
    it.answer("olena", "acknowledge", at="+1m10s")
    mute(it, "+2m", 30, rule="panic")
    it.answer("olena", "decline", at="+3m")
    it.until("+29m")
    assert it.paged() == ["olena"]
    it.until("+30m")
    assert it.pages()[1][0] == "+30m"


def test_one_who_takes_back_an_answer_given_in_silence_has_it_asked_again() -> None:
    """Once the silence is over, at once."""
    it = silenced()
    it.event("+1m", **LASTING)
    it.answer("olena", "acknowledge", at="+2m", channel="console")
    it.answer("olena", "decline", at="+40m", channel="console")
    assert it.incident().response == "unanswered"
    assert it.paged() == ["taras"]


def test_what_a_policy_needs_it_needs_in_silence_too() -> None:
    """One who accepts where two must does not answer it."""
    it = silenced(policies=(policy("police", step("olena", "taras"), need=(Need(2),)),))
    it.event("+1m", **LASTING)
    it.answer("olena", "accept", at="+2m", channel="console")
    assert it.incident().response == "unanswered"
    it.until("+30m")
    assert it.paged() == ["olena", "taras"]
    it.answer("olena", "accept")
    it.answer("taras", "accept")
    assert it.incident().response == "acknowledged"


def test_a_rise_beyond_the_silenced_severity_is_told() -> None:
    """A rise within it is not."""
    rule = event_rule(severity=SeverityBy("grade", {"high": "high", "critical": "critical", "low": "low"}))
    it = silenced(rule, of={"severity": ["low", "high"]})
    it.event("+1m", grade="low", **LASTING)
    it.event("+2m", grade="high", **LASTING)
    assert it.pages() == []
    it.event("+3m", grade="critical", **LASTING)
    assert it.pages() == [("+3m", "olena", "telegram")]
    assert not it.incident().quiet
    it.until("+30m")
    assert [at for at, person, _ in it.pages() if person == "olena"] == ["+3m"]


def test_the_longest_of_several_counts() -> None:
    it = silenced()
    mute(it, "+1m", 60, key={"site": "school"})
    it.event("+2m", **PANIC)
    it.just_before("+1h")
    assert it.pages() == []
    it.until("+1h")
    assert it.pages() == [("+1h", "olena", "telegram")]
    assert it.suppressed() == ["silenced by operator: maintenance"]


def test_behind_its_end_a_silence_mutes_nothing_even_if_it_stands_still() -> None:
    """Whichever of the two deadlines of that instant comes first."""
    it = silenced()
    it.event("+1m", **PANIC)
    draft = Draft(it.run.board)
    assert judged(draft, it.incident(), START + 30 * MINUTE).quiet
    assert not judged(draft, it.incident(), START + 30 * MINUTE, after=True).quiet


def test_an_operator_ends_it_early() -> None:
    it = silenced()
    it.event("+1m", **PANIC)
    it.operator("unsilence", at="+5m", silence=1)
    assert it.pages() == [("+5m", "olena", "telegram")]
    assert it.run.board.silences == {}
    it.until("+2h")
    assert it.timers("silence") == it.timers("unmute") == []
    assert [note.detail for note in it.notes("silence_over")] == ["1: panic: ended by operator"]
    it.operator("unsilence", silence=1)
    assert "no silence 1" in it.notes("refused")[0].detail


@pytest.mark.parametrize("arguments, sentence", [
    ({"rule": "panic", "reason": "x"}, "until when"),
    ({"rule": "panic", "until": START - 1, "reason": "x"}, "still to come"),
    ({"rule": "panic", "until": START + MINUTE}, "say why"),
    ({"until": START + MINUTE, "reason": "x"}, "what is to be"),
    ({"rule": "panic", "until": "soon", "reason": "x"}, "not a time"), ({"site": "a"}, "site is unknown"),
    ({"severity": "loud", "until": START + MINUTE, "reason": "x"}, "no severity"),
    ({"key": {"site": ""}, "until": START + MINUTE, "reason": "x"}, "one value")])
def test_what_is_no_silence_is_refused_with_a_sentence(arguments: Any, sentence: str) -> None:
    """Above all one without an end, a reason or a meaning."""
    it = Play(event_rule())
    it.operator("silence", at="+1s", **arguments)
    assert sentence in it.notes("refused")[0].detail
    assert it.run.board.silences == {}


def test_an_end_as_text() -> None:
    it = Play(event_rule())
    it.operator("silence", at="+1s", rule="panic", reason="x", until="2026-11-22T21:20:00Z")
    assert it.run.board.silences[1].until == START + 5 * MINUTE


RAID = event_rule("raid", match(type="raid"), per=("site",))
DOOR = event_rule("door", match(type="door"), unless=(active("raid", "site"),))


def test_an_incident_whose_own_notices_are_silenced_does_not_inhibit() -> None:
    """A state does."""
    for to, inhibits in (("police", False), (None, True)):
        it = silenced(event_rule("raid", match(type="raid"), to=to), DOOR, of={"rule": "raid"})
        it.event("+1m", type="raid", site="a", status="firing", device="r")
        it.event("+2m", type="door", site="a")
        assert any(one.rule == "door" for one in it.incidents.values()) is not inhibits


def test_what_a_silenced_incident_kept_back_fires() -> None:
    """A minute after its silence began."""
    it = Play(RAID, DOOR)
    it.event("+1m", type="raid", site="a", status="firing", device="r")
    it.event("+2m", type="door", site="a", status="firing", device="d")
    mute(it, "+3m", 30, rule="raid")
    it.until("+4m")
    assert it.pages(2) == [("+4m", "olena", "telegram")]


def test_several_policies_start_again_together() -> None:
    it = silenced(event_rule(to=("police", "fire")), policies=(POLICE, policy("fire", step("ivan"))))
    it.event("+1m", **LASTING)
    it.until("+30m")
    assert it.paged() == ["olena", "ivan"]


def test_a_rule_removed_in_silence_still_finds_its_people() -> None:
    """Its incident starts with the policies that it would have started."""
    it = silenced()
    it.event("+1m", **LASTING)
    it.book(at="+2m")
    it.until("+30m")
    assert it.paged() == ["olena"]


@pytest.mark.parametrize("arguments, sentence", [
    ({"rule": "panik"}, "no rule panik: did you mean panic?"), ({"rule": "nothing-like-it"}, "no rule nothing-like-it"),
    ({"rule": "panic", "key": {"zone": "1"}}, "no field of the key of the rule panic: its fields are site"),
    ({"key": {"zone": "1"}}, "of any rule: its fields are site"), ({"rule": "raid"}, "a state"),
    ({"rule": "panic", "until": START + 32 * 24 * 60 * MINUTE}, "31 days")])
def test_what_could_never_match_is_refused(arguments: Any, sentence: str) -> None:
    """A misspelt silence would mute nothing, and somebody would be woken who relied on it."""
    it = Play(event_rule(), event_rule("raid", match(type="raid"), per=(), to=None))
    it.operator("silence", at="+1s", **{"until": START + 9 * MINUTE, "reason": "x", **arguments})
    assert sentence in it.notes("refused")[0].detail
    assert it.run.board.silences == {}


def test_an_open_incident_of_a_rule_that_is_gone_can_be_silenced() -> None:
    it = Play(event_rule())
    it.event("+1m", **LASTING)
    it.book(at="+2m")
    mute(it, "+2m1s", 30, rule="panic", key={"site": "school"})
    assert it.incident().quiet
