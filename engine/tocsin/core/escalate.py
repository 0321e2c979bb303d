"""One policy at work on one incident: steps, people, channels, rounds, the last resort; never silence."""

import msgspec
from msgspec.structs import replace

from tocsin.book.contacts import LastResort, Need, Policy, Step
from tocsin.core import tell
from tocsin.core.draft import Draft
from tocsin.core.needs import fits, unmet
from tocsin.core.standing import COMING, POSITIVE, last_words, words_for
from tocsin.core.whom import whom
from tocsin.domain.change import Noted, PolicyKept, Suppressed, Timer, Withdrawn
from tocsin.domain.incident import WANTED, Ask, Escalation, Incident
from tocsin.domain.notification import CHANNELS
from tocsin.domain.time import MINUTE, SECOND, format_instant
from tocsin.roster.reach import Groups, everybody_on_duty, groups_for, people_of
from tocsin.rules.meaning import Meaning

BETWEEN_CHANNELS = MINUTE
"""A person's channels are tried this long apart."""
RECEIPT_WITHIN = 30 * SECOND
"""A delivery receipt that is missing after this starts the person's next channel."""

_decode_policy = msgspec.json.Decoder(Policy).decode


def begin(draft: Draft, meaning: Meaning, incident: Incident, policies: tuple[str, ...], kind: str,
          now: int) -> Incident:
    """Start every policy from step one, in place of whatever ran before."""
    incident = stop(draft, incident, "started anew" if incident.escalations else "", now)
    escalations = tuple(_first(draft, Escalation(
        policy=name, snapshot=_keep(draft, meaning, name), kind=kind, started=now,
        asked=_asked_before(incident, name), heard=len(incident.answers))) for name in policies)
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
    return run(draft, meaning, _put(incident, index, _first(draft, again)), index, now)


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
        return _put(incident, index, replace(incident.escalations[index], state="muted", asks=()))
    while True:
        escalation = incident.escalations[index]
        policy = policy_of(draft, escalation)
        step = _step(policy, escalation.step)
        opens = _held_until(meaning, incident, step, now)
        if opens is not None:
            return _hold(draft, incident, index, step, opens, now)
        asks, incident = _ask_people(draft, meaning, incident, index, step, now)
        if asks or escalation.step == 0:
            due = now + (step.every if isinstance(step, LastResort) else step.answer_within)
            draft.set_timer(Timer(f"5|answer|{incident.id}|{index}", due, "escalation", "answer", incident.id, index))
            return incident
        why = "reached nobody" if _meant(step, incident) else f"is not for severity {incident.severity}"
        draft.put(Suppressed(now, incident.rule, incident.key, f"step {escalation.step} of {escalation.policy} {why}",
                             incident.severity, incident.id))
        incident = _put(incident, index, _next(policy, escalation))


def _held_until(meaning: Meaning, incident: Incident, step: Step | LastResort, now: int) -> int | None:
    """When the calendar that a step waits for opens; None when it need not wait, or it would wait for ever."""
    hours = meaning.named.calendars.get(step.wait_for) if isinstance(step, Step) else None
    if hours is None or incident.severity == "critical" or not _meant(step, incident) or hours.open_at(now):
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
    _drop_asks(draft, incident, index)
    incident = _put(incident, index, _next(policy_of(draft, escalation), escalation))
    return run(draft, meaning, incident, index, now)


def next_group(draft: Draft, meaning: Meaning, incident: Incident, index: int, person: str, now: int) -> Incident:
    """A person's next channels; when none is left they are unreachable, and with everybody so, the step is over."""
    escalation = incident.escalations[index]
    ask = next((ask for ask in escalation.asks if ask.person == person), None)
    if ask is None or ask.over:
        return incident
    waiting = tuple(usable for group in ask.waiting
                    if (usable := tuple(channel for channel in group if not _off(draft, person, channel))))
    if not waiting:
        if ask.open:
            return put_ask(incident, index, replace(ask, waiting=()))
        return set_over(draft, meaning, incident, index, person, "unreachable", now)
    ask, incident = _send_group(draft, meaning, incident, index, replace(ask, waiting=waiting), now)
    return put_ask(incident, index, ask)


