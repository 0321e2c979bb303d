"""What a template may say: names, listed filters, if and for; no calls, arithmetic, macros or attributes."""

import re
from collections.abc import Iterator
from functools import lru_cache

from jinja2 import Environment, nodes
from jinja2.exceptions import TemplateError as JinjaError
from msgspec import Struct

from tocsin.book.node import Node
from tocsin.book.report import Report, Unreadable, nearest
from tocsin.book.shape import Text
from tocsin.domain.errors import TocsinError

NESTED_LOOPS = 2
DEEPEST = 20
LONGEST_SOURCE = 100_000

FILTERS = {"default": (0, 1), "join": (0, 1), "shorten": (0, 1), "capitalize": (0, 0), "plural": (2, 3),
           "upper": (0, 0), "lower": (0, 0)}
"""The filters with the fewest and the most values in brackets behind each."""

UNPAIRED = "a {{ has no }} or the other way round: write {{ name }}"

_ALLOWED = (nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Filter, nodes.If, nodes.For,
            nodes.Const, nodes.Getattr, nodes.Not, nodes.And, nodes.Or)
_CALLED = {
    nodes.Call: "calls", nodes.Macro: "macros", nodes.CallBlock: "macros", nodes.Getitem: "[…]",
    nodes.BinExpr: "arithmetic", nodes.UnaryExpr: "arithmetic", nodes.Compare: "comparisons", nodes.Concat: "~",
    nodes.CondExpr: "if inside {{ }}", nodes.Assign: "set", nodes.AssignBlock: "set", nodes.Include: "include",
    nodes.Import: "import", nodes.FromImport: "import", nodes.Extends: "extends", nodes.Test: "tests (is …)",
}
_BLOCK = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_RAW = re.compile(r"\{%[-+]?\s*raw\b")
_PARSER = Environment(trim_blocks=True, lstrip_blocks=True)  # noqa: S701 - parses only; what fills escapes by channel


class TemplateError(TocsinError):
    """A template says something that templates may not say, or cannot be read; the text names the line."""

    def __init__(self, text: str, line: int = 0) -> None:
        self.said, self.line = text, line
        super().__init__(f"line {line}: {text}" if line else text)


class Fault(Struct, frozen=True):
    """What is wrong with a template: the sentence, its line (from 1), the piece of the source that holds it, and what
    belongs there instead ("" where nobody can know).
    """

    text: str
    line: int
    piece: str = ""
    instead: str = ""


def parse(source: str) -> nodes.Template:
    """The template's tree; raises TemplateError for one that says more than templates may."""
    if len(source) > LONGEST_SOURCE:
        raise TemplateError(f"the template has {len(source)} characters, more than {LONGEST_SOURCE}", 1)
    try:
        tree = _PARSER.parse(source)
    except JinjaError as error:
        reason = UNPAIRED if source.count("{{") != source.count("}}") else _reason(error)
        line = getattr(error, "lineno", 1)
        raise TemplateError(f"this cannot be read as a text with names: {reason}", line) from None
    except RecursionError:
        raise TemplateError("the template is nested too deeply", 1) from None
    if (found := _RAW.search(source)) is not None:
        raise TemplateError('there is no "raw" here, only if, else, endif, for and endfor',
                            source.count("\n", 0, found.start()) + 1)
    _check(tree, 0, 0)
    return tree


def _reason(error: JinjaError) -> str:
    message = str(error.message)
    if "unknown tag" in message:
        word = message.partition("'")[2].partition("'")[0]
        return f'there is no "{word}" here, only if, else, endif, for and endfor'
    if message.startswith("Unexpected end of template"):
        return "an {% if %} or {% for %} is never ended: write {% endif %} or {% endfor %}"
    if "unexpected '}'" in message or "unexpected char" in message or "expected token" in message:
        return f"write {{{{ name }}}} or {{{{ name | filter }}}} ({message})"
    return message


