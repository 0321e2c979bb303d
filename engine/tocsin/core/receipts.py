"""What a receipt changes: a failed way starts the next one at once; a dead address is switched off."""

from msgspec.structs import replace

from tocsin.book.groups import addressee, called
from tocsin.core import escalate, responders, tell, ways
from tocsin.core.draft import Draft
from tocsin.domain.change import AddressSet, IncidentSet, Noted
from tocsin.domain.incident import Ask, Incident
from tocsin.domain.input import Receipt
from tocsin.domain.notification import AWAY, DELIVERED, EXPIRED, FAILED_PERMANENT, READ, Address
from tocsin.roster.reach import people_for
from tocsin.rules.meaning import Meaning


def receipt(draft: Draft, meaning: Meaning, item: Receipt, now: int) -> None:
    """Apply a receipt; one about an incident long closed changes addresses only."""
    if item.moved_to:
        move(draft, meaning, item.person, item.channel, item.moved_to, now)
    if item.address_dead and item.person:
        switch_off(draft, meaning, item.person, item.channel, item.detail or item.state, now)
    incident = draft.incident(item.incident) if item.incident else None
    if incident is None:
        return
    for index, escalation in enumerate(incident.escalations):
        ask = next((ask for ask in escalation.asks if item.notification in ask.open), None)
        if ask is None or escalation.state != "running":
            continue
        if item.state in (DELIVERED, READ):
            draft.drop_timer(f"3|receipt|{incident.id}|{index}|{ask.person}")
        elif item.state in (FAILED_PERMANENT, EXPIRED):
            incident = _failed(draft, meaning, incident, index, ask, item, now)
            draft.put(IncidentSet(incident))
        elif item.state == AWAY and _alone(ask, item.notification):
            draft.put(IncidentSet(escalate.next_group(draft, meaning, incident, index, ask.person, now)))
        break


def _alone(ask: Ask, notification: int) -> bool:
    """Whether a message that waits for its provider is all that is on its way to the person, who has other ways left:
    these are taken beside it.
    """
    return bool(ask.waiting) and not ask.over and notification >= ask.group and not any(
        number >= ask.group and number != notification for number in ask.open)


def _failed(draft: Draft, meaning: Meaning, incident: Incident, index: int, ask: Ask, item: Receipt,
            now: int) -> Incident:
    left = tuple(number for number in ask.open if number != item.notification)
    incident = responders.put_ask(incident, index, replace(ask, open=left))
    if ask.over or any(number >= ask.group for number in left):
        return incident
    if ask.waiting and incident.told.get(ask.person) == item.channel:
        incident = responders.told_by(incident, ask, ask.waiting[0][0])
    return escalate.next_group(draft, meaning, incident, index, ask.person, now)


def move(draft: Draft, meaning: Meaning, person: str, channel: str, to: str, now: int) -> None:
    """The address has another form from now on, until the file has another address; it is in use again."""
    known = addressee(person, meaning.content)
    written = known.addresses.get(channel, "") if known is not None else ""
    before = draft.address(person, channel) or Address(person, channel)
    draft.put(AddressSet(replace(before, off="", moved_to=to, since=now, moved_from=written)))


def switch_off(draft: Draft, meaning: Meaning, person: str, channel: str, reason: str, now: int) -> None:
    """No message is sent to this address until the person shows that it works; the shift head is told once."""
    known = draft.address(person, channel)
    if known is not None and known.off:
        return
    draft.put(AddressSet(replace(known or Address(person, channel), off=reason, since=now)))
    draft.put(Noted(now, "address_off", f"{person}: {channel} switched off: {reason}", person=person))
    name = called(meaning.content).get(person, person)
    tell_role(draft, meaning, "shift_head", f"{name}: {channel} does not work any more ({reason})", now)


def switch_on(draft: Draft, person: str, channel: str, now: int) -> None:
    """The person has shown that the address works again."""
    known = draft.address(person, channel)
    if known is not None and known.off:
        draft.put(AddressSet(replace(known, off="", since=now)))
        draft.put(Noted(now, "address_on", f"{person}: {channel} works again", person=person))


def tell_role(draft: Draft, meaning: Meaning, role: str, text: str, now: int, severity: str = "high") -> None:
    """A notice to everybody whom a role of the engine (duty_office, shift_head, administrators) means now."""
    people = people_for(getattr(meaning.content.roles, role), meaning.content, now)
    by = {person: groups[0] for person, services in people.items()
          if (groups := ways.reachable(draft, meaning, person, severity, (), services))}
    tell.notice(draft, meaning, by, text, now, severity=severity, services=people)
