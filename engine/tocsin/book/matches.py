"""The match language: a mapping of field to expectation becomes a Match, contradictions refused."""

from typing import Any

from tocsin.book.contradictions import contradictions, idle_parts
from tocsin.book.fields import FIELD, INSTANT_FIELDS, TEXT_FIELDS, OrField
from tocsin.book.match import AnyOf, Clause, Expect, FieldRef, Inside, Match, Near, NoneOf
from tocsin.book.match import Scalar as Value
from tocsin.book.node import Mapping, Node, Scalar, Sequence
from tocsin.book.patterns import compile_pattern
from tocsin.book.report import Report, Unreadable
from tocsin.book.scalars import Coordinates, Distance, Flag, Name, number_of, plain_value
from tocsin.book.shape import Either, Json, Record, Shape, Text, describe
from tocsin.book.traps import COMPARISONS
from tocsin.domain.event import FIRING, RESOLVED
from tocsin.domain.time import parse_instant

COMPARE = ("above", "at_least", "below", "at_most")
WORDS = ("above", "at_least", "below", "at_most", "is", "not", "not_in", "in", "matches", "contains", "starts_with",
         "ends_with", "like", "exists", "ignoring_case")
_FOLDABLE = frozenset({"is", "any_of", "not", "not_in", "in", "matches", "contains", "starts_with", "ends_with",
                       "like"})
_RESERVED = {"not": "to exclude something write none: [{…}]", "within": "a duration stands beside the match"}


class Number(Shape[int | float]):
    """A threshold."""

    what = "a number"

    def read(self, node: Node, report: Report) -> int | float:
        scalar = self.scalar(node, report)
        number = number_of(scalar.text)
        if number is None or not scalar.plain:
            without = f": {scalar.text} without quotes" if number is not None else ""
            self.refuse(node, report, f"{describe(node)} stands where a number belongs{without}")
        return number

    def schema(self) -> Json:
        return {"type": "number"}


class Instant(Text):
    """What ``time``, ``received`` and ``claimed_time`` are compared with, as written."""

    def __init__(self) -> None:
        super().__init__("a time such as 2026-11-22T21:15:03Z")

    def read(self, node: Node, report: Report) -> str:
        text = super().read(node, report)
        try:
            parse_instant(text)
        except ValueError as error:
            self.refuse(node, report, str(error))
        return text

    def schema(self) -> Json:
        return {"type": "string"}


class Pattern(Text):
    def __init__(self) -> None:
        super().__init__("a pattern")

    def read(self, node: Node, report: Report) -> str:
        text = self.scalar(node, report).text
        try:
            compile_pattern(text)
        except ValueError as error:
            self.refuse(node, report, str(error))
        return text

    def schema(self) -> Json:
        return {"type": "string"}


class ListName(Shape[str]):
    """``lists/<name>`` or ``lists/<name>.<column>``; read as ``name`` or ``name.column``."""

    what = "lists/<name> or lists/<name>.<column>"

    def read(self, node: Node, report: Report) -> str:
        scalar = self.scalar(node, report)
        name = scalar.text.removeprefix("lists/")
        if name == scalar.text:
            self.refuse(node, report, f'"{scalar.shown}" is not the name of a list: write lists/{scalar.shown}',
                        report.replaced(node.where, scalar.shown, f"lists/{scalar.shown}"))
        head, _, column = name.partition(".")
        report.refer("list", head, node.where, scalar.shown)
        if column:
            report.refer("column", name, node.where, scalar.shown)
        return name

    def schema(self) -> Json:
        return {"type": "string", "pattern": "^lists/"}


class _Value(Shape[Value]):
    """One value that a field may have, typed; ``text`` fields take whatever is written as text."""

    what = "a value"

    def __init__(self, field: str = "") -> None:
        self.field = field

    def read(self, node: Node, report: Report) -> Value:
        if not isinstance(node, Scalar):
            self.refuse(node, report)
        if node.plain and node.text == "":
            self.refuse(node, report, f"the value of {self.field} is missing (write null if the field itself must be "
                        "missing)")
        self._check_text(node, report)
        value = plain_value(node)
        if value is not None and self.field in TEXT_FIELDS:
            value = node.text
        if self.field == "status" and value not in (FIRING, RESOLVED, None):
            report.unknown(node.where, "the status", str(value), (FIRING, RESOLVED))
            raise Unreadable
        return value

    def _check_text(self, node: Scalar, report: Report) -> None:
        if self.field == "type" and "*" in node.text.removesuffix(".*"):
            self.refuse(node, report, f'"{node.shown}": type takes a * at its end only, as alarm.*'
                        + (" (to take every type, leave type out)" if node.text == "*" else ""))
        if not node.plain:
            return
        if self.field != "type" and node.text.endswith(".*"):
            start = node.text[:-1]
            self.refuse(node, report, f'only type takes ".*": write {{starts_with: {start}}}',
                        report.replaced(node.where, node.shown, f"{{starts_with: {start}}}"))
        sign = next((sign for sign in COMPARISONS if node.text.startswith(sign)), "")
        if sign:
            written = f"{{{COMPARISONS[sign]}: {node.text[len(sign):].strip()}}}"
            self.refuse(node, report, f"a comparison is written with a word: {written}, or put the text in quotes",
                        report.replaced(node.where, node.shown, written))

    def schema(self) -> Json:
        return {"type": ["string", "number", "boolean", "null"]}


