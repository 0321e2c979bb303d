"""A rule's sentence outside a message: for rule tests, lists and pages."""

from typing import Any

from tocsin.book.rule import Rule
from tocsin.book.template import TemplateError
from tocsin.delivery import templates
from tocsin.delivery.names import LONGEST_SAY
from tocsin.delivery.plain import harmless, one_line


def say_of(rule: Rule, values: dict[str, Any]) -> str:
    """The sentence with these values; the raw template when it is broken."""
    try:
        return one_line(templates.fill(rule.say, harmless(values, "yes", "no"), html=False, missing=[]), LONGEST_SAY)
    except TemplateError:
        return rule.say
