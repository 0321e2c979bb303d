"""Which rules of a new book mean something else than before, so that what they remember must be made anew."""

import msgspec
from msgspec.structs import replace

from tocsin.book.book import Content
from tocsin.book.catalogue import EventType, EventTypes
from tocsin.book.event_uses import matches_with_types
from tocsin.book.match import FieldRef
from tocsin.book.rule import Gate, Rule
from tocsin.domain.time import HOUR, MINUTE

_encode = msgspec.json.Encoder(order="deterministic").encode
_TIMED = frozenset({"absence", "sequence"})
"""Words that count time only while the rule's ``during`` is open, also without a ``for``."""
_FORGETS = frozenset({"count", "sum", "together", "new"})
"""Words whose keys are back at the beginning once their windows are over."""
_AFTER = 15 * MINUTE
"""For so long a rule is active after a moment."""


def changed_rules(before: Content, after: Content) -> tuple[str, ...]:
    """The rules of both contents whose ``when``, ``per`` or ``clear`` differs, in the order of the second.

    A rule that waits for a time counts it by its ``during``, so that its gates and their hours are asked too. What a
    rule says, its severity, whom it turns to and its limits change nothing that it remembers. What is declared of the
    event types that it hears makes other events of them.
    """
    types, others = EventTypes(before.events), EventTypes(after.events)
    known = {rule.id: rule for rule in before.rules if rule.enabled}
    return tuple(rule.id for rule in after.rules if rule.enabled and rule.id in known
                 and _remembered(known[rule.id], before, types) != _remembered(rule, after, others))


def reach(rule: Rule, late: int = HOUR) -> int | None:
    """How far back, in microseconds, events can matter to what the rule remembers now, when they may come so ``late``;
    None: without a limit.
    """
    when, clear = rule.when, rule.clear
    spans = (when.for_, when.within, when.over, when.stale_after, clear.after, clear.hold)
    if when.word not in _FORGETS or when.near is not None or clear.only or clear.at:
        return None
    if any(isinstance(span, FieldRef) for span in spans):
        return None
    return sum(span for span in spans if isinstance(span, int)) + late + _AFTER


def looks_back(rule: Rule) -> int:
    """How far back, in microseconds, what a window of the rule holds can lie, late events included; what a field says
    does not count.
    """
    when, clear = rule.when, rule.clear
    spans = (when.for_, when.within, when.over, when.stale_after, clear.after, clear.hold,
             *(step.within for step in when.steps))
    return sum(span for span in spans if isinstance(span, int)) + HOUR


def _remembered(rule: Rule, content: Content, types: EventTypes) -> bytes:
    declared = [[_bare(one) for one in types.meant(asked)] for _, asked in matches_with_types(rule)]
    return _encode((rule.when, rule.per, rule.clear, _hours_of(rule, content), declared))


def _bare(declared: EventType) -> EventType:
    """What is declared, without what is written for people."""
    fields = declared.fields
    return EventType(add=declared.add, fields=None if fields is None else {
        name: replace(kind, about="") for name, kind in fields.items()})


def _hours_of(rule: Rule, content: Content) -> list[tuple[Gate, object, object]]:
    if rule.when.for_ is None and rule.when.word not in _TIMED:
        return []
    return [(gate, content.calendars.get(gate.calendar) if isinstance(gate.calendar, str) else content.calendars,
             content.operations if gate.operation == "any" else content.operations.get(gate.operation))
            for gate in rule.during]
