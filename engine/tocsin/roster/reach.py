"""By which channels a person is reached for a severity, and whom a target means."""

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from tocsin.book.book import Content
from tocsin.book.contacts import Person, Target
from tocsin.book.restrictions import asked_for
from tocsin.book.severities import nearest
from tocsin.domain.notification import CHANNELS
from tocsin.roster.oncall import absent, on_duty, stand_in

Groups = tuple[tuple[str, ...], ...]


def groups_for(person: Person, severity: str, step_by: Groups = ()) -> Groups:
    """The channel groups tried in turn: the step's, else the person's for this severity.

    A severity that the person does not list takes the nearest listed above, else below; without ``by`` every
    address is tried in turn.
    """
    if step_by:
        return step_by
    if not person.by:
        return tuple((channel,) for channel in CHANNELS if channel in person.addresses)
    nearest_listed = nearest(severity, tuple(person.by))
    return person.by[nearest_listed] if nearest_listed else ()


def people_of(target: Target, content: Content, at: int) -> tuple[str, ...]:
    """The people whom a target means at an instant, whatever the incident; () when nobody.

    A skill means everybody who has it and is not away; a stand-in need not have it.
    """
    zone = ZoneInfo(content.site.time_zone)
    if target.kind == "person":
        present = stand_in(target.name, content.people, zone, at)
        return (present,) if present else ()
    if target.kind == "on_call":
        schedule = content.schedules.get(target.name)
        return on_duty(schedule, content.people, at) if schedule else ()
    if target.kind == "service":
        return _service(target.name, content, zone, at)
    if target.kind == "skill":
        return tuple(sorted(person.id for person in content.people.values() if target.name in person.skills
                            and absent(person.away, zone, at) is None))
    return ()


def people_for(targets: Iterable[Target], content: Content, at: int) -> dict[str, tuple[str, ...]]:
    """The people whom targets mean at an instant, each once in their order, with the restricting services for which
    they are meant.
    """
    found: dict[str, tuple[str, ...]] = {}
    for target in targets:
        for person in people_of(target, content, at):
            found[person] = tuple(dict.fromkeys((*found.get(person, ()), *asked_for(target, person, content))))
    return found


def _service(name: str, content: Content, zone: ZoneInfo, at: int) -> tuple[str, ...]:
    service = content.services.get(name)
    if service is None:
        return ()
    if service.members:
        present = [stand_in(member, content.people, zone, at) for member in service.members]
        return tuple(dict.fromkeys(person for person in present if person))
    schedule = content.schedules.get(service.schedule)
    return on_duty(schedule, content.people, at) if schedule else ()


def everybody_on_duty(content: Content, at: int) -> tuple[str, ...]:
    """Everybody whom any schedule names at this instant, once each, in the schedules' order."""
    found: dict[str, None] = {}
    for schedule in content.schedules.values():
        found.update(dict.fromkeys(on_duty(schedule, content.people, at)))
    return tuple(found)


def called(content: Content, schedule: str) -> str:
    """What people call a schedule: the services that it keeps on duty, else its id."""
    return ", ".join(service.name for service in content.services.values()
                     if service.schedule == schedule and not service.members) or schedule
