"""Phrases: what the engine says of itself, put into the language of whoever reads it."""

from typing import Any

from tocsin.book.book import Content
from tocsin.delivery.plain import one_line
from tocsin.delivery.when import told_time, zone_of
from tocsin.delivery.words import known, word
from tocsin.domain.notification import Notification
from tocsin.roster.reach import called

PHRASE = "phrase"
"""The name in a notice's values that says which phrase it is."""


def phrase_of(notification: Notification, content: Content, language: str, now: int) -> str:
    """The notice in this language; "" for one that has only its own text."""
    given = notification.values
    phrase = str(given.get(PHRASE, ""))
    if notification.incident or known(language, phrase) is None:
        return ""
    schedule = content.schedules.get(str(given.get("schedule", "")))
    zone = zone_of(schedule.time_zone if schedule is not None else content.site.time_zone)
    name = one_line(called(content, str(given.get("schedule", ""))), 80)
    said = [word(language, phrase, schedule=name, at=_time(given.get("at"), zone, now))]
    people = ", ".join(one_line(content.people[one].name if one in content.people else one, 80)
                       for one in map(str, given.get("people") or ()))
    if given.get("until"):
        said.append(word(language, "shift.until", at=_time(given["until"], zone, now)))
    if phrase == "shift.begins" and people:
        said.append(word(language, "shift.before", who=people))
    if phrase == "shift.ends":
        said.append(word(language, "shift.after", who=people) if people else word(language, "shift.nobody"))
    count, shown = (given.get(part, 0) for part in ("count", "shown"))
    if count:
        said.append(word(language, "shift.open" if count == shown else "shift.open_more", count=count, shown=shown))
    return " ".join(said)


def _time(instant: Any, zone: Any, now: int) -> str:
    return told_time(instant, zone, now) if isinstance(instant, int) else "—"
