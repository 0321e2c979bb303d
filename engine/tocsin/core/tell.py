"""Making notifications: what is to be said to whom by which channel, as rows to come."""

from typing import Any

from msgspec.structs import replace

from tocsin.core import ways
from tocsin.core.bundles import hold_of, turn_of
from tocsin.core.draft import Draft
from tocsin.core.standing import HANDED_OVER, holders, last_words
from tocsin.domain.change import Noted, NotificationSet, Suppressed
from tocsin.domain.incident import Incident
from tocsin.domain.notification import (
    CLEARED,
    CLOSED,
    HANDOVER,
    JOINED,
    NOTICE,
    REASSIGNED,
    REMIND,
    TAKEN,
    Notification,
)
from tocsin.domain.time import HOUR
from tocsin.rules.meaning import Meaning

NEWS_EXPIRES = 12 * HOUR
"""A message that asks for nothing is still worth sending this long after it was decided."""


def page(draft: Draft, meaning: Meaning, incident: Incident, kind: str, person: str, channel: str, *,
         services: tuple[str, ...], policy: str, step: int, round_: int, now: int, expires: int) -> int:
    """Ask one person by one channel, saying no more than their services allow; the notification's number."""
    content = ways.carried(meaning, services, incident.severity, channel)
    return _put(draft, incident, kind, person, channel, now, expires, {}, policy, step, round_, content)


def remind(draft: Draft, meaning: Meaning, incident: Incident, person: str, now: int) -> None:
    """Ask somebody who has it how it stands."""
    _news(draft, meaning, incident, REMIND, person, now, {})


def hand_over(draft: Draft, meaning: Meaning, incident: Incident, person: str, channel: str,
              services: tuple[str, ...], now: int) -> None:
    """Somebody whose shift begins gets an incident of the shift before: who has it, and the answers they can give."""
    content = ways.carried(meaning, services, incident.severity, channel)
    words = last_words(incident.answers)
    held = next(({"who": who, "word": words[who]} for who in reversed(holders(incident))), {})
    _put(draft, incident, HANDOVER, person, channel, now, now + NEWS_EXPIRES, held, content=content)


def cleared(draft: Draft, meaning: Meaning, incident: Incident, how: str, now: int) -> Incident:
    """Its condition is over: everybody who was notified is told once."""
    return _over(draft, meaning, incident, CLEARED, now, {"how": how})


def closed(draft: Draft, meaning: Meaning, incident: Incident, how: str, by: str, now: int) -> Incident:
    """Nobody needs to do anything more: everybody who was notified is told once."""
    return _over(draft, meaning, incident, CLOSED, now, {"how": how, "who": by})


def _over(draft: Draft, meaning: Meaning, incident: Incident, kind: str, now: int,
          values: dict[str, Any]) -> Incident:
    for person in incident.told:
        _news(draft, meaning, incident, kind, person, now, values)
    return replace(incident, relieved=tuple(incident.told))


def again(draft: Draft, meaning: Meaning, incident: Incident, before: int, now: int) -> Incident:
    """It is active again: those who were told that it is over hear so, unless they are asked after notification
    ``before`` anyway; under a silence nobody does.
    """
    asked = {change.notification.person for change in draft.changes
             if isinstance(change, NotificationSet) and change.notification.id > before
             and change.notification.incident == incident.id}
    for person in incident.relieved if not incident.quiet else ():
        if person not in asked:
            _news(draft, meaning, incident, JOINED, person, now, {"again": True})
    return replace(incident, relieved=())


def joined(draft: Draft, meaning: Meaning, incident: Incident, now: int) -> None:
    """Tell those who answered that further firings have joined."""
    for person, word in last_words(incident.answers).items():
        if word not in ("decline", HANDED_OVER) and person in incident.told:
            _news(draft, meaning, incident, JOINED, person, now, {})


def reassigned(draft: Draft, meaning: Meaning, incident: Incident, person: str, who: str, now: int) -> None:
    """Tell somebody who had it that ``who`` has it now, or is asked to."""
    if person in incident.told and not incident.quiet:
        _news(draft, meaning, incident, REASSIGNED, person, now, {"who": who})


def taken(draft: Draft, incident: Incident, who: str, word: str, now: int, eta: int | None) -> None:
    """Let every copy that can be edited show who has it."""
    _put(draft, incident, TAKEN, "", "telegram", now, now + NEWS_EXPIRES,
         {"who": who, "word": word, "at": now, "eta": eta})


def notice(draft: Draft, meaning: Meaning, by: dict[str, tuple[str, ...]], text: str, now: int, *, severity: str,
           services: dict[str, tuple[str, ...]], names: dict[str, Any] | None = None) -> None:
    """The engine speaks about itself to these people, by the channels given for each, as their services allow.

    With a ``phrase`` among ``names`` each reads it in their own language, in place of the text.
    """
    for person, channels in by.items():
        for channel in channels:
            number = draft.last_notification + 1
            draft.put(NotificationSet(Notification(
                id=number, kind=NOTICE, person=person, channel=channel, created=now, severity=severity,
                expires=now + NEWS_EXPIRES, book=meaning.book.number, values={"text": text, **(names or {})},
                content=ways.carried(meaning, services.get(person, ()), severity, channel))))
    if not by:
        draft.put(Noted(now, "nobody_told", f"nobody is there to be told: {text}"))


def _news(draft: Draft, meaning: Meaning, incident: Incident, kind: str, person: str, now: int,
          values: dict[str, Any]) -> None:
    channel = ways.way_of_news(draft, meaning, incident, person)
    if not channel:
        draft.put(Suppressed(now, incident.rule, incident.key, f"{kind} to {person}: no channel may carry it",
                             incident.severity, incident.id))
        return
    content = ways.carried(meaning, incident.told_for.get(person, ()), incident.severity, channel)
    _put(draft, incident, kind, person, channel, now, now + NEWS_EXPIRES, values, content=content)


def _put(draft: Draft, incident: Incident, kind: str, person: str, channel: str, now: int, expires: int,
         values: dict[str, Any], policy: str = "", step: int = 0, round_: int = 0, content: str = "") -> int:
    number = draft.last_notification + 1
    activation = incident.activation
    names = {**incident.key, **incident.values, "count": activation.events, "since": activation.happened, **values}
    turn = turn_of(draft, kind, incident.rule, person, channel, policy, now)
    draft.put(NotificationSet(Notification(
        id=number, kind=kind, person=person, channel=channel, created=now, incident=incident.id,
        activation=activation.number, rule=incident.rule, policy=policy, step=step, round=round_,
        severity=incident.severity, expires=expires, book=incident.book, turn=turn,
        hold=hold_of(kind, turn, incident.severity, expires, now), values=names, content=content)))
    return number