def _check(node: nodes.Node, loops: int, depth: int) -> None:
    if not isinstance(node, _ALLOWED):
        what = next((words for kind, words in _CALLED.items() if isinstance(node, kind)), type(node).__name__.lower())
        raise TemplateError(f"templates have names, filters, if and for, but no {what}", node.lineno)
    if isinstance(node, nodes.Filter):
        _check_filter(node)
    if isinstance(node, nodes.For):
        loops += 1
        if loops > NESTED_LOOPS or node.recursive or not isinstance(node.target, nodes.Name):
            raise TemplateError("write for x in names, at most two of them inside each other", node.lineno)
    if depth > 2 * DEEPEST:
        raise TemplateError(f"at most {DEEPEST} levels stand inside each other", node.lineno)
    for child in node.iter_child_nodes():
        _check(child, loops, depth + 1)


def _check_filter(node: nodes.Filter) -> None:
    if node.name not in FILTERS:
        raise TemplateError(f'there is no filter "{node.name}"; there are {", ".join(FILTERS)}', node.lineno)
    if node.kwargs or node.dyn_args or node.dyn_kwargs or any(not isinstance(part, nodes.Const) for part in node.args):
        raise TemplateError(f'give the filter "{node.name}" plain values in order', node.lineno)
    least, most = FILTERS[node.name]
    if not least <= len(node.args) <= most:
        count = f"{least} to {most}" if least != most else str(most)
        raise TemplateError(f'the filter "{node.name}" takes {count} values in brackets, not {len(node.args)}',
                            node.lineno)
    wanted: tuple[type, str] = (int, "a number") if node.name == "shorten" else (str, "a text in quotes")
    for part in node.args:
        if isinstance(part, nodes.Const) and (not isinstance(part.value, wanted[0]) or isinstance(part.value, bool)):
            raise TemplateError(f'the filter "{node.name}" takes {wanted[1]}, not {part.value}', node.lineno)


def fault_of(source: str) -> Fault | None:
    """What is wrong with a template and where it stands; None when it can be used."""
    try:
        parse(source)
    except TemplateError as error:
        piece, instead = _piece(source, error)
        text = error.said
        if instead:
            text = f'{text.partition(";")[0]}: did you mean "{nearest(_filter_named(error), FILTERS)}"?'
        return Fault(text, error.line, piece, instead)
    return None


def _filter_named(error: TemplateError) -> str:
    found = re.match(r'there is no filter "(.*?)"', error.said)
    return found[1] if found else ""


def _piece(source: str, error: TemplateError) -> tuple[str, str]:
    """The block that is wrong, as it stands in the source, and the same block repaired."""
    blocks = [found for found in _BLOCK.finditer(source)
              if source.count("\n", 0, found.start()) < error.line <= source.count("\n", 0, found.end()) + 1]
    for found in blocks:
        block = found[0]
        try:
            if block.startswith("{{"):
                parse(block)
                continue
        except TemplateError:
            pass
        name = _filter_named(error)
        near = nearest(name, FILTERS) if name else ""
        return block, re.sub(rf"(\|\s*){re.escape(name)}\b", rf"\g<1>{near}", block, count=1) if near else ""
    return "", ""


class TemplateText(Text):
    """A text for people with ``{{ names }}``, one that can be filled."""

    def read(self, node: Node, report: Report) -> str:
        text = super().read(node, report)
        fault = fault_of(text)
        if fault is not None:
            where = report.find(node.where, fault.piece)
            report.error(where, fault.text, report.replaced(where, fault.piece, fault.instead) if fault.instead else "")
            raise Unreadable
        if text.count("{{") != text.count("}}"):
            self.refuse(node, report, UNPAIRED)
        return text


def names_in(source: str) -> tuple[str, ...]:
    """The names that a readable template uses, dots included, in order of appearance, once each; not its own loop's."""
    return _names_in(source)


@lru_cache(4096)
def _names_in(source: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_walk(parse(source), frozenset())))


def _walk(node: nodes.Node, own: frozenset[str]) -> Iterator[str]:
    if isinstance(node, nodes.For) and isinstance(node.target, nodes.Name):
        yield from _walk(node.iter, own)
        own = own | {node.target.name}
        for part in (*node.body, *node.else_):
            yield from _walk(part, own)
        return
    if isinstance(node, nodes.Name | nodes.Getattr):
        path = _path(node)
        if path and path.partition(".")[0] not in own:
            yield path
        return
    for child in node.iter_child_nodes():
        yield from _walk(child, own)


def _path(node: nodes.Node) -> str:
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr):
        head = _path(node.node)
        return f"{head}.{node.attr}" if head else ""
    return ""