def set_over(draft: Draft, meaning: Meaning, incident: Incident, index: int, person: str, why: str,
             now: int) -> Incident:
    """Nothing more is tried with this person in this step; the next step starts when nobody is left."""
    escalation = incident.escalations[index]
    asks = tuple(replace(ask, over=why) if ask.person == person and not ask.over else ask for ask in escalation.asks)
    incident = _put(incident, index, replace(escalation, asks=asks))
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
        return replace(incident, unreached=True)
    incident = _put(incident, index, replace(escalation, widened=True))
    asks, incident = _everybody(draft, meaning, incident, index, now)
    asked = {ask.person for ask in asks}
    kept = tuple(ask for ask in escalation.asks if ask.person not in asked)
    return _put(incident, index, replace(incident.escalations[index], asks=(*kept, *asks)))


def stop(draft: Draft, incident: Incident, reason: str, now: int, *, only: int | None = None,
         state: str = "over") -> Incident:
    """End one escalation or all, or mute them: timers dropped, pages that have not left withdrawn."""
    escalations = list(incident.escalations)
    for index, escalation in enumerate(escalations):
        if escalation.state not in WANTED or (only is not None and index != only):
            continue
        _drop_asks(draft, incident, index)
        draft.drop_timer(f"5|answer|{incident.id}|{index}")
        draft.put(Withdrawn(incident.id, reason, escalation.policy))
        escalations[index] = replace(escalation, state=state, asks=())
    return replace(incident, escalations=tuple(escalations))


def policy_of(draft: Draft, escalation: Escalation) -> Policy:
    """The policy as it was when the escalation began."""
    kept = draft.policy(escalation.snapshot)
    return kept if isinstance(kept, Policy) else _decode_policy(kept)


def need_of(draft: Draft, escalation: Escalation) -> tuple[Need, ...]:
    """What the present step needs: its own need, else that of the step before it that has one, else the policy's."""
    policy = policy_of(draft, escalation)
    so_far = policy.steps[:escalation.step] if escalation.step else policy.steps
    return next((step.need for step in reversed(so_far) if step.need), policy.need)


def _keep(draft: Draft, meaning: Meaning, name: str) -> str:
    policy = meaning.policy(name)
    if policy is None:
        policy = Policy(id=name, steps=(), last_resort=LastResort(meaning.content.roles.duty_office, 5 * MINUTE))
    hash_ = meaning.policy_hash(policy)
    if draft.policy(hash_) is None:
        draft.put(PolicyKept(hash_, policy))
    return hash_


def _step(policy: Policy, number: int) -> Step | LastResort:
    return policy.steps[number - 1] if 0 < number <= len(policy.steps) else policy.last_resort


def _next(policy: Policy, escalation: Escalation) -> Escalation:
    if 0 < escalation.step < len(policy.steps):
        return replace(escalation, step=escalation.step + 1, asks=())
    if escalation.step != 0 and escalation.round <= policy.repeat:
        return replace(escalation, step=1, round=escalation.round + 1, asks=())
    return replace(escalation, step=0, round=escalation.round + 1, asks=(), widened=False)


def _ask_people(draft: Draft, meaning: Meaning, incident: Incident, index: int, step: Step | LastResort,
                now: int) -> tuple[tuple[Ask, ...], Incident]:
    if not _meant(step, incident):
        return (), incident
    last = isinstance(step, LastResort)
    escalation = incident.escalations[index]
    words, said = words_for(incident, escalation), last_words(incident.answers[escalation.heard:])
    named = tuple(dict.fromkeys(person for target in step.to for person in whom(target, meaning, incident, now)))
    people = [person for person in named
              if words.get(person) not in COMING and (last or said.get(person) != "decline")]
    open_needs = () if last else unmet(meaning, incident, escalation, need_of(draft, escalation))
    if open_needs:
        people = [person for person in people if any(fits(meaning, person, need) for need in open_needs)] or people
    asks: list[Ask] = []
    for person in people or (named if last else ()):
        groups = reachable(draft, meaning, person, incident.severity, step.by)
        if not groups:
            draft.put(Suppressed(now, incident.rule, incident.key, f"{person} has no usable address",
                                 incident.severity, incident.id))
            continue
        ask, incident = _send_group(draft, meaning, incident, index, Ask(person, groups), now)
        asks.append(ask)
    if last and not asks:
        asks, incident = _everybody(draft, meaning, incident, index, now)
    elif asks and incident.unreached:
        incident = replace(incident, unreached=False)
    escalation = replace(incident.escalations[index], asks=tuple(asks))
    return tuple(asks), _put(incident, index, escalation)


