"""Whose word stands: a person's last answer counts, the earlier ones are history."""

from collections.abc import Iterable

from tocsin.domain.incident import Answered, Escalation, Incident

POSITIVE = ("acknowledge", "accept", "arrived")
COMING = ("accept", "arrived")


def last_words(answers: Iterable[Answered]) -> dict[str, str]:
    """Each person's last word, in the order in which the people first spoke."""
    return {given.person: given.word for given in answers}


def words_for(incident: Incident, escalation: Escalation) -> dict[str, str]:
    """The last words given since this escalation began by the people it has asked, or by nobody's request."""
    return last_words(given for given in incident.answers[escalation.heard:]
                      if given.notification == 0 or given.person in escalation.asked)


def holders(incident: Incident) -> tuple[str, ...]:
    """The people who took the incident in this activation and have not taken that back."""
    words = last_words(given for given in incident.answers if given.at >= incident.activation.at)
    return tuple(person for person, word in words.items() if word in POSITIVE)
