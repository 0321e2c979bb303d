"""Names: everything a message template may use, in the language of one person."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from tocsin.book.book import Content
from tocsin.book.rule import Rule
from tocsin.book.template import TemplateError
from tocsin.delivery import templates
from tocsin.delivery.phrases import PHRASE, phrase_of
from tocsin.delivery.plain import cut, harmless, one_line
from tocsin.delivery.when import told_time, zone_of
from tocsin.delivery.words import known, word
from tocsin.domain.drill import is_drill
from tocsin.domain.notification import JOINED, NOTICE, Notification
from tocsin.domain.time import MINUTE

LATE_AFTER = 2 * MINUTE
LONGEST_SAY = 300
LONGEST_ADVICE = 1000

Broken = Callable[[str, str], None]
"""Hears which template (or rule) is broken, and why."""


def names_of(notification: Notification, content: Content, rule: Rule | None, language: str, now: int,
             broken: Broken) -> dict[str, Any]:
    """The names for this notification; ``content`` is the book's in force, ``rule`` that of the notification's book."""
    if notification.content:
        return reference_names(notification, content, language, now)
    zone = zone_of(content.site.time_zone)
    given = notification.values
    values: dict[str, Any] = harmless(given, word(language, "yes"), word(language, "no"))
    if phrase := phrase_of(notification, content, language, now):
        values["text"] = phrase
    say = said(rule, values, notification, broken)
    since = given.get("since")
    happened = isinstance(since, int) and abs(notification.created - since) > LATE_AFTER
    return {
        **values,
        "say": say,
        "advice": _filled(rule.advice, values, LONGEST_ADVICE, rule.id, broken) if rule and rule.advice else "",
        "severity": word(language, f"severity.{notification.severity}"),
        "what": _what(notification, language),
        "rule": notification.rule,
        "site_name": one_line(content.site.name, 60),
        "time": told_time(notification.created, zone, now),
        "happened": told_time(since, zone, notification.created) if happened and isinstance(since, int) else "",
        "since": told_time(since, zone, now) if isinstance(since, int) else None,
        "last_resort": _last_resort(notification, language),
        "who": who(content, given.get("who")),
        "again": _again(notification),
        "how": _how(content, str(given.get("how") or ""), language),
        "did": _did(notification, language),
        "at": _at(notification, zone, now),
        "eta": word(language, "minutes", count=max(1, round(given["eta"] / MINUTE)))
               if isinstance(given.get("eta"), int) else "",
    }


def reference_names(notification: Notification, content: Content, language: str, now: int) -> dict[str, Any]:
    """The names for a message that may only refer to its incident: nothing of what happened, where, or to whom."""
    zone, given = zone_of(content.site.time_zone), notification.values
    return {
        "say": reference(notification, language), "text": reference(notification, language), "advice": "",
        "severity": word(language, f"severity.{notification.severity}"), "what": _what(notification, language),
        "rule": "", "site_name": one_line(content.site.name, 60), "time": told_time(notification.created, zone, now),
        "happened": "", "since": None, "last_resort": _last_resort(notification, language),
        "count": str(given.get("count", "")), "again": _again(notification), "how": "",
        "who": word(language, "reference.who") if "word" in given else "", "did": _did(notification, language),
        "at": _at(notification, zone, now), "eta": "",
    }


def reference(notification: Notification, language: str) -> str:
    """The sentence in the place of the rule's: the number of the incident, and who can say more."""
    if notification.incident == 0:
        return word(language, "reference.notice")
    return word(language, "reference.say", number=notification.incident)


def said(rule: Rule | None, values: dict[str, Any], notification: Notification, broken: Broken) -> str:
    """The rule's sentence; without a rule its name and the key's values stand for it."""
    alone = notification.incident == 0 or (rule is None and is_drill(notification.rule))
    if alone and "text" in values:
        return cut(str(values["text"]), LONGEST_SAY)
    if rule is None:
        return cut(plain_key(notification), LONGEST_SAY)
    return _filled(rule.say, values, LONGEST_SAY, rule.id, broken) or plain_key(notification)


def plain_key(notification: Notification) -> str:
    """Rule and values as they come, for when nothing better can be said."""
    told = [one_line(str(value), 60) for value in notification.values.values() if isinstance(value, str)]
    return ": ".join([notification.rule or "Tocsin", *([", ".join(told[:4])] if told else [])])


def who(content: Content, person: Any) -> str:
    """The name of a person by id; the id of one who is not in the contacts any more."""
    known_person = content.people.get(str(person)) if person else None
    return one_line(known_person.name if known_person else str(person or ""), 80)


def _filled(source: str, values: dict[str, Any], limit: int, rule: str, broken: Broken) -> str:
    missing: list[str] = []
    try:
        text = templates.fill(source, values, html=False, missing=missing)
    except TemplateError as error:
        broken(f"rule {rule}", str(error))
        return ""
    if missing:
        broken(f"rule {rule}", f"nothing has the name {', '.join(dict.fromkeys(missing))}: printed as {templates.DASH}")
    return one_line(text, limit)


def _last_resort(notification: Notification, language: str) -> str:
    return word(language, "last_resort") if notification.policy and notification.step == 0 else ""


def _again(notification: Notification) -> bool:
    return notification.kind == JOINED and notification.values.get("again") is True


def _did(notification: Notification, language: str) -> str:
    return known(language, f"did.{notification.values.get('word')}") or word(language, "what.taken")


def _at(notification: Notification, zone: ZoneInfo, now: int) -> str | None:
    at = notification.values.get("at")
    return told_time(at, zone, now) if isinstance(at, int) else None


def _what(notification: Notification, language: str) -> str:
    if notification.kind == "page" and notification.values.get("reopened"):
        return word(language, "reopened")
    if notification.kind == NOTICE and PHRASE in notification.values:
        what = word(language, "what.handover")
        return what[:1].upper() + what[1:]
    return known(language, f"what.{notification.kind}") or ""


def _how(content: Content, how: str, language: str) -> str:
    did, by, person = how.partition(" by ")
    if by and (phrase := known(language, f"how.{did}")):
        return f"{phrase}, {who(content, person)}"
    return known(language, f"how.{how}") or one_line(how, 100)
