"""What an operator does with one incident by hand: escalate now, add, reassign, hand over, snooze."""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from tocsin.book.contacts import LastResort, Policy, Step, Target
from tocsin.book.report import nearest
from tocsin.core import after_answer, escalate, muting, policies, silences, tell
from tocsin.core.draft import Draft
from tocsin.core.standing import holders
from tocsin.domain.change import IncidentSet, Noted
from tocsin.domain.incident import ACKNOWLEDGED, CLOSED, UNANSWERED, WANTED, Incident
from tocsin.domain.input import OperatorAction
from tocsin.domain.time import MINUTE
from tocsin.rules.meaning import Meaning

ANSWER_WITHIN = 2 * MINUTE
"""So long whoever was added by hand has for an answer, before the last resort is asked."""

Refusal = str
"""A sentence on why an action changes nothing."""


def act(draft: Draft, meaning: Meaning, item: OperatorAction, now: int) -> None:
    """Apply one of ACTIONS to the incident whose number is among the arguments; a refusal is noted."""
    number = item.arguments.get("incident")
    incident = draft.incident(number) if isinstance(number, int) else None
    if incident is None or incident.response == CLOSED:
        said: Incident | Refusal = f"there is no open incident {number}"
    elif not incident.board:
        said = f"incident {number} is a state of the rule {incident.rule}, which asks nobody"
    elif incident.quiet and item.action != "snooze":
        said = f"incident {number} is kept quiet: end the silence first"
    else:
        said = ACTIONS[item.action](draft, meaning, incident, item, now)
    if isinstance(said, Refusal):
        draft.put(Noted(now, "refused", f"{item.actor}: {item.action}: {said}",
                        incident.id if incident is not None else 0, person=item.actor))
    else:
        draft.put(IncidentSet(said))


def _escalate(draft: Draft, meaning: Meaning, incident: Incident, item: OperatorAction,
              now: int) -> Incident | Refusal:
    """The next step of what runs, at once; when everything is answered, what follows behind the answers."""
    states = ("running",) if incident.response == UNANSWERED else ("answered",)
    name = str(item.arguments.get("policy") or "")
    chosen = [index for index, one in enumerate(incident.escalations)
              if one.state in states and name in ("", one.policy)]
    if not chosen:
        which = f"the policy {name} is not" if name else "no policy is"
        return f"{which} at work on incident {incident.id}: add somebody, or a policy"
    _note(draft, incident, item, "escalated", ", ".join(incident.escalations[one].policy for one in chosen), now)
    incident = _unanswered(draft, incident)
    for index in chosen:
        if incident.escalations[index].state in states:
            incident = escalate.push(draft, meaning, incident, index, now)
    return incident


def _add(draft: Draft, meaning: Meaning, incident: Incident, item: OperatorAction, now: int) -> Incident | Refusal:
    """Somebody more, beside those who are asked or have it: answered when they have answered too."""
    policy = _policy(meaning, incident, item.arguments.get("to"))
    if isinstance(policy, Refusal):
        return policy
    if any(one.policy == policy.id and one.state in WANTED for one in incident.escalations):
        return f"{policy.id} is being asked already"
    _note(draft, incident, item, "added", policy.id, now)
    return escalate.add(draft, meaning, _unanswered(draft, incident), policy, now)


def _reassign(draft: Draft, meaning: Meaning, incident: Incident, item: OperatorAction,
              now: int) -> Incident | Refusal:
    """Somebody else, instead of those who are asked or have it; these are told."""
    policy = _policy(meaning, incident, item.arguments.get("to"))
    if isinstance(policy, Refusal):
        return policy
    before = holders(incident)
    _note(draft, incident, item, "reassigned", policy.id, now)
    incident = escalate.stop(draft, incident, f"reassigned to {policy.id} by {item.actor}", now)
    incident = replace(incident, escalations=tuple(replace(one, state="over") for one in incident.escalations))
    incident = escalate.add(draft, meaning, _unanswered(draft, incident), policy, now)
    asked = {person for one in incident.escalations if one.state == "running" for person in one.asked}
    for person in before:
        if person not in asked:
            tell.reassigned(draft, meaning, incident, person, _who(meaning, policy), now)
    return incident


