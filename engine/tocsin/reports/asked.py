"""Why these people: the steps that ran, their targets, and whom the roster named at that instant."""

from collections.abc import Callable, Iterable

from msgspec import Struct

from tocsin.book.book import Content
from tocsin.book.contacts import LastResort, Policy, Step, Target
from tocsin.book.groups import group_of
from tocsin.reports.told import Told
from tocsin.roster.reach import people_of

_BY_PLACE = ("commander", "area_service")
"""Targets whose people follow from the incident's place: whom no other target names was meant by these."""


class Meant(Struct, frozen=True):
    """A target of a step and whom it meant then: ``on_call police-patrol`` → (olena,)."""

    target: str
    people: tuple[str, ...]


class Asked(Struct, frozen=True):
    """One step at work: ``at`` its first notification, ``step`` 0 the last resort, ``numbers`` its notifications.

    ``beyond`` are people who were asked although no target of the step names them: stand-ins since gone, or everybody
    on duty when even the last resort reached nobody.
    """

    at: int
    policy: str
    round: int
    step: int
    kind: str
    meant: tuple[Meant, ...]
    numbers: tuple[int, ...]
    beyond: tuple[str, ...] = ()


def steps_of(told: Iterable[Told], content_at: Callable[[int], Content | None],
             policy_of: Callable[[str], Policy | None]) -> tuple[Asked, ...]:
    """The steps behind these notifications, in order.

    ``content_at`` gives what the roster said at an instant; ``policy_of`` the policy as the incident keeps it.
    """
    groups: dict[tuple[str, int, int, str], list[Told]] = {}
    for one in told:
        notification = one.notification
        if notification.policy:
            groups.setdefault((notification.policy, notification.round, notification.step, notification.kind),
                              []).append(one)
    return tuple(_step(name, round_, step, kind, group, content_at, policy_of)
                 for (name, round_, step, kind), group in groups.items())


def _step(name: str, round_: int, number: int, kind: str, group: list[Told],
          content_at: Callable[[int], Content | None], policy_of: Callable[[str], Policy | None]) -> Asked:
    at = min(one.notification.created for one in group)
    content = content_at(at)
    policy = policy_of(name) or (content.policies.get(name) if content else None)
    meant: list[Meant] = []
    people = tuple(dict.fromkeys(one.notification.person for one in group))
    if content is not None and policy is not None:
        targets = _targets(policy, number)
        meant = [Meant(target_text(target), (*people_of(target, content, at), *_groups(target, content, people)))
                 for target in targets if target.kind not in _BY_PLACE]
        if by_place := [target_text(target) for target in targets if target.kind in _BY_PLACE]:
            others = {person for one in meant for person in one.people}
            meant.insert(0, Meant(", ".join(by_place), tuple(person for person in people if person not in others)))
    named = {person for one in meant for person in one.people}
    return Asked(at, name, round_, number, kind, tuple(meant), tuple(one.notification.id for one in group),
                 tuple(person for person in people if person not in named))


def _groups(target: Target, content: Content, asked: tuple[str, ...]) -> tuple[str, ...]:
    """The group of the service that a target names, where it was asked."""
    service = content.services.get(target.name) if target.kind == "service" else None
    return (group_of(service),) if service is not None and group_of(service) in asked else ()


def _targets(policy: Policy, number: int) -> tuple[Target, ...]:
    step: Step | LastResort = policy.steps[number - 1] if 0 < number <= len(policy.steps) else policy.last_resort
    return step.to


def target_text(target: Target) -> str:
    """As it stands in the policy: ``on_call police-patrol``."""
    return f"{target.kind} {target.name}".strip()
