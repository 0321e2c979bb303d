"""Which incidents are active, found by rule and by the values of chosen fields without looking at the others."""

from bisect import bisect_left, insort
from collections.abc import Iterable

from tocsin.domain.gated import Place
from tocsin.domain.incident import ACTIVE, CLOSED, Incident
from tocsin.rules.gates import places_of

Fields = tuple[str, ...]


def is_active(incident: Incident | None) -> bool:
    """Whether the incident is open and its condition active."""
    return incident is not None and incident.condition == ACTIVE and incident.response != CLOSED


def stands_at(incident: Incident, fields: Fields) -> list[Place]:
    """The places at which an incident is found by the values of these fields."""
    return places_of(incident.rule, fields, incident.key, incident.values)


class ActiveIncidents:
    """An index over a board's incidents; a rule's fields are indexed from the first question about them on."""

    def __init__(self) -> None:
        self._asked: dict[str, list[Fields]] = {}
        self._found: dict[Place, list[int]] = {}
        self._places: dict[tuple[int, Fields], list[Place]] = {}

    def knows(self, rule: str, fields: Fields) -> bool:
        return fields in self._asked.get(rule, ())

    def learn(self, rule: str, fields: Fields, incidents: Iterable[Incident]) -> None:
        """Begin to index a rule by these fields; ``incidents`` are all open ones of the rule."""
        self._asked.setdefault(rule, []).append(fields)
        for incident in incidents:
            self._enter(incident, fields)

    def put(self, incident: Incident) -> None:
        """An incident has a new value."""
        for fields in self._asked.get(incident.rule, ()):
            for place in self._places.pop((incident.id, fields), ()):
                numbers = self._found[place]
                del numbers[bisect_left(numbers, incident.id)]
                if not numbers:
                    del self._found[place]
            self._enter(incident, fields)

    def find(self, place: Place) -> list[int]:
        """The numbers of the active incidents at a place, in order."""
        return self._found.get(place, [])

    def _enter(self, incident: Incident, fields: Fields) -> None:
        if is_active(incident):
            places = stands_at(incident, fields)
            self._places[incident.id, fields] = places
            for place in places:
                insort(self._found.setdefault(place, []), incident.id)
