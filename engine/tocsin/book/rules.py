"""``rules:`` of a file, with ``defaults:``, as Rules; what joins rules of all files is checked at the end."""

from contextlib import suppress
from typing import Any

from tocsin.book.clearing import clearing_problem
from tocsin.book.compare import COMPARE, compare_of
from tocsin.book.expected import expected_problem
from tocsin.book.fields import FIELD, OrField
from tocsin.book.matches import MATCH
from tocsin.book.node import Mapping, Node, Scalar, Sequence
from tocsin.book.report import Report, Unreadable
from tocsin.book.rule import Clear, Gate, PerKey, Rule
from tocsin.book.rule_names import check_names
from tocsin.book.rule_tests import RULE_TESTS
from tocsin.book.scalars import Duration, Flag, Id, Name, Whole
from tocsin.book.severities import SeverityShape
from tocsin.book.shape import Field, Json, Many, Names, Record, Shape, Text, Word
from tocsin.book.template import TemplateText
from tocsin.book.words import WHEN
from tocsin.domain.errors import Location
from tocsin.domain.incident import SEVERITIES

BOARD = "board"
_MOST_NAMED = 10
"""So many rules of a circle are named."""


class PerShape(Shape[PerKey]):
    """``site``, or ``{site: {camera.read: location_code, "alarm.*": site}}``."""

    what = "a field, or {name: {type: field}}"
    fields = Names(FIELD, what="a mapping of type to field", key=Text("a type"))

    def read(self, node: Node, report: Report) -> PerKey:
        if isinstance(node, Scalar):
            return PerKey(FIELD.read(node, report))
        if not isinstance(node, Mapping) or len(node.entries) != 1:
            self.refuse(node, report)
        key, part = node.entries[0]
        mapping = self.fields.read(part, report)
        for pattern in mapping:
            if "*" in pattern.removesuffix(".*"):
                self.refuse(part, report, f'"{pattern}": a type takes a * at its end only, as alarm.*')
        return PerKey(FIELD.read(key, report), tuple(mapping.items()))

    def schema(self) -> Json:
        return {"anyOf": [{"type": "string"}, {"type": "object", "additionalProperties": self.fields.schema(),
                                               "minProperties": 1, "maxProperties": 1}]}


class Per(Shape[tuple[PerKey, ...]]):
    what = "a list of fields"
    keys = Many(PerShape(), single=True)

    def read(self, node: Node, report: Report) -> tuple[PerKey, ...]:
        keys = self.keys.read(node, report)
        names = [key.name for key in keys]
        if len(set(names)) < len(names):
            self.refuse(node, report, "the same field stands twice in per:")
        return keys

    def schema(self) -> Json:
        return self.keys.schema()


class Policies(Shape[tuple[str, ...] | dict[str, str]]):
    """A policy, several in parallel, one by severity, or ``board``."""

    what = "a policy, a list of policies, a mapping by severity, or board"
    one = Name("policy")

    def read(self, node: Node, report: Report) -> tuple[str, ...] | dict[str, str]:
        if isinstance(node, Mapping):
            if not node.entries:
                self.refuse(node, report, "the mapping by severity is empty")
            return Names(_PolicyOrBoard(), key=Word(*SEVERITIES, what="the severity")).read(node, report)
        if isinstance(node, Scalar):
            return (_PolicyOrBoard().read(node, report),)
        names = Many(_PolicyOrBoard()).read(node, report)
        if BOARD in names and len(names) > 1:
            self.refuse(node, report, "board pages nobody and stands alone: leave it out beside a policy")
        if len(set(names)) < len(names):
            self.refuse(node, report, "the same policy stands twice")
        return names

    def schema(self) -> Json:
        name = {"type": "string"}
        return {"anyOf": [name, {"type": "array", "items": name},
                          {"type": "object", "properties": dict.fromkeys(SEVERITIES, name),
                           "additionalProperties": False, "minProperties": 1}]}


class _PolicyOrBoard(Name):
    def __init__(self) -> None:
        super().__init__("policy")

    def read(self, node: Node, report: Report) -> str:
        if isinstance(node, Scalar) and node.text == BOARD:
            return BOARD
        return super().read(node, report)


class _Operation(Name):
    """The name of an operation, or ``any``."""

    def __init__(self) -> None:
        super().__init__("operation")

    def read(self, node: Node, report: Report) -> str:
        if isinstance(node, Scalar) and node.text == "any":
            return "any"
        return super().read(node, report)


def _gate(values: dict[str, Any]) -> Gate:
    if "same" in values and "active" not in values:
        raise ValueError("same: belongs to active: only")
    return Gate(**values)


GATES: Shape[tuple[Gate, ...]] = Many(Record("a condition", {
    "calendar": OrField(Name("calendar")), "operation": _Operation(), "active": Name("rule"),
    "same": Many(FIELD, single=True, least=1),
}, _gate, one_of=("calendar", "operation", "active")), single=True)


def _clear(values: dict[str, Any]) -> Clear:
    compare = compare_of(values)
    other = {word: value for word, value in values.items() if word not in COMPARE}
    if values.get("only") and not (compare or {"when", "after", "at"} & values.keys()):
        raise ValueError("only: true takes the word's own way of clearing away: say beside it how it clears, by when:, "
                         "after: or at:")
    return Clear(compare=compare, **other)


CLEAR: Record[Clear] = Record("clear:", {
    "when": MATCH, "after": OrField(Duration()), "at": FIELD, "hold": OrField(Duration()), "only": Flag(),
    "closes": Flag(), **COMPARE,
}, _clear)

