"""Whom the watchdog can tell: its own copy of people, addresses and channels."""

from collections.abc import Mapping

from msgspec import Struct

from tocsin.book.book import Content
from tocsin.book.contacts import Target
from tocsin.domain.notification import CHANNELS
from tocsin.ports import Channel
from tocsin.roster.reach import everybody_on_duty, people_of
from tocsin.watch.standstill import AFTER, Way


class Roll(Struct, frozen=True):
    """One valid reading of the site's files; ``after`` is microseconds of standstill before anybody is told."""

    content: Content
    to: tuple[Target, ...]
    channels: Mapping[str, Channel]
    after: int = AFTER


def ways_of(roll: Roll, at: int) -> tuple[Way, ...]:
    """Every channel of everybody in ``watchdog.to`` at an instant (microseconds UTC).

    When that is nobody: the administrators and the duty office; when that is nobody either: whoever is on duty, then
    whoever has an address at all. () only when no channel and address fit together.
    """
    content, roles = roll.content, roll.content.roles
    for targets in (roll.to, (*roles.administrators, *roles.duty_office)):
        people = dict.fromkeys(person for target in targets for person in people_of(target, content, at))
        if ways := _ways(roll, tuple(people)):
            return ways
    return _ways(roll, everybody_on_duty(content, at)) or _ways(roll, tuple(content.people))


def _ways(roll: Roll, people: tuple[str, ...]) -> tuple[Way, ...]:
    known = roll.content.people
    return tuple(Way(person, channel, known[person].addresses[channel], known[person].language)
                 for person in people if person in known
                 for channel in CHANNELS
                 if channel in known[person].addresses and channel in roll.channels)