def _meant(step: Step | LastResort, incident: Incident) -> bool:
    return isinstance(step, LastResort) or incident.severity in step.only.get("severity", (incident.severity,))


def _everybody(draft: Draft, meaning: Meaning, incident: Incident, index: int,
               now: int) -> tuple[list[Ask], Incident]:
    """Even the last resort reached nobody: administrators and everybody on duty, by every address they have."""
    roles = meaning.content.roles
    before = incident.escalations[index].asks
    declined = {ask.person for ask in before if ask.over == "declined"}
    people = dict.fromkeys(
        [*(ask.person for ask in before if ask.person not in declined),
         *(person for target in (*roles.administrators, *roles.duty_office, *roles.shift_head)
           for person in people_of(target, meaning.content, now)), *everybody_on_duty(meaning.content, now)])
    asks: list[Ask] = []
    for person in people:
        groups = () if person in declined else reachable(draft, meaning, person, "critical", (CHANNELS,))
        if groups:
            ask, incident = _send_group(draft, meaning, incident, index, Ask(person, groups), now)
            asks.append(ask)
    draft.put(Noted(now, "last_resort_failed", f"the last resort of {incident.escalations[index].policy} reached "
                    f"nobody; asked instead: {', '.join(people) or 'nobody'}", incident.id, incident.rule))
    return asks, replace(incident, unreached=not asks)


def reachable(draft: Draft, meaning: Meaning, person: str, severity: str, by: Groups) -> Groups:
    """The person's channel groups, without channels that have no address or are switched off."""
    known = meaning.content.people.get(person)
    if known is None:
        return ()
    groups = []
    for group in groups_for(known, severity, by):
        usable = tuple(channel for channel in group if channel in known.addresses
                       and channel in meaning.content.channels and not _off(draft, person, channel))
        if usable:
            groups.append(usable)
    return tuple(groups)


def _off(draft: Draft, person: str, channel: str) -> bool:
    address = draft.address(person, channel)
    return address is not None and bool(address.off)


def _send_group(draft: Draft, meaning: Meaning, incident: Incident, index: int, ask: Ask,
                now: int) -> tuple[Ask, Incident]:
    escalation = incident.escalations[index]
    step = _step(policy_of(draft, escalation), escalation.step)
    expires = now + (step.every if isinstance(step, LastResort) else step.answer_within)
    group, waiting = ask.waiting[0], ask.waiting[1:]
    sent = tuple(tell.page(draft, incident, escalation.kind, ask.person, channel, policy=escalation.policy,
                           step=escalation.step, round_=escalation.round, now=now, expires=expires)
                 for channel in group)
    timer = f"4|ask|{incident.id}|{index}|{ask.person}"
    if waiting:
        draft.set_timer(Timer(timer, now + BETWEEN_CHANNELS, "escalation", "ask", incident.id, index, ask.person))
    else:
        draft.drop_timer(timer)
    receipt = f"3|receipt|{incident.id}|{index}|{ask.person}"
    if waiting and any(channel in meaning.receipts for channel in group):
        draft.set_timer(Timer(receipt, now + RECEIPT_WITHIN, "escalation", "receipt", incident.id, index, ask.person))
    else:
        draft.drop_timer(receipt)
    told = incident.told if ask.person in incident.told else {**incident.told, ask.person: group[0]}
    asked = escalation.asked if ask.person in escalation.asked else (*escalation.asked, ask.person)
    incident = _put(replace(incident, told=told), index, replace(escalation, asked=asked))
    return Ask(ask.person, waiting, (*ask.open, *sent), group=sent[0]), incident


def _put(incident: Incident, index: int, escalation: Escalation) -> Incident:
    escalations = (*incident.escalations[:index], escalation, *incident.escalations[index + 1:])
    return replace(incident, escalations=escalations)


def put_ask(incident: Incident, index: int, ask: Ask) -> Incident:
    escalation = incident.escalations[index]
    asks = tuple(ask if other.person == ask.person else other for other in escalation.asks)
    return _put(incident, index, replace(escalation, asks=asks))


def _drop_asks(draft: Draft, incident: Incident, index: int) -> None:
    for ask in incident.escalations[index].asks:
        draft.drop_timer(f"4|ask|{incident.id}|{index}|{ask.person}")
        draft.drop_timer(f"3|receipt|{incident.id}|{index}|{ask.person}")