_DEFAULTS: dict[str, Field] = {
    "say": Field(TemplateText("say:", prose=True, limit=500), about="one line: hazard and place"),
    "per": Field(Per(), about="one incident per value of these fields"),
    "during": Field(GATES, about="fires only while one of these holds"),
    "unless": Field(GATES, about="does not fire while one of these holds"),
    "clear": Field(CLEAR, about="how the condition ends, besides the word's own way"),
    "severity": Field(SeverityShape(), about="info, low, medium, high, critical, or by a field"),
    "escalate_to": Field(Policies(), about="a policy, several, one by severity, or board; none makes the rule a state"),
    "advice": Field(TemplateText("advice:", prose=True, limit=4000, lines=True), about="what to do"),
    "labels": Field(Names(Text("a label"), what="a mapping of labels"), about="free words for filters and reports"),
    "limits": Field(Record("limits:", {"keys": Whole(1), "opened_per_minute": Whole(1)}, lambda values: values)),
    "enabled": Field(Flag()),
}
RULE: Record[dict[str, Any]] = Record("a rule", {
    "rule": Field(Id("the name of a rule"), required=True, about="the stable name of the rule"), **_DEFAULTS,
    "when": Field(WHEN, required=True, about="exactly one word"), "tests": Field(RULE_TESTS),
}, lambda values: values)
DEFAULTS: Record[dict[str, Any]] = Record("defaults:", _DEFAULTS, lambda values: values)


class RuleFile(Shape[tuple[Rule, ...]]):
    """A file of rules."""

    what = "a file with rules: and, if wanted, defaults:"
    record = Record("the file", {"defaults": Field(DEFAULTS, about="for every rule of the file that does not say "
                                                   "otherwise"), "rules": Field(Many(RULE), required=True)},
                    lambda values: values)

    def read(self, node: Node, report: Report) -> tuple[Rule, ...]:
        """The rules that could be read; what is wrong with the others is in the report."""
        if not isinstance(node, Mapping):
            self.refuse(node, report, f"a file of rules begins with rules: (found {type(node).__name__.lower()})")
        for key, _ in node.entries:
            if key.text not in self.record.fields:
                report.unknown(key.where, "the key", key.text, self.record.fields)
        defaults: dict[str, Any] = {}
        if (written := node.get("defaults")) is not None:
            with suppress(Unreadable):
                defaults = DEFAULTS.read(written, report)
        listed = node.get("rules")
        if not isinstance(listed, Sequence):
            self.refuse(listed or node, report, "rules: holds a list, and every rule of it begins with - rule:")
        rules: list[Rule] = []
        for part in listed.items:
            with suppress(Unreadable):
                rules.append(_rule(part, defaults, report))
        return tuple(rules)

    def schema(self) -> Json:
        return self.record.schema()


def _rule(node: Node, defaults: dict[str, Any], report: Report) -> Rule:
    name = node.get("rule") if isinstance(node, Mapping) else None
    if isinstance(name, Scalar) and name.text:
        report.declare("rule", name.text, name.where)
    own = RULE.read(node, report)
    values = defaults | own
    values["id"] = values.pop("rule")
    if not values.get("escalate_to"):
        values.setdefault("say", values["id"])
    if "say" not in values:
        report.error(node.where, "a rule needs say:, one line with hazard and place")
        raise Unreadable
    rule = Rule(**values, where=name.where if name is not None else Location(""))
    _check(rule, node, report)
    return rule


def check_chains(rules: tuple[Rule, ...], report: Report) -> None:
    """An error for every rule whose ``incident:`` leads back to itself."""
    leads_to = {rule.id: rule.when.of for rule in rules if rule.when.word == "incident"}
    places = {rule.id: rule.where for rule in rules}
    written = {rule: number for number, rule in enumerate(leads_to)}
    ends: set[str] = set()
    """Rules of which it is known whether they lead into a circle."""
    for start in leads_to:
        way: dict[str, None] = {}
        rule = start
        while rule in leads_to and rule not in ends and rule not in way:
            way[rule] = None
            rule = leads_to[rule]
        if rule in way:
            circle = list(way)[list(way).index(rule):]
            first = min(range(len(circle)), key=lambda at: written[circle[at]])
            circle = [*circle[first:], *circle[:first + 1]]
            report.error(places[circle[0]], "these rules wait for one another's incidents in a circle: "
                         + _shortened(circle) + ": one of them must begin with an event")
        ends.update(way)


def _shortened(circle: list[str]) -> str:
    if len(circle) > _MOST_NAMED:
        circle = [*circle[:_MOST_NAMED], f"{len(circle) - _MOST_NAMED - 1} more", circle[-1]]
    return " → ".join(circle)


def _check(rule: Rule, node: Node, report: Report) -> None:
    where = rule.where
    if problem := clearing_problem(rule):
        at = node.get("clear") if isinstance(node, Mapping) else None
        report.error(at.where if at is not None else where, problem)
        raise Unreadable
    if problem := expected_problem(rule):
        at = node.get("when") if isinstance(node, Mapping) else None
        report.error(at.where if at is not None else where, problem)
        raise Unreadable
    if rule.when.near is not None and any(key.name == "near" for key in rule.per):
        report.error(where, "near: in when: joins the key under the name near, so per: cannot have a field of that "
                     "name: write data.near for the event's own field")
        raise Unreadable
    check_names(rule, node, report)
    if not rule.tests:
        report.warn(where, f'the rule "{rule.id}" has no tests: add tests: with events: and expect:')
