"""One policy at work on one incident: steps, rounds, the last resort; never silence."""

from collections.abc import Iterable

from msgspec.structs import replace

from tocsin.book.contacts import LastResort, Policy, Step
from tocsin.core.draft import Draft
from tocsin.core.needs import covered
from tocsin.core.policies import following, keep, meant, named, policy_of, step_of
from tocsin.core.responders import (
    ask_everybody,
    ask_people,
    drop_asks,
    everybody,
    named_by,
    put_ask,
    put_escalation,
    send_group,
)
from tocsin.core.standing import POSITIVE, last_words, words_for
from tocsin.core.ways import is_open
from tocsin.domain.change import Noted, Suppressed, Timer, Withdrawn
from tocsin.domain.incident import WANTED, Escalation, Incident
from tocsin.domain.time import format_instant
from tocsin.rules.meaning import Meaning


def begin(draft: Draft, meaning: Meaning, incident: Incident, policies: tuple[str, ...], kind: str,
          now: int) -> Incident:
    """Start every policy from step one, in place of whatever ran before; those that an operator added start with them.
    """
    added = [old for old in incident.escalations if old.added and old.state != "over" and old.policy not in policies]
    incident = stop(draft, incident, "started anew" if incident.escalations else "", now)
    fresh = [Escalation(policy=name, snapshot=keep(draft, meaning, named(meaning, name)),
                        asked=_asked_before(incident, name)) for name in policies]
    fresh += [replace(old, state="running", round=1, step=1, asks=(), widened=False) for old in added]
    escalations = tuple(_first(draft, replace(one, kind=kind, started=now, heard=len(incident.answers)))
                        for one in fresh)
    incident = replace(incident, escalations=escalations)
    for index in range(len(escalations)):
        incident = run(draft, meaning, incident, index, now)
    return incident


def resume(draft: Draft, meaning: Meaning, incident: Incident, index: int, now: int) -> Incident:
    """An answered escalation is not covered any more, the last answer took it back: from step one for what is unmet.

    Those who still come are not asked again; when nobody does, earlier refusals are forgotten but the last.
    """
    old = incident.escalations[index]
    left = any(word in POSITIVE for word in words_for(incident, old).values())
    again = replace(old, state="running", round=1, step=1, asks=(), started=now,
                    heard=old.heard if left else len(incident.answers) - 1)
    return run(draft, meaning, put_escalation(incident, index, _first(draft, again)), index, now)


def add(draft: Draft, meaning: Meaning, incident: Incident, policy: Policy, now: int, *,
        relieves: str = "") -> Incident:
    """One more policy at work beside the others, or the same anew; what was said before does not count for it."""
    known = [one.policy for one in incident.escalations]
    index = known.index(policy.id) if policy.id in known else len(known)
    escalation = Escalation(policy=policy.id, snapshot=keep(draft, meaning, policy), started=now,
                            asked=_asked_before(incident, policy.id), heard=len(incident.answers), added=True,
                            relieves=relieves)
    escalations = (*incident.escalations[:index], _first(draft, escalation), *incident.escalations[index + 1:])
    return run(draft, meaning, replace(incident, escalations=escalations), index, now)


def push(draft: Draft, meaning: Meaning, incident: Incident, index: int, now: int) -> Incident:
    """The next step at once; one that was answered goes on behind its answer, and needs another one."""
    escalation = incident.escalations[index]
    if escalation.state == "answered":
        again = replace(escalation, state="running", asks=(), started=now, heard=len(incident.answers))
        incident = put_escalation(incident, index, again)
    return advance(draft, meaning, incident, index, now)


def _first(draft: Draft, escalation: Escalation) -> Escalation:
    """At its first step; a policy without steps begins with its last resort."""
    return escalation if policy_of(draft, escalation).steps else replace(escalation, step=0)


def _asked_before(incident: Incident, policy: str) -> tuple[str, ...]:
    return next((old.asked for old in incident.escalations if old.policy == policy), ())


def run(draft: Draft, meaning: Meaning, incident: Incident, index: int, now: int) -> Incident:
    """Start the present step; steps that reach nobody are passed at once, the last resort never ends.

    Under a silence nothing starts: what it ends with begins anew.
    """
    if incident.quiet:
        return put_escalation(incident, index, replace(incident.escalations[index], state="muted", asks=()))
    while True:
        escalation = incident.escalations[index]
        policy = policy_of(draft, escalation)
        step = step_of(policy, escalation.step)
        if len(incident.answers) > escalation.heard:
            incident = _counted(incident, index, named_by(meaning, incident, step, now))
            if covered(draft, meaning, incident, incident.escalations[index]):
                return _answered(draft, incident, index, now)
        opens = _held_until(meaning, incident, step, now)
        if opens is not None:
            return _hold(draft, incident, index, step, opens, now)
        asks, incident = ask_people(draft, meaning, incident, index, step, now)
        if not asks and escalation.step == 0:
            incident = _widen(draft, meaning, incident, index, now)
            if incident.escalations[index].state != "running":
                return incident
        if asks or escalation.step == 0:
            due = now + (step.every if isinstance(step, LastResort) else step.answer_within)
            draft.set_timer(Timer(f"5|answer|{incident.id}|{index}", due, "escalation", "answer", incident.id, index))
            return incident
        why = "reached nobody" if meant(step, incident) else f"is not for severity {incident.severity}"
        draft.put(Suppressed(now, incident.rule, incident.key, f"step {escalation.step} of {escalation.policy} {why}",
                             incident.severity, incident.id))
        incident = put_escalation(incident, index, following(policy, escalation))


