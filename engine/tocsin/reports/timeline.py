"""The readable timeline: what happened, who was told what by which channel, and who answered."""

import re
from collections.abc import Callable, Iterable, Iterator
from html import unescape
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, text

from tocsin.book.book import Content
from tocsin.book.groups import called
from tocsin.book.rule import Rule
from tocsin.core.standing import HANDED_OVER
from tocsin.domain.codec import decode_activation, decode_incident
from tocsin.domain.incident import Incident
from tocsin.domain.notification import TAKEN
from tocsin.domain.time import MINUTE
from tocsin.reports.local import Local
from tocsin.reports.told import ARRIVED, Told, since

OPENED, AGAIN, CLEARED, TOLD, FAILED, UNSENT, ANSWER, CLOSED, KEPT_BACK, NOTED = (
    "opened", "again", "cleared", "told", "failed", "unsent", "answer", "closed", "kept back", "noted")
MARKS = {OPENED: "▲", AGAIN: "▲", CLEARED: "▽", TOLD: "→", FAILED: "✗", UNSENT: "·", ANSWER: "✓", CLOSED: "■",
         KEPT_BACK: "·", NOTED: "·"}
_CHANNELS = {"telegram": "Telegram", "sms": "SMS", "email": "e-mail", "api": "API"}
_LONGEST = 140

_INCIDENTS = text("SELECT body FROM incidents WHERE board = 1 AND id > :after ORDER BY id LIMIT 500")
_ACTIVATIONS = text('SELECT body FROM activations WHERE incident = :number AND ("at" >= :since OR cleared >= :since) '
                    "ORDER BY number")
_SUPPRESSED = text('SELECT "at", rule, "key", reason, incident FROM suppressed WHERE "at" >= :since ORDER BY id')
_NOTED = text('SELECT "at", what, detail, incident FROM noted WHERE "at" >= :since ORDER BY id')
_ELSEWHERE = frozenset({"answer"})
"""Noted words that the timeline shows in another way."""

Say = Callable[[Rule, dict[str, Any]], str]


class Entry(Struct, frozen=True):
    """One line: ``at`` in microseconds, ``what`` one of the words above, ``incident`` 0 for none."""

    at: int
    what: str
    text: str
    incident: int = 0


def timeline(connection: Connection, content: Content, say: Say, instant: int = 0) -> list[Entry]:
    """Everything since an instant, in order; names and sentences as ``content`` has them."""
    names = called(content)
    rules = {rule.id: rule for rule in content.rules}
    entries = [*_incidents(connection, names, rules, say, instant), *_told(connection, names, instant)]
    for at, rule, key, reason, incident in connection.execute(_SUPPRESSED, {"since": instant}):
        place = ", ".join(key.split("\x1f")) if key else "one for all"
        entries.append(Entry(at, KEPT_BACK, f"{rule} ({place}): not told: {_named(reason, names)}", incident))
    for at, what, detail, incident in connection.execute(_NOTED, {"since": instant}):
        if what not in _ELSEWHERE:
            entries.append(Entry(at, NOTED, f"{what}: {detail}", incident))
    return sorted(entries, key=lambda entry: (entry.at, entry.incident))


def timeline_text(entries: Iterable[Entry], zone: str) -> str:
    """One line an entry, the day where it changes."""
    local = Local(zone)
    lines: list[str] = []
    day = None
    for entry in entries:
        if local.day(entry.at) != day:
            day = local.day(entry.at)
            lines.append(f"{day:%d.%m.%Y}")
        number = f"#{entry.incident}" if entry.incident else ""
        lines.append(f"{local.clock(entry.at)} {number:>4} {MARKS[entry.what]} {entry.text}")
    return "\n".join(lines)


