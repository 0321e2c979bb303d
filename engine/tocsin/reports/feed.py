"""Feeds: shifts as iCalendar (RFC 5545), for the calendar on somebody's phone."""

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tocsin.book.book import Content
from tocsin.book.contacts import Person
from tocsin.domain.time import DAY, SECOND, to_datetime
from tocsin.domain.wall import shown_at
from tocsin.reports.rosters import Duty, duties
from tocsin.roster.reach import called
from tocsin.roster.shifts import edges

if TYPE_CHECKING:
    import icalendar

PATH = "/v1/rosters"
SCHEDULES, PEOPLE = "schedules", "people"
"""Whose feed it is, as it stands in a path."""
AHEAD = 184 * DAY
_MOST_SHIFTS = 1000


def feed(content: Content, kind: str, name: str, now: int) -> bytes:
    """The feed of a schedule or a person: from the month before ``now`` on, about half a year ahead.

    A person's holds the shifts in every schedule, also those as a stand-in. Times are in UTC, which every program
    shows in its own zone. UnknownRosterError for an unknown name.
    """
    import icalendar

    begin, end = _span(content, now)
    of_person = kind == PEOPLE
    found = duties(content, begin, end, person=name) if of_person else duties(content, begin, end, schedule=name)
    calendar = icalendar.Calendar()
    title = content.people[name].name if of_person else called(content, name)
    for key, value in (("prodid", "-//Tocsin//roster//EN"), ("version", "2.0"), ("calscale", "GREGORIAN"),
                       ("x-wr-calname", f"{content.site.name}: {title}"), ("x-published-ttl", "PT1H")):
        calendar.add(key, value)
    calendar.add("refresh-interval", timedelta(hours=1), {"VALUE": "DURATION"})
    for duty in found:
        if duty.person:
            calendar.add_component(_event(content, duty, now, of_person=of_person))
    return bytes(calendar.to_ical())


def _event(content: Content, duty: Duty, now: int, *, of_person: bool) -> "icalendar.Event":
    import icalendar

    event = icalendar.Event()
    who, what = content.people[duty.person].name, called(content, duty.schedule)
    event.add("uid", f"{duty.begin // SECOND}-{duty.schedule}-{duty.person}@tocsin")
    event.add("dtstamp", to_datetime(now).replace(microsecond=0))
    event.add("dtstart", to_datetime(duty.begin))
    event.add("dtend", to_datetime(duty.end))
    event.add("summary", what if of_person else who)
    event.add("description", f"{who}, {what} ({duty.schedule})")
    return event


def _span(content: Content, now: int) -> tuple[int, int]:
    """From the first day of the month before, so that a shift which lasts keeps its beginning from day to day; where
    turns are very short, less far back and ahead.
    """
    zone = ZoneInfo(content.site.time_zone)
    first = to_datetime(now).astimezone(zone).replace(day=1, tzinfo=None)
    before = (first - timedelta(days=1)).replace(day=1)
    begin = shown_at(datetime(before.year, before.month, 1), zone)  # noqa: DTZ001 - a local time, given its zone there
    a_day = max((len(edges(one, content.people, now, now + DAY)) for one in content.schedules.values()), default=1)
    most = max(1, _MOST_SHIFTS // a_day) * DAY
    return max(begin, now - most), now + min(AHEAD, most)


def feed_token(secret: bytes, kind: str, name: str, reader: Person) -> str:
    """What opens one feed to one person: no other feed, and not any more when they are gone from the contacts or their
    ``feed:`` there is another.
    """
    said = "\0".join(("feed", kind, name, reader.id, reader.feed)).encode()
    return base64.urlsafe_b64encode(hmac.new(secret, said, hashlib.sha256).digest()).decode().rstrip("=")


def feed_link(public_url: str, secret: bytes, kind: str, name: str, reader: Person) -> str:
    """The address that a person gives to a calendar program."""
    return (f"{public_url.rstrip('/')}{PATH}/{kind}/{name}.ics?for={reader.id}"
            f"&token={feed_token(secret, kind, name, reader)}")


def opens(content: Content, secret: bytes, kind: str, name: str, reader: str, token: str) -> bool:
    """Whether this token opens this feed to this person; compared in constant time."""
    person = content.people.get(reader)
    right = feed_token(secret, kind, name, person or Person(id=reader, name=""))
    return hmac.compare_digest(right.encode(), token.encode()) and person is not None
