"""Who is concerned when another rule's incident becomes active, is over or is muted: gates that ask about it."""

from tocsin.core import gates, inhibit
from tocsin.core.active import is_active, stands_at
from tocsin.core.board import Board, which_of
from tocsin.core.draft import Draft
from tocsin.domain.change import GatedDropped, GatedSet, IncidentSet
from tocsin.domain.gated import DURING, UNLESS, Gated, Place, Which
from tocsin.domain.incident import Incident
from tocsin.rules.meaning import Meaning
from tocsin.rules.signal import Signal


class Asking:
    """Follows the incidents of one step; ``concerned`` is asked again until nothing more has changed."""

    def __init__(self, draft: Draft, meaning: Meaning) -> None:
        self._draft, self._meaning = draft, meaning
        self._seen: dict[int, Incident] = {}
        self._mark = 0

    def concerned(self) -> list[Which]:
        """The conditions at gates to be looked at because of what has changed since the last time."""
        asked, changes = self._meaning.asked, self._draft.changes
        changed: dict[int, Incident] = {}
        for change in changes[self._mark:] if asked else ():
            if isinstance(change, IncidentSet) and change.incident.rule in asked:
                changed[change.incident.id] = change.incident
        self._mark = len(changes)
        found: dict[Which, None] = {}
        for number, after in changed.items():
            before = self._seen.get(number) or self._draft.board.incident(number)
            self._seen[number] = after
            for fields in asked[after.rule]:
                found.update(dict.fromkeys(self._moved(before, after, fields)))
        return sorted(found)

    def _moved(self, before: Incident | None, after: Incident, fields: tuple[str, ...]) -> list[Which]:
        was, now = (_places(one, fields) for one in (before, after))
        found = [which for place in [*was, *now] if (place in was) != (place in now)
                 for which in self._draft.asking(place) if which[2] == DURING]
        held, holds = (places if one is not None and inhibit.inhibits(one) else []
                       for one, places in ((before, was), (after, now)))
        return found + [which for place in held if place not in holds
                        for which in self._draft.asking(place) if which[2] == UNLESS]


def _places(incident: Incident | None, fields: tuple[str, ...]) -> list[Place]:
    return stands_at(incident, fields) if incident is not None and is_active(incident) else []


def look(draft: Draft, meaning: Meaning, which: Which, now: int) -> tuple[Signal, ...]:
    """Look at one condition at its gate: what its rule says now."""
    if which[2] == DURING:
        return gates.look(draft, meaning, which, now)
    return inhibit.look(draft, meaning, which, now)


def renewed(board: Board, draft: Draft, meaning: Meaning) -> list[Which]:
    """Under a new book every condition at a gate is to be looked at; what belongs to removed rules is forgotten, and
    incidents that are active under a ``during`` new to their rule come under it.
    """
    for which in sorted(board.kept.all):
        if which[0] not in meaning.words:
            draft.put(GatedDropped(*which))
    gated = {rule for rule, found in meaning.gates.items() if found.during is not None}
    for (rule, key), number in sorted(place for place in board.open.items() if place[0][0] in gated):
        during = gates.during_of(meaning, rule)
        if during is not None and draft.gated((rule, key, DURING)) is None:
            incident = draft.incident(number)
            if incident is not None and is_active(incident):
                draft.put(GatedSet(Gated(
                    rule=rule, key=incident.key, gate=DURING, told=True, happened=incident.activation.happened,
                    severity=incident.severity, values=incident.values,
                    asks=during.places(incident.key, incident.values))))
    known = {*board.kept.all, *(which_of(change.gated) for change in draft.changes
                                if isinstance(change, GatedSet))}
    return sorted(which for which in known if draft.gated(which) is not None)
