"""Rule tests: what comes in, what is expected, and how it differs."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from tocsin.book.book import Content
from tocsin.book.contacts import Target
from tocsin.book.groups import is_group
from tocsin.book.rule import Rule, RuleTest
from tocsin.domain.change import Change
from tocsin.domain.event import Event
from tocsin.domain.input import Arrival, Input
from tocsin.domain.notification import Notification
from tocsin.domain.time import HOUR, SECOND, format_duration, format_instant, from_datetime, parse_duration
from tocsin.ports import Matcher
from tocsin.replay.ledger import Ledger, Story
from tocsin.replay.run import Run
from tocsin.roster.oncall import on_duty
from tocsin.roster.reach import people_of
from tocsin.rules.meaning import Meaning
from tocsin.rules.text import key_text

AFTERWARDS = HOUR
"""How long a test goes on after the last instant that it names, so that what must not happen had its chance."""
_DEFAULT_START = datetime.fromisoformat("2026-01-05T10:00")

Normalise = Callable[[str, dict[str, Any], int, bool], Event]
Say = Callable[[Rule, dict[str, Any]], str]


class Outcome(Struct, frozen=True):
    """One test's outcome; ``problems`` are sentences, () when it passed. ``events`` are those that came, as rules saw
    them, ``fired`` the rules that fired, inhibited or not.
    """

    rule: Rule
    test: RuleTest
    problems: tuple[str, ...]
    events: tuple[Event, ...] = ()
    fired: frozenset[str] = frozenset()


def run_trial(meaning: Meaning, matcher: Matcher, normalise: Normalise, say: Say, rule: Rule,
              test: RuleTest) -> Outcome:
    """Run one test beside its rule on a virtual clock, the whole book in force."""
    if not rule.enabled:
        return Outcome(rule, test, ())
    start = starts_at(test, meaning.content)
    ledger, events = Ledger(), list[Event]()

    def witness(now: int, item: Input, changes: list[Change]) -> None:
        ledger(now, item, changes)
        if isinstance(item, Arrival):
            events.append(item.event)

    run = Run(meaning, matcher, witness)
    run.begin(start)
    for offset, raw in test.events:
        run.feed(normalise("test", _raw(raw, start, offset), start + offset, True), start + offset)
    end = start + _last_named(test)
    run.run_until(end + 1)
    known = {number: len(story.notifications) for number, story in ledger.incidents.items()}
    run.run_until(end + max(AFTERWARDS, _longest_wait(rule) + 10 * SECOND))
    judge = _Judge(meaning, rule, start, known, say)
    return Outcome(rule, test, tuple(judge.problems(test, ledger)), tuple(events),
                   frozenset(story.rule for story in ledger.stories()))


def starts_at(test: RuleTest, content: Content) -> int:
    """The instant of +0s: as written, else a Monday morning on which every rotation has begun."""
    zone = ZoneInfo(content.site.time_zone)
    if test.starts:
        written = datetime.fromisoformat(test.starts)
        return from_datetime(written if written.tzinfo else written.replace(tzinfo=zone))
    begins = [datetime.fromisoformat(rotation.begin) for schedule in content.schedules.values()
              for rotation in schedule.rotations]
    start = _DEFAULT_START
    while any(begin.replace(tzinfo=None) > start for begin in begins):
        start += timedelta(days=7)
    return from_datetime(start.replace(tzinfo=zone))


def _raw(raw: dict[str, Any], start: int, offset: int) -> dict[str, Any]:
    """An event as written, its times counted from the start; fields that are not an event's own go into data."""
    body = dict(raw)
    time = body.get("time")
    if isinstance(time, str) and time.startswith("+"):
        body["time"] = format_instant(start + parse_duration(time[1:]))
    elif time is None:
        body["time"] = format_instant(start + offset)
    return body


def _last_named(test: RuleTest) -> int:
    named = [offset for offset, _ in test.events]
    for line in test.expect or ():
        named += [line[word] for word in ("at", "cleared") if isinstance(line.get(word), int)
                  and not isinstance(line[word], bool)]
    return max(named, default=0)


def _longest_wait(rule: Rule) -> int:
    waits = (rule.when.for_, *(step.within for step in rule.when.steps if step.negated))
    return sum(wait for wait in waits if isinstance(wait, int))


