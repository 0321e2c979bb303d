"""Which rules two books have in common, so that a backtest hears them once for both."""

from collections.abc import Iterable

from msgspec.structs import replace

from tocsin.book.book import Content, encode_content
from tocsin.book.rule import Rule
from tocsin.domain.errors import Location


def divide(old: Content, new: Content) -> tuple[Content, Content, Content]:
    """(what both books say alike, what only the old, what only the new one says): the same contacts and named things
    in each, every rule in one of the first two and every rule of the new book in one of the others.

    Rules that ask about one another or follow one another stay together: a group is in common when each of its rules
    means the same in both books. Nothing is in common when anything beside rules and texts differs.
    """
    if _beside(old) != _beside(new):
        return replace(old, rules=()), old, new
    groups, others = _groups(old, new), {rule.id: _meant(rule) for rule in new.rules}
    differ = {groups[rule.id] for rule in old.rules if others.get(rule.id) != _meant(rule)}
    differ |= {groups[name] for name in others.keys() - {rule.id for rule in old.rules}}
    differ |= {group for group in set(groups.values())
               if _order(old, groups, group) != _order(new, groups, group)}

    def part(content: Content, *, common: bool) -> Content:
        return replace(content, rules=tuple(rule for rule in content.rules
                                            if (groups[rule.id] in differ) != common))

    return part(old, common=True), part(old, common=False), part(new, common=False)


def _beside(content: Content) -> bytes:
    """Everything that decides beside the rules."""
    return encode_content(replace(content, rules=(), templates={}))


def _meant(rule: Rule) -> bytes:
    """A rule without its tests and texts, which decide nothing that is compared."""
    return encode_content(Content(rules=(replace(rule, say="", advice="", tests=(), where=Location("")),)))


def _order(content: Content, groups: dict[str, str], group: str) -> list[str]:
    return [rule.id for rule in content.rules if groups[rule.id] == group]


def _groups(*contents: Content) -> dict[str, str]:
    """For each rule of any book the name of its group: one rule that stands for all that are tied to it."""
    head: dict[str, str] = {}

    def find(name: str) -> str:
        head.setdefault(name, name)
        while head[name] != name:
            head[name] = head[head[name]]
            name = head[name]
        return name

    for content in contents:
        for rule in content.rules:
            for other in (rule.id, *_tied(rule)):
                head[find(other)] = find(rule.id)
    return {name: find(name) for name in list(head)}


def _tied(rule: Rule) -> Iterable[str]:
    followed = (rule.when.of,) if rule.when.word == "incident" else ()
    return (*followed, *(gate.active for gate in (*rule.during, *rule.unless) if gate.active))
