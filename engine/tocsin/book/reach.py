"""Whom a policy can reach at all: the people behind its targets, and whether any of them has an address."""

from collections.abc import Iterable

from tocsin.book.book import Content
from tocsin.book.contacts import Person, Policy, Target
from tocsin.book.members import people_in, people_named
from tocsin.book.report import Report
from tocsin.book.restrictions import NONE, asked_for, content_by
from tocsin.domain.incident import SEVERITIES

Groups = tuple[tuple[str, ...], ...]


def check_reach(content: Content, report: Report) -> None:
    """An error for every policy, or last resort, that can reach nobody; a warning for such a step."""
    for policy in content.policies.values():
        _check_policy(policy, content, report)


def _check_policy(policy: Policy, content: Content, report: Report) -> None:
    last = policy.last_resort
    reachable = [_reaches(step.to, step.by, content) for step in policy.steps]
    if not _reaches(last.to, last.by, content):
        what = "the last resort of the policy" if any(reachable) else "the policy"
        report.error(policy.where, f'{what} "{policy.id}" can reach nobody: none of its people has an address for its '
                     "channels")
        return
    for number, found in enumerate(reachable, 1):
        if not found:
            report.warn(policy.where, f'step {number} of the policy "{policy.id}" can reach nobody: none of its people '
                        "has an address by its channels")


def _reaches(targets: Iterable[Target], by: Groups, content: Content) -> bool:
    channels = {channel for group in by for channel in group}
    working = set(content.channels) & channels if channels else set(content.channels)
    for target in targets:
        if target.kind == "commander":
            return True
        services = _services(target, content)
        if "telegram" in working and any(
                content.services[name].group_chat and content_by(content, (name,), severity, "telegram") != NONE
                for name in services for severity in SEVERITIES):
            return True
        for person in people_behind(target, content):
            restricting = asked_for(target, person.id, content)
            if any(content_by(content, restricting, severity, channel) != NONE
                   for channel in person.addresses.keys() & working for severity in SEVERITIES):
                return True
    return False


def _services(target: Target, content: Content) -> list[str]:
    if target.kind == "service":
        return [target.name] if target.name in content.services else []
    if target.kind == "area_service":
        return [name for name, service in content.services.items() if service.kind == target.name]
    return []


def people_behind(target: Target, content: Content) -> list[Person]:
    """Everybody whom a target may ever mean; [] for the commander, who is known only in an operation."""
    names: dict[str, None] = {}
    if target.kind == "person":
        names[target.name] = None
    elif target.kind == "skill":
        names.update(dict.fromkeys(name for name, person in content.people.items() if target.name in person.skills))
    elif target.kind == "on_call":
        names.update(people_named(content.schedules.get(target.name)))
    for service_name in _services(target, content):
        names.update(people_in(content.services[service_name], content))
    return [content.people[name] for name in names if name in content.people]