def _counted(incident: Incident, index: int, people: Iterable[str]) -> Incident:
    """Those of these people who took the incident for another policy meanwhile count here too, unasked."""
    escalation = incident.escalations[index]
    words = last_words(incident.answers[escalation.heard:])
    more = [person for person in people if words.get(person) in POSITIVE and person not in escalation.asked]
    if not more:
        return incident
    return put_escalation(incident, index, replace(escalation, asked=(*escalation.asked, *more)))


def _answered(draft: Draft, incident: Incident, index: int, now: int) -> Incident:
    """What the present step needs is there already: nobody is asked."""
    escalation = incident.escalations[index]
    draft.put(Noted(now, "covered", f"{escalation.policy}: those who took it already are what its "
                    f"{f'step {escalation.step}' if escalation.step else 'last resort'} needs", incident.id,
                    incident.rule))
    return stop(draft, incident, "covered by those who took it already", now, only=index, state="answered")


def _held_until(meaning: Meaning, incident: Incident, step: Step | LastResort, now: int) -> int | None:
    """When the calendar that a step waits for opens; None when it need not wait, or it would wait for ever."""
    hours = meaning.named.calendars.get(step.wait_for) if isinstance(step, Step) else None
    if hours is None or incident.severity == "critical" or not meant(step, incident) or hours.open_at(now):
        return None
    return hours.next_change(now)


def _hold(draft: Draft, incident: Incident, index: int, step: Step | LastResort, opens: int, now: int) -> Incident:
    escalation = incident.escalations[index]
    calendar = step.wait_for if isinstance(step, Step) else ""
    draft.put(Suppressed(now, incident.rule, incident.key, f"step {escalation.step} of {escalation.policy} waits for "
                         f"{calendar}, until {format_instant(opens)}", incident.severity, incident.id))
    draft.set_timer(Timer(f"5|answer|{incident.id}|{index}", opens, "escalation", "held", incident.id, index))
    return incident


def advance(draft: Draft, meaning: Meaning, incident: Incident, index: int, now: int) -> Incident:
    """Nobody answered the present step in time, or nobody is left in it: the next one."""
    escalation = incident.escalations[index]
    drop_asks(draft, incident, index)
    incident = put_escalation(incident, index, following(policy_of(draft, escalation), escalation))
    return run(draft, meaning, incident, index, now)


def next_group(draft: Draft, meaning: Meaning, incident: Incident, index: int, person: str, now: int) -> Incident:
    """A person's next channels; when none is left they are unreachable, and with everybody so, the step is over."""
    escalation = incident.escalations[index]
    ask = next((ask for ask in escalation.asks if ask.person == person), None)
    if ask is None or ask.over:
        return incident
    waiting = tuple(usable for group in ask.waiting
                    if (usable := tuple(channel for channel in group if is_open(
                        draft, meaning, person, channel, incident.severity, ask.services))))
    if not waiting:
        if ask.open:
            return put_ask(incident, index, replace(ask, waiting=()))
        return set_over(draft, meaning, incident, index, person, "unreachable", now)
    ask, incident = send_group(draft, meaning, incident, index, replace(ask, waiting=waiting), now)
    return put_ask(incident, index, ask)


def set_over(draft: Draft, meaning: Meaning, incident: Incident, index: int, person: str, why: str,
             now: int) -> Incident:
    """Nothing more is tried with this person in this step; the next step starts when nobody is left."""
    escalation = incident.escalations[index]
    asks = tuple(replace(ask, over=why) if ask.person == person and not ask.over else ask for ask in escalation.asks)
    incident = put_escalation(incident, index, replace(escalation, asks=asks))
    draft.drop_timer(f"4|ask|{incident.id}|{index}|{person}")
    draft.drop_timer(f"3|receipt|{incident.id}|{index}|{person}")
    if not all(ask.over for ask in asks):
        return incident
    if escalation.step != 0:
        return advance(draft, meaning, incident, index, now)
    return _widen(draft, meaning, incident, index, now)


def _widen(draft: Draft, meaning: Meaning, incident: Incident, index: int, now: int) -> Incident:
    """Nobody of the last resort can be reached or comes: once a round, everybody else by every address, at once."""
    escalation = incident.escalations[index]
    if escalation.widened:
        draft.put(Noted(now, "unreached", f"nobody whom {escalation.policy} turned to can be reached",
                        incident.id, incident.rule))
        return replace(incident, unreached=True)
    people = everybody(meaning, escalation, now)
    incident = _counted(put_escalation(incident, index, replace(escalation, widened=True)), index, people)
    if covered(draft, meaning, incident, incident.escalations[index]):
        return _answered(draft, incident, index, now)
    return ask_everybody(draft, meaning, incident, index, people, now)


def stop(draft: Draft, incident: Incident, reason: str, now: int, *, only: int | None = None,
         state: str = "over") -> Incident:
    """End one escalation or all, or mute them: timers dropped, pages that have not left withdrawn."""
    escalations = list(incident.escalations)
    for index, escalation in enumerate(escalations):
        if escalation.state not in WANTED or (only is not None and index != only):
            continue
        drop_asks(draft, incident, index)
        draft.drop_timer(f"5|answer|{incident.id}|{index}")
        draft.put(Withdrawn(incident.id, reason, escalation.policy))
        escalations[index] = replace(escalation, state=state, asks=())
    return replace(incident, escalations=tuple(escalations))
