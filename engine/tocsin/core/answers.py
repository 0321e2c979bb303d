"""What a person's answer does: the first that covers the need stops the escalation in the same step."""

from msgspec.structs import replace

from tocsin.core import after_answer, escalate, incidents, responders, tell
from tocsin.core.draft import Draft
from tocsin.core.needs import covered
from tocsin.core.standing import COMING, HANDED_OVER, POSITIVE, holders
from tocsin.domain.change import IncidentSet, Noted
from tocsin.domain.incident import (
    ACKNOWLEDGED,
    ACTIVE,
    CLEARED,
    CLOSED,
    UNANSWERED,
    WANTED,
    Answered,
    Incident,
)
from tocsin.domain.input import Answer
from tocsin.domain.notification import CHANNELS
from tocsin.rules.meaning import Meaning

ENDING = ("resolve", "false_alarm")


def each(item: Answer) -> tuple[Answer, ...]:
    """One answer for each incident that it answers, in the order of the list that was before the person."""
    return item, *(replace(item, incident=incident, notification=number, others=())
                   for incident, number in item.others)


def answer(draft: Draft, meaning: Meaning, item: Answer, now: int) -> Incident | None:
    """Apply an answer; returns the incident when a person closed it while active, so that its condition is told."""
    incident = draft.incident(item.incident)
    if incident is None or incident.response == CLOSED:
        draft.put(Noted(now, "late_answer", f"{item.person} answered {item.word} after the incident was closed",
                        item.incident, person=item.person))
        return None
    if _says_nothing_new(incident, item):
        after_answer.heard_again(draft, incident, item.person, item.word, now)
        return None
    given = Answered(item.person, item.word, item.channel, now, item.eta, item.note,
                     late=incident.response == ACKNOWLEDGED, notification=item.notification, by=item.by)
    incident = _asked_through(incident, item) if item.group in incident.told else incident
    told = {**incident.told, item.person: item.channel} if item.person in incident.told and item.channel in CHANNELS \
        else incident.told
    incident = replace(incident, answers=(*incident.answers, given), told=told)
    by = f", entered by {item.by}" if item.by else ""
    draft.put(Noted(now, "answer", f"{item.person}: {item.word}{by}", incident.id, incident.rule, item.person))
    if item.word in ENDING:
        return _end(draft, meaning, incident, item, now)
    if item.word in POSITIVE:
        _positive(draft, meaning, incident, item, now)
    else:
        _decline(draft, meaning, incident, item, now)
    return None


def _asked_through(incident: Incident, item: Answer) -> Incident:
    """Who answers in a group was asked wherever the group was, and hears how it goes on."""
    escalations = tuple(
        replace(escalation, asked=(*escalation.asked, item.person))
        if item.group in escalation.asked and item.person not in escalation.asked else escalation
        for escalation in incident.escalations)
    incident = replace(incident, escalations=escalations)
    if item.person in incident.told:
        return incident
    told_for = incident.told_for
    if item.group in told_for:
        told_for = {**told_for, item.person: told_for[item.group]}
    return replace(incident, told={**incident.told, item.person: item.channel}, told_for=told_for)


def _says_nothing_new(incident: Incident, item: Answer) -> bool:
    """Whether the person repeats their last word and nothing that runs has asked them."""
    heard = max((escalation.heard for escalation in incident.escalations), default=0)
    last = next((given for given in reversed(incident.answers[heard:]) if given.person == item.person), None)
    return (last is not None and last.at >= incident.activation.at
            and (last.word, last.eta, last.note) == (item.word, item.eta, item.note)
            and not any(escalation.state == "running" and item.person in escalation.asked
                        for escalation in incident.escalations))


def _positive(draft: Draft, meaning: Meaning, incident: Incident, item: Answer, now: int) -> None:
    for index, escalation in enumerate(incident.escalations):
        asked = item.person in escalation.asked or item.notification == 0
        if escalation.state not in WANTED or not asked:
            continue
        if covered(draft, meaning, incident, escalation):
            incident = escalate.stop(draft, incident, f"answered by {item.person}", now, only=index, state="answered")
        elif item.word != "acknowledge":
            incident = escalate.set_over(draft, meaning, incident, index, item.person, "accepted", now)
    incident = _relieved(draft, meaning, incident, item, now)
    _put(draft, meaning, replace(incident, held=incident.held or item.word in COMING), now, spoken=True)