def _incidents(connection: Connection, names: dict[str, str], rules: dict[str, Rule], say: Say,
               instant: int) -> Iterator[Entry]:
    after = 0
    while rows := connection.execute(_INCIDENTS, {"after": after}).fetchall():
        for (body,) in rows:
            incident = decode_incident(body)
            after = incident.id
            if incident.closed is None or incident.closed >= instant:
                yield from _incident(connection, incident, names, rules, say, instant)


def _incident(connection: Connection, incident: Incident, names: dict[str, str], rules: dict[str, Rule], say: Say,
              instant: int) -> Iterator[Entry]:
    rule = rules.get(incident.rule)
    said = say(rule, incident.values) if rule is not None else ", ".join([incident.rule, *incident.key.values()])
    for (body,) in connection.execute(_ACTIVATIONS, {"number": incident.id, "since": instant}):
        activation = decode_activation(body)
        if activation.at >= instant:
            first = activation.number == 1
            yield Entry(activation.at, OPENED if first else AGAIN,
                        f"{said} [{incident.severity}]" + ("" if first else ", active again"), incident.id)
        if activation.cleared is not None:
            yield Entry(activation.cleared, CLEARED, f"{said}: cleared ({_named(activation.how, names)})", incident.id)
    for given in incident.answers:
        if given.at >= instant:
            eta = f", in {given.eta // MINUTE} min" if given.eta is not None else ""
            late = " (taken already)" if given.late else ""
            who, note = names.get(given.person, given.person), f": {given.note}" if given.note else ""
            by = f" through {names.get(given.by, given.by)}" if given.by else ""
            if given.word == HANDED_OVER:
                continue
            yield Entry(given.at, ANSWER, f"{who} answered by {_channel(given.channel)}{by}: {given.word}{eta}{late}"
                                          f"{note}", incident.id)
    if incident.closed is not None:
        by = f" by {names.get(incident.closed_by, incident.closed_by)}" if incident.closed_by else ""
        yield Entry(incident.closed, CLOSED, f"{said}: closed{by}", incident.id)


def _told(connection: Connection, names: dict[str, str], instant: int) -> Iterator[Entry]:
    for one in since(connection, instant):
        notification = one.notification
        if notification.kind == TAKEN:
            if one.arrived and one.attempts:
                at = one.attempts[-1].ended or one.attempts[-1].started
                yield Entry(at, TOLD, "every Telegram copy now shows who has it", notification.incident)
            continue
        yield from _tries(one, names)
        if not one.attempts and one.state not in ARRIVED and one.reason:
            who = names.get(notification.person, notification.person)
            yield Entry(notification.created, UNSENT,
                        f"{who} by {_channel(notification.channel)}, {notification.kind}: not sent "
                        f"({_named(one.reason, names)})", notification.incident)


def _tries(one: Told, names: dict[str, str]) -> Iterator[Entry]:
    notification = one.notification
    who = f"{names.get(notification.person, notification.person)} by {_channel(notification.channel)}"
    for attempt in one.attempts:
        at = attempt.ended if attempt.ended is not None else attempt.started
        said = _short(attempt.text)
        if attempt.state in ARRIVED:
            yield Entry(at, TOLD, f"{who}: {said}", notification.incident)
        elif attempt.ended is not None:
            yield Entry(at, FAILED, f"{who}, {notification.kind}: {attempt.state.replace('_', ' ')} "
                                    f"({attempt.detail or 'no reason given'})", notification.incident)


def _channel(name: str) -> str:
    return _CHANNELS.get(name, name)


def _short(said: str) -> str:
    """A message on one line, without the tags that Telegram's have."""
    line = " ".join(unescape(re.sub(r"</?[a-zA-Z][^<>]*>", "", said)).split())
    return line if len(line) <= _LONGEST else line[:_LONGEST - 1] + "…"


def _named(sentence: str, names: dict[str, str]) -> str:
    """The sentence with the ids of people that stand in it as words of their own replaced by their names."""
    return re.sub(r"[\w.-]+", lambda found: names.get(found[0], found[0]), sentence)