def _hand_over(draft: Draft, meaning: Meaning, incident: Incident, item: OperatorAction,
               now: int) -> Incident | Refusal:
    """From one who has it to another person: the first one has it until it is taken, and is asked when it is not."""
    person, before = str(item.arguments.get("to") or ""), str(item.arguments.get("from") or "")
    have = holders(incident)
    if not have:
        return f"nobody has incident {incident.id}: add somebody, or reassign it"
    if not before and len(have) > 1:
        return f"several have it ({', '.join(have)}): say from whom"
    if before and before not in have:
        return f"{before} does not have it, but {', '.join(have)}"
    before = before or have[0]
    if person == before:
        return f"{person} has it already"
    target = _target(meaning, {"person": person})
    if isinstance(target, Refusal):
        return target
    policy = _asking(target, LastResort((Target("person", before),), 5 * MINUTE))
    if any(one.policy == policy.id and one.state in WANTED for one in incident.escalations):
        return f"{policy.id} is being asked already"
    _note(draft, incident, item, "hand_over", f"from {before} to {person}", now)
    return escalate.add(draft, meaning, _unanswered(draft, incident), policy, now, relieves=before)


def _snooze(draft: Draft, meaning: Meaning, incident: Incident, item: OperatorAction, now: int) -> Incident | Refusal:
    """Nobody is asked until the end; a rise of the severity speaks up."""
    silence = muting.snoozed(draft, incident, item, now)
    if isinstance(silence, str):
        return silence
    silences.begin(draft, silence, now)
    return draft.incident(incident.id) or incident


ACTIONS: dict[str, Callable[[Draft, Meaning, Incident, OperatorAction, int], Incident | Refusal]] = {
    "escalate": _escalate, "add": _add, "reassign": _reassign, "hand_over": _hand_over, "snooze": _snooze}


def _note(draft: Draft, incident: Incident, item: OperatorAction, what: str, whom: str, now: int) -> None:
    reason = str(item.arguments.get("reason") or "").strip()
    draft.put(Noted(now, what, f"{whom}, by {item.actor}" + (f": {reason}" if reason else ""), incident.id,
                    incident.rule, item.actor))


def _unanswered(draft: Draft, incident: Incident) -> Incident:
    if incident.response == ACKNOWLEDGED:
        incident = replace(after_answer.forget(draft, incident), response=UNANSWERED)
    return incident


def _policy(meaning: Meaning, incident: Incident, to: Any) -> Policy | Refusal:
    """A policy by its name; else one that asks a target once, and then the last resort of the incident's own policy."""
    if isinstance(to, dict) and list(to) == ["policy"]:
        name = str(to["policy"])
        return meaning.policy(name) or _unknown("policy", name, meaning.content.policies)
    target = _target(meaning, to)
    if isinstance(target, Refusal):
        return target
    own = next(iter(policies.of_rule(meaning, incident)), "")
    return _asking(target, policies.named(meaning, own).last_resort if own else policies.duty_office(meaning))


def _asking(target: Target, last_resort: LastResort) -> Policy:
    return Policy(id=f"{target.kind} {target.name}".strip(), steps=(Step((target,), ANSWER_WITHIN),),
                  last_resort=last_resort)


def _target(meaning: Meaning, to: Any) -> Target | Refusal:
    content = meaning.content
    kinds = {"person": set(content.people), "service": set(content.services), "on_call": set(content.schedules),
             "skill": {skill for one in content.people.values() for skill in one.skills},
             "area_service": {one.kind for one in content.services.values() if one.kind}}
    if to == "commander" or to == {"commander": True}:
        return Target("commander", "")
    if not isinstance(to, dict) or len(to) != 1 or next(iter(to)) not in kinds:
        return f"say whom: one of {', '.join(kinds)}, commander and policy, with a name"
    kind, name = next(iter(to.items()))
    return Target(kind, str(name)) if name in kinds[kind] else _unknown(kind, str(name), kinds[kind])


def _unknown(kind: str, name: str, known: Any) -> Refusal:
    near = nearest(name, sorted(known))
    return f"there is no {kind.replace('_', ' ')} {name}" + (f": did you mean {near}?" if near else "")


def _who(meaning: Meaning, policy: Policy) -> str:
    kind, _, name = policy.id.partition(" ")
    service = meaning.content.services.get(name) if kind == "service" else None
    return service.name if service is not None else name or policy.id