class _Judge:
    def __init__(self, meaning: Meaning, rule: Rule, start: int, known: dict[int, int], say: Say) -> None:
        self.meaning, self.rule, self.start, self.known, self.say = meaning, rule, start, known, say

    def problems(self, test: RuleTest, ledger: Ledger) -> list[str]:
        stories = list(ledger.incidents.values())
        own = [story for story in stories if story.rule == self.rule.id]
        if test.expect is None:
            return [f"expected nothing, but {self._name(story)}" for story in own]
        found: list[str] = []
        used: set[int] = set()
        for line in test.expect:
            asked = line.get("rule", self.rule.id)
            fitting = [story for story in stories + ledger.inhibited if story.rule == asked
                       and not self._differs(story, line)]
            count = line.get("count", 1)
            free = [story for story in fitting if id(story) not in used]
            if len(free) < count or ("count" in line and len(free) != count):
                found.append(self._missing(line, asked, len(free), count, stories + ledger.inhibited))
            used.update(id(story) for story in free[:count])
        if not found:
            found += [f"not expected: {self._name(story)}" for story in own if id(story) not in used]
        return found

    def _missing(self, line: dict[str, Any], rule: str, have: int, want: int, stories: list[Story]) -> str:
        near = [f"{self._name(story)}: {'; '.join(self._differs(story, line))}"
                for story in stories if story.rule == rule]
        return (f"expected {want} of {self._words(line)}, found {have}"
                + (f" ({' | '.join(near)})" if near else f": {rule} opened no incident"))

    def _differs(self, story: Story, line: dict[str, Any]) -> list[str]:
        """Sentences for everything in which an incident is not as the line says."""
        wrong = []
        for name, value in line.get("incident", {}).items():
            wanted = key_text(value)
            if story.key.get(name) not in wanted:
                wrong.append(f"{name} is {story.key.get(name)}, not {', '.join(wanted) or value}")
        activations = [one for _, one in sorted(story.activations.items())]
        facts: dict[str, Any] = {
            "severity": story.severity, "events": sum(one.events for one in activations),
            "activations": len(activations),
        }
        wrong += [f"{word} is {facts[word]}, not {line[word]}" for word in facts if word in line
                  and line[word] != facts[word]]
        if "at" in line and (not activations or activations[0].at != self.start + line["at"]):
            wrong.append(f"at is {self._offset(activations[0].at) if activations else 'never'}, "
                         f"not +{format_duration(line['at'])}")
        if "cleared" in line:
            wrong += self._cleared(activations[-1].cleared if activations else None, line["cleared"])
        if "notified" in line:
            wrong += self._notified(story, line["notified"])
        if "suppressed" in line:
            reasons = [one.reason for one in story.suppressed]
            wrong += [f"not suppressed by {reason}" for reason in line["suppressed"]
                      if not any(reason in known for known in reasons)]
        if "say" in line:
            said = self.say(self.rule, {**story.key, **story.values})
            if said != line["say"]:
                wrong.append(f'say is "{said}", not "{line["say"]}"')
        return wrong

    def _cleared(self, cleared: int | None, wanted: int | bool) -> list[str]:
        if wanted is False:
            return [] if cleared is None else [f"cleared {self._offset(cleared)}, not active at the end"]
        if cleared is None:
            return [f"still active, not cleared +{format_duration(wanted)}"]
        return [] if cleared == self.start + wanted else [
            f"cleared {self._offset(cleared)}, not +{format_duration(wanted)}"]

    def _notified(self, story: Story, wanted: tuple[str, ...] | list[str]) -> list[str]:
        told: list[Notification] = story.notifications[:self.known.get(story.number or 0, 0)]
        people = {one.person for one in told if not is_group(one.person)}
        expected = {person for text in wanted for person in self._people(text, told[0].created if told else self.start)}
        names = self.meaning.content.people
        missing = sorted(names[person].name for person in expected - people)
        extra = sorted(names[person].name for person in people - expected)
        return ([f"not notified: {', '.join(missing)}"] if missing else []) + (
            [f"notified too: {', '.join(extra)}"] if extra else [])

    def _people(self, text: str, at: int) -> tuple[str, ...]:
        head, _, name = text.partition(" ")
        content = self.meaning.content
        if head == "on-call":
            return on_duty(content.schedules[name], content.people, at)
        if head == "service":
            return people_of(Target("service", name), content, at)
        return (name or head,)

    def _offset(self, at: int) -> str:
        return f"+{format_duration(at - self.start)}"

    def _name(self, story: Story) -> str:
        key = ", ".join(f"{name}: {value}" for name, value in story.key.items())
        return f"{story.rule} {{{key}}} {'opened' if story.number is not None else 'was inhibited'}"

    def _words(self, line: dict[str, Any]) -> str:
        timed = {word for word in ("at", "cleared") if line.get(word, False) is not False}
        return ", ".join(f"{word}: {'+' + format_duration(value) if word in timed else value}"
                         for word, value in line.items() if word != "count")
