"""``during`` and ``unless`` compiled: the hours and the other rules' incidents that open a gate for a condition.

A condition is known here by its key and its values (the names of ``Gates.names`` among them): those of its newest
event.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice, product
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from tocsin.book.book import Content
from tocsin.book.match import FieldRef
from tocsin.book.rule import Gate, Rule
from tocsin.domain.event import Event
from tocsin.domain.gated import Place
from tocsin.rules.calendar import EVER, Calendar, Either, Fixed, Hours, operation_hours
from tocsin.rules.ics import IcsHours
from tocsin.rules.text import key_text

OPERATION = "operation"
"""The name under which ``operation: any`` joins the key."""
_MOST_PLACES = 100
"""Combinations of list-valued ``same`` fields that are looked for."""
_NEVER = Fixed(())

Values = dict[str, Any]


class Named:
    """The calendars and operations of one book."""

    def __init__(self, content: Content) -> None:
        self.calendars: dict[str, Hours] = {name: IcsHours(written) if "ics" in written else Calendar(written)
                                            for name, written in content.calendars.items()}
        zone = ZoneInfo(content.site.time_zone)
        self.operations = {name: operation_hours(written, zone) for name, written in content.operations.items()}
        self.areas: dict[str, str] = {name: written.get("area", "") for name, written in content.operations.items()}

    def met(self, operation: str, values: Values) -> bool:
        """Whether a condition lies in the operation's area; one without a location meets every area."""
        area = self.areas.get(operation, "")
        return not area or values.get("location") is None or area in key_text(values.get("areas"))


class Gates:
    """The alternatives of one ``during`` or ``unless``, any of which is enough.

    ``names`` are the values that a condition must keep for it. ``others`` are the rules whose incidents are asked,
    each with its ``same`` fields. ``any_operation`` says that ``operation: any`` is among the alternatives.
    """

    def __init__(self, gates: tuple[Gate, ...], named: Named) -> None:
        self._gates, self._named = gates, named
        self.others = tuple(dict.fromkeys((gate.active, gate.same) for gate in gates if gate.active))
        self.any_operation = any(gate.operation == "any" for gate in gates)
        names = [field for _, same in self.others for field in same]
        names += [gate.calendar.field for gate in gates if isinstance(gate.calendar, FieldRef)]
        if any(named.areas.values()) and any(gate.operation for gate in gates):
            names += ["areas", "location"]
        self.names = tuple(sorted(dict.fromkeys(names)))
        self._same_for_all = Either([hours for _, hours in self._parts({}, {})]) if not (
            names or self.any_operation) else None

    def hours(self, key: dict[str, str], values: Values) -> Hours:
        """When calendars and operations open it for this condition."""
        if self._same_for_all is not None:
            return self._same_for_all
        return Either([hours for _, hours in self._parts(key, values)])

    def why(self, key: dict[str, str], values: Values, instant: int) -> str:
        """The first calendar or operation that is open for an event of this instant, "" when none is."""
        return next((name for name, hours in self._parts(key, values) if hours.inside(instant)), "")

    def after(self, since: int, wait: int, key: dict[str, str], values: Values, turns: tuple[int, ...]) -> int | None:
        """The instant by which it has been open for ``wait`` since ``since``; None when nobody knows it yet.

        ``turns`` are the instants at which incidents opened and shut it, in turn.
        """
        return self.turned(key, values, turns).after(since, wait)

    def turned(self, key: dict[str, str], values: Values, turns: tuple[int, ...]) -> Hours:
        """The hours together with the times between the ``turns`` at which incidents opened and shut it."""
        hours = self.hours(key, values)
        if not turns:
            return hours
        ends = (*turns[1::2], EVER) if len(turns) % 2 else turns[1::2]
        return Either([hours, Fixed(zip(turns[::2], ends, strict=True))])

    def places(self, key: dict[str, str], values: Values) -> tuple[Place, ...]:
        """The incidents that would open it, as places to look at."""
        return tuple(place for rule, same in self.others for place in places_of(rule, same, key, values))

    def keys(self, keys: Iterable[dict[str, str]], values: Values, instant: int,
             known: Callable[[dict[str, str]], bool]) -> list[dict[str, str]]:
        """The keys, one for each operation that concerns an event: not over, its area met, or known already."""
        if not self.any_operation:
            return list(keys)
        found = []
        for key in keys:
            for name, hours in self._named.operations.items():
                whole = {**key, OPERATION: name}
                going = hours.inside(instant) or hours.next_change(instant) is not None
                if (going and self._named.met(name, values)) or known(whole):
                    found.append(whole)
        return found

    def _parts(self, key: dict[str, str], values: Values) -> Iterator[tuple[str, Hours]]:
        named = self._named
        for gate in self._gates:
            if isinstance(gate.calendar, FieldRef):
                for name in key_text(key.get(gate.calendar.field, values.get(gate.calendar.field))):
                    yield f"calendar {name}", named.calendars.get(name, _NEVER)
            elif gate.calendar:
                yield f"calendar {gate.calendar}", named.calendars.get(gate.calendar, _NEVER)
            elif gate.operation:
                for name in self._operations(gate.operation, key):
                    if name in named.operations and named.met(name, values):
                        yield f"operation {name}", named.operations[name]

    def _operations(self, written: str, key: dict[str, str]) -> Iterable[str]:
        if written != "any":
            return (written,)
        return (key[OPERATION],) if OPERATION in key else self._named.operations


class RuleGates(Struct, frozen=True):
    """The gates of one rule; None where it has none."""

    during: Gates | None
    unless: Gates | None

    @property
    def _both(self) -> tuple[Gates, ...]:
        return tuple(gates for gates in (self.during, self.unless) if gates is not None)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for gates in self._both for name in gates.names)

    @property
    def others(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        return tuple(other for gates in self._both for other in gates.others)


def gates_of(rule: Rule, named: Named) -> RuleGates | None:
    """The rule's gates, None when it has neither ``during`` nor ``unless``."""
    if not rule.during and not rule.unless:
        return None
    return RuleGates(Gates(rule.during, named) if rule.during else None,
                     Gates(rule.unless, named) if rule.unless else None)


def places_of(rule: str, same: tuple[str, ...], key: dict[str, str], values: Values) -> list[Place]:
    """Where a condition with this key and these values stands for ``same``; [] when a field is missing."""
    texts = [key_text(key.get(field, values.get(field))) for field in same]
    return [(rule, same, combination) for combination in islice(product(*texts), _MOST_PLACES)]


def place_of_event(event: Event) -> Values:
    """Of an event's own values those by which an operation's area is judged."""
    return {"areas": event.areas} if event.location is None else {"areas": event.areas, "location": event.location}
