"""The life of an incident: opened, joined, raised, re-activated, cleared, closed."""

from msgspec.structs import replace

from tocsin.book.rule import Rule
from tocsin.core import after_answer, escalate, flapping, overflow, silences, tell
from tocsin.core.board import key_of
from tocsin.core.draft import Draft
from tocsin.domain.change import ActivationSet, IncidentSet, Noted, Suppressed, Timer
from tocsin.domain.incident import (
    ACKNOWLEDGED,
    ACTIVE,
    CLEARED,
    CLOSED,
    RANK,
    UNANSWERED,
    Activation,
    Escalation,
    Incident,
)
from tocsin.domain.notification import PAGE, RAISED
from tocsin.domain.time import MINUTE
from tocsin.roster.policies import policies_for
from tocsin.rules.meaning import Meaning
from tocsin.rules.signal import Cleared, Fired, Signal

JOINED_EVERY = 5 * MINUTE
"""Those who answered are told of joiners at most this often."""


def fired(draft: Draft, meaning: Meaning, rule: Rule, signal: Fired, now: int) -> None:
    """A firing opens an incident, joins the active one, or re-activates the open one."""
    number = draft.open_incident(rule.id, key_of(signal.key))
    limited = number is None and bool(rule.escalate_to) and signal.key != overflow.OVERFLOW_KEY
    if limited and overflow.one_too_many(draft, rule, signal.severity, now):
        overflowing(draft, meaning, rule, signal, "too many incidents in a minute", now)
        return
    incident = draft.incident(number) if number is not None else None
    if incident is None:
        incident = _open(draft, meaning, rule, signal, now)
    elif incident.condition == CLEARED:
        incident = _reactivate(draft, meaning, rule, incident, signal, now)
    else:
        incident = _join(draft, meaning, rule, incident, signal, now)
    draft.put(IncidentSet(incident))


def overflowing(draft: Draft, meaning: Meaning, rule: Rule, signal: Fired, why: str, now: int) -> None:
    """A firing beyond the rule's limits joins its one overflow incident, with the reason."""
    fired(draft, meaning, rule, replace(signal, key=overflow.OVERFLOW_KEY), now)
    number = draft.open_incident(rule.id, key_of(overflow.OVERFLOW_KEY)) or 0
    draft.put(Suppressed(now, rule.id, signal.key, f"{why}: joined the overflow incident", signal.severity, number))
    draft.set_timer(Timer(f"6|overflow|{number}", now + overflow.QUIET, "escalation", "overflow", number))


def overflow_over(draft: Draft, meaning: Meaning, incident: Incident, now: int) -> None:
    """Nothing has joined an overflow incident for long enough."""
    cleared(draft, meaning, Cleared(incident.rule, incident.key, "quiet", now), now)


def quiet_at_last(draft: Draft, incident: Incident, now: int) -> tuple[Signal, ...]:
    """An incident that flapped has not come back for long enough: its condition is over."""
    if incident.condition == CLEARED:
        return ()
    flapping.over(draft, incident)
    return (Cleared(incident.rule, incident.key, "quiet", now),)


def _open(draft: Draft, meaning: Meaning, rule: Rule, signal: Fired, now: int) -> Incident:
    activation = Activation(1, now, signal.happened, signal.events)
    number = draft.last_incident + 1
    incident = Incident(id=number, rule=rule.id, key=signal.key, book=meaning.book.number, severity=signal.severity,
                        opened=now, activation=activation, board=bool(rule.escalate_to), values=signal.values)
    draft.put(ActivationSet(number, activation))
    return _begin(draft, meaning, rule, incident, PAGE, now)


def _begin(draft: Draft, meaning: Meaning, rule: Rule, incident: Incident, kind: str, now: int) -> Incident:
    """Start its policies from step one, or mute it where a silence says so."""
    incident = silences.judged(draft, incident, now)
    return escalate.begin(draft, meaning, incident, policies_for(rule, incident.severity), kind, now)


def _join(draft: Draft, meaning: Meaning, rule: Rule, incident: Incident, signal: Fired, now: int) -> Incident:
    activation = replace(incident.activation, events=incident.activation.events + signal.events,
                         happened=min(incident.activation.happened, signal.happened))
    draft.put(ActivationSet(incident.id, activation))
    incident = replace(incident, activation=activation, values=signal.values or incident.values)
    draft.drop_timer(flapping.quiet_timer(incident))
    if RANK[signal.severity] > RANK[incident.severity]:
        return _raise(draft, meaning, rule, incident, signal.severity, now)
    if signal.rises:
        return _raise(draft, meaning, rule, incident, incident.severity, now)
    if incident.response == ACKNOWLEDGED:
        incident = _tell_joined(draft, meaning, incident, now)
    return incident


def _tell_joined(draft: Draft, meaning: Meaning, incident: Incident, now: int) -> Incident:
    if incident.quiet:
        return incident
    timer = f"6|joined|{incident.id}"
    if incident.joined_told is None or now - incident.joined_told >= JOINED_EVERY:
        tell.joined(draft, meaning, incident, now)
        draft.drop_timer(timer)
        return replace(incident, joined_told=now)
    if draft.timer(timer) is None:
        draft.set_timer(Timer(timer, incident.joined_told + JOINED_EVERY, "escalation", "joined", incident.id))
    return incident


