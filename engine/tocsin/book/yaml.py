"""A YAML file as a tree of nodes with places; every scalar is the raw text that was written.

What YAML would silently read otherwise than it looks is an error here (see traps.py). Aliases, anchors, tags,
duplicate keys, tabs and several documents are refused. The tree is built from the parser's events without
recursion, within fixed limits, so that no file can take unbounded time or memory.
"""

import re
from collections.abc import Iterator

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from tocsin.book import traps
from tocsin.book.node import Mapping, Node, Scalar, Sequence, Span
from tocsin.book.report import Report
from tocsin.domain.errors import Finding, Location

MAX_BYTES = 5_000_000
MAX_DEPTH = 40
MAX_NODES = 1_000_000
MAX_LINE = 20_000
MAX_REPAIRS = 20
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INVISIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e"
                        "\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]")

_COMMENT = re.compile(r"[ \t]*#.*")


class _Open:
    """A collection whose end has not been met yet."""

    def __init__(self, where: Location, mapping: bool, flow: bool) -> None:
        self.where, self.mapping, self.flow = where, mapping, flow
        self.nodes: list[Node] = []


class _TooMuch(Exception):
    def __init__(self, where: Location, text: str) -> None:
        self.where, self.text = where, text


def read_bytes(path: str, body: bytes, report: Report) -> Node | None:
    """The tree of a file's bytes (UTF-8, a byte order mark is dropped); None when it is empty or unreadable."""
    if len(body) > MAX_BYTES:
        report.error(Location(path), f"the file has {len(body)} bytes, more than {MAX_BYTES}: split it")
        return None
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        column = len(body[body.rfind(b"\n", 0, error.start) + 1:error.start].decode("utf-8", "replace")) + 1
        report.error(Location(path, line, column), "this is not UTF-8: save the file with the encoding UTF-8")
        return None
    return read_text(path, text, report)


def read_text(path: str, text: str, report: Report) -> Node | None:
    """The tree of a file's text; None when it is empty or unreadable. All problems go into ``report``.

    A line that the parser refuses is repaired in memory where the repair is plain, so that the problems after it
    are found too.
    """
    text = text.removeprefix("\ufeff")
    lines = list(report.open(path, text))
    if _unreadable_lines(path, lines, report):
        return None
    repaired: set[int] = set()
    while True:
        found: list[Finding] = []
        try:
            tree = _build(path, lines, found)
        except _TooMuch as error:
            report.findings.append(Finding(error.where, error.text))
            return None
        except yaml.YAMLError as error:
            trap = traps.explain(path, lines, error)
            number = trap.line
            again = bool(trap.repaired) and number not in repaired and len(repaired) < MAX_REPAIRS
            if number not in repaired:
                same = [finding for finding in found if finding.where.line == number + 1]
                report.findings.extend(same or [trap.finding])
            if not again:
                report.findings.extend(found)
                return None
            repaired.add(number)
            lines[number] = trap.repaired
            continue
        report.findings.extend(found)
        return None if isinstance(tree, Scalar) and tree.plain and not tree.text else tree


def _unreadable_lines(path: str, lines: list[str], report: Report) -> bool:
    before = len(report.findings)
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_LINE:
            report.error(Location(path, number, MAX_LINE), f"the line has more than {MAX_LINE} characters: break it up")
        hidden = _INVISIBLE.search(line)
        if hidden is not None:
            report.error(Location(path, number, hidden.start() + 1),
                         f"the invisible character U+{ord(hidden[0]):04X} cannot stand in a file: delete it")
        body = line.lstrip()
        if "\t" in line[:len(line) - len(body)] and body and not body.startswith("#"):
            report.error(Location(path, number, line.index("\t") + 1),
                         "a tab cannot indent a line: use spaces", line.strip())
    return len(report.findings) > before


def _events(lines: list[str]) -> Iterator[yaml.Event]:
    return iter(yaml.parse("\n".join(lines) + "\n", Loader=_LOADER))


def _build(path: str, lines: list[str], found: list[Finding]) -> Node | None:
    stack: list[_Open] = []
    root: Node | None = None
    count = documents = 0
    for event in _events(lines):
        if isinstance(event, DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise _TooMuch(_span(event).place(path), "a second document begins here: keep one document in a file, "
                                                    "without lines of ---")
            continue
        node: Node
        if isinstance(event, (MappingStartEvent, SequenceStartEvent)):
            _refuse_extras(path, lines, event, found)
            stack.append(_Open(_span(event).place(path), isinstance(event, MappingStartEvent), bool(event.flow_style)))
            if len(stack) > MAX_DEPTH:
                raise _TooMuch(_span(event).place(path), f"more than {MAX_DEPTH} levels inside each other: "
                                                         "make it flatter")
            continue
        if isinstance(event, (MappingEndEvent, SequenceEndEvent)):
            node = _close(stack.pop(), lines, found)
        elif isinstance(event, AliasEvent):
            node = traps.refuse_alias(path, lines, _span(event), found)
        elif isinstance(event, ScalarEvent):
            _refuse_extras(path, lines, event, found)
            node = _scalar(path, lines, event, bool(stack) and stack[-1].flow, found)
        else:
            continue
        count += 1
        if count > MAX_NODES:
            raise _TooMuch(node.where, f"more than {MAX_NODES} values in one file: split it")
        if stack:
            stack[-1].nodes.append(node)
        else:
            root = node
    return root


def _scalar(path: str, lines: list[str], event: ScalarEvent, flow: bool, found: list[Finding]) -> Scalar:
    span = _span(event)
    where = span.place(path)
    if event.style not in (None, ""):
        if event.style in "|>":
            traps.check_block(lines[span.line], span, where, found)
        return Scalar(event.value, where, plain=False)
    comment = _COMMENT.match(lines[span.end_line], span.end_column) if span.end_line < len(lines) else None
    node = Scalar(event.value, where, True, comment[0] if comment is not None else "")
    traps.check_plain(node, lines[span.line] if span.line < len(lines) else "", span, flow, found)
    return node


def _close(opened: _Open, lines: list[str], found: list[Finding]) -> Node:
    if not opened.mapping:
        return Sequence(tuple(opened.nodes), opened.where)
    entries: list[tuple[Scalar, Node]] = []
    seen: dict[str, Location] = {}
    for key, value in zip(opened.nodes[::2], opened.nodes[1::2], strict=True):
        if not isinstance(key, Scalar):
            traps.refuse_key(key.where, lines, found)
            continue
        if opened.flow and traps.is_glued(key, value, lines, found):
            continue
        if key.text in seen:
            found.append(Finding(key.where, f'"{key.text}" stands twice in this mapping, first on line '
                                            f"{seen[key.text].line}: keep one of them"))
            continue
        seen[key.text] = key.where
        entries.append((key, value))
    return Mapping(tuple(entries), opened.where)


def _refuse_extras(path: str, lines: list[str], event: ScalarEvent | MappingStartEvent | SequenceStartEvent,
                   found: list[Finding]) -> None:
    if event.anchor is not None or event.tag is not None:
        traps.refuse_extra(path, lines, _span(event), found)


def _span(event: yaml.Event) -> Span:
    start, end = event.start_mark, event.end_mark
    if start is None or end is None:  # the parsers set both on every event; their types do not say so
        return Span(0, 0)
    return Span(start.line, start.column, end.line, end.column)
