"""The catalogue: declared event types, what their fields are, and which of them a rule's match means."""

from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from tocsin.book.match import AnyOf, Expect, Match
from tocsin.book.rule import PerKey, Rule
from tocsin.domain.errors import Location
from tocsin.domain.event import TOP_LEVEL

NUMBER, TEXT, FLAG, TIME, PLATE, COUNTER = "number", "text", "flag", "time", "plate", "counter"
KINDS = (NUMBER, TEXT, FLAG, TIME, PLATE, COUNTER)
NUMERIC = frozenset({NUMBER, COUNTER})
FILLABLE = ("site", "device", "severity", "text")
"""Top-level fields that a list may fill where the source left them out."""
PLACE = ("location.lat", "location.lon", "location.accuracy_m")
"""Columns that together are the location; the last may be missing."""


class FieldKind(Struct, frozen=True, omit_defaults=True):
    """What a field holds; ``plausible`` maps above, at_least, below, at_most to numbers in ``unit``."""

    kind: str
    unit: str = ""
    plausible: dict[str, int | float] = {}
    about: str = ""


class Addition(Struct, frozen=True):
    """Fields come from the row of ``list`` whose column ``by`` is the event's field of that name."""

    list: str
    by: str


class EventType(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A declared type; ``fields`` are all that it has beside the top-level ones, None: whatever is sent."""

    fields: dict[str, FieldKind] | None = None
    add: tuple[Addition, ...] = ()
    about: str = ""
    where: Location = Location("")


def plain_name(field: str) -> str:
    """The name by which a field is declared: ``data.x`` is ``x`` unless a top-level field has that name."""
    rest = field.removeprefix("data.")
    return field if rest.partition(".")[0] in TOP_LEVEL else rest


class EventTypes:
    """The declared types; a narrower declaration adds to the wider ones (``alarm.*``) that fit it."""

    def __init__(self, events: Mapping[str, EventType]) -> None:
        self._events = events
        self._wide = {name[:-1]: one for name, one in events.items() if name.endswith(".*")}
        self._whole: dict[str, EventType] = {}

    def __bool__(self) -> bool:
        return bool(self._events)

    @property
    def names(self) -> tuple[str, ...]:
        """The declared names as written."""
        return tuple(self._events)

    def of(self, name: str) -> EventType | None:
        """What is declared of an event's type, None when nothing is."""
        if name in self._events:
            return self._joined(name)
        end = len(name) if self._wide else -1
        while (end := name.rfind(".", 0, end)) >= 0:
            if name[:end + 1] in self._wide:
                return self._joined(f"{name[:end + 1]}*")
        return None

    def fitting(self, pattern: str) -> tuple[EventType, ...]:
        """The declarations of which some event fits a type or ``alarm.*``."""
        if not pattern.endswith(".*"):
            found = self.of(pattern)
            return () if found is None else (found,)
        wider = self.of(pattern)
        return (*(self._joined(name) for name in self._events if name.startswith(pattern[:-1])),
                *(() if wider is None or pattern in self._events else (wider,)))

    def meant(self, types: tuple[str, ...] | None) -> tuple[EventType, ...]:
        """The declarations of all these types; of every one when the match asks no type."""
        if types is None:
            return tuple(map(self._joined, self._events))
        return tuple(one for pattern in types for one in self.fitting(pattern))

    def _joined(self, name: str) -> EventType:
        """A declaration with what the wider ones add, the widest first."""
        found = self._whole.get(name)
        if found is None:
            own = self._events[name]
            above = [one for prefix, one in sorted(self._wide.items(), key=lambda item: len(item[0]))
                     if name.startswith(prefix) and f"{prefix}*" != name]
            declared = [one.fields for one in (*above, own) if one.fields is not None]
            fields = {field: kind for one in declared for field, kind in one.items()}
            add = tuple(dict.fromkeys(addition for one in (*above, own) for addition in one.add))
            found = self._whole[name] = replace(own, fields=fields if declared else None, add=add)
        return found

    def kinds(self, types: tuple[str, ...] | None, field: str) -> tuple[FieldKind, ...]:
        """What these types say that a field is, each different kind once."""
        name = plain_name(field)
        found = (one.fields[name] for one in self.meant(types) if one.fields and name in one.fields)
        return tuple({one.kind: one for one in found}.values())

    def kind(self, types: tuple[str, ...] | None, field: str) -> str:
        """The kind on which these types agree, "" when there is none."""
        found = self.kinds(types, field)
        return found[0].kind if len(found) == 1 else ""


def types_in(match: Match | None) -> tuple[str, ...] | None:
    """The types that a match accepts, as far as its own words say; None for any."""
    for clause in match.clauses if match is not None else ():
        if isinstance(clause, Expect) and clause.field == "type" and clause.operator in ("is", "any_of"):
            values = clause.value if isinstance(clause.value, tuple) else (clause.value,)
            if not clause.fold and all(isinstance(value, str) for value in values):
                return tuple(str(value) for value in values)
        if isinstance(clause, AnyOf):
            inner = [types_in(one) for one in clause.matches]
            if all(types is not None for types in inner):
                return tuple(dict.fromkeys(_flat(types for types in inner if types is not None)))
    return None


def types_of(rule: Rule) -> tuple[str, ...] | None:
    """The types of which a rule hears events; None for any, or when they are another rule's."""
    when = rule.when
    asked = [step.match for step in when.steps if not step.negated] or list(when.named.values()) or [when.match]
    found = [types_in(match) for match in asked]
    if any(types is None for types in found):
        return None
    return tuple(dict.fromkeys(_flat(types for types in found if types is not None)))


def key_kind(types: EventTypes, asked: tuple[str, ...] | None, key: PerKey) -> str:
    """The kind of a ``per`` field, "" when there is none on which the types agree."""
    if not key.by_type:
        return types.kind(asked, key.name)
    found = {types.kind(None if pattern == "*" else (pattern,), field) for pattern, field in key.by_type}
    return found.pop() if len(found) == 1 else ""


def _flat(parts: Iterable[tuple[str, ...]]) -> Iterable[str]:
    return (item for part in parts for item in part)
