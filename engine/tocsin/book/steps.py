"""The steps of ``sequence`` and the named matches of ``together``."""

import re
from typing import Any

from tocsin.book.fields import OrField
from tocsin.book.match import Match
from tocsin.book.matches import MATCH
from tocsin.book.node import Mapping, Node, Scalar, Sequence
from tocsin.book.report import Report, Unreadable
from tocsin.book.rule import SequenceStep
from tocsin.book.scalars import Duration
from tocsin.book.shape import Json, Shape
from tocsin.domain.event import TOP_LEVEL

MOST_STEPS = 10
"""The most steps of a sequence, and the most matches of together."""
_WITHIN = OrField(Duration())
_WRITE = "write {type: door.open, within: 5 min}"
_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_TAKEN = TOP_LEVEL | {"first", "value", "count", "since"}


class Steps(Shape[tuple[SequenceStep, ...]]):
    """``[<match>, {<match>, within: D}, {not: <match>, within: D}]``."""

    what = "a list of steps, as [{type: door.forced}, {type: motion, within: 5 min}]"

    def read(self, node: Node, report: Report) -> tuple[SequenceStep, ...]:
        if not isinstance(node, Sequence):
            self.refuse(node, report)
        if len(node.items) < 2:
            self.refuse(node, report, "a sequence has at least two steps, one after the other: for one event alone "
                        "write event: instead of sequence:")
        if len(node.items) > MOST_STEPS:
            self.refuse(node, report, f"a sequence has at most {MOST_STEPS} steps, not {len(node.items)}")
        found: list[SequenceStep] = []
        bad = False
        for number, part in enumerate(node.items):
            try:
                found.append(self._step(part, report, first=number == 0))
            except Unreadable:
                bad = True
        if bad:
            raise Unreadable
        self._ordered(found, node, report)
        return tuple(found)

    def _step(self, node: Node, report: Report, *, first: bool) -> SequenceStep:
        if not isinstance(node, Mapping):
            return SequenceStep(MATCH.read(node, report))
        own = {key.text: (key, part) for key, part in node.entries if key.text in ("within", "not")}
        rest = Mapping(tuple(entry for entry in node.entries if entry[0].text not in own), node.where)
        if first:
            if "not" in own:
                self.refuse(own["not"][0], report, "a sequence cannot begin with not: begin with the event after which "
                            "something must not come, or use absence: for what should come regularly")
            if "within" in own:
                self.refuse(own["within"][0], report, "the first step has no step before it: within: belongs to the "
                            "steps after it")
        elif "within" not in own:
            self.refuse(node, report, "this step needs within:, the longest time since the step before it: " + (
                "write {not: {type: door.closed}, within: 5 min}" if "not" in own else _WRITE))
        if not rest.entries and own.keys() == {"within"}:
            self.refuse(node, report, f"this step names no event: {_WRITE}")
        if rest.entries and "not" in own:
            key = rest.entries[0][0]
            self.refuse(key, report, f'"{key.text}" stands beside not: put everything about the event that must not '
                        "come inside it: {not: {type: door.closed, device: d1}, within: 5 min}")
        within = _WITHIN.read(own["within"][1], report) if "within" in own else None
        match = MATCH.read(own["not"][1] if "not" in own else rest, report)
        return SequenceStep(match, within, "not" in own)

    def _ordered(self, steps: list[SequenceStep], node: Sequence, report: Report) -> None:
        """A step after a ``not`` comes when that is over, so its own time must be longer."""
        waits = 0
        for step, part in zip(steps, node.items, strict=True):
            if step.negated:
                waits = max(waits, step.within if isinstance(step.within, int) else 0)
                continue
            if waits and isinstance(step.within, int) and step.within <= waits:
                self.refuse(part, report, "this step can never come: it counts from the last step that was an event, "
                            "and only after the not: is over: make its within: longer than that of the not:")
            waits = 0

    def schema(self) -> Json:
        within = _WITHIN.schema()
        return {"type": "array", "minItems": 2, "maxItems": MOST_STEPS, "items": {"anyOf": [
            {"type": "object", "properties": {"not": MATCH.schema(), "within": within}, "required": ["not", "within"],
             "additionalProperties": False},
            {"allOf": [MATCH.schema()], "properties": {"within": within}, "not": {"required": ["not"]}}]}}


class NamedMatches(Shape[dict[str, Match]]):
    """``{a: <match>, b: <match>}``."""

    what = "a mapping of names to matches, as {smoke: {type: alarm.smoke}, heat: {type: alarm.heat}}"

    def read(self, node: Node, report: Report) -> dict[str, Match]:
        if not isinstance(node, Mapping):
            self.refuse(node, report)
        if len(node.entries) < 2:
            self.refuse(node, report, "together: takes at least two named matches: for one alone write event: or "
                        "count:")
        if len(node.entries) > MOST_STEPS:
            self.refuse(node, report, f"together: takes at most {MOST_STEPS} matches, not {len(node.entries)}")
        found: dict[str, Match] = {}
        bad = False
        for key, part in node.entries:
            try:
                self._name(key, part, report)
                found[key.text] = MATCH.read(part, report)
            except Unreadable:
                bad = True
        if bad:
            raise Unreadable
        return found

    def _name(self, key: Scalar, part: Node, report: Report) -> None:
        if not isinstance(part, Mapping) and key.text in TOP_LEVEL:
            self.refuse(key, report, "together: takes named matches, not one match: write together: {a: {type: …}, "
                        "b: {type: …}}")
        if not _IDENTIFIER.fullmatch(key.text):
            self.refuse(key, report, f'"{key.shown}" cannot name a match: use letters, digits and underscore, a letter '
                        "first, so that texts can say {{ a.site }}")
        if key.text in _TAKEN:
            self.refuse(key, report, f'"{key.text}" cannot name a match: in texts it means something else already')

    def schema(self) -> Json:
        return {"type": "object", "additionalProperties": MATCH.schema(), "minProperties": 2,
                "maxProperties": MOST_STEPS, "propertyNames": {"pattern": r"^[^\W\d]\w*$"}}


STEPS: Shape[Any] = Steps()
NAMED_MATCHES: Shape[Any] = NamedMatches()
