"""Groups: the chats of services. A group is told like a person; whoever answers in it answers for themselves."""

from tocsin.book.book import Content
from tocsin.book.contacts import Person, Service
from tocsin.book.members import people_in

MARK = "@"


def group_of(service: Service) -> str:
    """The name of a service's group among those who are told: no person has such an id."""
    return MARK + service.id


def is_group(name: str) -> bool:
    return name.startswith(MARK)


def service_of(group: str, content: Content) -> Service | None:
    """The service whose group this is; None for a person, and where the service has no group any more."""
    service = content.services.get(group.removeprefix(MARK)) if is_group(group) else None
    return service if service is not None and service.group_chat else None


def addressee(name: str, content: Content) -> Person | None:
    """The person of this id, or the group as one who can be written to; None when there is neither."""
    if not is_group(name):
        return content.people.get(name)
    service = service_of(name, content)
    if service is None:
        return None
    return Person(id=name, name=service.name, language=content.site.language,
                  addresses={"telegram": service.group_chat}, where=service.where)


def may_answer_in(group: str, person: str, content: Content) -> bool:
    """Whether the person serves, now or by turns, in the service whose group this is."""
    service = service_of(group, content)
    return service is not None and person in people_in(service, content)


def called(content: Content) -> dict[str, str]:
    """The names of all people and groups by their ids."""
    return {**{person.id: person.name for person in content.people.values()},
            **{group_of(service): service.name for service in content.services.values() if service.group_chat}}
