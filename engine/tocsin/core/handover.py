"""Hand-overs: both shifts are told, and the new one gets the open incidents of the old.

Each schedule has one deadline, its next hand-over; it says who was on duty so far. So a hand-over that came while the
engine did not run, or with a changed roster, is told once, and only what came of it.
"""

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from tocsin.book.contacts import Schedule, Target
from tocsin.core import tell
from tocsin.core.board import Board
from tocsin.core.draft import Draft
from tocsin.core.policies import policy_of
from tocsin.core.ways import reachable
from tocsin.domain.change import IncidentSet, Noted, Suppressed, Timer
from tocsin.domain.incident import CLOSED, RANK, Escalation, Incident
from tocsin.domain.time import format_instant
from tocsin.roster.oncall import on_duty
from tocsin.roster.reach import people_for
from tocsin.roster.shifts import LOOK, next_look
from tocsin.rules.meaning import Meaning

SHIFT = "shift"
MOST = 10
"""So many open incidents are handed on singly, the most severe; the new shift hears how many there are."""
_LOOKED_AT = 200
_MISSED = 200
SEVERITY = "low"
"""A notice of a hand-over comes by the ways that a person has chosen for what is not urgent."""


class Change(Struct, frozen=True):
    """Who goes and who comes on one schedule, ``after`` all of whom are on duty then; when, by person."""

    schedule: Schedule
    leaving: tuple[str, ...]
    coming: tuple[str, ...]
    after: tuple[str, ...]
    at: dict[str, int]


def begins(draft: Draft, meaning: Meaning, now: int) -> None:
    """Every schedule has its deadline; nobody is told of a shift that was there before we first looked."""
    for schedule in meaning.content.schedules.values():
        if draft.timer(_name(schedule.id)) is None:
            _wait(draft, schedule, on_duty(schedule, meaning.content.people, now), meaning, now)


def renewed(board: Board, draft: Draft, meaning: Meaning, now: int) -> None:
    """Another book holds: whoever it puts on duty or takes off it at this instant is told."""
    schedules = meaning.content.schedules
    for gone in sorted(timer.id for timer in board.timers.values()
                       if timer.kind == SHIFT and timer.key not in schedules):
        draft.drop_timer(gone)
    for schedule in schedules.values():
        timer = draft.timer(_name(schedule.id))
        if timer is not None:
            _change(draft, meaning, schedule, timer, now)
    begins(draft, meaning, now)


def due(draft: Draft, meaning: Meaning, timer: Timer, now: int) -> None:
    """The deadline of a schedule: a hand-over, or the time to look on for one."""
    schedule = meaning.content.schedules.get(timer.key)
    if schedule is not None:
        _change(draft, meaning, schedule, timer, now)


def _name(schedule: str) -> str:
    return f"8|{SHIFT}|{schedule}"


def _wait(draft: Draft, schedule: Schedule, duty: tuple[str, ...], meaning: Meaning, now: int) -> None:
    draft.set_timer(Timer(_name(schedule.id), next_look(schedule, meaning.content.people, now), "escalation", SHIFT,
                          person=" ".join(duty), key=schedule.id))


def _change(draft: Draft, meaning: Meaning, schedule: Schedule, timer: Timer, now: int) -> None:
    before = tuple(timer.person.split())
    after = on_duty(schedule, meaning.content.people, now)
    leaving = tuple(person for person in before if person not in after)
    coming = tuple(person for person in after if person not in before)
    if leaving or coming:
        at = _moments(schedule, meaning, before, timer.due, now)
        change = Change(schedule, leaving, coming, after,
                        {person: at.get(person, now) for person in (*leaving, *coming)})
        draft.put(Noted(now, "hand_over", f"{schedule.id}: {', '.join(before) or 'nobody'} → "
                        f"{', '.join(after) or 'nobody'}"))
        _tell(draft, meaning, change, now)
    _wait(draft, schedule, after, meaning, now)


def _moments(schedule: Schedule, meaning: Meaning, before: tuple[str, ...], at: int, now: int) -> dict[str, int]:
    """When each person last came or went, from the first hand-over not yet told up to now."""
    found: dict[str, int] = {}
    for _ in range(_MISSED):
        if at > now:
            break
        after = on_duty(schedule, meaning.content.people, at)
        found.update(dict.fromkeys((*(one for one in before if one not in after),
                                    *(one for one in after if one not in before)), at))
        before, at = after, next_look(schedule, meaning.content.people, at)
    return found


def _until(schedule: Schedule, meaning: Meaning, person: str, now: int) -> int | None:
    """When the shift of a person on duty ends; None when that is far."""
    at = now
    for _ in range(_MISSED):
        at = next_look(schedule, meaning.content.people, at)
        if at >= now + LOOK:
            break
        if person not in on_duty(schedule, meaning.content.people, at):
            return at
    return None


