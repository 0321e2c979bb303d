"""The branches of a rule's matches: what must be seen at least once before anybody can say that the rule was tried."""

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from tocsin.book.match import AnyOf, Clause, Expect, Match, NoneOf, fields_of
from tocsin.book.rule import Rule
from tocsin.domain.event import RESOLVED, Event

MANY = 20
"""A longer list of values counts as one branch."""


class Branch(Struct, frozen=True):
    """One way through a match: ``match`` holds of an event that goes it.

    ``said`` names it in words, ``piece`` is what it is written with. ``resolves`` says that events which resolve are
    asked, too.
    """

    said: str
    piece: str
    match: Match
    resolves: bool

    def asks(self, event: Event) -> bool:
        """Whether the match is asked of this event at all."""
        return self.resolves or event.status != RESOLVED


def branches_of(rule: Rule) -> tuple[Branch, ...]:
    """Every match, each of its alternatives (``any``, ``none``, values of a list), and each of ``levels``."""
    return tuple(_of_rule(rule))


def _of_rule(rule: Rule) -> Iterator[Branch]:
    when = rule.when
    for number, step in enumerate(when.steps, 1):
        yield from _of_match(f"step {number}", step.match)
    for name, match in when.named.items():
        yield from _of_match(name, match)
    if when.word != "incident" and not when.steps and not when.named:
        yield from _of_match(f"{when.word}:", when.match)
    if when.holds is not None:
        both = Match(when.match.clauses + when.holds.clauses)
        yield Branch("holds:", "holds:", both, "status" in fields_of(both))
        yield from _inside("holds:", when.holds, when.match.clauses, resolves="status" in fields_of(both))
    for level in when.levels:
        words = ", ".join(f"{word}: {_word(value)}" for word, value in level.compare.items())
        reached = tuple(Expect(when.of, word, value) for word, value in level.compare.items())
        resolves = "status" in fields_of(when.match)
        yield Branch(f"the level {words}", words, Match(when.match.clauses + reached), resolves)
    if rule.clear.when is not None:
        yield from _of_match("clear: {when}", rule.clear.when, resolves=True)


def _of_match(said: str, match: Match, *, resolves: bool = False) -> Iterator[Branch]:
    resolves = resolves or "status" in fields_of(match)
    yield Branch(said, _piece(match), match, resolves)
    yield from _inside(said, match, (), resolves=resolves)


def _inside(said: str, match: Match, around: tuple[Clause, ...], *, resolves: bool) -> Iterator[Branch]:
    for place, clause in enumerate(match.clauses):
        others = (*around, *match.clauses[:place], *match.clauses[place + 1:])
        if isinstance(clause, Expect) and clause.operator == "any_of" and isinstance(clause.value, tuple):
            for value in clause.value if 1 < len(clause.value) <= MANY else ():
                one = Expect(clause.field, "exists", False) if value is None else replace(
                    clause, operator="is", value=value)
                word = _word(value)
                yield Branch(f"{said} with {clause.field} {word}", word, Match((*others, one)), resolves)
        elif isinstance(clause, AnyOf | NoneOf):
            kind = "any:" if isinstance(clause, AnyOf) else "none:"
            for number, inner in enumerate(clause.matches, 1):
                name = f"{said} with alternative {number} of {kind}"
                yield Branch(name, _piece(inner), Match((*others, *inner.clauses)), resolves)
                yield from _inside(name, inner, others, resolves=resolves)


def _piece(match: Match) -> str:
    """What a match is found by in its file: its type, else its first word."""
    expects = [clause for clause in match.clauses if isinstance(clause, Expect)]
    first = next((one for one in expects if one.field == "type"), expects[0] if expects else None)
    if first is None:
        return ""
    value = first.value[0] if isinstance(first.value, tuple) and first.value else first.value
    return str(value) if first.field == "type" and isinstance(value, str) else f"{first.field}:"


def _word(value: object) -> str:
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)
