"""Templates: Jinja2 with most of it taken away, so that no text can do more than say something."""

from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

from jinja2 import Environment, Template, Undefined
from jinja2.exceptions import TemplateError as JinjaError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from tocsin.book.template import TemplateError, parse
from tocsin.delivery.plain import cut

LONGEST = 10_000
"""Characters that one template may produce."""
DASH = "—"

_missing: ContextVar[list[str] | None] = ContextVar("missing", default=None)


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


@lru_cache(maxsize=4096)
def _compiled(source: str, *, html: bool) -> Template:
    return (_HTML if html else _PLAIN).from_string(parse(source))


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
        raise TemplateError(f"the template fails on these values ({type(error).__name__}: {error})",
                            _line_of(template, error)) from None
    finally:
        _missing.reset(token)
    return "".join(pieces)[:LONGEST]


def _line_of(template: Template, error: Exception) -> int:
    """The line of the template that was being written when it failed; 0 when unknown."""
    step, line = error.__traceback__, 0
    while step is not None:
        if step.tb_frame.f_code.co_filename == "<template>":
            line = step.tb_lineno
        step = step.tb_next
    return template.get_corresponding_lineno(line) if line else 0


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