def _relieved(draft: Draft, meaning: Meaning, incident: Incident, item: Answer, now: int) -> Incident:
    """Whoever handed the incident over has it no more, now that it is taken; what they alone could fill is asked for.

    When they answer themselves, they keep it.
    """
    for index, escalation in enumerate(incident.escalations):
        before = escalation.relieves
        if escalation.state != "answered" or not before:
            continue
        incident = responders.put_escalation(incident, index, replace(escalation, relieves=""))
        if before == item.person or before not in holders(incident):
            continue
        given = Answered(before, HANDED_OVER, "", now, note=item.person)
        incident = replace(incident, answers=(*incident.answers, given), escalations=tuple(
            replace(one, asked=(*one.asked, item.person)) if before in one.asked and item.person not in one.asked
            else one for one in incident.escalations))
        draft.put(Noted(now, "handed_over", f"{before} to {item.person}", incident.id, incident.rule, before))
        tell.reassigned(draft, meaning, incident, before, item.person, now)
        for other, one in enumerate(incident.escalations):
            if one.state == "answered" and not covered(draft, meaning, incident, one):
                incident = escalate.resume(draft, meaning, incident, other, now)
    return incident


def settle(draft: Draft, meaning: Meaning, now: int) -> None:
    """Every incident of this step that has what it needs is taken, and closed when it is over, whatever brought that
    about.
    """
    for number in dict.fromkeys(change.incident.id for change in draft.changes if isinstance(change, IncidentSet)):
        incident = draft.incident(number)
        if incident is not None and ((incident.escalations and _is_answered(incident)) or _is_done(incident)):
            _put(draft, meaning, incident, now)


def _is_answered(incident: Incident) -> bool:
    return incident.response == UNANSWERED and not any(
        escalation.state in WANTED for escalation in incident.escalations)


def _is_done(incident: Incident) -> bool:
    """Seen by somebody, nobody is on the way, and over."""
    return incident.response == ACKNOWLEDGED and incident.condition == CLEARED and not incident.held


def _put(draft: Draft, meaning: Meaning, incident: Incident, now: int, *, spoken: bool = False) -> None:
    """Put an incident; when nothing more is needed it is taken, and every copy shows by whom.

    One without a policy needs nothing but that somebody has ``spoken``.
    """
    by = ""
    if _is_answered(incident) and (spoken or incident.escalations):
        incident = replace(incident, response=ACKNOWLEDGED)
        taker = next((given for given in reversed(incident.answers) if given.word in POSITIVE), None)
        if taker is not None:
            by = taker.person
            tell.taken(draft, incident, taker.person, taker.word, now, taker.eta)
        spoken = True
    if _is_done(incident):
        if not by:
            draft.put(Noted(now, "over", "its condition is over, and nobody is on the way", incident.id, incident.rule))
        incidents.close(draft, meaning, incident, "cleared and answered", by, now)
        return
    if spoken and incident.response == ACKNOWLEDGED:
        after_answer.look_after(draft, incident, now)
    draft.put(IncidentSet(incident))


def _decline(draft: Draft, meaning: Meaning, incident: Incident, item: Answer, now: int) -> None:
    for index, escalation in enumerate(incident.escalations):
        if escalation.state == "answered" and not covered(draft, meaning, incident, escalation):
            incident = escalate.resume(draft, meaning, incident, index, now)
        elif escalation.state == "running" and any(ask.person == item.person for ask in escalation.asks):
            incident = escalate.set_over(draft, meaning, incident, index, item.person, "declined", now)
    left = holders(incident)
    if incident.response == ACKNOWLEDGED and (
            not left or any(escalation.state in WANTED for escalation in incident.escalations)):
        incident = replace(after_answer.forget(draft, incident), response=UNANSWERED)
    held = any(given.word in COMING and given.person in left for given in incident.answers)
    incident = replace(incident, held=incident.held and held)
    if left and incident.response == ACKNOWLEDGED:
        after_answer.look_after(draft, incident, now)
    _put(draft, meaning, incident, now)


def _end(draft: Draft, meaning: Meaning, incident: Incident, item: Answer, now: int) -> Incident | None:
    reopens = None
    active = incident.condition == ACTIVE
    if active:
        incident = incidents.end_activation(draft, incident, f"{item.word} by {item.person}", now)
        reopens = now + after_answer.reopen_after(draft, incident)
    if incident.response == UNANSWERED:
        tell.taken(draft, incident, item.person, item.word, now, None)
    incidents.close(draft, meaning, incident, item.word, item.person, now, reopens)
    return incident if active else None
