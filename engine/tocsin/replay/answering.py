"""People as a backtest assumes them: whoever is called answers after a while, and ends what is over."""

from functools import partial

from tocsin.core.board import Board
from tocsin.domain.change import Change, IncidentSet, NotificationSet
from tocsin.domain.incident import CLEARED, CLOSED, UNANSWERED, WANTED, Incident
from tocsin.domain.input import Answer, Input
from tocsin.domain.notification import PAGE, RAISED, Notification
from tocsin.replay.run import Run
from tocsin.rules.meaning import Meaning

CALLS = frozenset({PAGE, RAISED})
"""The kinds of message that call a person."""


class Answering:
    """A witness that plans the answers of one run; ``after`` in microseconds is how long a person takes.

    They acknowledge, or accept where a policy needs people to come; who has accepted resolves when the condition has
    cleared. So every condition is an incident of its own, and only those are called who are called when people answer.
    """

    def __init__(self, meaning: Meaning, after: int) -> None:
        self._after = after
        self._needing = frozenset(policy.id for policy in meaning.content.policies.values()
                                  if policy.need or any(step.need for step in policy.steps))

    def look(self, run: Run, now: int, changes: list[Change]) -> None:
        """Plan what people do about these changes."""
        for change in changes:
            if isinstance(change, NotificationSet):
                call = change.notification
                if call.kind in CALLS and call.incident:
                    run.plan(partial(self._answer, call), now + self._after)
            elif isinstance(change, IncidentSet) and _is_over(change.incident):
                run.plan(partial(_end, change.incident.id), now + self._after)

    def _answer(self, call: Notification, board: Board) -> Input | None:
        incident = board.incident(call.incident)
        if incident is None or incident.response != UNANSWERED:
            return None
        asking = [one for one in incident.escalations if one.state in WANTED and call.person in one.asked]
        if not asking:
            return None
        word = "accept" if any(one.policy in self._needing for one in asking) else "acknowledge"
        return Answer(call.person, call.incident, word, call.channel, call.id)


def _is_over(incident: Incident) -> bool:
    return incident.held and incident.condition == CLEARED and incident.response != CLOSED


def _end(number: int, board: Board) -> Input | None:
    incident = board.incident(number)
    if incident is None or not _is_over(incident):
        return None
    last = incident.answers[-1]
    return Answer(last.person, number, "resolve", last.channel)
