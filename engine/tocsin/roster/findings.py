"""What is doubtful about a roster: gaps and overlaps of schedules, and people whom a message could not reach."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from tocsin.book.book import Content
from tocsin.book.contacts import Person, Schedule, Target
from tocsin.book.reach import people_behind
from tocsin.book.restrictions import NONE, asked_for, content_by
from tocsin.book.rule import Rule, SeverityBy
from tocsin.domain.errors import Finding
from tocsin.domain.incident import SEVERITIES
from tocsin.domain.time import format_duration, to_datetime
from tocsin.domain.wall import comes_twice
from tocsin.roster.coverage import gaps, odd_turns, overlaps
from tocsin.roster.policies import policies_for
from tocsin.roster.reach import Groups, groups_for

MOST = 10
"""Findings of one kind that one schedule may have; how many more there are is said in one."""


def roster_findings(content: Content, begin: int, end: int) -> tuple[Finding, ...]:
    """Warnings about every gap and overlap between two instants, in the zone of the schedule."""
    found: list[Finding] = []
    for schedule in content.schedules.values():
        zone = ZoneInfo(schedule.time_zone)
        holes = gaps(schedule, content.people, begin, end)
        found += [Finding(schedule.where, f'the schedule "{schedule.id}" has nobody on duty from '
                          f"{_local(one.begin, zone)} to {_end(one.end, end, zone)} ({schedule.time_zone}), "
                          f"{format_duration(one.end - one.begin)}", "warning") for one in holes[:MOST]]
        if len(holes) > MOST:
            found.append(Finding(schedule.where, f'the schedule "{schedule.id}" has {len(holes) - MOST} more gaps '
                                 f"until {_local(end, zone)} ({schedule.time_zone})", "warning"))
        doubled: dict[str, list[tuple[int, int]]] = {}
        for overlap in overlaps(schedule, content.people, begin, end):
            doubled.setdefault(overlap.why, []).append((overlap.begin, overlap.end))
        for why, times in doubled.items():
            more = f" and {len(times) - 1} more times" if len(times) > 1 else ""
            found.append(Finding(schedule.where, f'in the schedule "{schedule.id}" {why}: from '
                                 f"{_local(times[0][0], zone)} to {_end(times[0][1], end, zone)} "
                                 f"({schedule.time_zone}){more}", "warning"))
        odd = list(odd_turns(schedule, begin, end))[:MOST]
        found += [Finding(schedule.where, _odd(schedule, *one, zone), "warning") for one in odd]
    return tuple(found)


def _odd(schedule: Schedule, moment: datetime, at: int, zone: ZoneInfo) -> str:
    taken = to_datetime(at).astimezone(zone)
    clocks = f"the clocks of {schedule.time_zone}"
    done = (f"{clocks} show twice that night: the first time is taken" if taken.replace(tzinfo=None) == moment
            else f"{clocks} skip that night: it is done at {taken:%H:%M}")
    return f'the schedule "{schedule.id}" hands over on {moment:%a %Y-%m-%d} at {moment:%H:%M}, which {done}'


def _local(instant: int, zone: ZoneInfo) -> str:
    """The local time to the minute; in an hour that comes twice also which of the two."""
    moment = to_datetime(instant).astimezone(zone)
    return f"{moment:%a %Y-%m-%d %H:%M}" + (f" {moment.tzname()}" if comes_twice(instant, zone) else "")


def _end(instant: int, end: int, zone: ZoneInfo) -> str:
    return _local(instant, zone) + (" and on" if instant == end else "")


def reach_findings(content: Content) -> tuple[Finding, ...]:
    """A warning for everybody whom a policy asks about a severity at which no channel reaches them."""
    found: dict[str, dict[str, str]] = {}
    for person, severity, place, services in _asked(content):
        if person.addresses and not _reached(person, severity, content, place[1], services):
            found.setdefault(person.id, {}).setdefault(severity, place[0])
    return tuple(_unreached(content.people[name], severities, content) for name, severities in found.items())


def _unreached(person: Person, severities: dict[str, str], content: Content) -> Finding:
    listed = ", ".join(severity for severity in SEVERITIES if severity in severities)
    places = ", ".join(dict.fromkeys(severities.values()))
    return Finding(person.where, f"{person.name} is asked about incidents of severity {listed} by {places}, but no "
                   "channel that would be used then has an address here, is set up in config.yaml and may carry it "
                   f"(addresses: {', '.join(person.addresses)}; set up: {', '.join(content.channels)})", "warning")


def _reached(person: Person, severity: str, content: Content, by: Groups, services: tuple[str, ...]) -> bool:
    channels = {channel for group in groups_for(person, severity, by) for channel in group}
    return any(content_by(content, services, severity, channel) != NONE
               for channel in channels & person.addresses.keys() & set(content.channels))


_Asked = tuple[Person, str, tuple[str, Groups], tuple[str, ...]]


def _asked(content: Content) -> Iterator[_Asked]:
    """(person, severity, (the step in words, its channels), the services that restrict those) for everybody whom an
    incident may ask.
    """
    reaching: dict[str, set[str]] = {}
    for rule in content.rules:
        for severity in severities_of(rule) if rule.enabled else ():
            for name in policies_for(rule, severity):
                reaching.setdefault(name, set()).add(severity)
    for policy in content.policies.values():
        severities = sorted(reaching.get(policy.id, ()), key=SEVERITIES.index)
        for number, step in enumerate(policy.steps, 1):
            only = [severity for severity in severities if severity in step.only.get("severity", SEVERITIES)]
            yield from _people(step.to, only, (f"step {number} of {policy.id}", step.by), content)
        last = policy.last_resort
        yield from _people(last.to, severities, (f"the last resort of {policy.id}", last.by), content)


def _people(targets: Iterable[Target], severities: list[str], place: tuple[str, Groups],
            content: Content) -> Iterator[_Asked]:
    for target in targets if severities else ():
        for person in people_behind(target, content):
            services = asked_for(target, person.id, content)
            yield from ((person, severity, place, services) for severity in severities)


def severities_of(rule: Rule) -> tuple[str, ...]:
    """The severities that incidents of a rule may have."""
    if rule.when.levels:
        return tuple(dict.fromkeys(level.severity for level in rule.when.levels))
    if isinstance(rule.severity, SeverityBy):
        return tuple(dict.fromkeys((*rule.severity.mapping.values(), "medium")))
    return (rule.severity,)