def _tell(draft: Draft, meaning: Meaning, change: Change, now: int) -> None:
    schedule, at = change.schedule, change.at
    services = people_for((Target("on_call", schedule.id),), meaning.content, now)
    for person in change.leaving:
        text = f"{schedule.id}: the shift of {person} ended at {format_instant(at[person])}"
        _notice(draft, meaning, (person,), text, {
            "phrase": "shift.ends", "schedule": schedule.id, "at": at[person],
            "people": list(change.coming or change.after)}, now)
    found = _open(draft, change, meaning) if change.coming else []
    for person in change.coming:
        mine = [incident for incident in found if person not in incident.told]
        text = f"{schedule.id}: the shift of {person} began at {format_instant(at[person])}, open: {len(mine)}"
        _notice(draft, meaning, (person,), text, {
            "phrase": "shift.begins", "schedule": schedule.id, "at": at[person], "people": list(change.leaving),
            "until": _until(schedule, meaning, person, now), "count": len(mine), "shown": min(len(mine), MOST)}, now)
        for incident in mine[:MOST]:
            _hand_on(draft, meaning, incident.id, change.leaving, person, services.get(person, ()), now)
    if not change.after:
        text = f"{schedule.id}: nobody is on duty since {format_instant(max(at.values()))}"
        _notice(draft, meaning, tuple(people_for(meaning.content.roles.shift_head, meaning.content, now)), text,
                {"phrase": "shift.gap", "schedule": schedule.id, "at": max(at.values())}, now, "high")


def _notice(draft: Draft, meaning: Meaning, people: Iterable[str], text: str, names: dict[str, object], now: int,
            severity: str = SEVERITY) -> None:
    """A notice to these people by their first way for it."""
    services = people_for(tuple(Target("person", person) for person in people), meaning.content, now)
    by = {person: groups[0] for person in people
          if (groups := reachable(draft, meaning, person, severity, (), services.get(person, ())))}
    tell.notice(draft, meaning, by, text, now, severity=severity, services=services, names=names)


def _open(draft: Draft, change: Change, meaning: Meaning) -> list[Incident]:
    """The open incidents about which those who go were asked by way of this schedule: of the newest, the most severe
    first.
    """
    found: list[Incident] = []
    marks = tuple(f'"{person}"'.encode() for person in change.leaving)
    incidents = draft.board.incidents
    for number in sorted(draft.board.open.values(), reverse=True) if marks else ():
        stored = incidents[number]
        if isinstance(stored, bytes) and not any(mark in stored for mark in marks):
            continue
        incident = draft.incident(number)
        if incident is None or incident.response == CLOSED or incident.quiet or not incident.board:
            continue
        if any(_asked(draft, change, escalation, meaning) for escalation in incident.escalations):
            found.append(incident)
            if len(found) == _LOOKED_AT:
                break
    return sorted(found, key=lambda incident: -RANK[incident.severity])


def _asked(draft: Draft, change: Change, escalation: Escalation, meaning: Meaning) -> bool:
    """Whether an escalation has asked one of those who go, and by way of the schedule."""
    if not any(person in escalation.asked for person in change.leaving):
        return False
    policy = policy_of(draft, escalation)
    targets = [target for step in policy.steps for target in step.to] + list(policy.last_resort.to)
    return any(_means(target, change.schedule.id, meaning) for target in targets)


def _means(target: Target, schedule: str, meaning: Meaning) -> bool:
    services = meaning.content.services
    if target.kind == "on_call":
        return target.name == schedule
    if target.kind == "service":
        return target.name in services and services[target.name].schedule == schedule
    if target.kind == "area_service":
        return any(service.kind == target.name and service.schedule == schedule for service in services.values())
    return target.kind == "commander" and any(
        operation.get("commander") == {"on_call": schedule} for operation in meaning.content.operations.values())


def _hand_on(draft: Draft, meaning: Meaning, number: int, leaving: tuple[str, ...], person: str,
             services: tuple[str, ...], now: int) -> None:
    """One person of the new shift gets an incident of the old one: may answer it, and hears how it ends."""
    incident = draft.incident(number)
    assert incident is not None
    groups = reachable(draft, meaning, person, incident.severity, (), services)
    if not groups:
        draft.put(Suppressed(now, incident.rule, incident.key, f"handover to {person}: no usable address",
                             incident.severity, incident.id))
        return
    for channel in groups[0]:
        tell.hand_over(draft, meaning, incident, person, channel, services, now)
    told_for = {**incident.told_for, person: services} if services else incident.told_for
    escalations = tuple(
        replace(one, asked=(*one.asked, person)) if person not in one.asked and any(
            other in one.asked for other in leaving) else one for one in incident.escalations)
    draft.put(IncidentSet(replace(incident, told={**incident.told, person: groups[0][0]}, told_for=told_for,
                                  escalations=escalations)))
