"""Templates: Jinja2 with most of it taken away, so that no text can do more than say something."""

from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

from jinja2 import Environment, Template, Undefined, nodes
from jinja2.exceptions import TemplateError as JinjaError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from tocsin.delivery.plain import cut
from tocsin.domain.errors import TocsinError

LONGEST = 10_000
"""Characters that one template may produce."""
NESTED_LOOPS = 2
DASH = "—"

_missing: ContextVar[list[str] | None] = ContextVar("missing", default=None)

_ALLOWED = (nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Filter, nodes.If, nodes.For,
            nodes.Const, nodes.Getattr, nodes.Not, nodes.And, nodes.Or)
_CALLED = {
    nodes.Call: "calls", nodes.Macro: "macros", nodes.CallBlock: "macros", nodes.Getitem: "[…]",
    nodes.BinExpr: "arithmetic", nodes.Compare: "comparisons", nodes.Assign: "set", nodes.Include: "include",
    nodes.Import: "import", nodes.FromImport: "import", nodes.Extends: "extends", nodes.Test: "tests (is …)",
}


class TemplateError(TocsinError):
    """A template says something that templates may not say, or cannot be read; the text names the line."""


class Missing(Undefined):
    """A name that nothing has: prints a dash, is false, and is counted."""

    def __str__(self) -> str:
        found = _missing.get()
        if found is not None and self._undefined_name:
            found.append(str(self._undefined_name))
        return DASH

    def __html__(self) -> str:
        return str(self)


def _default(value: Any, other: str = "") -> Any:
    return other if isinstance(value, Undefined) or value in (None, "") else value


def _join(value: Any, between: str = ", ") -> str:
    return between.join(str(item) for item in value) if isinstance(value, list) else str(value)


def _shorten(value: Any, length: int = 100) -> str:
    return cut(str(value), length)


def _first_letter(value: Any) -> str:
    text = str(value)
    return text[:1].upper() + text[1:]


def _plural(value: Any, one: str, few: str, many: str = "") -> str:
    """The form that fits a number: English has two, Ukrainian and Russian three (one, few, many)."""
    try:
        number = abs(int(str(value)))
    except ValueError:
        return many or few
    if not many:
        return one if number == 1 else few
    if number % 10 == 1 and number % 100 != 11:
        return one
    return few if number % 10 in (2, 3, 4) and number % 100 not in (12, 13, 14) else many


FILTERS: dict[str, Callable[..., Any]] = {
    "default": _default, "join": _join, "shorten": _shorten, "capitalize": _first_letter, "plural": _plural,
    "upper": lambda value: str(value).upper(), "lower": lambda value: str(value).lower(),
}


class _Environment(ImmutableSandboxedEnvironment):
    """Dots look up keys of mappings and nothing else, whatever the object."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return self.undefined(name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        return self.undefined(name=str(argument))


def _environment(*, html: bool) -> Environment:
    made = _Environment(undefined=Missing, autoescape=html, trim_blocks=True, lstrip_blocks=True,
                        finalize=lambda value: DASH if value is None else value)
    made.filters = dict(FILTERS)
    made.tests = {}
    made.globals = {}
    return made


_HTML, _PLAIN = _environment(html=True), _environment(html=False)


def check(source: str) -> None:
    """Raise TemplateError for a template that cannot be used."""
    _compiled(source, html=False)


@lru_cache(maxsize=4096)
def _compiled(source: str, *, html: bool) -> Template:
    environment = _HTML if html else _PLAIN
    try:
        tree = environment.parse(source)
    except JinjaError as error:
        line = getattr(error, "lineno", 1)
        raise TemplateError(f"line {line}: the template cannot be read: {error.message}") from None
    except RecursionError:
        raise TemplateError("line 1: the template is nested too deeply") from None
    _check(tree, 0)
    return environment.from_string(tree)


def _check(node: nodes.Node, loops: int) -> None:
    if not isinstance(node, _ALLOWED):
        what = next((words for kind, words in _CALLED.items() if isinstance(node, kind)), type(node).__name__.lower())
        raise TemplateError(f"line {node.lineno}: templates have names, filters, if and for, but no {what}")
    if isinstance(node, nodes.Filter) and node.name not in FILTERS:
        raise TemplateError(f'line {node.lineno}: there is no filter "{node.name}"; there are {", ".join(FILTERS)}')
    if isinstance(node, nodes.Filter) and (node.kwargs or node.dyn_args or node.dyn_kwargs):
        raise TemplateError(f'line {node.lineno}: give the filter "{node.name}" plain values in order')
    if isinstance(node, nodes.For):
        loops += 1
        if loops > NESTED_LOOPS or node.recursive or not isinstance(node.target, nodes.Name):
            raise TemplateError(f"line {node.lineno}: write for x in names, at most two of them inside each other")
    for child in node.iter_child_nodes():
        _check(child, loops)


def fill(source: str, names: Mapping[str, Any], *, html: bool, missing: list[str] | None = None) -> str:
    """The template's text with these names; raises TemplateError for a template that fails.

    ``html`` escapes every value. Names that nothing has print "—" and are appended to ``missing``.
    """
    template = _compiled(source, html=html)
    token = _missing.set(missing)
    length, pieces = 0, []
    try:
        for piece in template.generate(**tree_of(names)):
            pieces.append(piece)
            length += len(piece)
            if length > LONGEST:
                break
    except (JinjaError, TypeError, ValueError, AttributeError) as error:
        raise TemplateError(f"the template fails on these values ({type(error).__name__}: {error})") from None
    finally:
        _missing.reset(token)
    return "".join(pieces)[:LONGEST]


def tree_of(names: Mapping[str, Any]) -> dict[str, Any]:
    """The names as templates reach them: ``first.x`` given flat becomes a mapping ``first`` with ``x``."""
    made: dict[str, Any] = {}
    dotted = []
    for name, value in names.items():
        if value is not None:
            if "." in name:
                dotted.append((name, value))
            else:
                made[name] = value
    for name, value in dotted:
        head, _, rest = name.partition(".")
        below = made.setdefault(head, {})
        if isinstance(below, dict) and rest not in below:
            made[head] = {**below, rest: value}
    return made


def escape(text: str) -> str:
    """The text as Telegram's and e-mail's HTML show it."""
    return str(Markup.escape(text))


def chain(kind: str, channel: str, languages: Sequence[str]) -> list[str]:
    """Where the template of a message is looked for, best first."""
    return [f"{folder}/{name}.{language}" for language in languages for folder in (kind, "default")
            for name in (channel, "any")]
