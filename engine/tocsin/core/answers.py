"""What a person's answer does: the first that covers the need stops the escalation in the same step."""

from msgspec.structs import replace

from tocsin.book.contacts import Need, Policy
from tocsin.core import escalate, incidents, tell
from tocsin.core.draft import Draft
from tocsin.domain.change import IncidentSet, Noted, Timer
from tocsin.domain.incident import ACKNOWLEDGED, ACTIVE, CLEARED, CLOSED, UNANSWERED, Answered, Incident
from tocsin.domain.input import Answer
from tocsin.domain.notification import PAGE, REMIND
from tocsin.domain.time import MINUTE
from tocsin.rules.meaning import Meaning

POSITIVE = ("acknowledge", "accept", "arrived")
ENDING = ("resolve", "false_alarm")
REOPEN = {"critical": 5 * MINUTE}
REOPEN_ELSE = 30 * MINUTE


def answer(draft: Draft, meaning: Meaning, item: Answer, now: int) -> Incident | None:
    """Apply an answer; returns the incident when a person closed it, so that its condition can be told."""
    incident = draft.incident(item.incident)
    if incident is None or incident.response == CLOSED:
        draft.put(Noted(now, "late_answer", f"{item.person} answered {item.word} after the incident was closed",
                        item.incident, person=item.person))
        return None
    given = Answered(item.person, item.word, item.channel, now, item.eta, item.note,
                     late=incident.response == ACKNOWLEDGED)
    if any((old.person, old.word, old.eta, old.note) == (item.person, item.word, item.eta, item.note)
           and old.at >= incident.activation.at for old in incident.answers):
        return None
    told = {**incident.told, item.person: item.channel} if item.person in incident.told and _is_way(item) \
        else incident.told
    incident = replace(incident, answers=(*incident.answers, given), told=told)
    draft.put(Noted(now, "answer", f"{item.person}: {item.word}", incident.id, incident.rule, item.person))
    if item.word in ENDING:
        return _end(draft, meaning, incident, item, now)
    if item.word in POSITIVE:
        _positive(draft, meaning, incident, item, now)
    else:
        _decline(draft, meaning, incident, item, now)
    return None


def _is_way(item: Answer) -> bool:
    return item.channel in ("telegram", "sms", "email")


def _positive(draft: Draft, meaning: Meaning, incident: Incident, item: Answer, now: int) -> None:
    first = incident.response == UNANSWERED
    for index, escalation in enumerate(incident.escalations):
        asked = item.person in escalation.asked or item.notification == 0
        policy = escalate.policy_of(draft, escalation)
        if escalation.state == "running" and asked and covered(meaning, incident, policy, escalation.started):
            incident = escalate.stop(draft, incident, f"answered by {item.person}", now, only=index, state="answered")
    incident = replace(incident, held=incident.held or item.word in ("accept", "arrived"))
    if first and all(escalation.state != "running" for escalation in incident.escalations):
        incident = replace(incident, response=ACKNOWLEDGED)
        tell.taken(draft, incident, item.person, item.word, now, item.eta)
        if incident.condition == CLEARED and not incident.held:
            incidents.close(draft, incident, "cleared and answered", item.person, now)
            return
        _remind_later(draft, incident, now)
    draft.put(IncidentSet(incident))


def covered(meaning: Meaning, incident: Incident, policy: Policy, since: int) -> bool:
    """Whether the answers given since ``since`` cover the policy's need; each person counts once towards each."""
    if not policy.need:
        return True
    accepted = {answer.person for answer in incident.answers
                if answer.word in ("accept", "arrived") and answer.at >= since}
    accepted -= {answer.person for answer in incident.answers if answer.word == "decline" and answer.at >= since}
    return all(_met(meaning, need, accepted) for need in policy.need)


def _met(meaning: Meaning, need: Need, accepted: set[str]) -> bool:
    people = meaning.content.people
    fitting = [person for person in accepted
               if not need.skill or (person in people and need.skill in people[person].skills)]
    return len(fitting) >= need.accepted


def _decline(draft: Draft, meaning: Meaning, incident: Incident, item: Answer, now: int) -> None:
    for index, escalation in enumerate(incident.escalations):
        if escalation.state == "running" and any(ask.person == item.person for ask in escalation.asks):
            incident = escalate.set_over(draft, meaning, incident, index, item.person, "declined", now)
    if incident.response == ACKNOWLEDGED and incident.condition == ACTIVE and not _anybody_left(incident):
        incident = replace(incident, response=UNANSWERED, held=False)
        draft.drop_timer(f"6|remind|{incident.id}")
        policies = tuple(escalation.policy for escalation in incident.escalations)
        incident = escalate.begin(draft, meaning, incident, policies, PAGE, now)
    draft.put(IncidentSet(incident))


def _anybody_left(incident: Incident) -> bool:
    """Whether anybody who took it in this activation has not taken it back since."""
    standing: dict[str, bool] = {}
    for given in incident.answers:
        if given.at >= incident.activation.at:
            standing[given.person] = given.word in POSITIVE
    return any(standing.values())


def _end(draft: Draft, meaning: Meaning, incident: Incident, item: Answer, now: int) -> Incident:
    reopens = None
    if incident.condition == ACTIVE:
        incident = incidents.end_activation(draft, incident, f"{item.word} by {item.person}", now)
        reopens = now + _reopen_after(draft, incident)
    if incident.response == UNANSWERED:
        tell.taken(draft, incident, item.person, item.word, now, None)
    incidents.close(draft, incident, item.word, item.person, now, reopens)
    return incident


def _reopen_after(draft: Draft, incident: Incident) -> int:
    own = [policy.reopen for policy in _policies(draft, incident) if policy.reopen is not None]
    return min(own) if own else REOPEN.get(incident.severity, REOPEN_ELSE)


def _remind_later(draft: Draft, incident: Incident, now: int) -> None:
    own = [policy.remind for policy in _policies(draft, incident) if policy.remind is not None]
    if own:
        draft.set_timer(Timer(f"6|remind|{incident.id}", now + min(own), "escalation", "remind", incident.id))


def remind_due(draft: Draft, incident: Incident, now: int) -> None:
    """An answered incident is still open: remind those who have it, and look again later."""
    if incident.response != ACKNOWLEDGED:
        return
    for person in dict.fromkeys(given.person for given in incident.answers if given.word in POSITIVE):
        channel = incident.told.get(person)
        if channel is not None:
            tell.page(draft, incident, REMIND, person, channel, policy="", step=0, round_=0, now=now,
                      expires=now + tell.NEWS_EXPIRES)
    _remind_later(draft, incident, now)


def _policies(draft: Draft, incident: Incident) -> list[Policy]:
    return [escalate.policy_of(draft, escalation) for escalation in incident.escalations]
