"""A drill: an incident that nothing has made, with the texts, the policy and the people of a real one."""

from typing import Any

from tocsin.book.rule import Rule
from tocsin.core import escalate, incidents
from tocsin.core.draft import Draft
from tocsin.domain.change import ActivationSet, IncidentSet, Noted, Timer
from tocsin.domain.drill import drill_of
from tocsin.domain.incident import CLOSED, SEVERITIES, Activation, Incident
from tocsin.domain.input import OperatorAction
from tocsin.domain.notification import PAGE
from tocsin.domain.time import DAY, MINUTE
from tocsin.roster.policies import policies_for
from tocsin.rules.meaning import Meaning

LONGEST = DAY
LASTS = 30 * MINUTE


def begin(draft: Draft, meaning: Meaning, item: OperatorAction, now: int) -> None:
    """Open it and ask, or note why not: ``rule`` or ``policy``, ``values`` for the text, ``severity``, ``text``, and
    ``lasts`` in microseconds.
    """
    wanted = _read(meaning, item)
    if isinstance(wanted, str):
        draft.put(Noted(now, "refused", f"{item.actor}: drill: {wanted}", person=item.actor))
        return
    name, severity, policies, values, lasts = wanted
    number, activation = draft.last_incident + 1, Activation(1, now, now, 1)
    incident = Incident(id=number, rule=name, key={"drill": str(number)}, book=meaning.book.number, severity=severity,
                        opened=now, activation=activation, values=values)
    draft.put(ActivationSet(number, activation))
    draft.put(Noted(now, "drill", f"{number}: {name}, {severity}, by {item.actor}", number, name, item.actor))
    draft.set_timer(Timer(f"6|drill|{number}", now + lasts, "escalation", "drill", number))
    draft.put(IncidentSet(escalate.begin(draft, meaning, incident, policies, PAGE, now)))


def over(draft: Draft, meaning: Meaning, incident: Incident, now: int) -> None:
    """Its time has come: it closes, answered or not, and everybody who was told hears so."""
    if incident.response != CLOSED:
        incident = incidents.end_activation(draft, incident, "time over", now)
        incidents.close(draft, meaning, incident, "time over", "", now)


def _read(meaning: Meaning, item: OperatorAction) -> tuple[str, str, tuple[str, ...], dict[str, Any], int] | str:
    asked = item.arguments
    rule_name, policy, lasts = str(asked.get("rule", "")), str(asked.get("policy", "")), asked.get("lasts", LASTS)
    if bool(rule_name) == bool(policy):
        return "give a rule or a policy, one of both"
    if not isinstance(lasts, int) or not 0 < lasts <= LONGEST:
        return "a drill lasts from a moment to a day"
    rule = meaning.rules.get(rule_name) if rule_name else None
    if rule_name and (rule is None or not rule.escalate_to):
        return f"there is no rule {rule_name} that asks anybody"
    if policy and meaning.policy(policy) is None:
        return f"there is no policy {policy}"
    own = rule.severity if rule is not None and isinstance(rule.severity, str) else "high"
    severity = str(asked.get("severity") or own)
    if severity not in SEVERITIES:
        return f"there is no severity {severity}: {', '.join(SEVERITIES)}"
    given = asked.get("values", {})
    values = {**_sample(rule), **{str(name): value for name, value in given.items()}} if isinstance(given, dict) else {}
    if text := str(asked.get("text", "")):
        values["text"] = text
    policies = policies_for(rule, severity) if rule is not None else (policy,)
    return drill_of(rule_name, policy), severity, policies, values, lasts


def _sample(rule: Rule | None) -> dict[str, Any]:
    """What the first event of the rule's first test says."""
    events = next((test.events for test in rule.tests if test.events), ()) if rule is not None else ()
    if not events:
        return {}
    first = events[0][1]
    data = first.get("data")
    plain = {**(data if isinstance(data, dict) else {}), **{name: one for name, one in first.items() if name != "data"}}
    return {str(name): one for name, one in plain.items() if isinstance(one, str | int | float)}
