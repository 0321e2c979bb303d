"""Restrictions: what a message to the people of a service may say by a channel, as ``channels:`` of the service has it.

Every call takes the names of services; those that restrict nothing are left out of all answers.
"""

from collections.abc import Iterable

from tocsin.book.book import Content
from tocsin.book.contacts import Target
from tocsin.book.members import people_in
from tocsin.book.severities import nearest

FULL, REFERENCE, NONE = "full", "reference", "none"
CONTENTS = (FULL, REFERENCE, NONE)
"""From everything to nothing."""


def content_by(content: Content, services: Iterable[str], severity: str, channel: str) -> str:
    """The strictest content that any of these services demands of a channel at this severity."""
    strictest = FULL
    for name in services:
        service = content.services.get(name)
        own = service.channels.get(channel, {}).get("content", FULL) if service is not None else FULL
        if isinstance(own, dict):
            own = own[nearest(severity, tuple(own))]
        strictest = max(strictest, own, key=CONTENTS.index)
    return strictest


def asked_for(target: Target, person: str, content: Content) -> tuple[str, ...]:
    """The restricting services for which a target asks a person: those that it means, or in which the person serves.

    A stand-in for a service's person is asked for that service too.
    """
    found = []
    for service in content.services.values():
        if not service.channels:
            continue
        if target.kind == "service":
            meant = service.id == target.name
        elif target.kind == "on_call":
            meant = service.schedule == target.name
        elif target.kind == "area_service":
            meant = service.kind == target.name
        else:
            meant = not {person, target.name}.isdisjoint(people_in(service, content))
        if meant:
            found.append(service.id)
    return tuple(found)
