"""Ways: by which channels a person can be told now, and how much each may carry."""

from msgspec.structs import replace

from tocsin.book.contacts import Person
from tocsin.book.groups import addressee
from tocsin.book.restrictions import NONE, REFERENCE, content_by
from tocsin.core.draft import Draft
from tocsin.domain.incident import Incident
from tocsin.domain.notification import CHANNELS
from tocsin.roster.reach import Groups, groups_for
from tocsin.rules.meaning import Meaning


def reachable(draft: Draft, meaning: Meaning, person: str, severity: str, by: Groups,
              services: tuple[str, ...] = ()) -> Groups:
    """The person's channel groups, without channels that have no address, are switched off or must not carry it.

    ``services`` are those that restrict what may be said to the person.
    """
    written = addressee(person, meaning.content)
    if written is None:
        return ()
    known = replace(written, addresses=_addresses(draft, written))
    groups = []
    for group in groups_for(known, severity, by):
        usable = tuple(channel for channel in group
                       if channel in known.addresses and channel in meaning.content.channels
                       and is_open(draft, meaning, person, channel, severity, services))
        if usable:
            groups.append(usable)
    return tuple(groups)


def _addresses(draft: Draft, person: Person) -> dict[str, str]:
    """Every address that holds now: enrolled and moved ones too."""
    found = {}
    for channel in CHANNELS:
        written, known = person.addresses.get(channel, ""), draft.address(person.id, channel)
        if address := known.instead_of(written) if known is not None else written:
            found[channel] = address
    return found


def is_open(draft: Draft, meaning: Meaning, person: str, channel: str, severity: str,
            services: tuple[str, ...]) -> bool:
    """Whether the channel is neither switched off for the person nor closed to such a message."""
    address = draft.address(person, channel)
    return not (address is not None and address.off) and (
        not services or content_by(meaning.content, services, severity, channel) != NONE)


def carried(meaning: Meaning, services: tuple[str, ...], severity: str, channel: str) -> str:
    """What a message by this channel may say, as its notification has it: "" for everything, or "reference"."""
    return REFERENCE if services and content_by(meaning.content, services, severity, channel) != "full" else ""


def way_of_news(draft: Draft, meaning: Meaning, incident: Incident, person: str) -> str:
    """The channel by which somebody hears more of an incident: that by which they were told of it; where it must not
    carry news any more the first other one, "" when there is none.
    """
    told, services = incident.told[person], incident.told_for.get(person, ())
    if not services or content_by(meaning.content, services, incident.severity, told) != NONE:
        return told
    groups = reachable(draft, meaning, person, incident.severity, (), services)
    return groups[0][0] if groups else ""
