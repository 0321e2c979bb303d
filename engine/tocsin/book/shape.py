"""Shapes: what a node of a file must look like. One description reads, refuses and becomes a JSON schema.

A shape reads a node to a value or raises ``Unreadable`` after having reported why; collections read all their
parts before they give up, so that every error of a file is found at once.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from collections.abc import Mapping as Map
from typing import Any, Generic, NoReturn, TypeVar, cast

from msgspec import structs

from tocsin.book.node import Mapping, Node, Scalar, Sequence
from tocsin.book.report import Report, Unreadable, nearest
from tocsin.book.traps import COMMENT_IN_TEXT, quoted
from tocsin.domain.errors import Location

T = TypeVar("T")
Json = dict[str, Any]


class Shape(ABC, Generic[T]):
    """One kind of node."""

    what: str = "a value"

    @abstractmethod
    def read(self, node: Node, report: Report) -> T:
        """The node's value; raises Unreadable when the reason is in the report."""

    @abstractmethod
    def schema(self) -> Json:
        """The JSON schema for editors."""

    def refuse(self, node: Node, report: Report, text: str = "", repaired: str = "") -> NoReturn:
        report.error(node.where, text or f"{describe(node)} stands where {self.what} belongs", repaired)
        raise Unreadable

    def scalar(self, node: Node, report: Report) -> Scalar:
        """The node as one non-empty value."""
        if not isinstance(node, Scalar):
            self.refuse(node, report)
        if is_null(node):
            self.refuse(node, report, f"{self.what} is missing")
        return node


def is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.plain and node.text in ("", "~", "null")


def describe(node: Node) -> str:
    """A node in the words of an error sentence."""
    if isinstance(node, Scalar):
        shown = node.shown if len(node.shown) <= 60 else node.shown[:57] + "…"
        return f'"{shown}"' if shown else "nothing"
    return "a mapping" if isinstance(node, Mapping) else "a list"


class Text(Shape[str]):
    """A text of one line (of several with ``lines``); behind ``prose``, text for people, a comment is suspicious."""

    def __init__(self, what: str = "a text", *, prose: bool = False, limit: int = 1000, lines: bool = False) -> None:
        self.what, self.prose, self.limit, self.lines = what, prose, limit, lines

    def read(self, node: Node, report: Report) -> str:
        scalar = self.scalar(node, report)
        text = scalar.text.strip()
        if not text:
            self.refuse(node, report, f"{self.what} is empty")
        if not self.lines and ("\n" in text or "\r" in text):
            self.refuse(node, report, f"{self.what} is one line: put it in quotes on one line")
        if len(text) > self.limit:
            self.refuse(node, report, f"{self.what} has {len(text)} characters, more than {self.limit}")
        if self.prose and scalar.comment.startswith(" #") and not COMMENT_IN_TEXT.match(scalar.comment):
            whole = scalar.text + scalar.comment.rstrip()
            self.refuse(node, report, f'everything after " #" is lost here, only "{text}" would remain: put the whole '
                        "text in quotes, or two spaces before a comment", report.replaced(node.where, whole,
                                                                                         quoted(whole)))
        return text

    def schema(self) -> Json:
        return {"type": ["string", "number", "boolean"]}


class Word(Shape[str]):
    """One of a few fixed words."""

    def __init__(self, *words: str, what: str = "") -> None:
        self.words, self.name = words, what or "the word"
        self.what = "one of " + ", ".join(words)

    def read(self, node: Node, report: Report) -> str:
        scalar = self.scalar(node, report)
        if scalar.text not in self.words:
            report.unknown(node.where, self.name, scalar.shown, self.words)
            raise Unreadable
        return scalar.text

    def schema(self) -> Json:
        return {"enum": list(self.words)}


class Many(Shape[tuple[T, ...]]):
    """A list; with ``single`` one item may stand alone without brackets."""

    def __init__(self, item: Shape[T], *, single: bool = False, least: int = 0) -> None:
        self.item, self.single, self.least = item, single, least
        self.what = f"a list of {item.what}" if not single else f"{item.what}, or a list of such"

    def read(self, node: Node, report: Report) -> tuple[T, ...]:
        if not isinstance(node, Sequence):
            if self.single:
                return (self.item.read(node, report),)
            repaired = report.replaced(node.where, node.shown, f"[{node.shown}]") if isinstance(node, Scalar) else ""
            self.refuse(node, report, repaired=repaired)
        values, bad = [], False
        for part in node.items:
            try:
                values.append(self.item.read(part, report))
            except Unreadable:
                bad = True
        if bad:
            raise Unreadable
        if len(values) < self.least:
            self.refuse(node, report, f"the list needs at least {self.least} item" + "s" * (self.least > 1))
        return tuple(values)

    def schema(self) -> Json:
        items = {"type": "array", "items": self.item.schema(), "minItems": self.least}
        return {"anyOf": [self.item.schema(), items]} if self.single else items