def _values(field: str, node: Sequence, report: Report) -> tuple[Value, ...]:
    """The values of a list, all problems reported first."""
    values: list[Value] = []
    bad = not node.items
    if bad:
        report.error(node.where, f"the list of values of {field} is empty, so nothing could ever match")
    for part in node.items:
        try:
            values.append(_Value(field).read(part, report))
        except Unreadable:
            bad = True
    if bad:
        raise Unreadable
    return tuple(values)


_NUMBER, _INSTANT, _PATTERN, _LIST = OrField(Number()), OrField(Instant()), Pattern(), ListName()
_FLAG, _TEXT = Flag(), Text("a text")


def _is_instant(text: str) -> bool:
    try:
        parse_instant(text)
    except ValueError:
        return False
    return True


def _operator(field: str, word: str, node: Node, report: Report) -> Expect:
    """One operator of one field."""
    if word in COMPARE:
        if field in TEXT_FIELDS:
            report.error(node.where, f"{field} is a text, which is neither above nor below a number")
            raise Unreadable
        instant = field in INSTANT_FIELDS or (isinstance(node, Scalar) and _is_instant(node.text))
        return Expect(field, word, (_INSTANT if instant else _NUMBER).read(node, report))
    if word == "exists":
        return Expect(field, "exists", _FLAG.read(node, report))
    if word == "matches":
        return Expect(field, word, _PATTERN.read(node, report))
    if word in ("in", "not_in"):
        if isinstance(node, Sequence):
            return Expect(field, "any_of" if word == "in" else "not_in", _values(field, node, report))
        return Expect(field, word, _LIST.read(node, report))
    if word in ("is", "not"):
        if isinstance(node, Sequence):
            report.error(node.where, "a list after is: stands without it, as field: [a, b]" if word == "is" else
                         "to exclude several values write not_in: [a, b]")
            raise Unreadable
        return _equal(field, word, OrField(_Value(field)).read(node, report))
    text = _TEXT.read(node, report)
    if word == "like" and not {"*", "?"} & set(text):
        report.warn(node.where, f'"{text}" has neither * nor ?, so like: means the same as is:')
    return Expect(field, word, text)


def _equal(field: str, word: str, value: Any) -> Expect:
    """``is: null`` and ``not: null`` ask whether the field exists."""
    if value is None:
        return Expect(field, "exists", word == "not")
    return Expect(field, word, value)


def _expectation(field: str, node: Node, report: Report) -> list[Clause]:
    if isinstance(node, Scalar):
        return [_equal(field, "is", _Value(field).read(node, report))]
    if isinstance(node, Sequence):
        return [Expect(field, "any_of", _values(field, node, report))]
    if node.get("field") is not None:
        return [Expect(field, "is", OrField(_Value(field)).read(node, report))]
    found: list[Expect] = []
    fold = bad = False
    if not node.entries:
        report.error(node.where, f"what {field} should be is missing: write a value, a list, or an operator such as "
                     "{above: 10}")
        raise Unreadable
    for key, part in node.entries:
        try:
            if key.text == "ignoring_case":
                fold = _FLAG.read(part, report)
            elif key.text == "any_of":
                report.error(key.where, f"several values stand in a list without a word: {field}: [a, b]")
                raise Unreadable
            elif key.text not in WORDS:
                report.unknown(key.where, "the operator", key.text, WORDS)
                raise Unreadable
            else:
                found.append(_operator(field, key.text, part, report))
        except Unreadable:
            bad = True
    if not bad and fold and not any(e.operator in _FOLDABLE for e in found):
        report.error(node.where, "ignoring_case: stands beside an operator for text, such as is, contains or matches")
        bad = True
    if bad:
        raise Unreadable
    return [Expect(e.field, e.operator, e.value, fold and e.operator in _FOLDABLE) for e in found]


