"""Whom a target means for one incident: by its place, and by the operation that runs."""

from collections.abc import Iterable

from tocsin.book.contacts import Target
from tocsin.book.groups import group_of
from tocsin.book.restrictions import asked_for
from tocsin.domain.incident import Incident
from tocsin.roster.reach import people_for
from tocsin.roster.routing import Spot, route
from tocsin.rules.gates import OPERATION
from tocsin.rules.meaning import PLACE_NAMES, Meaning


def whom(targets: Iterable[Target], meaning: Meaning, incident: Incident, now: int) -> dict[str, tuple[str, ...]]:
    """The people to ask, each once in the targets' order, then the groups of the services meant; with the services that
    restrict what may be said to them.
    """
    content = meaning.content
    plain = [one for target in targets for one in _plain(target, meaning, incident, now)]
    found = people_for(plain, content, now)
    for target in plain:
        service = content.services.get(target.name) if target.kind == "service" else None
        if service is not None and service.group_chat:
            found[group_of(service)] = asked_for(target, "", content)
    return found


def _plain(target: Target, meaning: Meaning, incident: Incident, now: int) -> tuple[Target, ...]:
    """The target, or those that it means at the incident's place."""
    if target.kind == "area_service":
        return _by_place(target, meaning, incident)
    if target.kind == "commander":
        return _commanders(meaning, incident, now)
    return (target,)


def spot_of(incident: Incident) -> Spot | None:
    """Where the newest event of the incident was; None when it did not say."""
    lat, lon, areas = (incident.values.get(name) for name in PLACE_NAMES)
    if not isinstance(lat, int | float) or not isinstance(lon, int | float):
        return None
    return Spot(lat, lon, tuple(map(str, areas)) if isinstance(areas, list | tuple) else ())


def _by_place(target: Target, meaning: Meaning, incident: Incident) -> tuple[Target, ...]:
    found = route(target.name, meaning.content, spot_of(incident), neighbours=target.neighbours)
    services = tuple(Target("service", name) for name in found.services)
    return (*services, *(meaning.content.roles.duty_office if found.outside else ()))


def _commanders(meaning: Meaning, incident: Incident, now: int) -> tuple[Target, ...]:
    """Of the operations that run and meet the place; of the one in the key alone, where the key names one."""
    named, own = meaning.named, incident.key.get(OPERATION)
    running = [name for name, hours in named.operations.items()
               if hours.inside(now) and named.met(name, incident.values)
               and (own not in named.operations or own == name)]
    written = (meaning.content.operations[name].get("commander") for name in running)
    return tuple(Target(kind, name) for commander in written if commander for kind, name in commander.items())
