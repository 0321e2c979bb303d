"""The people of a step: asked by their channels in turn; whoever cannot be reached at all, and who is asked then."""

from msgspec.structs import replace

from tocsin.book.contacts import LastResort, Step, Target
from tocsin.book.groups import is_group
from tocsin.core import tell
from tocsin.core.draft import Draft
from tocsin.core.needs import fits, unmet
from tocsin.core.policies import meant, need_of, policy_of, step_of
from tocsin.core.standing import COMING, last_words, words_for
from tocsin.core.ways import reachable
from tocsin.core.whom import whom
from tocsin.domain.change import Noted, Suppressed, Timer
from tocsin.domain.incident import Ask, Escalation, Incident
from tocsin.domain.notification import CHANNELS
from tocsin.domain.time import MINUTE, SECOND
from tocsin.roster.reach import everybody_on_duty, people_for
from tocsin.rules.meaning import Meaning

BETWEEN_CHANNELS = MINUTE
"""A person's channels are tried this long apart."""
RECEIPT_WITHIN = 30 * SECOND
"""A delivery receipt that is missing after this starts the person's next channel."""


def ask_people(draft: Draft, meaning: Meaning, incident: Incident, index: int, step: Step | LastResort,
               now: int) -> tuple[tuple[Ask, ...], Incident]:
    """Ask whoever a step means and can still fill what is missing; the asks, () when it reaches nobody."""
    if not meant(step, incident):
        return (), incident
    last = isinstance(step, LastResort)
    escalation = incident.escalations[index]
    words, said = words_for(incident, escalation), last_words(incident.answers[escalation.heard:])
    named = named_by(meaning, incident, step, now)
    people = [person for person in named
              if words.get(person) not in COMING and (last or said.get(person) != "decline")]
    open_needs = () if last else unmet(meaning, incident, escalation, need_of(draft, escalation))
    if open_needs:
        people = [person for person in people if any(fits(meaning, person, need) for need in open_needs)] or people
    asks: list[Ask] = []
    for person in people or (named if last else ()):
        groups = reachable(draft, meaning, person, incident.severity, step.by, named[person])
        if not groups:
            if not is_group(person) or not step.by or any("telegram" in channels for channels in step.by):
                draft.put(Suppressed(now, incident.rule, incident.key, f"{person} has no usable address",
                                     incident.severity, incident.id))
            continue
        ask, incident = send_group(draft, meaning, incident, index, Ask(person, groups, services=named[person]), now)
        asks.append(ask)
    if asks and incident.unreached:
        incident = replace(incident, unreached=False)
    escalation = replace(incident.escalations[index], asks=tuple(asks))
    return tuple(asks), put_escalation(incident, index, escalation)


def named_by(meaning: Meaning, incident: Incident, step: Step | LastResort, now: int) -> dict[str, tuple[str, ...]]:
    """Whom the targets of a step mean now, with the services that restrict what may be said to them; nobody where the
    step is not for this severity.
    """
    return whom(step.to, meaning, incident, now) if meant(step, incident) else {}


def everybody(meaning: Meaning, escalation: Escalation, now: int) -> dict[str, tuple[str, ...]]:
    """Whom a last resort turns to that reaches nobody: its own people, administrators and everybody on duty, without
    those who have said in this round that they cannot.
    """
    roles = meaning.content.roles
    people = {ask.person: ask.services for ask in escalation.asks}
    on_duty = tuple(Target("person", person) for person in everybody_on_duty(meaning.content, now))
    for person, services in people_for((*roles.administrators, *roles.duty_office, *roles.shift_head, *on_duty),
                                       meaning.content, now).items():
        people[person] = tuple(dict.fromkeys((*people.get(person, ()), *services)))
    declined = {ask.person for ask in escalation.asks if ask.over == "declined"}
    return {person: services for person, services in people.items() if person not in declined}


def ask_everybody(draft: Draft, meaning: Meaning, incident: Incident, index: int,
                  people: dict[str, tuple[str, ...]], now: int) -> Incident:
    """Ask these by every address they may be told by, beside those of this round who are left."""
    asks: list[Ask] = []
    for person, services in people.items():
        groups = reachable(draft, meaning, person, incident.severity, (CHANNELS,), services)
        if groups:
            ask, incident = send_group(draft, meaning, incident, index, Ask(person, groups, services=services), now)
            asks.append(ask)
    escalation = incident.escalations[index]
    draft.put(Noted(now, "last_resort_failed", f"the last resort of {escalation.policy} reached "
                    f"nobody; asked instead: {', '.join(people) or 'nobody'}", incident.id, incident.rule))
    asked = {ask.person for ask in asks}
    kept = tuple(ask for ask in escalation.asks if ask.person not in asked)
    incident = put_escalation(incident, index, replace(escalation, asks=(*kept, *asks)))
    return replace(incident, unreached=not asks)


def send_group(draft: Draft, meaning: Meaning, incident: Incident, index: int, ask: Ask,
               now: int) -> tuple[Ask, Incident]:
    """Ask one person by their next channels, and set the deadline by which the ones after these are tried."""
    escalation = incident.escalations[index]
    step = step_of(policy_of(draft, escalation), escalation.step)
    expires = now + (step.every if isinstance(step, LastResort) else step.answer_within)
    group, waiting = ask.waiting[0], ask.waiting[1:]
    sent = tuple(tell.page(draft, meaning, incident, escalation.kind, ask.person, channel, services=ask.services,
                           policy=escalation.policy, step=escalation.step, round_=escalation.round, now=now,
                           expires=expires)
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
    if ask.person not in incident.told:
        incident = told_by(incident, ask, group[0])
    asked = escalation.asked if ask.person in escalation.asked else (*escalation.asked, ask.person)
    incident = put_escalation(incident, index, replace(escalation, asked=asked))
    return replace(ask, waiting=waiting, open=(*ask.open, *sent), over="", group=sent[0]), incident


def told_by(incident: Incident, ask: Ask, channel: str) -> Incident:
    """The incident whose news goes to the person asked by this channel from now on."""
    told_for = {person: services for person, services in incident.told_for.items() if person != ask.person}
    if ask.services:
        told_for[ask.person] = ask.services
    return replace(incident, told={**incident.told, ask.person: channel}, told_for=told_for)


def put_escalation(incident: Incident, index: int, escalation: Escalation) -> Incident:
    """The incident with another value of one of its escalations."""
    escalations = (*incident.escalations[:index], escalation, *incident.escalations[index + 1:])
    return replace(incident, escalations=escalations)


def put_ask(incident: Incident, index: int, ask: Ask) -> Incident:
    """The incident with another value of how one person is being asked."""
    escalation = incident.escalations[index]
    asks = tuple(ask if other.person == ask.person else other for other in escalation.asks)
    return put_escalation(incident, index, replace(escalation, asks=asks))


def drop_asks(draft: Draft, incident: Incident, index: int) -> None:
    """Nobody's further channels are tried."""
    for ask in incident.escalations[index].asks:
        draft.drop_timer(f"4|ask|{incident.id}|{index}|{ask.person}")
        draft.drop_timer(f"3|receipt|{incident.id}|{index}|{ask.person}")