def joined_due(draft: Draft, meaning: Meaning, incident: Incident, now: int) -> None:
    """Firings joined since the last word to those who answered: tell them now."""
    if incident.response == ACKNOWLEDGED and not incident.quiet:
        tell.joined(draft, meaning, incident, now)
        draft.put(IncidentSet(replace(incident, joined_told=now)))


def _raise(draft: Draft, meaning: Meaning, rule: Rule, incident: Incident, severity: str, now: int) -> Incident:
    draft.put(Noted(now, "raised", f"from {incident.severity} to {severity}" if severity != incident.severity
                    else f"{severity} once more", incident.id, incident.rule))
    incident = replace(after_answer.forget(draft, incident), severity=severity, response=UNANSWERED)
    return _begin(draft, meaning, rule, incident, RAISED, now)


def _reactivate(draft: Draft, meaning: Meaning, rule: Rule, incident: Incident, signal: Fired, now: int) -> Incident:
    """Active again; whoever was told that it is over and is not asked now is told that it is not."""
    before = draft.last_notification
    return tell.again(draft, meaning, _renew(draft, meaning, rule, incident, signal, now), before, now)


def _renew(draft: Draft, meaning: Meaning, rule: Rule, incident: Incident, signal: Fired, now: int) -> Incident:
    activation = Activation(incident.activation.number + 1, now, signal.happened, signal.events)
    draft.put(ActivationSet(incident.id, activation))
    answered = incident.response == ACKNOWLEDGED
    incident = replace(incident, activation=activation, condition=ACTIVE, values=signal.values)
    if answered:
        incident = after_answer.forget(draft, incident)
        incident = replace(incident, response=UNANSWERED, severity=signal.severity, held=False,
                           book=meaning.book.number, escalations=_by_rule(incident))
        return _begin(draft, meaning, rule, incident, PAGE, now)
    if RANK[signal.severity] > RANK[incident.severity]:
        return _raise(draft, meaning, rule, incident, signal.severity, now)
    return incident


def _by_rule(incident: Incident) -> tuple[Escalation, ...]:
    """Whom operators added in the activation before is not asked in the next one."""
    return tuple(escalation for escalation in incident.escalations if not escalation.added)


def reopened(draft: Draft, meaning: Meaning, rule: Rule, incident: Incident, signal: Fired, now: int) -> None:
    """A closed incident whose condition is active still opens again from step one, saying so."""
    activation = Activation(incident.activation.number + 1, now, signal.happened, signal.events)
    draft.put(ActivationSet(incident.id, activation))
    incident = replace(incident, activation=activation, condition=ACTIVE, response=UNANSWERED, closed=None,
                       closed_by="", reopens=None, held=False, book=meaning.book.number,
                       values={**incident.values, **signal.values, "reopened": True},
                       escalations=_by_rule(incident))
    before = draft.last_notification
    incident = _begin(draft, meaning, rule, incident, PAGE, now)
    draft.put(IncidentSet(tell.again(draft, meaning, incident, before, now)))


def cleared(draft: Draft, meaning: Meaning, signal: Cleared, now: int) -> bool:
    """The condition is over: what is acknowledged closes, what is unanswered stays on the board. False when it flaps,
    so that it counts as active until it has been quiet.
    """
    number = draft.open_incident(signal.rule, key_of(signal.key))
    incident = draft.incident(number) if number is not None else None
    if incident is None or incident.condition == CLEARED:
        return True
    if not signal.closes and flapping.held_down(draft, incident, now):
        return False
    incident = end_activation(draft, incident, signal.how, now)
    done = incident.response == ACKNOWLEDGED and not incident.held
    if signal.closes or not incident.board or done:
        close(draft, meaning, incident, signal.how, "", now)
    else:
        draft.put(IncidentSet(tell.cleared(draft, meaning, incident, signal.how, now)))
    return True


def end_activation(draft: Draft, incident: Incident, how: str, now: int) -> Incident:
    """The incident with its running activation ended."""
    activation = replace(incident.activation, cleared=now, how=how)
    draft.put(ActivationSet(incident.id, activation))
    return replace(incident, activation=activation, condition=CLEARED)


def close(draft: Draft, meaning: Meaning, incident: Incident, how: str, by: str, now: int,
          reopens: int | None = None) -> None:
    """Close it and tell everybody who was notified, once."""
    incident = escalate.stop(draft, incident, f"closed: {how}", now)
    for kind in ("remind", "forgotten", "joined", "overflow", "flap", "drill"):
        draft.drop_timer(f"6|{kind}|{incident.id}")
    draft.drop_timer(silences.unmute_timer(incident))
    silences.closed(draft, incident, now)
    incident = replace(incident, response=CLOSED, closed=now, closed_by=by, reopens=reopens)
    if reopens is not None:
        draft.set_timer(Timer(f"6|reopen|{incident.id}", reopens, "escalation", "reopen", incident.id))
    if incident.board:
        incident = tell.closed(draft, meaning, incident, how, by, now)
    draft.put(IncidentSet(incident))
