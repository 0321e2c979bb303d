"""Enrolment: a person whose address the files do not have proves one, by a link that was made for them."""

from collections.abc import Mapping
from typing import Any

from tocsin.core import receipts
from tocsin.core.draft import Draft
from tocsin.domain.change import AddressSet, Noted
from tocsin.domain.notification import Address
from tocsin.rules.meaning import Meaning


def enrol(draft: Draft, meaning: Meaning, arguments: Mapping[str, Any], now: int) -> None:
    """``person`` has proven ``address`` on ``channel`` by a link made at ``issued``.

    A link is good once, and every older one of the person ends with it. Another account in place of one that was
    enrolled before is told to the shift head.
    """
    person, channel, address = (str(arguments.get(name, "")) for name in ("person", "channel", "address"))
    known = draft.address(person, channel)
    why = _refused(draft, meaning, person, channel, address)
    if not why and known is not None and known.enrolled >= int(arguments.get("issued", 0)):
        why = "the link was used already, or is older than one that was"
    if why:
        draft.put(Noted(now, "refused", f"{person}: {channel} was not enrolled: {why}", person=person))
        return
    draft.put(AddressSet(Address(person, channel, moved_to=address, since=now, enrolled=now)))
    draft.put(Noted(now, "enrolled", f"{person}: {channel} enrolled by a link", person=person))
    if known is not None and known.instead_of("") not in ("", address):
        name = meaning.content.people[person].name
        text = f"{name}: {channel} goes to another account from now on, which was enrolled by a new link"
        receipts.tell_role(draft, meaning, "shift_head", text, now)


def _refused(draft: Draft, meaning: Meaning, person: str, channel: str, address: str) -> str:
    people = meaning.content.people
    if person not in people:
        return "there is no such person"
    if people[person].addresses.get(channel):
        return "the contacts have an address, which holds"
    others = [other.addresses.get(channel, "") for other in people.values() if other.id != person]
    others += [known.instead_of(people[name].addresses.get(channel, ""))
               for (name, by), known in draft.board.addresses.items() if by == channel and name in people
               and name != person]
    return "it is somebody else's address" if address in others else ""
