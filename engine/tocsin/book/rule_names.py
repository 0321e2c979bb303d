"""Names in a rule's texts that nothing of the rule knows and that are very like one it knows."""

from collections.abc import Iterator

from tocsin.book.match import fields_of
from tocsin.book.node import Mapping, Node
from tocsin.book.report import Report, mistyped
from tocsin.book.rule import Rule
from tocsin.book.rule_doubts import matches_of
from tocsin.book.template import names_in
from tocsin.domain.event import TOP_LEVEL

OWN = frozenset({"value", "count", "since", "first"})
"""Names that every text of a rule has besides the fields of events."""


def check_names(rule: Rule, node: Node, report: Report) -> None:
    """A warning for a name that is very probably mistyped: it would print a dash."""
    if rule.when.word == "incident":
        return
    known = {name.partition(".")[0] for name in _known(rule)}
    for key, text in (("say", rule.say), ("advice", rule.advice)):
        part = node.get(key) if isinstance(node, Mapping) else None
        for name in names_in(text) if part is not None else ():
            head = name.partition(".")[0]
            if part is not None and head not in known and (near := mistyped(head, known)):
                where = report.find(part.where, head)
                report.warn(where, f'nothing that this rule hears has the name "{head}", which would print "—": did '
                            f'you mean "{near}"?', report.replaced(where, head, near))


def _known(rule: Rule) -> Iterator[str]:
    yield from (*TOP_LEVEL, *OWN, *rule.when.named, *rule.when.member, rule.when.of, rule.when.distinct)
    for key in rule.per:
        yield key.name
        yield from (field for _, field in key.by_type)
    for match in matches_of(rule):
        yield from (field.removeprefix("data.") for field in fields_of(match))
    for test in rule.tests:
        for _, event in test.events:
            yield from event
            data = event.get("data")
            yield from data if isinstance(data, dict) else ()
