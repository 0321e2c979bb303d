"""What an escalation needs, and what of it nobody has covered yet."""

from tocsin.book.contacts import Need
from tocsin.book.groups import service_of
from tocsin.book.members import people_in
from tocsin.core.draft import Draft
from tocsin.core.policies import need_of
from tocsin.core.standing import COMING, POSITIVE, words_for
from tocsin.domain.incident import Escalation, Incident
from tocsin.rules.meaning import Meaning


def covered(draft: Draft, meaning: Meaning, incident: Incident, escalation: Escalation) -> bool:
    """Whether the words that stand cover what an escalation needs; each person counts once towards each need."""
    needs = need_of(draft, escalation)
    if not needs:
        return any(word in POSITIVE for word in words_for(incident, escalation).values())
    return not unmet(meaning, incident, escalation, needs)


def unmet(meaning: Meaning, incident: Incident, escalation: Escalation, needs: tuple[Need, ...]) -> tuple[Need, ...]:
    """The needs for which too few have accepted or arrived; each person counts once towards every need they fit."""
    coming = [person for person, word in words_for(incident, escalation).items() if word in COMING]
    return tuple(need for need in needs
                 if sum(fits(meaning, person, need) for person in coming) < need.accepted)


def fits(meaning: Meaning, person: str, need: Need) -> bool:
    """Whether a person counts towards a need: by their skill, and by a service of the kind that they serve in; a group
    where one of its members does.
    """
    content = meaning.content
    service = service_of(person, content)
    if service is not None:
        return any(fits(meaning, member, need) for member in people_in(service, content))
    known = content.people.get(person)
    if need.skill and (known is None or need.skill not in known.skills):
        return False
    return not need.kind or any(person in people_in(service, content) for service in content.services.values()
                                if service.kind == need.kind)
