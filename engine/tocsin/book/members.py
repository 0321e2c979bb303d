"""Who may ever serve in a service."""

from tocsin.book.book import Content
from tocsin.book.contacts import Schedule, Service


def people_in(service: Service, content: Content) -> dict[str, None]:
    """Its members, and those whom its schedule names."""
    return dict.fromkeys(service.members) | people_named(content.schedules.get(service.schedule))


def people_named(schedule: Schedule | None) -> dict[str, None]:
    """Everybody whom a schedule names."""
    if schedule is None:
        return {}
    names = dict.fromkeys(name for rotation in schedule.rotations for name in rotation.people)
    names |= dict.fromkeys(name for one in schedule.imported for name in one.people)
    names |= dict.fromkeys(schedule.who_recurs)
    return names | dict.fromkeys(override.person for override in schedule.overrides)