_NEAR: Record[Near] = Record("near:", {
    "of": Either("[lat, lon] or an area", scalar=Name("area", "areas/"), sequence=Coordinates()),
    "distance": OrField(Distance()),
}, lambda values: Near(values["of"], values["distance"]))
for _field in _NEAR.fields.values():
    _field.required = True
_INSIDE = OrField(Name("area", "areas/"))


class MatchShape(Shape[Match]):
    """A match; ``{}`` matches every event."""

    what = "a match such as {type: alarm.panic}"

    def read(self, node: Node, report: Report) -> Match:
        if not isinstance(node, Mapping):
            repaired = ""
            if isinstance(node, Scalar) and node.text and " " not in node.text:
                repaired = report.replaced(node.where, node.shown, f"{{type: {node.shown}}}")
            self.refuse(node, report, repaired=repaired)
        clauses: list[Clause] = []
        bad = False
        for key, part in node.entries:
            try:
                clauses.extend(self._clauses(key, part, report))
            except Unreadable:
                bad = True
        if bad:
            raise Unreadable
        match = Match(tuple(clauses))
        if sentences := contradictions(match):
            for sentence in sentences:
                report.error(node.where, sentence)
            raise Unreadable
        for sentence in idle_parts(match):
            report.warn(node.where, sentence)
        return match

    def _clauses(self, key: Scalar, node: Node, report: Report) -> list[Clause]:
        word = key.text
        if word in ("any", "none"):
            matches = self._matches(word, node, report)
            return [AnyOf(matches) if word == "any" else NoneOf(matches)]
        if word == "inside":
            return [Inside(_INSIDE.read(node, report))]
        if word == "near":
            return [_NEAR.read(node, report)]
        if word in _RESERVED:
            report.error(key.where, f'a field called "{word}" is reached as data.{word}; {_RESERVED[word]}')
            raise Unreadable
        if word in WORDS:
            report.error(key.where, f'"{word}" is an operator and stands under a field: name: {{{word}: …}} (a field '
                         f"of that name is reached as data.{word})")
            raise Unreadable
        return _expectation(FIELD.read(key, report), node, report)

    def _matches(self, word: str, node: Node, report: Report) -> tuple[Match, ...]:
        if not isinstance(node, Sequence):
            self.refuse(node, report, f"{word}: takes a list of matches: {word}: [{{…}}, {{…}}]")
        if not node.items:
            self.refuse(node, report, f"{word}: [] names no match, so "
                        + ("nothing could ever match" if word == "any" else "it excludes nothing: delete it"))
        found, bad = [], False
        for part in node.items:
            try:
                found.append(self.read(part, report))
            except Unreadable:
                bad = True
        if bad:
            raise Unreadable
        return tuple(found)

    def schema(self) -> Json:
        return {"$ref": "#/$defs/match"}


MATCH = MatchShape()


def match_definitions() -> Json:
    """The ``$defs`` that the schema of a match refers to."""
    value = {"type": ["string", "number", "boolean", "null"]}
    number = {"anyOf": [_NUMBER.schema(), _INSTANT.schema()]}
    operators: Json = dict.fromkeys(COMPARE, number)
    operators |= {"is": value, "not": value, "in": {"anyOf": [_LIST.schema(), {"type": "array", "items": value}]},
                  "not_in": {"anyOf": [_LIST.schema(), {"type": "array", "items": value}]},
                  "matches": {"type": "string"}, "exists": {"type": "boolean"}, "ignoring_case": {"type": "boolean"},
                  "field": {"type": "string"}}
    operators |= {word: {"type": "string"} for word in ("contains", "starts_with", "ends_with", "like")}
    matches = {"type": "array", "items": {"$ref": "#/$defs/match"}, "minItems": 1}
    return {
        "expectation": {"anyOf": [value, {"type": "array", "items": value, "minItems": 1},
                                  {"type": "object", "properties": operators, "additionalProperties": False,
                                   "minProperties": 1}]},
        "match": {"type": "object", "additionalProperties": {"$ref": "#/$defs/expectation"},
                  "properties": {"any": matches, "none": matches, "inside": _INSIDE.schema(), "near": _NEAR.schema()}},
    }


__all__ = ["COMPARE", "MATCH", "FieldRef", "ListName", "MatchShape", "Number", "match_definitions"]