class Names(Shape[dict[str, T]]):
    """A mapping of free names to one kind of value; ``declares`` makes every name known as that kind.

    ``finish`` completes a value by its name and place.
    """

    def __init__(self, value: Shape[T], *, what: str = "a mapping", declares: str = "",
                 key: Shape[str] | None = None, finish: Callable[[T, str, Location], T] | None = None) -> None:
        self.value, self.what, self.declares, self.finish = value, what, declares, finish
        self.key = key or Text("a name", limit=200)

    def read(self, node: Node, report: Report) -> dict[str, T]:
        if not isinstance(node, Mapping):
            self.refuse(node, report)
        values: dict[str, T] = {}
        bad = False
        for key, part in node.entries:
            try:
                name = self.key.read(key, report)
                if self.declares:
                    report.declare(self.declares, name, key.where)
                value = self.value.read(part, report)
                values[name] = self.finish(value, name, key.where) if self.finish is not None else value
            except Unreadable:
                bad = True
        if bad:
            raise Unreadable
        return values

    def schema(self) -> Json:
        found: Json = {"type": "object", "additionalProperties": self.value.schema()}
        if isinstance(self.key, Word):
            found["propertyNames"] = self.key.schema()
        return found


def named(value: T, name: str, where: Location) -> T:
    """The struct with its ``id`` and ``where`` filled in from the key that it stands under."""
    return cast(T, structs.replace(cast(Any, value), id=name, where=where))


class Field:
    """A key of a Record: its shape, whether it must be there, and a sentence about it for editors."""

    def __init__(self, shape: Shape[Any], *, required: bool = False, about: str = "") -> None:
        self.shape, self.required, self.about = shape, required, about


class Record(Shape[T]):
    """A mapping with fixed keys; ``build`` makes the value from those present.

    ``build`` receives the values by key and may raise ValueError with a sentence. ``one_of`` are keys of which
    exactly one must be present.
    """

    def __init__(self, what: str, fields: Map[str, Field | Shape[Any]], build: Callable[[dict[str, Any]], T], *,
                 one_of: tuple[str, ...] = (), unbuilt: Map[str, str] | None = None) -> None:
        self.what = what
        self.fields = {key: f if isinstance(f, Field) else Field(f) for key, f in fields.items()}
        self.build, self.one_of, self.unbuilt = build, one_of, unbuilt or {}

    def read(self, node: Node, report: Report) -> T:
        try:
            return self.build(self.read_fields(node, report))
        except ValueError as error:
            self.refuse(node, report, str(error))

    def read_fields(self, node: Node, report: Report) -> dict[str, Any]:
        """The values by key; all errors of all keys reported before Unreadable."""
        if not isinstance(node, Mapping):
            self.refuse(node, report)
        values: dict[str, Any] = {}
        present: list[str] = []
        bad = False
        for key, part in node.entries:
            name = key.text
            if name in self.unbuilt:
                report.error(key.where, self.unbuilt[name])
                bad = True
            elif name not in self.fields:
                report.unknown(key.where, "the key", name, self.fields)
                bad = True
                if (near := nearest(name, self.fields)):
                    present.append(near)
                continue
            present.append(name)
            if name in self.fields:
                try:
                    values[name] = self.fields[name].shape.read(part, report)
                except Unreadable:
                    bad = True
        missing = [name for name, f in self.fields.items() if f.required and name not in present]
        if missing:
            report.error(node.where, f"{self.what} needs {' and '.join(f'{name}:' for name in missing)}")
        chosen = [name for name in present if name in self.one_of]
        if self.one_of and len(chosen) != 1:
            listed = ", ".join(self.one_of)
            report.error(node.where, f"{self.what} needs exactly one of {listed}"
                         + (f", not {' and '.join(chosen)} together" if chosen else ""))
            bad = True
        if bad or missing:
            raise Unreadable
        return values

    def schema(self) -> Json:
        properties = {}
        for name, f in self.fields.items():
            properties[name] = f.shape.schema() | ({"description": f.about} if f.about else {})
        found: Json = {"type": "object", "properties": properties, "additionalProperties": False}
        if required := [name for name, f in self.fields.items() if f.required]:
            found["required"] = required
        if self.one_of:
            found["oneOf"] = [{"required": [name]} for name in self.one_of]
        return found


class Either(Shape[Any]):
    """A shape for each kind of node: one value, a list, a mapping."""

    def __init__(self, what: str, *, scalar: Shape[Any] | None = None, sequence: Shape[Any] | None = None,
                 mapping: Shape[Any] | None = None) -> None:
        self.what = what
        self.parts: dict[type, Shape[Any] | None] = {Scalar: scalar, Sequence: sequence, Mapping: mapping}

    def read(self, node: Node, report: Report) -> Any:
        part = self.parts[type(node)]
        if part is None:
            self.refuse(node, report)
        return part.read(node, report)

    def schema(self) -> Json:
        return {"anyOf": [part.schema() for part in self.parts.values() if part is not None]}
