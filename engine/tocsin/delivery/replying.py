"""Replies: what a person is told at once about the answer just given, from committed rows."""

from tocsin.book.contacts import Person
from tocsin.delivery.names import reference, said, who
from tocsin.delivery.plain import cut, harmless
from tocsin.delivery.shelf import Shelf
from tocsin.delivery.when import told_time, zone_of
from tocsin.delivery.words import word
from tocsin.domain.drill import is_drill
from tocsin.domain.incident import CLOSED, Answered, Incident
from tocsin.domain.notification import Notification

POSITIVE = ("acknowledge", "accept", "arrived")
TAKING = ("acknowledge", "accept")
LONGEST_SAY = 100


class Replies:
    """Says it in the person's language."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def after(self, person: Person, given: str, notification: Notification, incident: Incident | None,
              now: int) -> str:
        """The reply to an answer that is committed; ``incident`` as it stands now."""
        language, say = person.language, self.say(notification, person.language)
        if incident is not None and incident.response == CLOSED:
            if not _closed_it(incident, person.id, given):
                return self.closed(person, incident, now, by=self._by(notification, incident.closed_by, language))
            return word(language, "reply.yours" if given in TAKING else "reply.ended", say=say)
        if given == "decline":
            return word(language, "reply.declined")
        holder = holder_of(incident) if incident is not None else None
        if given in TAKING and holder is not None and holder.person != person.id and _too_late(incident, person.id):
            return word(language, "reply.taken", who=self._by(notification, holder.person, language),
                        at=self._time(holder.at, now))
        if given in TAKING:
            return word(language, "reply.yours", say=say)
        return word(language, "reply.noted", word=word(language, f"button.{given}"), say=say)

    def closed(self, person: Person, incident: Incident, now: int, *, by: str = "") -> str:
        """That it is over, by whom and since when; ``by`` stands for the name."""
        at = self._time(incident.closed or now, now)
        if not incident.closed_by:
            return word(person.language, "reply.closed_nobody", at=at)
        return word(person.language, "reply.closed", at=at,
                    who=by or who(self._shelf.content, incident.closed_by))

    def _by(self, notification: Notification, person: str, language: str) -> str:
        """A name, as far as the message answered could have said it."""
        return word(language, "reference.who") if notification.content else who(self._shelf.content, person)

    def say(self, notification: Notification, language: str) -> str:
        """What the notification said it is about, for a line."""
        about = reference(notification, language) if notification.content else self.sentence(notification)
        return f"{word(language, 'drill')}. {about}" if is_drill(notification.rule) else about

    def sentence(self, notification: Notification) -> str:
        """The sentence of the notification's rule, for a line, whatever its channel may carry."""
        rule = self._shelf.rule(notification.book, notification.rule)
        return cut(said(rule, harmless(notification.values), notification, _unheard), LONGEST_SAY)

    def word(self, person: Person | None, phrase: str, /, **values: object) -> str:
        """A phrase in the person's language, in the site's for a stranger."""
        language = person.language if person is not None else self._shelf.content.site.language
        return word(language, phrase, **values)

    def _time(self, instant: int, now: int) -> str:
        return told_time(instant, zone_of(self._shelf.content.site.time_zone), now)


def holder_of(incident: Incident) -> Answered | None:
    """Who took it first in this activation and has not taken it back."""
    standing: dict[str, Answered] = {}
    for given in incident.answers:
        if given.at < incident.activation.at:
            continue
        if given.word in POSITIVE:
            standing.setdefault(given.person, given)
        else:
            standing.pop(given.person, None)
    return next(iter(standing.values()), None)


def _closed_it(incident: Incident, person: str, given: str) -> bool:
    """Whether it was this very answer that closed the incident."""
    return any((answer.person, answer.word, answer.at) == (person, given, incident.closed)
               for answer in incident.answers)


def _too_late(incident: Incident | None, person: str) -> bool:
    """Whether the person's answer came when nobody was needed any more."""
    own = [given for given in incident.answers if given.person == person] if incident is not None else []
    return bool(own) and own[-1].late


def _unheard(place: str, why: str) -> None:
    """Broken sentences are reported where messages are rendered."""
