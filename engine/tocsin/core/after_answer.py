"""After an answer: reminders to those who have the incident, and its opening again when nobody was heard of it."""

from msgspec.structs import replace

from tocsin.book.contacts import Policy
from tocsin.core import escalate, policies, tell
from tocsin.core.draft import Draft
from tocsin.core.standing import POSITIVE, holders, last_words
from tocsin.domain.change import IncidentSet, Noted, Timer
from tocsin.domain.incident import ACKNOWLEDGED, ACTIVE, UNANSWERED, Incident
from tocsin.domain.notification import PAGE
from tocsin.domain.time import MINUTE, format_duration
from tocsin.rules.meaning import Meaning

REOPEN = {"critical": 5 * MINUTE}
REOPEN_ELSE = 30 * MINUTE


def reopen_after(draft: Draft, incident: Incident) -> int:
    """So long after a person's close it is looked whether its condition is active still."""
    return _own_reopen(draft, incident) or REOPEN.get(incident.severity, REOPEN_ELSE)


def look_after(draft: Draft, incident: Incident, now: int) -> None:
    """Somebody has it, and was heard just now: remind them later, and look later whether it was forgotten."""
    remind_later(draft, incident, now)
    wait = _own_reopen(draft, incident)
    if wait is None:
        return
    have = holders(incident)
    given = [one for one in incident.answers if one.at >= incident.activation.at and one.person in have]
    if "arrived" in last_words(given).values():
        draft.drop_timer(_forgotten(incident))
        return
    due = max([now + wait, *(one.at + one.eta for one in given if one.eta is not None)])
    draft.set_timer(Timer(_forgotten(incident), due, "escalation", "forgotten", incident.id))


def forget(draft: Draft, incident: Incident) -> Incident:
    """Nobody has it any more: nobody is reminded."""
    draft.drop_timer(f"6|remind|{incident.id}")
    draft.drop_timer(_forgotten(incident))
    return incident


def heard_again(draft: Draft, incident: Incident, person: str, word: str, now: int) -> None:
    """Somebody who has it says so once more: it is not forgotten."""
    if incident.response == ACKNOWLEDGED and word in POSITIVE and draft.timer(_forgotten(incident)) is not None:
        draft.put(Noted(now, "still_on_it", f"{person}: {word}, once more", incident.id, incident.rule, person))
        look_after(draft, incident, now)


def remind_later(draft: Draft, incident: Incident, now: int) -> None:
    """The next reminder, where a policy has them."""
    own = [policy.remind for policy in _policies(draft, incident) if policy.remind is not None]
    if own:
        draft.set_timer(Timer(f"6|remind|{incident.id}", now + min(own), "escalation", "remind", incident.id))


def remind_due(draft: Draft, meaning: Meaning, incident: Incident, now: int) -> None:
    """An answered incident is still open: remind those who have it, and look again later."""
    if incident.response != ACKNOWLEDGED:
        return
    for person in holders(incident) if not incident.quiet else ():
        if person in incident.told:
            tell.remind(draft, meaning, incident, person, now)
    remind_later(draft, incident, now)


def forgotten_due(draft: Draft, meaning: Meaning, incident: Incident, now: int) -> None:
    """Nobody who has it was heard for too long: while its condition is active it opens again from step one."""
    wait = _own_reopen(draft, incident)
    if incident.response != ACKNOWLEDGED or wait is None:
        return
    if incident.quiet or incident.condition != ACTIVE:
        draft.set_timer(Timer(_forgotten(incident), now + wait, "escalation", "forgotten", incident.id))
        return
    who = ", ".join(holders(incident)) or "nobody"
    draft.put(Noted(now, "forgotten", f"nothing was heard of {who} for {format_duration(wait)}, it is active still: it "
                    "opens again", incident.id, incident.rule))
    incident = replace(forget(draft, incident), response=UNANSWERED, held=False,
                       values={**incident.values, "reopened": True})
    draft.put(IncidentSet(escalate.begin(draft, meaning, incident, policies.of_rule(meaning, incident), PAGE, now)))


def _own_reopen(draft: Draft, incident: Incident) -> int | None:
    own = [policy.reopen for policy in _policies(draft, incident) if policy.reopen is not None]
    return min(own, default=None)


def _policies(draft: Draft, incident: Incident) -> list[Policy]:
    return [policies.policy_of(draft, escalation) for escalation in incident.escalations]


def _forgotten(incident: Incident) -> str:
    return f"6|forgotten|{incident.id}"
