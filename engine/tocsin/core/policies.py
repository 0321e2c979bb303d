"""The policy of an escalation as it was when this began: its steps, what they need, and which one comes next."""

import msgspec
from msgspec.structs import replace

from tocsin.book.contacts import LastResort, Need, Policy, Step
from tocsin.core.draft import Draft
from tocsin.domain.change import PolicyKept
from tocsin.domain.incident import Escalation, Incident
from tocsin.domain.time import MINUTE
from tocsin.roster.policies import policies_for
from tocsin.rules.meaning import Meaning

_decode_policy = msgspec.json.Decoder(Policy).decode


def policy_of(draft: Draft, escalation: Escalation) -> Policy:
    """The policy as it was when the escalation began."""
    kept = draft.policy(escalation.snapshot)
    return kept if isinstance(kept, Policy) else _decode_policy(kept)


def need_of(draft: Draft, escalation: Escalation) -> tuple[Need, ...]:
    """What the present step needs: its own need, else that of the step before it that has one, else the policy's."""
    policy = policy_of(draft, escalation)
    so_far = policy.steps[:escalation.step] if escalation.step else policy.steps
    return next((step.need for step in reversed(so_far) if step.need), policy.need)


def named(meaning: Meaning, name: str) -> Policy:
    """The policy of this name as it is now; one that is missing is the duty office as a last resort."""
    return meaning.policy(name) or Policy(id=name, steps=(), last_resort=duty_office(meaning))


def duty_office(meaning: Meaning) -> LastResort:
    """The last resort where nothing else is said."""
    return LastResort(meaning.content.roles.duty_office, 5 * MINUTE)


def of_rule(meaning: Meaning, incident: Incident) -> tuple[str, ...]:
    """The policies that the incident's rule starts for its severity; when the rule is gone those that it has."""
    rule = meaning.rules.get(incident.rule)
    if rule is not None:
        return policies_for(rule, incident.severity)
    return tuple(one.policy for one in incident.escalations if not one.added)


def keep(draft: Draft, meaning: Meaning, policy: Policy) -> str:
    """Keep a policy as it is now; its content hash."""
    hash_ = meaning.policy_hash(policy)
    if draft.policy(hash_) is None:
        draft.put(PolicyKept(hash_, policy))
    return hash_


def step_of(policy: Policy, number: int) -> Step | LastResort:
    """The step with this number, from 1 on; the last resort for 0."""
    return policy.steps[number - 1] if 0 < number <= len(policy.steps) else policy.last_resort


def following(policy: Policy, escalation: Escalation) -> Escalation:
    """The escalation at its next step: the next round's first after the last one, then the last resort for ever."""
    if 0 < escalation.step < len(policy.steps):
        return replace(escalation, step=escalation.step + 1, asks=())
    if escalation.step != 0 and escalation.round <= policy.repeat:
        return replace(escalation, step=1, round=escalation.round + 1, asks=())
    return replace(escalation, step=0, round=escalation.round + 1, asks=(), widened=False)


def meant(step: Step | LastResort, incident: Incident) -> bool:
    """Whether a step is for incidents of this severity."""
    return isinstance(step, LastResort) or incident.severity in step.only.get("severity", (incident.severity,))
