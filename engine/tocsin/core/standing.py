"""Whose word stands: a person's last answer counts, but a weaker one takes nothing back."""

from collections.abc import Iterable

from tocsin.domain.incident import Answered, Escalation, Incident

POSITIVE = ("acknowledge", "accept", "arrived")
"""From the weakest to the strongest."""
COMING = ("accept", "arrived")
HANDED_OVER = "handed_over"
"""What is recorded of a person from whom another one has taken the incident over."""


def last_words(answers: Iterable[Answered]) -> dict[str, str]:
    """Each person's word, in the order in which the people first spoke: having accepted, a later "seen" says nothing
    less; only another kind of word does.
    """
    words: dict[str, str] = {}
    for given in answers:
        before = words.get(given.person)
        if not (before in POSITIVE and given.word in POSITIVE
                and POSITIVE.index(given.word) < POSITIVE.index(before)):
            words[given.person] = given.word
    return words


def words_for(incident: Incident, escalation: Escalation) -> dict[str, str]:
    """The last words given since this escalation began by the people it has asked, or by nobody's request."""
    return last_words(given for given in incident.answers[escalation.heard:]
                      if given.notification == 0 or given.person in escalation.asked)


def holders(incident: Incident) -> tuple[str, ...]:
    """The people who took the incident in this activation and have not taken that back."""
    words = last_words(given for given in incident.answers if given.at >= incident.activation.at)
    return tuple(person for person, word in words.items() if word in POSITIVE)
